// The end of a sub-ENI: only when its Pod has ended and nothing on the node can use it any more, then cloud first, object last.
import type { VpcEni } from '../../../api/vpc-eni.ts';
import { CloudError, isCloudError, cloudErrors } from '../../../cloud/errors.ts';
import type { ReconcileContext, ReconcileResult } from '../../../kube/types.ts';
import { planRelease } from '../../../planning/release.ts';
import { eniStatus } from './create.ts';
import type { LifecycleDeps } from './deps.ts';
import { keepForClaim } from './keep.ts';
import { leftoverToRemove } from './leftover.ts';
import { letGo } from './let-go.ts';
import { agentState, instanceState, podState } from './release-facts.ts';
import { condition, explain, ready, writeStatus } from './status.ts';

/** A delete whose ENI is still there after this is sent again: its task may have failed. */
const DELETE_AGAIN_MS = 60_000;
const DELETE = 'DeleteSubNetworkInterface';
const LASTING: ReadonlySet<string> = new Set(
  [cloudErrors.unauthorized, cloudErrors.unknownAction, cloudErrors.invalidRequest, cloudErrors.unsupported].map(
    ({ code }) => code,
  ),
);

export type ReleaseOutcome =
  | { readonly kind: 'keep' }
  | { readonly kind: 'releasing'; readonly result: ReconcileResult | undefined };

const releasing = (result?: ReconcileResult): ReleaseOutcome => ({ kind: 'releasing', result });

/** `keep` while the Pod lives, also when the object was deleted by hand. */
export async function releaseSubEni(
  deps: LifecycleDeps,
  eni: VpcEni,
  context: ReconcileContext,
): Promise<ReleaseOutcome> {
  // Past the point of no return the facts are not asked again.
  if (eni.status?.phase === 'Deleting') return releasing(await removeFromCloud(deps, eni, context));
  if (eni.status?.phase === 'Kept') return releasing(await keepOrRemove(deps, eni, context));
  const pod = await podState(deps, eni, context.signal);
  if (pod === 'alive') {
    if (eni.metadata.deletionTimestamp !== undefined) await warnDeletedInUse(deps, eni);
    return { kind: 'keep' };
  }
  const agent = agentState(eni);
  const asked = agent === 'silent' || agent === 'wired';
  const instance = asked ? await instanceState(deps, eni, context.signal) : 'unknown';
  const decision = planRelease({ pod, agent, instance });
  if (decision.kind === 'release') return releasing(await keepOrRemove(deps, eni, context));
  const conditions = ready(eni, 'False', 'Releasing', decision.reason, deps.clock.now());
  await writeStatus(deps, eni, { phase: 'Releasing', conditions });
  return releasing({ requeueAfterMs: deps.timings.askInstanceMs });
}

async function keepOrRemove(
  deps: LifecycleDeps,
  eni: VpcEni,
  context: ReconcileContext,
): Promise<ReconcileResult | undefined> {
  const keeping = await keepForClaim(deps, eni, context);
  return keeping.kind === 'kept' ? keeping.result : await removeFromCloud(deps, eni, context);
}

/** Deletes the ENI, waits until the cloud no longer lists it, then lets the object go. */
export async function removeFromCloud(
  deps: LifecycleDeps,
  eni: VpcEni,
  context: ReconcileContext,
): Promise<ReconcileResult | undefined> {
  const held = deps.settings.held('delete');
  if (held !== undefined) {
    await writeStatus(deps, eni, { conditions: ready(eni, 'False', 'Paused', held, deps.clock.now()) });
    return undefined;
  }
  const recorded = await recordDelete(deps, eni, context.signal);
  switch (recorded.kind) {
    case 'nothing':
      return letGo(deps, eni);
    case 'look-again':
      return { requeueAfterMs: recorded.afterMs };
    case 'recorded':
      return deleteRecorded(deps, recorded.eni, recorded.eniId, context);
  }
}

async function deleteRecorded(
  deps: LifecycleDeps,
  eni: VpcEni,
  eniId: string,
  context: ReconcileContext,
): Promise<ReconcileResult | undefined> {
  const again = await trySendDelete(deps, eni, eniId, context);
  if (again === 'refused') return { requeueAfterMs: deps.timings.lookAgainMs };
  if (deps.watcher.observe(eniId, 'gone').state !== 'gone') return again;
  deps.watcher.forget(eniId);
  deps.metrics.eniReleases.inc();
  return letGo(deps, eni);
}

