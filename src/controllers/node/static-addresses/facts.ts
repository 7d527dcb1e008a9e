// Everything that decides about the static addresses of one node, gathered from the caches: its ENIs, the addresses held, the claims that wait.
import type { NodeEniConfig } from '../../../api/node-eni-config.ts';
import type { VpcEni } from '../../../api/vpc-eni.ts';
import type { VpcIpClaim } from '../../../api/vpc-ip-claim.ts';
import type { VpcIp } from '../../../api/vpc-ip.ts';
import type { Subnet } from '../../../cloud/vpc-cloud.ts';
import { keyOf } from '../../../kube/object-key.ts';
import { type Place, placeNominated } from '../../../planning/claim-demand.ts';
import type { HeldAddress, NodeClaim, StaticEni, StaticPlanInput } from '../../../planning/static-plan.ts';
import { nodeSubnetIds } from '../../../planning/subnet-choice.ts';
import type { KubeObject } from '../../../kube/types.ts';
import type { IpamdDeps } from '../../deps.ts';
import type { WriteMemory } from '../../write-memory.ts';
import { useOfAddress } from '../../vpc-ip/release-facts.ts';
import { kindOf } from '../../vpc-ip-claim/demand.ts';
import { vpcIpOf } from '../../vpc-ip-claim/holding.ts';
import type { PoolMemory } from '../pool/memory.ts';
import { isDraining, nodeEnisOf, staysOn } from '../pool/pool-enis.ts';
import type { StaticMemory } from './memory.ts';

export interface StaticNode {
  readonly nec: NodeEniConfig;
  readonly enis: readonly VpcEni[];
  /** By namespace/name. */
  readonly claims: ReadonlyMap<string, VpcIpClaim>;
  /** By address. */
  readonly vips: ReadonlyMap<string, VpcIp>;
  readonly input: StaticPlanInput;
  /** Claims whose wishes cannot be met here, and why. */
  readonly misplaced: readonly { readonly claim: VpcIpClaim; readonly place: Extract<Place, { ok: false }> }[];
  /** On its ENIs, and kept by a claim that is elsewhere or by nobody. */
  readonly strays: readonly HeldAddress[];
  /** Pods have gone of whose addresses nobody can say yet that they are free: asked again after a while. */
  readonly asks: boolean;
}

export interface StaticDeps {
  readonly deps: IpamdDeps;
  readonly memory: PoolMemory;
  readonly known: StaticMemory;
}

/** `undefined` while the limits of the node are not known. */
export async function staticNode(
  { deps, memory, known }: StaticDeps,
  nodeName: string,
  instanceId: string,
  signal: AbortSignal,
): Promise<StaticNode | undefined> {
  const nec = deps.necs.latest(nodeName);
  const limits = nec?.status?.routeENI;
  const zone = nec?.spec.zone;
  if (nec === undefined || limits === undefined || zone === undefined) return undefined;
  const all = nodeEnisOf(deps, nodeName);
  const enis = all.filter(
    (eni) =>
      staysOn(eni, instanceId) || (eni.status?.phase === 'Ready' && eni.metadata.deletionTimestamp !== undefined),
  );
  const claims = claimsOn(deps, nodeName);
  const subnets = await subnetsOf(deps, nodeName, claims, signal);
  const placing = placer(deps, { ...subnets, zone });
  const placed = claims.map((claim) => ({ claim, place: placing(claim), vip: vpcIpOf(deps, claim) }));
  const vips = vipsOf(
    deps,
    nodeName,
    placed.flatMap(({ vip }) => vip ?? []),
  );
  const uses = await Promise.all(vips.map((vip) => useOfAddress(deps, vip, eniOf(deps, vip), signal)));
  const byUid = new Map(claims.map((claim) => [claim.metadata.uid, claim]));
  const resting = deps.subnets.resting();
  const strange = strays(deps, memory, enis, vips);
  const input: StaticPlanInput = {
    enis: enis.map((eni) => view(eni, { memory, nowMs: deps.clock.monotonicMs(), cap: limits.maxIPPerENI, resting })),
    held: [
      ...vips.map((vip, index) => heldOf(vip, byUid.get(vip.spec.claim?.uid), uses[index]?.over ?? false)),
      ...strange,
    ],
    claims: placed.flatMap(({ claim, place, vip }) => claimView(claim, place, vip)),
    maxENI: limits.maxENI,
    maxIPPerENI: limits.maxIPPerENI,
    refused: known.refused(deps.clock.monotonicMs()),
    living: new Set(deps.informers.pods.byIndex('node', nodeName).flatMap(({ podIp }) => podIp ?? [])),
    subnetsOfZone: subnets.subnets.filter((subnet) => subnet.zone === zone).map(({ subnetId }) => subnetId),
  };
  return {
    nec,
    enis,
    claims: new Map(claims.map((claim) => [keyOf(claim), claim])),
    vips: new Map(vips.map((vip) => [vip.metadata.name, vip])),
    input,
    misplaced: placed.flatMap(({ claim, place, vip }) => (place.ok || vip !== undefined ? [] : [{ claim, place }])),
    strays: strange,
    asks: uses.some(({ asks }) => asks),
  };
}

