// What a node's nec says of its shared addresses: figures, target, and a condition that names what is in the way.
import type { NodeEniConfig } from '../../../api/node-eni-config.ts';
import { sharedAddressesCondition } from '../../../api/node-eni-config.ts';
import type { Condition } from '../../../kube/types.ts';
import type { IpamdDeps } from '../../deps.ts';
import { necConditions, writeNecStatus } from '../nec-status.ts';
import type { NodeMemory } from './memory.ts';
import type { NodePool } from './node-pool.ts';

/** Condition type of a nec. */
export const SHARED_ADDRESSES = sharedAddressesCondition.type;

/** Why fewer addresses are bound than wanted; absent: nothing is in the way. */
export interface Obstacle {
  readonly reason: string;
  readonly message: string;
}

/** Figures alone are written at most so often, since each Pod changes them. */
const FIGURES_MS = 1_000;

/** Writes what is news; answers in how many milliseconds the rest is due. */
export async function tellPool(
  deps: IpamdDeps,
  pool: NodePool,
  memory: NodeMemory,
  obstacle: Obstacle | undefined,
): Promise<number | undefined> {
  const { nec, addresses: bound, pods, target, limits } = pool;
  const known = nec.status?.routeENI;
  if (known === undefined || isBeginning(pool, obstacle)) return undefined;
  const conditions = necConditions(nec, [conditionOf(limits.quota, obstacle)], deps.clock.now());
  const urgent = bound !== known.bound || !sameCondition(nec, conditions);
  const routeENI = { ...known, bound: Math.min(bound, 4096), pods: Math.min(pods, 4096), target: target.reason };
  const now = deps.clock.monotonicMs();
  const news = urgent || pods !== known.pods || target.reason !== known.target;
  if (!news) return undefined;
  if (!urgent && now - memory.toldMs < FIGURES_MS) return memory.toldMs + FIGURES_MS - now;
  await writeNecStatus(deps, nec, { routeENI, conditions });
  memory.toldMs = now;
  return undefined;
}

/** Before the first ENI of a node that is to have one there is only an obstacle to tell. */
const isBeginning = ({ nec, enis, limits }: NodePool, obstacle: Obstacle | undefined): boolean =>
  enis.length === 0 &&
  limits.quota > 0 &&
  obstacle === undefined &&
  !(nec.status?.conditions ?? []).some(({ type }) => type === SHARED_ADDRESSES);

function conditionOf(quota: number, obstacle: Obstacle | undefined): Omit<Condition, 'lastTransitionTime'> {
  const type = SHARED_ADDRESSES;
  if (obstacle !== undefined) return { type, status: 'False', ...obstacle };
  if (quota === 0)
    return { type, status: 'False', reason: 'NoQuota', message: 'the node can have none; see status.routeENI.reason' };
  return {
    type,
    status: 'True',
    reason: 'Served',
    message: 'addresses are bound as Pods need them; see status.routeENI.target',
  };
}

function sameCondition(nec: NodeEniConfig, conditions: readonly Condition[]): boolean {
  const find = (list: readonly { type: string; status: string; reason: string; message: string }[] = []): string => {
    const { status, reason, message } = list.find((each) => each.type === SHARED_ADDRESSES) ?? {};
    return JSON.stringify({ status, reason, message });
  };
  return find(nec.status?.conditions) === find(conditions);
}