type DeleteRecord =
  | { readonly kind: 'recorded'; readonly eni: VpcEni; readonly eniId: string }
  | { readonly kind: 'look-again'; readonly afterMs: number }
  | { readonly kind: 'nothing' };

/** The delete on record, with what a creating call left when no id was recorded. Nothing is sent when the write fails. */
async function recordDelete(deps: LifecycleDeps, eni: VpcEni, signal: AbortSignal): Promise<DeleteRecord> {
  const { clock, identity } = deps;
  const known = eni.status?.eni;
  if (known !== undefined && eni.status?.phase === 'Deleting') return { kind: 'recorded', eni, eniId: known.eniID };
  const left = known === undefined ? await leftoverToRemove(deps, eni, signal) : undefined;
  if (left?.kind === 'look-again') return left;
  if (left?.kind === 'absent') return { kind: 'nothing' };
  const status = known ?? (left === undefined ? undefined : await eniStatus(deps, eni, left.eni, signal));
  if (status === undefined) return { kind: 'nothing' };
  const recorded = await writeStatus(deps, eni, {
    phase: 'Deleting',
    eni: status,
    operation: {
      action: DELETE,
      request: JSON.stringify({ eniId: status.eniID }),
      attempt: eni.status?.operation?.attempt ?? 1,
      holder: identity,
      recordedAt: clock.now().toISOString(),
    },
    conditions: ready(eni, 'False', 'Deleting', `${status.eniID} is being deleted in the cloud`, clock.now()),
  });
  return { kind: 'recorded', eni: recorded, eniId: status.eniID };
}

/** A refusal that will not pass by itself is told, and asked again in case a person mended it; anything else is thrown. */
async function trySendDelete(
  deps: LifecycleDeps,
  eni: VpcEni,
  eniId: string,
  context: ReconcileContext,
): Promise<ReconcileResult | 'refused'> {
  try {
    return await sendDelete(deps, eni, eniId, context);
  } catch (error) {
    const isInUse = isCloudError(error, cloudErrors.inUse);
    if (!(error instanceof CloudError) || !(LASTING.has(error.code) || isInUse)) throw error;
    const { reason, message } = explain(error);
    await writeStatus(deps, eni, { conditions: ready(eni, 'False', reason, message, deps.clock.now()) });
    // Whatever is bound to it may be about to end.
    if (isInUse) throw error;
    return 'refused';
  }
}

/** Once per process, and again when it is still there long after. */
async function sendDelete(
  deps: LifecycleDeps,
  eni: VpcEni,
  eniId: string,
  context: ReconcileContext,
): Promise<ReconcileResult> {
  const uid = eni.metadata.uid ?? '';
  const sentAt = deps.progress.sentAt(uid, DELETE);
  const now = deps.clock.monotonicMs();
  if (sentAt !== undefined && now - sentAt < DELETE_AGAIN_MS) return { requeueAfterMs: sentAt + DELETE_AGAIN_MS - now };
  try {
    await deps.cloud.deleteSubEni(eniId, deps.mutating('release', 'delete', context.signal));
  } catch (error) {
    if (!isCloudError(error, cloudErrors.invalidState) || !(await isBeingDeleted(deps, eniId, context.signal)))
      throw error;
  }
  deps.progress.sent(uid, DELETE, deps.clock.monotonicMs());
  return { requeueAfterMs: DELETE_AGAIN_MS };
}

/** A busy ENI may still be in the making; only one on its way out, or gone, needs no further call. */
async function isBeingDeleted(deps: LifecycleDeps, eniId: string, signal: AbortSignal): Promise<boolean> {
  const [found] = await deps.cloud.describeEnis({ eniIds: [eniId] }, { signal, priority: 'release' });
  return found === undefined || found.state === 'DELETING';
}

async function warnDeletedInUse(deps: LifecycleDeps, eni: VpcEni): Promise<void> {
  const { pod } = eni.spec;
  const message = `deleted while its Pod ${pod?.namespace}/${pod?.name} lives: the sub-ENI stays until the Pod ends`;
  const conditions = condition(
    eni,
    { type: 'Deletable', status: 'False', reason: 'PodLives', message },
    deps.clock.now(),
  );
  const told = await writeStatus(deps, eni, { conditions });
  if (told !== eni) deps.recorder.record({ regarding: eni, type: 'Warning', reason: 'DeletedInUse', message });
}
