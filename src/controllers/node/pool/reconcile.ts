// One reconcile of a node's pool: take what was looked at, plan from the newest state, carry it out, tell.
import { vpcEnis } from '../../../api/vpc-eni.ts';
import type { VpcEni } from '../../../api/vpc-eni.ts';
import type { ReconcileResult } from '../../../kube/types.ts';
import { type PoolAction, planPool } from '../../../planning/pool-plan.ts';
import type { IpamdDeps } from '../../deps.ts';
import { groupsDecided } from '../eni-intent.ts';
import { managedInstance } from '../managed-instance.ts';
import { actOnEni, type EniAction } from './act.ts';
import { addEni, INSTANCE_NOT_RUNNING } from './add-eni.ts';
import { takeLook } from './look.ts';
import type { PoolMemory } from './memory.ts';
import { isDisabled, nodePool, type NodePool, sharesAddresses } from './node-pool.ts';
import { isDraining, nodeEnisOf, poolEni } from './pool-enis.ts';
import { reconcileStatic } from '../static-addresses/reconcile.ts';
import type { StaticMemory } from '../static-addresses/memory.ts';
import { type Obstacle, tellPool } from './tell.ts';

export interface PoolRun {
  readonly deps: IpamdDeps;
  readonly memory: PoolMemory;
  /** Of static mode. */
  readonly known: StaticMemory;
  readonly created: (name: string) => void;
}

/** Level-triggered; what it waits for brings the node back, at the latest after what it answers. */
export async function reconcilePool(
  run: PoolRun,
  nodeName: string,
  signal: AbortSignal,
): Promise<ReconcileResult | undefined> {
  const { deps, memory } = run;
  const startedMs = deps.clock.monotonicMs();
  const node = deps.informers.nodes.get(nodeName);
  const instanceId = node === undefined ? undefined : managedInstance(node);
  if (instanceId === undefined || isDisabled(deps, nodeName)) return undefined;
  for (const eni of nodeEnisOf(deps, nodeName))
    if (eni.status?.phase === 'Ready' && !(await takeLook(deps, memory, eni, instanceId, signal))) return undefined;
  const pool = nodePool(deps, memory, nodeName);
  if (pool === undefined) return undefined;
  const unassigns = deps.settings.held('delete') === undefined;
  const plan = planPool({ ...pool.limits, enis: pool.views, target: pool.target, unassigns });
  const { allowed, held } = withoutHeld(deps, plan.actions);
  const leaving = leavingOf(deps, nodeName);
  const actions = [...allowed, ...leaving.flatMap((eni) => leavingActions(run, pool, eni))];
  const obstacle = await carryOut(run, pool, { actions, enis: [...pool.enis, ...leaving] }, signal);
  memory.node(nodeName).lastReleaseMs = pool.target.lastReleaseMs;
  if (!sharesAddresses(deps)) {
    const draining = dueAfter(run, pool, startedMs);
    return earlier(draining, await reconcileStatic(run, nodeName, instanceId, signal));
  }
  const full = plan.unmet > 0 && pool.limits.quota > pool.addresses ? DRY : undefined;
  const now = nodePool(deps, memory, nodeName) ?? pool;
  const tellIn = await tellPool(deps, now, memory.node(nodeName), held ?? obstacle ?? full);
  const askIn = obstacle?.reason === INSTANCE_NOT_RUNNING ? deps.timings.askInstanceMs : undefined;
  return dueAfter(run, pool, startedMs, tellIn, askIn);
}

/** Both are wanted: what is due first. */
function earlier(a: ReconcileResult | undefined, b: ReconcileResult | undefined): ReconcileResult | undefined {
  const dues = [a?.requeueAfterMs, b?.requeueAfterMs].filter((ms) => ms !== undefined);
  return dues.length === 0 ? undefined : { requeueAfterMs: Math.min(...dues) };
}

const DRY: Obstacle = {
  reason: 'SubnetExhausted',
  message: 'the subnets of the ENIs have no free address, and the node can have no further ENI',
};

/** Calls that `paused` holds back are not planned; an address is not asked back that could not be unassigned. */
function withoutHeld(
  { settings }: IpamdDeps,
  actions: readonly PoolAction[],
): { readonly allowed: readonly PoolAction[]; readonly held: Obstacle | undefined } {
  const kindOf = ({ kind }: PoolAction): 'create' | 'delete' | undefined => {
    if (kind === 'assign' || kind === 'add-eni') return 'create';
    return kind === 'unassign' || kind === 'ask-back' || kind === 'retire-eni' ? 'delete' : undefined;
  };
  const heldBy = (action: PoolAction): string | undefined => {
    const kind = kindOf(action);
    return kind === undefined ? undefined : settings.held(kind);
  };
  const message = actions.map(heldBy).find((why) => why !== undefined);
  return {
    allowed: actions.filter((action) => heldBy(action) === undefined),
    held: message === undefined ? undefined : { reason: 'Paused', message },
  };
}

