// Filters as text for `nft -f -`: whole, or only what differs from what is loaded, in one transaction either way.
import type { Ruleset } from './ruleset.ts';

const TABLE = 'ip sg';

/**
 * Two base chains on purpose: accept ends only its own chain, so what the sender's egress lets out is still checked by
 * the receiver's ingress, and drop is final at once. What is called of the router itself passes the sender's egress as well. Spoofed sources go before connection tracking sees them.
 * Established flows keep going when a rule changes; the change holds from the next connection on.
 */
const BASE_CHAINS = `
  chain spoof {
    type filter hook prerouting priority raw; policy accept;
    iifname "lo" accept
    iifname "wan" accept
    iifname . ip saddr != @sources drop
  }
  chain out {
    type filter hook forward priority filter - 10; policy drop;
    ct state established,related accept
    ct state invalid drop
    iifname "wan" accept
    iifname vmap @eni_out
  }
  chain own {
    type filter hook input priority filter; policy accept;
    ct state established,related accept
    iifname vmap @eni_out
  }
  chain in {
    type filter hook forward priority filter; policy drop;
    ct state established,related accept
    oifname "wan" accept
    oifname vmap @eni_in
  }`;

/** Replaces whatever the table held before. */
export function renderFull(ruleset: Ruleset): string {
  const blocks = [
    ...[...ruleset.memberSets].map(([name, members]) => block('set', name, ['type ipv4_addr', ...elements(members)])),
    block('set', 'sources', ['type ifname . ipv4_addr', ...elements(ruleset.sources)]),
    ...[...ruleset.groupChains, ...ruleset.listChains].map(([name, lines]) => block('chain', name, lines)),
    block('map', 'eni_in', ['type ifname : verdict', ...elements(pairs(ruleset.verdicts.in))]),
    block('map', 'eni_out', ['type ifname : verdict', ...elements(pairs(ruleset.verdicts.out))]),
    BASE_CHAINS,
  ];
  // The first line makes the second valid when there is no table yet.
  return [`table ${TABLE}`, `delete table ${TABLE}`, `table ${TABLE} {`, ...blocks, '}', ''].join('\n');
}

/** What leads from one ruleset to the other; undefined when nothing does. New things first, references before what they name. */
export function renderChange(before: Ruleset, after: Ruleset): string | undefined {
  const chainsBefore = new Map([...before.groupChains, ...before.listChains]);
  const chainsAfter = new Map([...after.groupChains, ...after.listChains]);
  const lines = [
    ...missing(after.memberSets, before.memberSets).map((name) => `add set ${TABLE} ${name} { type ipv4_addr; }`),
    ...[...after.memberSets].flatMap(([name, members]) =>
      addElements(name, without(members, before.memberSets.get(name))),
    ),
    ...addElements('sources', without(after.sources, before.sources)),
    ...missing(chainsAfter, chainsBefore).map((name) => `add chain ${TABLE} ${name}`),
    ...[...chainsAfter].flatMap(([name, rules]) => chainRules(name, chainsBefore.get(name), rules)),
    ...verdictChanges('eni_in', before.verdicts.in, after.verdicts.in),
    ...verdictChanges('eni_out', before.verdicts.out, after.verdicts.out),
    ...missing(chainsBefore, chainsAfter).map((name) => `flush chain ${TABLE} ${name}`),
    ...missing(chainsBefore, chainsAfter).map((name) => `delete chain ${TABLE} ${name}`),
    ...deleteElements('sources', without(before.sources, after.sources)),
    ...[...before.memberSets].flatMap(([name, members]) => {
      const kept = after.memberSets.get(name);
      return kept === undefined ? [`delete set ${TABLE} ${name}`] : deleteElements(name, without(members, kept));
    }),
  ];
  return lines.length === 0 ? undefined : `${lines.join('\n')}\n`;
}

function block(kind: 'set' | 'map' | 'chain', name: string, lines: readonly string[]): string {
  // Every brace closes on its own line: nft 1.0.6 refuses them in a row.
  return [`  ${kind} ${name} {`, ...lines.map((line) => `    ${line}`), '  }'].join('\n');
}

function elements(items: Iterable<string>): string[] {
  const list = [...items];
  return list.length === 0 ? [] : [`elements = { ${list.join(', ')} }`];
}

function pairs(verdicts: ReadonlyMap<string, string>): string[] {
  return [...verdicts].map(([port, verdict]) => `${port} : ${verdict}`);
}

function chainRules(name: string, before: readonly string[] | undefined, after: readonly string[]): string[] {
  if (before?.join('\n') === after.join('\n')) return [];
  const flush = before === undefined ? [] : [`flush chain ${TABLE} ${name}`];
  return [...flush, ...after.map((rule) => `add rule ${TABLE} ${name} ${rule}`)];
}

function verdictChanges(
  map: string,
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): string[] {
  const gone = [...before].filter(([port, verdict]) => after.get(port) !== verdict).map(([port]) => port);
  const come = [...after].filter(([port, verdict]) => before.get(port) !== verdict);
  return [...deleteElements(map, gone), ...addElements(map, pairs(new Map(come)))];
}

function addElements(set: string, items: readonly string[]): string[] {
  return items.length === 0 ? [] : [`add element ${TABLE} ${set} { ${items.join(', ')} }`];
}

function deleteElements(set: string, items: readonly string[]): string[] {
  return items.length === 0 ? [] : [`delete element ${TABLE} ${set} { ${items.join(', ')} }`];
}

function without(items: ReadonlySet<string>, others: ReadonlySet<string> | undefined): string[] {
  return [...items].filter((item) => others?.has(item) !== true);
}

function missing(some: ReadonlyMap<string, unknown>, others: ReadonlyMap<string, unknown>): string[] {
  return [...some.keys()].filter((name) => !others.has(name));
}
