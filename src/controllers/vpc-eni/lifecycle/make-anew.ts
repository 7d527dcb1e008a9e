// An ENI that the cloud made and no longer knows, before anybody used it: forgotten, and another attempt is due.
import type { VpcEni } from '../../../api/vpc-eni.ts';
import type { ReconcileResult } from '../../../kube/types.ts';
import type { LifecycleDeps } from './deps.ts';
import { ready, writeStatus } from './status.ts';

/**
 * Its task failed, or somebody deleted it. The watcher saw it absent twice, one window apart, which is the evidence that the attempt left
 * nothing.
 */
export async function makeAnew(deps: LifecycleDeps, eni: VpcEni, eniId: string): Promise<ReconcileResult> {
  const attempt = eni.status?.operation?.attempt ?? 0;
  const message = `the cloud no longer knows ${eniId}; another one is made`;
  const conditions = ready(eni, 'False', 'EniVanished', message, deps.clock.now());
  await writeStatus(deps, eni, { phase: 'Pending', clear: ['eni'], conditions });
  deps.progress.setStanding(eni.metadata.uid ?? '', attempt, 'refused');
  deps.watcher.forget(eniId);
  return { requeueAfterMs: 0 };
}
