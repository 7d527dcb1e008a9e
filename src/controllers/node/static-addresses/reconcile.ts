// One reconcile of a node's static addresses: plan from the newest state, carry it out, tell (facts/tke.md 6.2).
import { keyOf } from '../../../kube/object-key.ts';
import type { ReconcileResult } from '../../../kube/types.ts';
import { planStatic, type StaticAction } from '../../../planning/static-plan.ts';
import { tellObstacle } from '../../vpc-ip-claim/status.ts';
import { groupsDecided } from '../eni-intent.ts';
import { addEni } from '../pool/add-eni.ts';
import type { Obstacle } from '../pool/tell.ts';
import { actOnStatic } from './act.ts';
import { releaseFromIdle } from './idle-enis.ts';
import { recordAddresses } from './send.ts';
import { staticNode, type StaticDeps, type StaticNode } from './facts.ts';
import { tellStaticNode } from './tell.ts';

export interface StaticRun extends StaticDeps {
  readonly created: (name: string) => void;
}

/** After the looks at its ENIs were taken; never together with another run for the same node. */
export async function reconcileStatic(
  run: StaticRun,
  nodeName: string,
  instanceId: string,
  signal: AbortSignal,
): Promise<ReconcileResult | undefined> {
  const { deps } = run;
  const startedMs = deps.clock.monotonicMs();
  const node = await staticNode(run, nodeName, instanceId, signal);
  if (node === undefined) return undefined;
  for (const { ip, subnetId } of node.strays) run.known.gaveKept(subnetId, ip, startedMs);
  for (const { claim, place } of node.misplaced)
    await tellObstacle(deps, claim, place, place.reason !== 'ZoneMismatch');
  const planned = planStatic(node.input);
  const { allowed, obstacle: held } = withoutHeld(run, node, planned);
  await tellWaiting(run, node, planned, held);
  await actOnStatic(run, node, allowed, signal);
  const lacks = await addEnis(run, node, allowed, signal);
  const idleIn = await releaseFromIdle(run, node, signal);
  if (allowed.length === 0) await recordAddresses(run, node);
  const tellIn = await tellStaticNode(deps, run.memory.node(nodeName), node, held ?? lacks);
  return dueAfter(run, node, { lacks, startedMs, others: [idleIn, tellIn] });
}

/** Calls that `paused` holds back, or that the cloud refused lately for the whole node, are left out. */
function withoutHeld(
  { deps, memory }: StaticRun,
  node: StaticNode,
  actions: readonly StaticAction[],
): { readonly allowed: readonly StaticAction[]; readonly obstacle: Obstacle | undefined } {
  const isBinding = ({ kind }: StaticAction): boolean =>
    kind === 'assign-these' || kind === 'assign-new' || kind === 'add-eni';
  const { blocked, blockedUntilMs } = memory.node(node.nec.metadata.name);
  const refused = deps.clock.monotonicMs() < blockedUntilMs ? blocked : undefined;
  const paused = deps.settings.held('create');
  const unassigns = deps.settings.held('delete') === undefined;
  const stopped = paused === undefined ? refused : { reason: 'Paused', message: paused };
  return {
    allowed: actions.filter(
      (action) => (stopped === undefined || !isBinding(action)) && (unassigns || action.kind !== 'unassign'),
    ),
    obstacle: actions.some(isBinding) ? stopped : undefined,
  };
}

/** Whoever waits for what is held back is told why; who waits for something else has been told that, and is not told two things in turns. */
async function tellWaiting(
  { deps }: StaticRun,
  node: StaticNode,
  actions: readonly StaticAction[],
  obstacle: Obstacle | undefined,
): Promise<void> {
  if (obstacle === undefined) return;
  const others = new Set([
    ...node.input.held.flatMap(({ phase, claim }) => (phase === 'Assigned' ? [claim] : [])),
    ...node.misplaced.map(({ claim }) => keyOf(claim)),
    ...actions.flatMap((action) => ('claim' in action ? [action.claim] : [])),
  ]);
  for (const key of node.claims.keys()) {
    const claim = others.has(key) ? undefined : deps.claims.latest(key);
    if (claim !== undefined) await tellObstacle(deps, claim, obstacle);
  }
}

/** The first ENI of a node comes without a Pod (facts/tke.md 6.2, rule 1). Answers why there can be none. */
async function addEnis(
  run: StaticRun,
  node: StaticNode,
  actions: readonly StaticAction[],
  signal: AbortSignal,
): Promise<Obstacle | undefined> {
  const { deps } = run;
  if (!groupsDecided(deps, node.nec)) return undefined;
  const wanted = actions.flatMap((action) => (action.kind === 'add-eni' ? [action.subnetId] : []));
  const lacksEni = node.enis.length === 0 && node.input.maxENI > 0 && deps.settings.held('create') === undefined;
  if (lacksEni && wanted.length === 0) wanted.push(undefined);
  for (const subnetId of wanted) {
    const obstacle = await addEni(run, { nec: node.nec, enis: node.enis }, signal, subnetId);
    if (obstacle === undefined) continue;
    await tellWaiting(run, node, actions, obstacle);
    return obstacle;
  }
  return undefined;
}

/** The earliest of what can be done again later, as it was when the run began: what came due meanwhile was not done by it. */
function dueAfter(
  { deps, memory, known }: StaticRun,
  node: StaticNode,
  {
    lacks,
    startedMs,
    others,
  }: {
    readonly lacks: Obstacle | undefined;
    readonly startedMs: number;
    readonly others: readonly (number | undefined)[];
  },
): ReconcileResult | undefined {
  const now = deps.clock.monotonicMs();
  const { lookAgainMs, askInstanceMs, stuckMs } = deps.timings;
  const { blockedUntilMs } = memory.node(node.nec.metadata.name);
  const wished = [...node.vips.keys(), ...[...node.claims.values()].flatMap(({ spec }) => spec.nominatedIP ?? [])];
  const refusedMs = known.nextMs(wished, startedMs);
  const dues = [
    ...node.enis.flatMap((eni) => {
      const { notBeforeMs, looking } = memory.eni(eni.metadata.uid ?? '');
      return [
        ...(notBeforeMs > startedMs ? [notBeforeMs - now] : []),
        ...(looking === undefined ? [] : [looking.sinceMs + stuckMs - now]),
      ];
    }),
    ...(blockedUntilMs > startedMs ? [blockedUntilMs - now] : []),
    ...(refusedMs === undefined ? [] : [refusedMs - now]),
    ...(node.asks ? [askInstanceMs] : []),
    ...others.filter((ms) => ms !== undefined),
    ...(lacks === undefined && node.misplaced.length === 0 && node.input.enis.every(({ closed }) => !closed)
      ? []
      : [lookAgainMs]),
  ];
  return dues.length === 0 ? undefined : { requeueAfterMs: Math.max(1, Math.min(...dues)) };
}