/** Claims of shared addresses whose Pods are bound to the node, newest versions, in the order in which they were made. */
export function claimsOn(deps: Pick<IpamdDeps, 'informers' | 'claims'>, nodeName: string): readonly VpcIpClaim[] {
  const newest = newestOf(deps.claims, deps.informers.vpcIpClaims.byIndex('node', nodeName));
  const order = ({ metadata }: VpcIpClaim): string => `${metadata.creationTimestamp ?? ''} ${metadata.name}`;
  return newest
    .filter(
      (claim) =>
        claim.status?.nodeName === nodeName &&
        claim.status.podUID !== undefined &&
        claim.metadata.deletionTimestamp === undefined &&
        kindOf(claim) === 'Shared',
    )
    .sort((a, b) => (order(a) < order(b) ? -1 : 1));
}

/** On ENIs of the node, or held by its claims. */
function vipsOf(deps: IpamdDeps, nodeName: string, held: readonly VpcIp[]): readonly VpcIp[] {
  const wanted = new Set(held.map((vip) => vip.metadata.name));
  const cached = deps.informers.vpcIps.byIndex('node', nodeName);
  const elsewhere = held.filter((vip) => vip.status?.nodeName !== nodeName);
  const newest = newestOf(deps.vips, elsewhere.length === 0 ? cached : [...cached, ...elsewhere]);
  return newest.filter((vip) => vip.status?.nodeName === nodeName || wanted.has(vip.metadata.name));
}

/** The newest versions of these and of everything that the cache does not show yet, each once. */
function newestOf<T extends KubeObject>(memory: WriteMemory<T>, cached: readonly T[]): readonly T[] {
  const unseen = memory.unseen();
  if (unseen.length === 0) return cached;
  return [...new Set([...cached, ...unseen].map(keyOf))].flatMap((key) => memory.latest(key) ?? []);
}

/**
 * On an ENI of the node, and kept by a claim that is elsewhere or by nobody: the cloud gave it when a new one was asked for. It is given back, and what
 * is said of it stays as it is.
 */
function strays(
  deps: IpamdDeps,
  memory: PoolMemory,
  enis: readonly VpcEni[],
  own: readonly VpcIp[],
): readonly HeldAddress[] {
  const known = new Set(own.map(({ metadata }) => metadata.name));
  const seen = enis.flatMap((eni) => memory.eni(eni.metadata.uid ?? '').seen?.addresses ?? []);
  return seen.flatMap(({ ip }) => {
    const vip = known.has(ip) ? undefined : deps.vips.latest(ip);
    if (vip === undefined) return [];
    const nobody = { phase: undefined, eni: undefined, podUid: undefined, claim: undefined, over: true };
    return [{ ip, subnetId: vip.spec.subnetID, ...nobody }];
  });
}

const eniOf = (deps: IpamdDeps, vip: VpcIp): VpcEni | undefined => deps.enis.latest(vip.status?.eniName ?? '');

interface Subnets {
  /** Those of the node, and those that its claims nominate. */
  readonly subnets: readonly Subnet[];
  /** Where ENIs of the node may be made when nobody nominates any. */
  readonly own: readonly string[];
}

async function subnetsOf(
  deps: IpamdDeps,
  nodeName: string,
  claims: readonly VpcIpClaim[],
  signal: AbortSignal,
): Promise<Subnets> {
  const labels = deps.informers.nodes.get(nodeName)?.metadata.labels ?? {};
  const own = nodeSubnetIds(labels, deps.settings.current().subnetIds);
  const nominated = claims.flatMap(({ spec }) => spec.nominatedSubnetIDs ?? []).filter((id) => !own.includes(id));
  const further = [...new Set(nominated)].sort();
  const subnets = await deps.subnets.get(own, signal);
  if (further.length === 0) return { own, subnets };
  return { own, subnets: [...subnets, ...(await deps.subnets.get(further, signal))] };
}

