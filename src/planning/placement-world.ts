// How many addresses the container subnets have left for one more Pod, after those that wait on all nodes. Pure.
import { candidateSubnets, type PlacementNode, type PlacementSubnet, type PlacementSubnets } from './placement.ts';

/** `nodes`: all, or those at least where Pods wait. A subnet that is not among `subnets` has nothing free. */
export function createPlacementWorld(
  nodes: Iterable<PlacementNode>,
  subnets: readonly PlacementSubnet[],
): PlacementSubnets {
  const byId = new Map(subnets.map((subnet) => [subnet.subnetId, subnet]));
  /** Addresses that Pods which wait may come to take, by subnet; each Pod in all of its subnets. */
  const awaited = new Map<string, number>();
  const own = new Map<string, { readonly subnetIds: readonly string[]; readonly addresses: number }>();
  for (const node of nodes) {
    if (node.waiting === 0) continue;
    const { ready, creatable } = candidateSubnets(node, byId);
    const subnetIds = [...ready, ...creatable];
    const addresses = node.waiting + enisToMake(node, creatable.length > 0);
    for (const id of subnetIds) awaited.set(id, (awaited.get(id) ?? 0) + addresses);
    own.set(node.name, { subnetIds, addresses });
  }
  return {
    get: (subnetId) => byId.get(subnetId),
    freeOf: (subnetId, besides) => {
      const theirs = besides === undefined ? undefined : own.get(besides.name);
      const back = theirs?.subnetIds.includes(subnetId) === true ? theirs.addresses : 0;
      return (byId.get(subnetId)?.free ?? 0) - (awaited.get(subnetId) ?? 0) + back;
    },
  };
}

/** ENIs that those who wait at the node may need, each of which takes an address for itself. */
function enisToMake(node: PlacementNode, canMake: boolean): number {
  if (!canMake || node.maxIPPerENI === 0) return 0;
  return Math.min(node.maxENI - node.enis.length, node.waiting);
}
