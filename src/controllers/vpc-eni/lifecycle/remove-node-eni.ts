// The end of a node's ENI: detach, delete, object last.
import type { VpcEni } from '../../../api/vpc-eni.ts';
import type { ReconcileContext, ReconcileResult } from '../../../kube/types.ts';
import { eniStatus } from './create.ts';
import type { LifecycleDeps } from './deps.ts';
import { leftoverToRemove } from './leftover.ts';
import { letGo } from './let-go.ts';
import { operationOf } from './operation.ts';
import { ready, writeStatus } from './status.ts';

/** Between two looks at an ENI that is being detached; rare, and nobody waits for it. */
const LOOK_AGAIN_MS = 1_000;

/** Each run looks at what the cloud shows and takes one step from there, so that it may be ended anywhere. */
export async function removeNodeEni(
  deps: LifecycleDeps,
  eni: VpcEni,
  reason: string,
  context: ReconcileContext,
): Promise<ReconcileResult | undefined> {
  const held = deps.settings.held('delete');
  if (held !== undefined) {
    await writeStatus(deps, eni, { conditions: ready(eni, 'False', 'Paused', held, deps.clock.now()) });
    return undefined;
  }
  const eniId = eni.status?.eni?.eniID;
  if (eniId === undefined) return removeUnrecorded(deps, eni, context);
  const { signal } = context;
  const [found] = await deps.cloud.describeEnis({ eniIds: [eniId] }, { signal, priority: 'release' });
  if (found === undefined) {
    deps.watcher.forget(eniId);
    deps.metrics.eniReleases.inc();
    return letGo(deps, eni);
  }
  if (found.state !== 'AVAILABLE') return { requeueAfterMs: LOOK_AGAIN_MS };
  await step(deps, eni, { eniId, reason, attachedTo: found.attachment?.instanceId }, context);
  return { requeueAfterMs: LOOK_AGAIN_MS };
}

/** Recorded before it is sent, as every call that changes something. */
async function step(
  deps: LifecycleDeps,
  eni: VpcEni,
  {
    eniId,
    reason,
    attachedTo,
  }: { readonly eniId: string; readonly reason: string; readonly attachedTo: string | undefined },
  context: ReconcileContext,
): Promise<void> {
  const action = attachedTo === undefined ? 'DeleteNetworkInterface' : 'DetachNetworkInterface';
  const request = attachedTo === undefined ? { eniId } : { eniId, instanceId: attachedTo };
  const operation = operationOf(deps, eni, { action, request, repeat: true });
  const conditions = ready(eni, 'False', 'Deleting', reason, deps.clock.now());
  await writeStatus(deps, eni, { phase: 'Deleting', operation, conditions });
  const call = deps.mutating('release', 'delete', context.signal);
  if (attachedTo === undefined) await deps.cloud.deleteEni(eniId, call);
  else await deps.cloud.detachEni({ eniId, instanceId: attachedTo, clientToken: operation.clientToken ?? '' }, call);
}

/** A creating call may have left one although no id is recorded; it is recorded first, then removed like any other. */
async function removeUnrecorded(
  deps: LifecycleDeps,
  eni: VpcEni,
  context: ReconcileContext,
): Promise<ReconcileResult | undefined> {
  const left = await leftoverToRemove(deps, eni, context.signal);
  switch (left.kind) {
    case 'absent':
      return letGo(deps, eni);
    case 'look-again':
      return { requeueAfterMs: left.afterMs };
    case 'found':
      await writeStatus(deps, eni, { eni: await eniStatus(deps, eni, left.eni, context.signal) });
      return { requeueAfterMs: 0 };
  }
}
