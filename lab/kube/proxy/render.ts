// A proxy's rules as text for `nft -f -`: whole, or only what differs from what is loaded, in one transaction either way.
import type { ProxyRuleset } from './ruleset.ts';
import { MAP_TYPES, MASQUERADE, PROXY_MAPS, REJECT } from './ruleset.ts';

export const PROXY_TABLE = 'ip kube-proxy';

/** kube-proxy's own mark for packets that get another source. */
const MASQUERADE_MARK = '0x4000';
/**
 * Of packets that leave by the primary ENI, whatever the Pod's own address says: those that carry the node's address, and replies of
 * connections that came in by it to a node port.
 */
const RETURN_MARK = '0x80';

/**
 * For `ip rule add`, between what an agent installs for a Pod's address as destination and as source: a Pod behind another ENI would answer
 * through that one, where the client's address and the node's are strangers.
 */
export const RETURN_RULE = `pref 1024 fwmark ${RETURN_MARK}/${RETURN_MARK} lookup main`;

/** What the node itself calls at an address of its own stays there; a Pod's address is none of its own. */
const ownReturns = (own: readonly string[]): string =>
  own.map((address) => `\n    fib saddr type local ip daddr ${address} return`).join('');

const baseChains = (own: readonly string[]): string => `
  chain ${MASQUERADE} {
    meta mark set meta mark or ${MASQUERADE_MARK}
    meta mark set meta mark or ${RETURN_MARK}
    ct mark set ct mark or ${RETURN_MARK}
  }
  chain ${REJECT} {
    reject
  }
  chain services {${ownReturns(own)}
    ip daddr . meta l4proto . th dport vmap @service-ips
    ip daddr @nodeport-ips meta l4proto . th dport vmap @service-nodeports
  }
  chain service-endpoints-check {${ownReturns(own)}
    ip daddr . meta l4proto . th dport vmap @no-endpoint-services
  }
  chain nodeport-endpoints-check {
    ip daddr @nodeport-ips meta l4proto . th dport vmap @no-endpoint-nodeports
  }
  chain return-path {
    type filter hook prerouting priority mangle; policy accept;
    iifname "eth0" ct state new ip daddr @nodeport-ips ct mark set ct mark or ${RETURN_MARK}
    ct mark and ${RETURN_MARK} == ${RETURN_MARK} meta mark set meta mark or ${RETURN_MARK}
  }
  chain nat-prerouting {
    type nat hook prerouting priority dstnat; policy accept;
    jump services
  }
  chain nat-output {
    type nat hook output priority -100; policy accept;
    jump services
  }
  chain nat-postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    meta mark and ${MASQUERADE_MARK} == 0 return
    meta mark set meta mark and 0xffffbfff
    masquerade fully-random
  }
  chain filter-input {
    type filter hook input priority -110; policy accept;
    ct state new jump nodeport-endpoints-check
    ct state new jump service-endpoints-check
  }
  chain filter-forward {
    type filter hook forward priority -110; policy accept;
    ct state new jump service-endpoints-check
  }
  chain filter-output {
    type filter hook output priority -110; policy accept;
    ct state new jump service-endpoints-check
  }`;

/**
 * Replaces whatever the table held before. `nodeIps`: addresses whose node ports are open. `own`: addresses that the node answers at for
 * its own programs, beside the Service of that address.
 */
export function renderFull(ruleset: ProxyRuleset, nodeIps: readonly string[], own: readonly string[] = []): string {
  const lines = [
    `table ${PROXY_TABLE}`,
    `delete table ${PROXY_TABLE}`,
    `table ${PROXY_TABLE} {`,
    block('set', 'nodeport-ips', ['type ipv4_addr', ...elements(nodeIps)]),
    ...[...ruleset.affinitySets].map(([name, seconds]) => block('set', name, affinityType(seconds))),
    ...PROXY_MAPS.map((map) => block('map', map, [`type ${MAP_TYPES[map]} : verdict`])),
    ...[...ruleset.chains.keys()].map((name) => block('chain', name, [])),
    baseChains(own),
    '}',
    // Chains refer to each other: their rules follow when all of them are there.
    ...[...ruleset.chains].flatMap(([name, rules]) => rules.map((rule) => `add rule ${PROXY_TABLE} ${name} ${rule}`)),
    ...PROXY_MAPS.flatMap((map) => addElements(map, ruleset.maps[map])),
  ];
  return `${lines.join('\n')}\n`;
}

/** What leads from one ruleset to the other; undefined when nothing does. What stays keeps its clients' affinity. */
export function renderChange(before: ProxyRuleset, after: ProxyRuleset): string | undefined {
  const added = (now: ReadonlyMap<string, unknown>, then: ReadonlyMap<string, unknown>): string[] =>
    [...now.keys()].filter((name) => !then.has(name));
  const goneChains = added(before.chains, after.chains);
  const lines = [
    ...added(after.affinitySets, before.affinitySets).map(
      (name) => `add set ${PROXY_TABLE} ${name} { ${affinityType(after.affinitySets.get(name) ?? 0).join('; ')}; }`,
    ),
    ...added(after.chains, before.chains).map((name) => `add chain ${PROXY_TABLE} ${name}`),
    ...[...after.chains].flatMap(([name, rules]) => changedChain(name, before.chains.get(name), rules)),
    ...PROXY_MAPS.flatMap((map) => changedMap(map, before.maps[map], after.maps[map])),
    ...goneChains.map((name) => `flush chain ${PROXY_TABLE} ${name}`),
    ...goneChains.map((name) => `delete chain ${PROXY_TABLE} ${name}`),
    ...added(before.affinitySets, after.affinitySets).map((name) => `delete set ${PROXY_TABLE} ${name}`),
  ];
  return lines.length === 0 ? undefined : `${lines.join('\n')}\n`;
}

function affinityType(seconds: number): string[] {
  return ['type ipv4_addr', 'flags dynamic,timeout', `timeout ${seconds}s`];
}

function changedChain(name: string, before: readonly string[] | undefined, after: readonly string[]): string[] {
  if (before?.join('\n') === after.join('\n')) return [];
  return [
    ...(before === undefined ? [] : [`flush chain ${PROXY_TABLE} ${name}`]),
    ...after.map((rule) => `add rule ${PROXY_TABLE} ${name} ${rule}`),
  ];
}

function changedMap(map: string, before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): string[] {
  const gone = [...before].filter(([key, verdict]) => after.get(key) !== verdict);
  const come = [...after].filter(([key, verdict]) => before.get(key) !== verdict);
  return [
    ...(gone.length === 0
      ? []
      : [`delete element ${PROXY_TABLE} ${map} { ${gone.map(([key, verdict]) => `${key} : ${verdict}`).join(', ')} }`]),
    ...addElements(map, new Map(come)),
  ];
}

function addElements(map: string, entries: ReadonlyMap<string, string>): string[] {
  if (entries.size === 0) return [];
  return [
    `add element ${PROXY_TABLE} ${map} { ${[...entries].map(([key, value]) => `${key} : ${value}`).join(', ')} }`,
  ];
}

function block(kind: 'set' | 'map' | 'chain', name: string, lines: readonly string[]): string {
  // Every brace closes on its own line: nft 1.0.6 refuses them in a row.
  return [`  ${kind} ${name} {`, ...lines.map((line) => `    ${line}`), '  }'].join('\n');
}

function elements(items: readonly string[]): string[] {
  return items.length === 0 ? [] : [`elements = { ${items.join(', ')} }`];
}
