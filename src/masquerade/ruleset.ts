// The rules of ip-masq-agent as data and as text for `nft -f -`: one table whose sets change by element. Pure.
import type { MasqConfig } from '../planning/masq-config.ts';
import { LINK_LOCAL } from '../planning/masq-config.ts';
import { parseAddress } from '../securitygroup/address.ts';

export const MASQ_TABLE = 'inet ip-masq-agent';

/** Sets of CIDRs that keep the Pod's address: by destination and by source, per family. */
export const MASQ_SETS = ['nonmasq-dst-4', 'nonmasq-src-4', 'nonmasq-dst-6', 'nonmasq-src-6'] as const;
export type MasqSet = (typeof MASQ_SETS)[number];

/** Sorted, and no CIDR of a set lies in another one of it: an interval set takes no overlap. */
export type MasqRuleset = Readonly<Record<MasqSet, readonly string[]>>;

/** What the configuration means for the kernel; `exempt`: further sources, as CIDRs. */
export function rulesetOf(config: MasqConfig, exempt: readonly string[] = []): MasqRuleset {
  const linkLocal = [
    ...(config.masqLinkLocal ? [] : [LINK_LOCAL[4]]),
    ...(config.masqLinkLocalIPv6 ? [] : [LINK_LOCAL[6]]),
  ];
  const destinations = [...config.nonMasqueradeCIDRs, ...linkLocal];
  const sources = [...config.nonMasqueradeSrcCIDRs, ...exempt];
  return {
    'nonmasq-dst-4': cover(destinations, 4),
    'nonmasq-src-4': cover(sources, 4),
    'nonmasq-dst-6': cover(destinations, 6),
    'nonmasq-src-6': cover(sources, 6),
  };
}

/** On connections, and on the packets of theirs that a Pod sends: they leave with the node's address. */
const MARK = '0x40';

/**
 * For `ip rule add`: such packets leave by the node's own way, not by the Pod's ENI, where the node's address is a stranger. Behind the rules
 * of strict Pods, whose packets always leave by their sub-ENI, and before those of all others (src/agent/wiring.ts).
 */
export const MARK_RULE = { priority: 1280, mark: MARK, table: 'main' } as const;

/**
 * The whole table in one transaction, whatever was there before. What becomes of a connection is decided once, by its first packet behind
 * kube-proxy's choice of an endpoint, and kept on the connection: routing and the change of the address can never disagree, and a connection
 * outlives a change of the sets. Only what a Pod's link sends is looked at: a connection to a Pod keeps the caller's address, and its replies
 * leave by the Pod's ENI, so that an EIP is reached whatever the configuration says.
 */
export function renderWhole(ruleset: MasqRuleset, podInterfaces: readonly string[]): string {
  const sets = MASQ_SETS.map((name) => {
    const elements = ruleset[name].length === 0 ? '' : ` elements = { ${ruleset[name].join(', ')} };`;
    return `  set ${name} { type ${name.endsWith('4') ? 'ipv4_addr' : 'ipv6_addr'}; flags interval;${elements} }`;
  });
  return [
    `table ${MASQ_TABLE} { }`,
    `delete table ${MASQ_TABLE}`,
    `table ${MASQ_TABLE} {`,
    ...sets,
    '  chain decide {',
    '    fib daddr type local return',
    '    ip daddr @nonmasq-dst-4 return',
    '    ip saddr @nonmasq-src-4 return',
    '    ip6 daddr @nonmasq-dst-6 return',
    '    ip6 saddr @nonmasq-src-6 return',
    `    ct mark set ct mark or ${MARK}`,
    '  }',
    '  chain sent {',
    '    ct state new jump decide',
    `    ct direction original ct mark and ${MARK} == ${MARK} meta mark set meta mark or ${MARK}`,
    '  }',
    '  chain prerouting {',
    '    type filter hook prerouting priority dstnat + 5; policy accept;',
    ...podInterfaces.map((name) => `    iifname "${name}" jump sent`),
    '  }',
    '  chain postrouting {',
    '    type nat hook postrouting priority srcnat + 5; policy accept;',
    `    ct mark and ${MARK} == ${MARK} masquerade fully-random`,
    '  }',
    '}',
    '',
  ].join('\n');
}

/** Only what differs, in one transaction: connections that another entry decides are never without one. Empty: nothing differs. */
export function renderChange(before: MasqRuleset, after: MasqRuleset): string {
  const lines = MASQ_SETS.flatMap((name) => {
    const gone = before[name].filter((cidr) => !after[name].includes(cidr));
    const fresh = after[name].filter((cidr) => !before[name].includes(cidr));
    return [
      ...(gone.length === 0 ? [] : [`delete element ${MASQ_TABLE} ${name} { ${gone.join(', ')} }`]),
      ...(fresh.length === 0 ? [] : [`add element ${MASQ_TABLE} ${name} { ${fresh.join(', ')} }`]),
    ];
  });
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}

export const REMOVE_TABLE = `table ${MASQ_TABLE} { }\ndelete table ${MASQ_TABLE}\n`;

/** Whether two mean the same addresses, however they are written. */
export function isSameRuleset(one: MasqRuleset, other: MasqRuleset): boolean {
  return MASQ_SETS.every((name) => {
    const family = name.endsWith('4') ? 4 : 6;
    return spans(one[name], family) === spans(other[name], family);
  });
}

/** Adjacent CIDRs are one: a kernel may tell them as they were written or joined. */
function spans(cidrs: readonly string[], family: 4 | 6): string {
  const joined: { first: bigint; last: bigint }[] = [];
  for (const { first, last } of outermost(cidrs, family)) {
    const before = joined.at(-1);
    if (before !== undefined && first === before.last + 1n) before.last = last;
    else joined.push({ first, last });
  }
  return joined.map(({ first, last }) => `${first}-${last}`).join();
}

interface Block {
  readonly text: string;
  readonly first: bigint;
  readonly last: bigint;
}

const cover = (cidrs: readonly string[], family: 4 | 6): readonly string[] =>
  outermost(cidrs, family).map(({ text }) => text);

function outermost(cidrs: readonly string[], family: 4 | 6): readonly Block[] {
  const blocks = cidrs.flatMap((text) => block(text, family) ?? []);
  // The wider of two that begin alike comes first, so that what it covers follows it.
  blocks.sort((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : a.last > b.last ? -1 : 1));
  const kept: Block[] = [];
  for (const next of blocks) {
    const outer = kept.at(-1);
    if (outer === undefined || next.last > outer.last) kept.push(next);
  }
  return kept;
}

function block(text: string, family: 4 | 6): Block | undefined {
  const [address = '', prefix = ''] = text.split('/');
  const host = parseAddress(address);
  if (host === undefined || host.family !== family) return undefined;
  const hostBits = BigInt((family === 4 ? 32 : 128) - Number(prefix));
  return { text, first: host.value, last: host.value | ((1n << hostBits) - 1n) };
}
