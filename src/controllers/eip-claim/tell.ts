// What people are told of an EIP: conditions on the claim, Events on the Pod in the documented words (facts/tke.md 13.1).
import type { EipClaim } from '../../api/eip-claim.ts';
import { CloudError, cloudErrors } from '../../cloud/errors.ts';
import type { EipQuotas } from '../../cloud/eip-calls.ts';
import { quotaWords } from '../../planning/eip-quota-words.ts';
import type { IpamdDeps } from '../deps.ts';
import { explain } from '../vpc-eni/lifecycle/status.ts';
import type { EipPod } from './pods.ts';
import { BOUND, eipBound, type Verdict, writeEipStatus } from './status.ts';

type Deps = Pick<IpamdDeps, 'client' | 'eipClaims' | 'clock' | 'recorder' | 'cloud'>;

/** spec 004: the role, and the preset policy that it lacks. */
const ROLE = 'IPAMDofTKE_QCSRole';
const EIP_POLICY = 'QcloudAccessForIPAMDRoleInQcloudAllocateEIP';

export type Doing = 'allocate' | 'associate' | 'disassociate' | 'release';

/** Super nodes have reasons of their own (facts/tke.md 13.1). */
function warningReason(doing: Doing, superNode: boolean): string {
  if (!superNode) return 'FailedAllocateEIP';
  return doing === 'allocate' ? 'FailedAllocateEip' : 'FailedAssociateEip';
}

/** Why the Pod has no EIP, on claim and Pod. `wrong`: it will not pass by itself. Answers the claim as written. */
export async function tellObstacle(
  deps: Deps,
  claim: EipClaim,
  pod: EipPod | undefined,
  verdict: Verdict,
  { wrong, doing = 'allocate' }: { readonly wrong: boolean; readonly doing?: Doing },
): Promise<EipClaim> {
  const before = claim.status?.conditions?.find(({ type }) => type === BOUND);
  // Told already: only the id of the request is another one.
  if (before?.reason === verdict.reason && isSame(before.message, verdict.message)) return claim;
  const told = await writeEipStatus(deps, claim, {
    ...(wrong ? { phase: 'Failed' as const } : {}),
    conditions: eipBound(claim, 'False', verdict, deps.clock.now()),
  });
  if (told !== claim && pod !== undefined && wrong) warnPod(deps, pod, verdict.message, doing);
  return told;
}

const REQUEST_ID = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

const isSame = (a: string, b: string): boolean => a.replace(REQUEST_ID, '') === b.replace(REQUEST_ID, '');

/** In the documented form: `Failed to create eip: failed to allocate eip: ...`. */
export function warnPod(deps: Pick<IpamdDeps, 'recorder'>, pod: EipPod, message: string, doing: Doing): void {
  deps.recorder.record({
    regarding: pod.pod,
    type: 'Warning',
    reason: warningReason(doing, pod.superNode),
    message: `Failed to ${doing === 'allocate' ? 'create' : doing} eip: failed to ${doing} eip: ${message}`,
  });
}

/** A sentence that a person understands, then the cloud's own words with code and RequestId. */
export async function verdictOf(deps: Pick<Deps, 'cloud' | 'clock'>, doing: Doing, error: unknown): Promise<Verdict> {
  const { reason, message } = explain(error);
  if (!(error instanceof CloudError)) return { reason, message };
  const words = `[TencentCloudSDKError] Code=${error.apiCode ?? error.code}, Message="${error.message}", RequestId=${error.requestId ?? ''}`;
  if (error.code === cloudErrors.unauthorized.code) {
    const sentence = `role ${ROLE} may not ${doing} EIPs: associate CAM policy ${EIP_POLICY} with it (spec 004); it is tried again by itself`;
    return { reason, message: `${sentence}. ${words}` };
  }
  if (error.code === cloudErrors.quota.code && doing === 'allocate') {
    const daily = error.apiCode?.endsWith('.DailyAllocate') ?? false;
    const quotas = await deps.cloud.describeEipQuotas().catch((): EipQuotas | undefined => undefined);
    const sentence = quotaWords(daily, quotas, deps.clock.now().getTime());
    return { reason: 'EIPQuotaExceeded', message: `${sentence}. ${words}` };
  }
  if (error.code === cloudErrors.quota.code)
    return {
      reason: 'InstanceEIPQuotaExceeded',
      message: `the Pod's instance has as many EIPs as it may have; let Pods request tke.cloud.tencent.com/eip, so that the scheduler counts. ${words}`,
    };
  return { reason, message: `${error.entry.cause} ${error.entry.cure}. ${words}` };
}

/** Normal Events of a purchase and of a binding. */
export function tellPod(
  deps: Pick<IpamdDeps, 'recorder'>,
  pod: EipPod,
  reason: 'AllocatedEip' | 'AssociatedEip' | 'EipBandwidthChanged',
  message: string,
): void {
  deps.recorder.record({ regarding: pod.pod, type: 'Normal', reason, message });
}