/** ENIs that somebody deleted. */
function leavingOf(deps: IpamdDeps, nodeName: string): readonly VpcEni[] {
  if (deps.settings.held('delete') !== undefined) return [];
  return nodeEnisOf(deps, nodeName).filter(
    (eni) =>
      eni.metadata.deletionTimestamp !== undefined &&
      eni.status?.phase === 'Ready' &&
      (sharesAddresses(deps) || isDraining(eni)),
  );
}

/** Its addresses are asked back, and its life-cycle lets it go when none is in use. */
function leavingActions({ deps, memory }: PoolRun, pool: NodePool, eni: VpcEni): readonly PoolAction[] {
  const { clock } = deps;
  const view = poolEni({ eni, memory, clock, cap: pool.limits.maxIPPerENI, resting: new Set() });
  const target = { bind: 0, release: view.pool.addresses.length };
  const { actions } = planPool({ enis: [{ ...view, trunk: false }], maxENI: 0, maxIPPerENI: 0, target });
  return actions.filter((action) => action.kind !== 'retire-eni');
}

/** On the very objects that were decided on, so that a newer version of one cancels what is done to it. Answers what is in the way of binding, if anything is. */
async function carryOut(
  run: PoolRun,
  pool: NodePool,
  { actions, enis }: { readonly actions: readonly PoolAction[]; readonly enis: readonly VpcEni[] },
  signal: AbortSignal,
): Promise<Obstacle | undefined> {
  const { deps, memory } = run;
  const nodeName = pool.nec.metadata.name;
  const node = memory.node(nodeName);
  const isBlocked = deps.clock.monotonicMs() < node.blockedUntilMs;
  const wanted = isBlocked ? actions.filter(({ kind }) => kind !== 'assign' && kind !== 'add-eni') : actions;
  // Pods wait when there are more of them than addresses that could be handed out.
  const urgent = pool.pods > pool.views.reduce((sum, view) => sum + view.pool.addresses.length, 0);
  for (const [name, own] of byEni(wanted)) {
    const eni = enis.find((each) => each.metadata.name === name);
    if (eni !== undefined) await actOnEni({ deps, memory, urgent, signal }, eni, own);
  }
  for (const action of wanted) if (action.kind === 'retire-eni') await retire(deps, pool, action.eni);
  if (isBlocked) return node.blocked;
  const lacksEni = pool.views.length === 0 && pool.limits.quota > 0;
  if (!lacksEni && !wanted.some(({ kind }) => kind === 'add-eni')) return undefined;
  return groupsDecided(deps, pool.nec) ? addEni(run, pool, signal) : undefined;
}

function byEni(actions: readonly PoolAction[]): ReadonlyMap<string, readonly EniAction[]> {
  const grouped = new Map<string, EniAction[]>();
  for (const action of actions) {
    if (action.kind === 'add-eni' || action.kind === 'retire-eni') continue;
    grouped.set(action.eni, [...(grouped.get(action.eni) ?? []), action]);
  }
  return grouped;
}

/** Exactly the object that was decided on; its life-cycle detaches and deletes the ENI. */
async function retire({ client }: IpamdDeps, pool: NodePool, name: string): Promise<void> {
  const { uid, resourceVersion } = pool.enis.find((eni) => eni.metadata.name === name)?.metadata ?? {};
  if (uid === undefined || resourceVersion === undefined) return;
  await client.delete(vpcEnis, name, { preconditions: { uid, resourceVersion } });
}

/**
 * The earliest of: the next round of releases, an ENI that may be looked at again, the end of a refusal, or what else is due; as it was when the run
 * began, since what came due meanwhile was not done by it.
 */
function dueAfter(
  { deps, memory }: PoolRun,
  pool: NodePool,
  startedMs: number,
  ...others: readonly (number | undefined)[]
): ReconcileResult | undefined {
  const now = deps.clock.monotonicMs();
  const waits = (eni: VpcEni): number[] => {
    const { notBeforeMs, looking } = memory.eni(eni.metadata.uid ?? '');
    const stuckMs = looking === undefined ? [] : [looking.sinceMs + deps.timings.stuckMs - now];
    return [...(notBeforeMs > startedMs ? [notBeforeMs - now] : []), ...stuckMs];
  };
  const { blockedUntilMs } = memory.node(pool.nec.metadata.name);
  const dues = [
    ...pool.enis.flatMap(waits),
    ...(blockedUntilMs > startedMs ? [blockedUntilMs - now] : []),
    ...(pool.target.releaseDueMs === undefined ? [] : [pool.target.releaseDueMs - now]),
    ...others.filter((ms) => ms !== undefined),
    ...(pool.views.some((view) => view.dry === true) ? [deps.timings.lookAgainMs] : []),
  ];
  return dues.length === 0 ? undefined : { requeueAfterMs: Math.max(1, Math.min(...dues)) };
}
