// The edge of the VPC: which public address a packet leaves with, and whom one that arrives is for. Pure.
import type { FabricSnapshot, FabricWayOut } from '../cloud/read-model.ts';

const TABLE = 'ip edge';

/** The router's device towards the internet. */
export const WAN = 'wan';

export interface Edge {
  /** Public address to private one. */
  readonly eips: ReadonlyMap<string, string>;
  /** In the order in which they are asked: the longest destination first, and of two to one destination that by the EIP. */
  readonly ways: readonly FabricWayOut[];
}

export const NO_EDGE: Edge = { eips: new Map(), ways: [] };

export function edgeOf(snapshot: Pick<FabricSnapshot, 'eips' | 'waysOut'>): Edge {
  const length = ({ destination }: FabricWayOut): number => Number(destination.split('/')[1] ?? 32);
  const rank = ({ kind }: FabricWayOut): number => (kind === 'eip' ? 0 : 1);
  return {
    eips: new Map((snapshot.eips ?? []).map(({ publicIp, privateIp }) => [publicIp, privateIp])),
    ways: (snapshot.waysOut ?? []).toSorted((a, b) => length(b) - length(a) || rank(a) - rank(b)),
  };
}

/** False: nothing of the VPC has a way to the internet or from it. */
export const leadsOut = ({ eips, ways }: Edge): boolean => eips.size > 0 || ways.some(({ kind }) => kind === 'nat');

/** Public addresses that were for another private one before, or for none: what was translated by them is to be forgotten. */
export function movedAddresses(before: Edge, after: Edge): readonly string[] {
  const moved = [...after.eips].filter(([publicIp, privateIp]) => before.eips.get(publicIp) !== privateIp);
  const gone = [...before.eips].filter(([publicIp]) => !after.eips.has(publicIp));
  return [...new Set([...moved, ...gone].map(([publicIp]) => publicIp))];
}

/**
 * For `nft -f -`: the whole table in one transaction. Of routes that cover a destination the longest decides: one to a NAT gateway, or one to the
 * sender's own EIP, which goes before another to the same destination and says nothing about a sender that has none (document 552/30012). Without
 * a route the EIP does. What would leave with a private address goes nowhere.
 */
export function renderEdge(edge: Edge): string {
  const eips = [...edge.eips];
  const nats = edge.ways.flatMap((way) => (way.kind === 'nat' ? [way.natIp] : []));
  const publics = [...new Set([...edge.eips.keys(), ...nats])];
  const ways = edge.ways.map((way) => {
    const matches = `ip saddr ${way.subnetCidr} ip daddr ${way.destination}`;
    return way.kind === 'nat'
      ? `${matches} snat to ${way.natIp}`
      : `${matches} snat to ip saddr map @private-to-public`;
  });
  const elements = (items: readonly string[]): string =>
    items.length === 0 ? '' : `\n    elements = { ${items.join(', ')} }`;
  // The first line makes the second valid when there is no table yet.
  return `table ${TABLE}
delete table ${TABLE}
table ${TABLE} {
  map public-to-private {
    type ipv4_addr : ipv4_addr${elements(eips.map(([publicIp, privateIp]) => `${publicIp} : ${privateIp}`))}
  }
  map private-to-public {
    type ipv4_addr : ipv4_addr${elements(eips.map(([publicIp, privateIp]) => `${privateIp} : ${publicIp}`))}
  }
  set publics {
    type ipv4_addr${elements(publics)}
  }
  chain strangers {
    type filter hook prerouting priority raw; policy accept;
    iifname "${WAN}" ip daddr != @publics drop
  }
  chain arriving {
    type nat hook prerouting priority dstnat; policy accept;
    iifname "${WAN}" dnat to ip daddr map @public-to-private
  }
  chain leaving {
    type nat hook postrouting priority srcnat; policy accept;
    oifname != "${WAN}" accept
${ways.map((way) => `    ${way}\n`).join('')}    snat to ip saddr map @private-to-public
  }
  chain private {
    type filter hook postrouting priority 300; policy accept;
    oifname "${WAN}" ip saddr != @publics drop
  }
}
`;
}
