// On which nodes a Pod can have its address in static IP mode, and which suit it best. Pure; nothing but a hint: whoever binds past it only waits.

/** A container subnet as far as the scheduler knows it. */
export interface PlacementSubnet {
  readonly subnetId: string;
  readonly zone: string;
  /** Addresses that nobody has and nobody keeps; Pods that wait for one are not taken off yet. */
  readonly free: number;
}

export interface PlacementEni {
  readonly subnetId: string;
  /** Addresses on it that are Pods'. */
  readonly addresses: number;
}

export interface PlacementNode {
  readonly name: string;
  readonly zone: string;
  /** Pods with a shared address that it can have: its `eni-ip`. */
  readonly quota: number;
  readonly maxENI: number;
  readonly maxIPPerENI: number;
  readonly enis: readonly PlacementEni[];
  /** Subnets in which its next ENI may be made, of any zone: its label's, else the container subnets. */
  readonly subnetIds: readonly string[];
  /** Pods bound to it that have no address yet, those included whose binding is under way. */
  readonly waiting: number;
}

/** What the Pod needs: any address, one of some subnets, or one that is certain. */
export type PlacementDemand =
  | { readonly kind: 'any'; readonly subnetIds?: readonly string[] | undefined }
  /** `kept`: it counts as taken already, by this Pod. */
  | { readonly kind: 'address'; readonly ip: string; readonly subnetId: string; readonly kept: boolean };

/** `prepared`: an ENI in the subnet is there already, so that the Pod waits for fewer calls. */
export type Placement =
  | { readonly fits: true; readonly prepared: boolean; readonly free: number }
  | { readonly fits: false; readonly reason: string };

const BY = '[ip-scheduler]';

/** The documented words (facts/tke.md 13.1), and ours where no word is known. The same for every node of a kind, so that the scheduler counts them together. */
export const placementReasons = {
  insufficient: `${BY} InsufficientIPOrENI`,
  eniLimit: `${BY} ENILimitExceed`,
  elsewhere: (ip: string, subnetId: string, zone: string | undefined): string =>
    `${BY} the Pod's address ${ip} is of subnet ${subnetId}${zone === undefined ? ', which is no container subnet' : ` in zone ${zone}`}`,
  outside: (ip: string): string => `${BY} the Pod's address ${ip} is in none of the container subnets`,
  nominated: (subnetIds: readonly string[]): string =>
    `${BY} none of the Pod's subnets ${subnetIds.join(', ')} is in the node's zone`,
  notNominated: `${BY} --only-nominated-eni-subnets is on, and the Pod nominates no subnet`,
  unknownNode: `${BY} the node is not known yet`,
  exclusive: `${BY} tke-direct-eni is not served in this version`,
  superNode: `${BY} a super node gives its Pods addresses of its own subnets, and none that is kept or named`,
} as const;

export interface PlacementSubnets {
  get(subnetId: string): PlacementSubnet | undefined;
  /** Addresses of it that are left after every Pod that waits and may come to have one of them; those of `besides` are not counted. */
  freeOf(subnetId: string, besides?: PlacementNode): number;
}

/** Room on the ENIs that the node has, by subnet. */
function roomBySubnet({ enis, maxIPPerENI }: PlacementNode): ReadonlyMap<string, number> {
  const room = new Map<string, number>();
  for (const { subnetId, addresses } of enis)
    room.set(subnetId, (room.get(subnetId) ?? 0) + Math.max(0, maxIPPerENI - addresses));
  return room;
}

/** Where the node's next address can come from: subnets of ENIs with room, and of an ENI that can still be made in the node's zone. */
export function candidateSubnets(
  node: PlacementNode,
  subnets: Pick<PlacementSubnets, 'get'>,
): { readonly ready: readonly string[]; readonly creatable: readonly string[] } {
  const ready = [...roomBySubnet(node)].filter(([, room]) => room > 0).map(([subnetId]) => subnetId);
  const creatable =
    node.enis.length >= node.maxENI
      ? []
      : node.subnetIds.filter((id) => !ready.includes(id) && subnets.get(id)?.zone === node.zone);
  return { ready, creatable };
}

/**
 * Whether the node can give the Pod its address. Never says yes to more Pods than there are addresses, as long as `waiting` and `freeOf` count those it said
 * yes to: a Pod is let in only when its subnets have more free addresses than there are Pods that may take one of them.
 */
export function judgeNode(demand: PlacementDemand, node: PlacementNode, subnets: PlacementSubnets): Placement {
  const refuse = (reason: string): Placement => ({ fits: false, reason });
  const wanted = demand.kind === 'address' ? [demand.subnetId] : demand.subnetIds;
  const misfit = zoneMisfit(demand, node, subnets);
  if (misfit !== undefined) return refuse(misfit);
  const used = node.enis.reduce((sum, eni) => sum + eni.addresses, 0) + node.waiting;
  if (used >= node.quota) return refuse(placementReasons.insufficient);
  const { ready, creatable } = candidateSubnets(node, subnets);
  const of = (ids: readonly string[]): readonly string[] =>
    wanted === undefined ? ids : ids.filter((id) => wanted.includes(id));
  const own = demand.kind === 'address' && demand.kept ? 1 : 0;
  const rooms = roomBySubnet(node);
  const room = sum(of(ready).map((id) => rooms.get(id) ?? 0));
  const usable = sum(of(ready).map((id) => Math.min(rooms.get(id) ?? 0, subnets.freeOf(id, node) + own)));
  // Those that wait here may take any of it.
  if (usable > node.waiting) return { fits: true, prepared: true, free: usable - node.waiting };
  const creatableHere = of(creatable);
  if (creatableHere.length === 0 && room <= node.waiting && wanted !== undefined)
    // Its ENIs are all made, and those in the right subnet are full.
    return refuse(placementReasons.eniLimit);
  // The ENI itself takes an address of the same subnet, too (facts/tke.md 6.2, rule 7).
  const free = Math.max(0, ...creatableHere.map((id) => subnets.freeOf(id) + own));
  return free > 1 ? { fits: true, prepared: false, free: free - 1 } : refuse(placementReasons.insufficient);
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + Math.max(0, each), 0);

function zoneMisfit(demand: PlacementDemand, node: PlacementNode, subnets: PlacementSubnets): string | undefined {
  const has = (subnetId: string): boolean => node.enis.some((eni) => eni.subnetId === subnetId);
  const near = (subnetId: string): boolean => has(subnetId) || subnets.get(subnetId)?.zone === node.zone;
  if (demand.kind === 'address')
    return near(demand.subnetId)
      ? undefined
      : placementReasons.elsewhere(demand.ip, demand.subnetId, subnets.get(demand.subnetId)?.zone);
  if (demand.subnetIds === undefined || demand.subnetIds.some(near)) return undefined;
  return placementReasons.nominated(demand.subnetIds);
}

/** From 0 to 10, kube-scheduler's MaxExtenderPriority. Nodes that have an ENI in the right subnet come first (facts/tke.md 6.4, 3.4.7), and among them those with more addresses to spare. */
export function placementPoints(placement: Placement, node: PlacementNode): number {
  if (!placement.fits) return 0;
  const used = node.enis.reduce((sum, eni) => sum + eni.addresses, 0) + node.waiting;
  const spare = node.quota === 0 ? 0 : Math.max(0, node.quota - used) / node.quota;
  return (placement.prepared ? 6 : 0) + Math.min(4, Math.floor(spare * 5));
}
