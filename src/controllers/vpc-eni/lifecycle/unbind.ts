// A node's ENI is detached while its instance is shut down, and attached again when it runs (facts/tke.md 6.1, rule 8).
import type { VpcEni } from '../../../api/vpc-eni.ts';
import type { ReconcileContext, ReconcileResult } from '../../../kube/types.ts';
import type { LifecycleDeps } from './deps.ts';
import { makeAnew } from './make-anew.ts';
import { operationOf } from './operation.ts';
import { ready, writeStatus } from './status.ts';

/** Between two looks at an ENI that is being detached; rare, and nobody waits for it. */
const LOOK_AGAIN_MS = 1_000;
const DETACH = 'DetachNetworkInterface';

/** Its addresses stay on it. Each run looks at what the cloud shows and takes one step from there. */
export async function unbindNodeEni(
  deps: LifecycleDeps,
  eni: VpcEni,
  reason: string,
  context: ReconcileContext,
): Promise<ReconcileResult | undefined> {
  const again = { requeueAfterMs: deps.timings.askInstanceMs };
  const eniId = eni.status?.eni?.eniID;
  // Nothing is made for an instance that does not run; what a creating call left is found when it does.
  if (eniId === undefined) return again;
  const held = deps.settings.held('delete');
  if (held !== undefined) return again;
  const { signal } = context;
  const [found] = await deps.cloud.describeEnis({ eniIds: [eniId] }, { signal, priority: 'release' });
  if (found === undefined && eni.status?.phase === 'Ready')
    return makeAnew(deps, eni, { message: `the cloud no longer knows ${eniId}; another one is made`, eniId });
  if (found === undefined) return again;
  const conditions = ready(eni, 'False', 'InstanceStopped', reason, deps.clock.now());
  if (found.attachment === undefined) {
    await writeStatus(deps, eni, { phase: 'Pending', conditions });
    return again;
  }
  if (found.state !== 'AVAILABLE') return { requeueAfterMs: LOOK_AGAIN_MS };
  const request = { eniId, instanceId: found.attachment.instanceId };
  const operation = operationOf(deps, eni, { action: DETACH, request, repeat: true });
  await writeStatus(deps, eni, { phase: 'Pending', operation, conditions });
  deps.watcher.forget(eniId);
  await deps.cloud.detachEni(
    { ...request, clientToken: operation.clientToken ?? '' },
    deps.mutating('release', 'delete', signal),
  );
  return { requeueAfterMs: LOOK_AGAIN_MS };
}