/** One answer for all claims that nominate nothing, as nearly all do. */
function placer(deps: IpamdDeps, { subnets, own, zone }: Subnets & { readonly zone: string }): PlaceOf {
  const { flags, settings } = deps;
  const { vpcId } = settings.current();
  const of = subnets.filter((subnet) => subnet.vpcId === vpcId);
  const place = ({ nominatedIP, nominatedSubnetIDs }: VpcIpClaim['spec']): Place =>
    placeNominated({
      nominatedIP,
      nominatedSubnetIDs,
      subnets: of,
      nodeSubnetIds: own,
      zone,
      onlyNominated: flags.onlyNominatedEniSubnets,
    });
  const anywhere = place({ deletePolicy: 'Immediate', kind: 'Shared' });
  return (claim) =>
    claim.spec.nominatedIP === undefined && claim.spec.nominatedSubnetIDs === undefined
      ? anywhere
      : notTaken(deps, claim, place(claim.spec));
}

type PlaceOf = (claim: VpcIpClaim) => Place;

/** An address that another claim holds is no place. */
function notTaken(deps: IpamdDeps, { metadata }: VpcIpClaim, place: Place): Place {
  const held = place.ok && place.nominated !== undefined ? deps.vips.latest(place.nominated.ip) : undefined;
  if (held === undefined || held.spec.claim?.uid === metadata.uid) return place;
  const { claim } = held.spec;
  const holder = claim === undefined ? 'nobody; delete the VpcIP' : `VpcIPClaim ${claim.namespace}/${claim.name}`;
  const message = `${held.metadata.name} is held by ${holder}; it is given once that is released`;
  return { ok: false, reason: 'AddressTaken', message };
}

/** A claim that holds an address goes on with that, whatever it asked for. */
function claimView(claim: VpcIpClaim, place: Place, vip: VpcIp | undefined): readonly NodeClaim[] {
  const { podUID: podUid = '', vpcIP } = claim.status ?? {};
  if (vip === undefined && !place.ok) return [];
  return [
    {
      key: keyOf(claim),
      podUid,
      subnetIds: place.ok ? place.subnetIds : [],
      ...(place.ok && place.nominated !== undefined ? { nominated: place.nominated } : {}),
      ...(vpcIP === undefined ? {} : { had: vpcIP }),
    },
  ];
}

function heldOf(vip: VpcIp, claim: VpcIpClaim | undefined, over: boolean): HeldAddress {
  const { phase, eniName, podUID } = vip.status ?? {};
  const isWanted = claim !== undefined && vip.metadata.deletionTimestamp === undefined;
  return {
    ip: vip.metadata.name,
    subnetId: vip.spec.subnetID,
    phase,
    eni: eniName,
    podUid: podUID,
    claim: isWanted ? keyOf(claim) : undefined,
    over,
  };
}

/** One whose shared addresses of the other mode are not given back yet is left to those. */
function view(
  eni: VpcEni,
  about: {
    readonly memory: PoolMemory;
    readonly nowMs: number;
    readonly cap: number;
    readonly resting: ReadonlySet<string>;
  },
): StaticEni {
  const { memory, nowMs, cap, resting } = about;
  const known = memory.eni(eni.metadata.uid ?? '');
  const { phase, eni: made, conditions } = eni.status ?? {};
  const failed =
    phase === 'Failed' ? conditions?.find(({ type, status }) => type === 'Ready' && status === 'False') : undefined;
  const drains = isDraining(eni);
  const isReady = phase === 'Ready' && !drains;
  const isLeaving = eni.metadata.deletionTimestamp !== undefined;
  const subnetId = made?.subnetID ?? eni.spec.subnetID;
  return {
    name: eni.metadata.name,
    subnetId,
    ready: isReady,
    busy: known.callOpen || nowMs < known.notBeforeMs,
    ...(failed === undefined ? {} : { obstacle: { reason: failed.reason, message: failed.message } }),
    closed: drains || isLeaving || known.stuck || resting.has(subnetId ?? ''),
    cap,
    seen: isReady ? known.seen?.addresses : undefined,
  };
}
