// Pairs of Pods that reach each other inside their node, past their groups (spec 002, Data Plane Solution: standard routing). Pure.
import type { GroupIndex } from '../../securitygroup/indexed-groups.ts';
import type { PairCount, Party } from '../../securitygroup/many-flows.ts';
import type { AskedPort } from './flows.ts';

/** `near`: the node inside which it is reached; absent where every packet leaves by an ENI (strict routing, super nodes, ENIs of their own). */
export interface PlacedParty extends Party {
  readonly near?: string | undefined;
}

/** Takes what the groups alone say of two workloads, and gives it with the pairs that never meet a group. */
export type PastGroups = (from: string, to: string, asked: AskedPort, byGroups: PairCount) => PairCount;

/** Takes time in proportion to the pairs of one node, and only where the groups leave a pair closed. */
export function pastGroups(index: GroupIndex, parties: readonly PlacedParty[]): PastGroups {
  const places = new Map<string, Map<string, PlacedParty[]>>();
  for (const party of parties) {
    if (party.near === undefined) continue;
    const nodes = places.get(party.workload) ?? new Map<string, PlacedParty[]>();
    places.set(party.workload, nodes);
    const here = nodes.get(party.near);
    if (here === undefined) nodes.set(party.near, [party]);
    else here.push(party);
  }
  return (from, to, asked, byGroups) => {
    const [senders, receivers] = [places.get(from), places.get(to)];
    if (byGroups.open === byGroups.of || senders === undefined || receivers === undefined) return byGroups;
    let { open } = byGroups;
    for (const [node, some] of senders)
      for (const a of some)
        for (const b of receivers.get(node) ?? [])
          if (a !== b && a.address.family === b.address.family && !passes(index, a, b, asked)) open += 1;
    return { open, of: byGroups.of };
  };
}

/** What the groups of both say. */
function passes(index: GroupIndex, from: PlacedParty, to: PlacedParty, asked: AskedPort): boolean {
  const isOpen = (own: PlacedParty, peer: PlacedParty, direction: 'egress' | 'ingress'): boolean =>
    own.groups.length === 0 ||
    index.verdict(own.groups, { direction, protocol: asked.protocol, port: asked.port, peer: peer.address }).verdict ===
      'ACCEPT';
  return isOpen(from, to, 'egress') && isOpen(to, from, 'ingress');
}
