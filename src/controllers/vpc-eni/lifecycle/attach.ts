// Attaching a trunk to its instance: once it is AVAILABLE, by a recorded call, and Ready when the cloud shows it there.
import type { VpcEni } from '../../../api/vpc-eni.ts';
import { cloudErrors, isCloudError } from '../../../cloud/errors.ts';
import type { Eni } from '../../../cloud/vpc-cloud.ts';
import type { ReconcileContext, ReconcileResult } from '../../../kube/types.ts';
import { clientToken } from '../../../planning/eni-identity.ts';
import type { LifecycleDeps } from './deps.ts';
import { ready, writeStatus } from './status.ts';
import { makeAnew } from './make-anew.ts';

const ATTACH = 'AttachNetworkInterface';
/** An attach whose ENI is still elsewhere after this is looked at again: its task may have failed. */
const LOOK_AGAIN_MS = 60_000;

/** The watcher brings the object back when it knows more. */
export async function attachTrunk(
  deps: LifecycleDeps,
  eni: VpcEni,
  instanceId: string,
  context: ReconcileContext,
): Promise<ReconcileResult | undefined> {
  const uid = eni.metadata.uid ?? '';
  const eniId = eni.status?.eni?.eniID ?? '';
  const sentAt = deps.progress.sentAt(uid, ATTACH);
  const now = deps.clock.monotonicMs();
  const waiting = sentAt !== undefined && now - sentAt < LOOK_AGAIN_MS;
  const seen = deps.watcher.observe(eniId, waiting ? 'attached' : 'available');
  switch (seen.state) {
    case 'pending':
      return waiting ? { requeueAfterMs: sentAt + LOOK_AGAIN_MS - now } : undefined;
    case 'gone':
      return makeAnew(deps, eni, eniId);
    case 'ready':
      if (seen.eni?.attachment?.instanceId === instanceId) return attached(deps, eni, seen.eni, instanceId);
      return sendAttach(deps, eni, instanceId, context);
  }
}

async function attached(deps: LifecycleDeps, eni: VpcEni, seen: Eni, instanceId: string): Promise<undefined> {
  const conditions = ready(eni, 'True', 'Attached', `the trunk is attached to ${instanceId}`, deps.clock.now());
  await writeStatus(deps, eni, { phase: 'Ready', conditions });
  deps.watcher.forget(seen.eniId);
}

/** The same token each time, so that a repetition after a lost answer is the same call. */
async function sendAttach(
  deps: LifecycleDeps,
  eni: VpcEni,
  instanceId: string,
  context: ReconcileContext,
): Promise<ReconcileResult> {
  const { clock, identity, progress, watcher } = deps;
  const uid = eni.metadata.uid ?? '';
  const eniId = eni.status?.eni?.eniID ?? '';
  const attempt = eni.status?.operation?.attempt ?? 1;
  const token = clientToken(`${uid}/attach/${eniId}`, attempt);
  const request = { eniId, instanceId, clientToken: token };
  await writeStatus(deps, eni, {
    phase: 'Attaching',
    operation: {
      action: ATTACH,
      request: JSON.stringify(request),
      attempt,
      clientToken: token,
      holder: identity,
      recordedAt: clock.now().toISOString(),
    },
  });
  try {
    await deps.cloud.attachEni(request, deps.mutating('warm', 'create', context.signal));
  } catch (error) {
    // What an earlier call of ours began is going on.
    if (!isCloudError(error, cloudErrors.invalidState) && !isCloudError(error, cloudErrors.inUse)) {
      watcher.forget(eniId);
      throw error;
    }
  }
  progress.sent(uid, ATTACH, clock.monotonicMs());
  watcher.observe(eniId, 'attached');
  return { requeueAfterMs: LOOK_AGAIN_MS };
}
