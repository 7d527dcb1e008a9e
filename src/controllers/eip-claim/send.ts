// One call that binds, unbinds or releases an EIP: under the fence, and its refusal told.
import type { EipClaim } from '../../api/eip-claim.ts';
import { CloudError, cloudErrors } from '../../cloud/errors.ts';
import type { EipPlace } from '../../planning/eip-plan.ts';
import type { EipPod } from './pods.ts';
import type { EipOutcome, EipRun } from './run.ts';
import { type Doing, tellObstacle, verdictOf } from './tell.ts';

export type EipCall = { readonly doing: Doing; readonly kind: 'create' | 'delete' } & (
  | { readonly action: 'associateEip'; readonly place: EipPlace }
  | { readonly action: 'disassociateEip' | 'releaseEip' }
);

/** Refusals that end by themselves, or that the next look explains: the cloud's state was not what it showed. */
const PASSING: ReadonlySet<string> = new Set([
  cloudErrors.invalidState.code,
  cloudErrors.inUse.code,
  cloudErrors.notFound.code,
]);

/** Its effect is looked for afterwards, whatever the answer was. */
export async function send(
  run: EipRun,
  claim: EipClaim,
  pod: EipPod | undefined,
  call: EipCall,
  signal: AbortSignal,
): Promise<EipOutcome> {
  const { deps } = run;
  const { eipID = '' } = claim.status ?? {};
  const held = deps.settings.held(call.kind);
  if (held !== undefined) {
    await tellObstacle(deps, claim, pod, { reason: 'Paused', message: held }, { wrong: false });
    return { result: { requeueAfterMs: deps.timings.lookAgainMs } };
  }
  const options = deps.mutating(call.kind === 'create' ? 'waiting-pod' : 'release', call.kind, signal);
  try {
    if (call.action === 'associateEip')
      await deps.cloud.associateEip(
        { eipId: eipID, eniId: call.place.eniId, privateIp: call.place.privateIp },
        options,
      );
    else if (call.action === 'disassociateEip') await deps.cloud.disassociateEip(eipID, options);
    else await deps.cloud.releaseEip(eipID, options);
    return { result: { requeueAfterMs: deps.timings.eipLookMs } };
  } catch (error) {
    if (!(error instanceof CloudError) || error.outcomeUnknown || error.retry === 'retry') throw error;
    if (error.code === cloudErrors.throttled.code) throw error;
    const wrong = !PASSING.has(error.code);
    await tellObstacle(deps, claim, pod, await verdictOf(deps, call.doing, error), { wrong, doing: call.doing });
    return { result: { requeueAfterMs: deps.timings.lookAgainMs } };
  }
}
