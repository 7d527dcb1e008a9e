// A node's ENI that does not get ready: after a bounded time it is given up and made again, or reported (facts/tke.md 6.1, rule 8).
import type { VpcEni } from '../../../api/vpc-eni.ts';
import { CloudError } from '../../../cloud/errors.ts';
import type { ReconcileContext, ReconcileResult } from '../../../kube/types.ts';
import type { LifecycleDeps } from './deps.ts';
import { makeAnew } from './make-anew.ts';
import { operationAgeMs } from './operation.ts';
import { ready, writeStatus } from './status.ts';

/** One that is PENDING for too long is deleted and another one made; what the delete does not take is collected as an orphan. */
export async function lookAtStuck(
  deps: LifecycleDeps,
  eni: VpcEni,
  eniId: string,
  { signal, log }: ReconcileContext,
): Promise<ReconcileResult | undefined> {
  const { stuckMs } = deps.timings;
  const leftMs = stuckMs - operationAgeMs(deps.clock, eni);
  if (leftMs > 0) return { requeueAfterMs: leftMs };
  const [found] = await deps.cloud.describeEnis({ eniIds: [eniId] }, { signal });
  if (found === undefined || found.state === 'AVAILABLE') return { requeueAfterMs: deps.timings.lookAgainMs };
  const message = `${eniId} is ${found.state} for more than ${Math.round(stuckMs / 1000)} s`;
  deps.recorder.record({ regarding: eni, type: 'Warning', reason: 'EniStuck', message });
  if (found.state !== 'PENDING' || found.attachment !== undefined) {
    await writeStatus(deps, eni, { conditions: ready(eni, 'False', 'EniStuck', message, deps.clock.now()) });
    return { requeueAfterMs: stuckMs };
  }
  const held = deps.settings.held('delete');
  if (held !== undefined) return { requeueAfterMs: stuckMs };
  const given = await makeAnew(deps, eni, { message: `${message}; another one is made`, eniId });
  try {
    await deps.cloud.deleteEni(eniId, deps.mutating('release', 'delete', signal));
  } catch (error) {
    if (!(error instanceof CloudError)) throw error;
    log.info({ eni: eniId, code: error.code }, 'an ENI that is stuck cannot be deleted now; it is collected later');
  }
  return given;
}
