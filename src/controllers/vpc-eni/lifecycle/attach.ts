// Attaching a node's ENI to its instance: once it is AVAILABLE, by a recorded call, and Ready when the cloud shows it there.
import type { VpcEni } from '../../../api/vpc-eni.ts';
import { CloudError, cloudErrors, isCloudError } from '../../../cloud/errors.ts';
import type { Eni } from '../../../cloud/vpc-cloud.ts';
import type { ReconcileContext, ReconcileResult } from '../../../kube/types.ts';
import type { LifecycleDeps } from './deps.ts';
import { makeAnew } from './make-anew.ts';
import { operationOf } from './operation.ts';
import { explain, ready, warnOwner, writeStatus } from './status.ts';
import { lookAtStuck } from './stuck.ts';

const ATTACH = 'AttachNetworkInterface';
/** An attach whose ENI is still elsewhere after this is looked at again: its task may have failed. */
const LOOK_AGAIN_MS = 60_000;
/** While another ENI is attached to the instance; its end brings this one back earlier. */
const WAIT_MS = 1_000;
const lookAgainMs = ({ timings }: LifecycleDeps): number => Math.min(LOOK_AGAIN_MS, timings.stuckMs);

/** The watcher brings the object back when it knows more. */
export async function attachNodeEni(
  deps: LifecycleDeps,
  eni: VpcEni,
  instanceId: string,
  context: ReconcileContext,
): Promise<ReconcileResult | undefined> {
  const uid = eni.metadata.uid ?? '';
  const eniId = eni.status?.eni?.eniID ?? '';
  const sentAt = deps.progress.sentAt(uid, ATTACH);
  const now = deps.clock.monotonicMs();
  const waiting = sentAt !== undefined && now - sentAt < lookAgainMs(deps);
  const seen = deps.watcher.observe(eniId, waiting ? 'attached' : 'available');
  switch (seen.state) {
    case 'pending':
      return waiting ? { requeueAfterMs: sentAt + lookAgainMs(deps) - now } : lookAtStuck(deps, eni, eniId, context);
    case 'gone':
      deps.progress.endAttach(uid);
      return makeAnew(deps, eni, { message: `the cloud no longer knows ${eniId}; another one is made`, eniId });
    case 'ready':
      if (seen.eni?.attachment?.instanceId === instanceId) return attached(deps, eni, seen.eni, instanceId);
      if (seen.eni?.attachment !== undefined) return elsewhere(deps, eni, seen.eni, instanceId);
      return sendAttach(deps, eni, instanceId, context);
  }
}

async function attached(deps: LifecycleDeps, eni: VpcEni, seen: Eni, instanceId: string): Promise<undefined> {
  const message = `the ENI is attached to ${instanceId}`;
  deps.progress.endAttach(eni.metadata.uid ?? '');
  const conditions = ready(eni, 'True', 'Attached', message, deps.clock.now());
  deps.watcher.forget(seen.eniId);
  deps.progress.sawEffect(eni.metadata.uid ?? '', ATTACH, eni.status?.operation?.clientToken ?? '');
  await writeStatus(deps, eni, { phase: 'Ready', ...deps.pools.onAttached(eni, seen), conditions });
}

/** Somebody moved it by hand: where it is, others may use it. */
async function elsewhere(deps: LifecycleDeps, eni: VpcEni, seen: Eni, instanceId: string): Promise<ReconcileResult> {
  const message = `${seen.eniId} is attached to ${seen.attachment?.instanceId ?? ''} instead of ${instanceId}; detach it there`;
  const conditions = ready(eni, 'False', 'AttachedElsewhere', message, deps.clock.now());
  const told = await writeStatus(deps, eni, { phase: 'Attaching', conditions });
  if (told !== eni) deps.recorder.record({ regarding: eni, type: 'Warning', reason: 'AttachedElsewhere', message });
  deps.watcher.forget(seen.eniId);
  return { requeueAfterMs: deps.timings.lookAgainMs };
}

/** What will not pass by itself is told, and tried again after a while; anything else the queue spaces. */
async function refused(deps: LifecycleDeps, eni: VpcEni, error: unknown): Promise<ReconcileResult> {
  const lasts = isCloudError(error, cloudErrors.quota) || (error instanceof CloudError && error.retry === 'terminal');
  deps.progress.endAttach(eni.metadata.uid ?? '');
  if (!lasts) throw error;
  const { reason, message } = explain(error);
  warnOwner(deps, eni, message);
  const newest = deps.enis.latest(eni.metadata.name) ?? eni;
  await writeStatus(deps, newest, { conditions: ready(newest, 'False', reason, message, deps.clock.now()) });
  return { requeueAfterMs: deps.timings.lookAgainMs };
}

/** The same token as long as no answer came, so that a repetition is the same call; another one once its task left nothing. */
async function sendAttach(
  deps: LifecycleDeps,
  eni: VpcEni,
  instanceId: string,
  context: ReconcileContext,
): Promise<ReconcileResult> {
  const { clock, progress, watcher } = deps;
  const uid = eni.metadata.uid ?? '';
  const eniId = eni.status?.eni?.eniID ?? '';
  const now = clock.monotonicMs();
  // An instance attaches one ENI at a time.
  if (!progress.beginAttach(instanceId, uid, now, now + lookAgainMs(deps))) return { requeueAfterMs: WAIT_MS };
  const answered = progress.sentAt(uid, ATTACH) !== undefined;
  const isOpen = !answered && !progress.isOver(uid, eni.status?.operation?.clientToken ?? '');
  const request = { eniId, instanceId };
  const operation = operationOf(deps, eni, { action: ATTACH, request, repeat: isOpen });
  await writeStatus(deps, eni, { phase: 'Attaching', operation });
  try {
    await deps.cloud.attachEni(
      { ...request, clientToken: operation.clientToken ?? '' },
      deps.mutating(deps.pools.isUrgent(eni) ? 'waiting-pod' : 'warm', 'create', context.signal),
    );
  } catch (error) {
    // What an earlier call of ours began is going on.
    if (!isCloudError(error, cloudErrors.invalidState) && !isCloudError(error, cloudErrors.inUse)) {
      watcher.forget(eniId);
      return refused(deps, eni, error);
    }
  }
  progress.sent(uid, ATTACH, clock.monotonicMs());
  watcher.observe(eniId, 'attached');
  return { requeueAfterMs: lookAgainMs(deps) };
}
