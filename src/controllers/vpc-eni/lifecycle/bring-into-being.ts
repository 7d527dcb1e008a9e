// The chain from intent to an ENI id: record, send, and what a refusal means for the next attempt.
import type { VpcEni } from '../../../api/vpc-eni.ts';
import type { CreateEniRequest, CreateSubEniRequest } from '../../../cloud/vpc-cloud.ts';
import type { ReconcileContext, ReconcileResult } from '../../../kube/types.ts';
import type { IpamdDeps } from '../../deps.ts';
import { afterRefusal, LOOK_AGAIN_MS, recordOperation, reportFailure, sendOperation } from './create.ts';
import type { CreateKind } from './create.ts';

/** A blocked intent is looked at again when what it waits for changes, and at the latest after this. */
const BLOCKED_MS = 10_000;

/**
 * `attempt` rises only after an answer that says that nothing was made; without an answer the recorded bytes go out again, by throwing, and the
 * queue's back-off spaces them. Goes on with `next` in the same reconcile once there is an ENI.
 */
export async function bringIntoBeing<R extends CreateEniRequest | CreateSubEniRequest>(
  deps: IpamdDeps,
  eni: VpcEni,
  kind: CreateKind<R>,
  context: ReconcileContext,
  next: (made: VpcEni) => Promise<ReconcileResult | undefined>,
): Promise<ReconcileResult | undefined> {
  const refused = eni.status?.phase === 'Failed';
  const attempt = eni.status?.operation?.attempt ?? 0;
  const vanished = eni.status?.operation?.requestID !== undefined;
  const recorded = attempt === 0 || refused || vanished ? await recordOperation(deps, eni, kind, attempt + 1) : eni;
  if (recorded.status?.phase !== 'Creating' && recorded.status?.phase !== 'Attaching')
    return { requeueAfterMs: BLOCKED_MS };
  try {
    return await next(await sendOperation(deps, recorded, kind, context));
  } catch (error) {
    switch (await afterRefusal(deps, recorded, error)) {
      case 'same-again':
        throw error;
      case 'new-attempt':
        await reportFailure(deps, recorded, error);
        return { requeueAfterMs: 0 };
      case 'look-again':
        await reportFailure(deps, recorded, error);
        return { requeueAfterMs: LOOK_AGAIN_MS };
    }
  }
}
