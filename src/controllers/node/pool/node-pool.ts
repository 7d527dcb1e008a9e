// Everything that decides about the shared addresses of one node, gathered from the caches: its ENIs, its Pods, its limits, its target.
import { annotations } from '../../../api/keys.ts';
import type { NodeEniConfig, NodeEniConfigStatus } from '../../../api/node-eni-config.ts';
import type { VpcEni } from '../../../api/vpc-eni.ts';
import { countBound, type PoolEni } from '../../../planning/pool-plan.ts';
import { planPoolTarget, type PoolTarget } from '../../../planning/pool-target.ts';
import { readDesired } from '../../../planning/warm-targets.ts';
import type { IpamdDeps } from '../../deps.ts';
import { sharedPodsOn } from '../../vpc-eni/lifecycle/node-eni-facts.ts';
import { managedInstance } from '../managed-instance.ts';
import type { PoolMemory } from './memory.ts';
import { isDraining, nodeEnisOf, poolEni, staysOn } from './pool-enis.ts';

export type RouteEni = NonNullable<NodeEniConfigStatus['routeENI']>;

export interface NodePool {
  readonly nec: NodeEniConfig;
  /** Quota, caps and targets in force. */
  readonly limits: Pick<RouteEni, 'quota' | 'maxENI' | 'maxIPPerENI' | 'minWarmTarget' | 'maxWarmTarget'>;
  /** Node ENIs that stay, in the order in which they are filled. */
  readonly enis: readonly VpcEni[];
  /** The same, as the planner sees them. */
  readonly views: readonly PoolEni[];
  readonly pods: number;
  readonly inUse: number;
  /** Secondary addresses on the ENIs, whatever is to become of them. */
  readonly addresses: number;
  readonly target: PoolTarget;
}

/** Whether ordinary Pods of this cluster share addresses; in static mode each has its own claim. */
export const sharesAddresses = ({ settings }: Pick<IpamdDeps, 'settings'>): boolean =>
  settings.current()['vpcCni.ipMode'] === 'non-static';

/** `undefined` while the node is not managed, or its limits are not known. In static mode nothing is wanted, and what is left of the other mode is given back. */
export function nodePool(
  deps: Pick<IpamdDeps, 'informers' | 'enis' | 'necs' | 'settings' | 'subnets' | 'clock' | 'timings'>,
  memory: PoolMemory,
  nodeName: string,
): NodePool | undefined {
  const node = deps.informers.nodes.get(nodeName);
  const nec = deps.necs.latest(nodeName);
  const instanceId = node === undefined ? undefined : managedInstance(node);
  if (node === undefined || nec === undefined || instanceId === undefined) return undefined;
  const shared = sharesAddresses(deps);
  const limits = shared ? nec.status?.routeENI : NOTHING;
  if (limits === undefined) return undefined;
  const enis = nodeEnisOf(deps, nodeName).filter((eni) => staysOn(eni, instanceId) && (shared || isDraining(eni)));
  const resting = deps.subnets.resting();
  const { clock } = deps;
  const views = enis.map((eni) => poolEni({ eni, memory, clock, cap: limits.maxIPPerENI, resting }));
  const inUse = views.reduce((sum, view) => sum + (view.use?.inUse.length ?? 0), 0);
  const pods = shared ? sharedPodsOn(deps, nodeName) : 0;
  const { lastReleaseMs } = memory.node(nodeName);
  const desired = readDesired(nodeName, node.metadata.annotations);
  const target = planPoolTarget({
    pods,
    inUse,
    bound: countBound(views, limits.maxENI),
    min: limits.minWarmTarget,
    max: limits.maxWarmTarget,
    desired: shared ? Math.max((desired.ok && desired.value) || 0, nec.spec.desiredRouteENIIP ?? 0) : 0,
    quota: limits.quota,
    // Documented as a flag of the agent and as an add-on value; either is enough (facts/tke.md 5.1, 5.2).
    quickRelease:
      nec.status?.node?.quickRelease === true || deps.settings.current()['vpcCni.routeEni.enableQuickRelease'],
    nowMs: clock.monotonicMs(),
    intervalMs: deps.timings.releaseRoundMs,
    ...(lastReleaseMs === undefined ? {} : { lastReleaseMs }),
  });
  return { nec, limits, enis, views, pods, inUse, addresses: addressesOn(enis), target };
}

/** No address, and no ENI in excess: what is empty serves static addresses. */
const NOTHING = { quota: 0, maxENI: 64, maxIPPerENI: 0, minWarmTarget: 0, maxWarmTarget: 0 } as const;

const addressesOn = (enis: readonly VpcEni[]): number =>
  enis.flatMap((eni) => (eni.status?.eni?.addresses ?? []).filter((address) => address.primary !== true)).length;

/** Node annotation whose presence stops the handling of the node's ENIs (facts/tke.md 4.3). */
export function isDisabled(deps: Pick<IpamdDeps, 'informers'>, nodeName: string): boolean {
  return deps.informers.nodes.get(nodeName)?.metadata.annotations?.[annotations.disableNodeEni] !== undefined;
}
