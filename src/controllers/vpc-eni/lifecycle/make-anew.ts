// An ENI that the cloud made and that is of no use: forgotten, and another attempt is due.
import type { VpcEni } from '../../../api/vpc-eni.ts';
import type { ReconcileResult } from '../../../kube/types.ts';
import type { LifecycleDeps } from './deps.ts';
import { ready, writeStatus } from './status.ts';

/**
 * It vanished (its task failed, or somebody deleted it: the watcher saw it absent twice, one window apart, which is the evidence that the
 * attempt left nothing), or it is given up.
 */
export async function makeAnew(
  deps: LifecycleDeps,
  eni: VpcEni,
  { message, eniId }: { readonly message: string; readonly eniId: string },
): Promise<ReconcileResult> {
  const { pool } = eni.status ?? {};
  const attempt = eni.status?.operation?.attempt ?? 0;
  const conditions = ready(eni, 'False', 'EniVanished', message, deps.clock.now());
  // Its generation goes on, since what the agent gave back is compared with it.
  const emptied = pool === undefined ? {} : { pool: { generation: pool.generation + 1, addresses: [] } };
  await writeStatus(deps, eni, { phase: 'Pending', clear: ['eni'], ...emptied, conditions });
  deps.progress.setStanding(eni.metadata.uid ?? '', attempt, 'refused');
  deps.watcher.forget(eniId);
  return { requeueAfterMs: 0 };
}
