// Faulty readings of the rules and of the ways: each is the real source with one change, and each must be caught by the packets.

export interface Mutant {
  /** What somebody who wrote this would have believed. */
  readonly belief: string;
  /** Below `src`. */
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly text: string;
  readonly instead: string;
}

export const mutants: readonly Mutant[] = [
  {
    belief: 'an interface without groups is closed',
    file: 'diagnose/trace/group-hop.ts',
    text: 'if (port.groups.length === 0)',
    instead: 'if (port.groups.length < 0)',
  },
  {
    belief: 'only ingress is filtered',
    file: 'diagnose/trace/group-hop.ts',
    text: 'if (port.groups.length === 0)',
    instead: "if (port.groups.length === 0 || direction === 'egress')",
  },
  {
    belief: 'what no rule speaks about passes',
    file: 'diagnose/trace/group-hop.ts',
    text: "hop: { where, verdict: 'drop', source: 'cloud', rule: 'default-drop', text }",
    instead: "hop: { where, verdict: 'pass', source: 'cloud', rule: 'default-drop', text }",
  },
  {
    belief: 'the group that was bound last is asked first',
    file: 'securitygroup/indexed-groups.ts',
    text: 'groupIds.map(intervals)',
    instead: 'groupIds.toReversed().map(intervals)',
  },
  {
    belief: 'every group drops what it does not speak about',
    file: 'securitygroup/indexed-groups.ts',
    text: 'groupIds.map(intervals)',
    instead: 'groupIds.slice(0, 1).map(intervals)',
  },
  {
    belief: 'the last rule that matches decides',
    file: 'securitygroup/indexed-groups.ts',
    text: 'list[direction].find(',
    instead: 'list[direction].findLast(',
  },
  {
    belief: 'an ACCEPT of a later group beats a DROP of an earlier one',
    file: 'securitygroup/indexed-groups.ts',
    text: 'if (found !== undefined)\n          return {',
    instead: "if (found?.rule.action === 'ACCEPT')\n          return {",
  },
  {
    belief: 'ingress is what an interface sends',
    file: 'securitygroup/indexed-groups.ts',
    text: 'list[direction]',
    instead: "list[direction === 'ingress' ? 'egress' : 'ingress']",
  },
  {
    belief: 'a rule that names a group is for everybody',
    file: 'securitygroup/indexed-groups.ts',
    text: '? isMember(rule.peer.groupId, key)',
    instead: '? true',
  },
  {
    belief: 'a rule that names a group is for nobody',
    file: 'securitygroup/indexed-groups.ts',
    text: '? isMember(rule.peer.groupId, key)',
    instead: '? false',
  },
  {
    belief: 'a rule that names a group is for its first member',
    file: 'securitygroup/indexed-groups.ts',
    text: 'known.set(keyOf(address), address)',
    instead: 'known.size > 0 ? known : known.set(keyOf(address), address)',
  },
  {
    belief: 'ALL is a protocol of its own',
    file: 'securitygroup/intervals.ts',
    text: "rule.protocol !== 'ALL' && rule.protocol !== protocol",
    instead: 'rule.protocol !== protocol',
  },
  {
    belief: 'a rule for TCP is for UDP, too',
    file: 'securitygroup/intervals.ts',
    text: 'rule.protocol !== protocol',
    instead: "(rule.protocol === 'ICMP') !== (protocol === 'ICMP')",
  },
  {
    belief: 'a rule for TCP lets pings through',
    file: 'securitygroup/intervals.ts',
    text: 'rule.protocol !== protocol',
    instead: "rule.protocol !== (protocol === 'ICMP' ? 'TCP' : protocol)",
  },
  {
    belief: 'a range of ports ends before its last one',
    file: 'securitygroup/intervals.ts',
    text: '(ports[at] ?? Infinity) <= port && port <= (ports[at + 1] ?? -Infinity)',
    instead: 'port === ports[at] || ((ports[at] ?? 0) < port && port < (ports[at + 1] ?? 0))',
  },
  {
    belief: 'a range of ports begins behind its first one',
    file: 'securitygroup/intervals.ts',
    text: '(ports[at] ?? Infinity) <= port && port <= (ports[at + 1] ?? -Infinity)',
    instead: 'port === ports[at + 1] || ((ports[at] ?? 0) < port && port < (ports[at + 1] ?? 0))',
  },
  {
    belief: 'of a list of ports the first counts',
    file: 'securitygroup/intervals.ts',
    text: 'at < ports.length',
    instead: 'at < 2',
  },
  {
    belief: 'ports are for information',
    file: 'securitygroup/intervals.ts',
    text: 'if (ports === undefined) return true;',
    instead: 'if (ports === undefined || port !== undefined) return true;',
  },
  {
    belief: 'a rule without a peer is for nobody',
    file: 'securitygroup/intervals.ts',
    text: 'return EVERY_IPV4;',
    instead: 'return { ...EVERY_IPV4, last: -1 };',
  },
  {
    belief: 'a network is one bit wider than it says',
    file: 'securitygroup/intervals.ts',
    text: '128) - prefix)',
    instead: '128) - prefix + 1)',
  },
  {
    belief: 'a network is its first address',
    file: 'securitygroup/intervals.ts',
    text: 'const last = first | ((1n << hostBits) - 1n);',
    instead: 'const last = prefix === 0 ? 0xff_ff_ff_ffn : first;',
  },
  {
    belief: 'a network ends before its last address',
    file: 'securitygroup/intervals.ts',
    text: 'first <= key && key <= last',
    instead: 'first <= key && (key < last || first === last)',
  },
  {
    belief: 'an address without a length is a network of its class',
    file: 'securitygroup/address.ts',
    text: 'slash === -1 ? String(bits) :',
    instead: "slash === -1 ? '24' :",
  },
  {
    belief: 'rules stand in the order in which the API lists them',
    file: 'securitygroup/parse.ts',
    text: 'inOrder(rules ?? [])',
    instead: '(rules ?? [])',
  },
  {
    belief: 'what is not ACCEPT in capital letters is DROP',
    file: 'securitygroup/parse.ts',
    text: 'source.Action.toUpperCase()',
    instead: "(source.Action === 'ACCEPT' ? 'ACCEPT' : 'DROP')",
  },
  {
    belief: 'of a template the first entry counts',
    file: 'securitygroup/templates.ts',
    text: 'value.push(...values)',
    instead: 'if (value.length === 0) value.push(...values)',
  },
  {
    belief: 'a range of addresses ends before its last one',
    file: 'securitygroup/templates.ts',
    text: 'cover(low.value, high.value,',
    instead: 'cover(low.value, high.value - 1n,',
  },
  {
    belief: 'a range of addresses is its first one',
    file: 'securitygroup/templates.ts',
    text: 'cover(low.value, high.value,',
    instead: 'cover(low.value, low.value,',
  },
  {
    belief: 'a service template is about all ports of its protocols',
    file: 'securitygroup/templates.ts',
    text: '{ protocol, ports };',
    instead: "{ protocol, ports: 'ALL' };",
  },
  {
    belief: 'a list of ports ends at its first comma',
    file: 'securitygroup/parse-ports.ts',
    text: ".split(',')",
    instead: ".split(',').slice(0, 1)",
  },
  {
    belief: 'a Pod with strict routing is reached inside its node',
    file: 'diagnose/trace/departure.ts',
    text: "if (sameNode && to.network !== 'strict')",
    instead: 'if (sameNode)',
  },
  {
    belief: 'Pods of one node meet in the VPC',
    file: 'diagnose/trace/departure.ts',
    text: "if (sameNode && to.network !== 'strict')",
    instead: "if (sameNode && to.network === 'machine')",
  },
  {
    belief: 'SNAT is for the way out alone',
    file: 'diagnose/trace/departure.ts',
    text: "kind: masqueraded ? 'node' : 'own'",
    instead: "kind: 'own'",
  },
  {
    belief: 'what SNAT has changed passes the groups of the Pod',
    file: 'diagnose/trace/departure.ts',
    text: 'port: node.port,',
    instead: 'port: from.port ?? node.port,',
  },
  {
    belief: 'the groups of the target see the Pod behind SNAT',
    file: 'diagnose/trace/leg.ts',
    text: 'peer: left.port.address',
    instead: 'peer: from.address',
  },
  {
    belief: 'without a route an EIP is for what comes in',
    file: 'planning/egress.ts',
    text: '\n  if (eip !== undefined)',
    instead: "\n  if (eip === '')",
  },
  {
    belief: 'a route to EIPs leads nowhere',
    file: 'planning/egress.ts',
    text: "if (route.gatewayType === 'EIP') {",
    instead: "if (route.gatewayType === '') {",
  },
  {
    belief: 'early demux makes packets faster and does nothing else',
    file: 'diagnose/trace/way-back.ts',
    text: 'if (on !== true)',
    instead: 'if (on !== undefined)',
  },
];
