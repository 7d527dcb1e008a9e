// Claims: kept addresses and EIPs past their time, claims of Pods that wait, EIPs that cost and are used by nobody.
import type { Condition } from '../../../kube/types.ts';
import { type Check, type DoctorInput, type Finding } from '../check.ts';

/** ipamd releases at once what is due; a claim that stands longer is stuck. */
const LATE_MS = 5 * 60_000;

export const claims: Check = {
  id: 'claims',
  title: 'claims of addresses and EIPs are bound, or released in time',
  run: ({ picture, now }) => [
    ...picture.kube.vpcIpClaims.flatMap((claim) => ofClaim(claim, 'vpcipclaim', picture, now)),
    ...picture.kube.eipClaims.flatMap((claim) => ofClaim(claim, 'eipclaim', picture, now)),
  ],
};

interface AnyClaim {
  readonly kind: string;
  readonly metadata: { readonly namespace?: string; readonly name: string };
  readonly status?:
    | {
        readonly phase?: string | undefined;
        readonly releaseAt?: string | undefined;
        readonly unboundSince?: string | undefined;
        readonly conditions?: readonly Condition[] | undefined;
      }
    | undefined;
}

function ofClaim(claim: AnyClaim, resource: string, picture: DoctorInput['picture'], now: Date): readonly Finding[] {
  const { namespace = '', name } = claim.metadata;
  const subject = `${resource} ${namespace}/${name}`;
  const { status } = claim;
  const due = status?.releaseAt === undefined ? undefined : Date.parse(status.releaseAt);
  if (due !== undefined && now.getTime() - due > LATE_MS)
    return [
      {
        severity: 'problem',
        subject,
        message: `it was to be released at ${status?.releaseAt ?? ''} and is still there`,
        fix: {
          text: 'delete it',
          command: `kubectl -n ${namespace} delete ${resource} ${name}`,
          automatic: true,
        },
      },
    ];
  if (status?.phase === 'Failed') {
    const bad = status.conditions?.find((condition) => condition.status === 'False');
    return [
      { severity: 'problem', subject, message: bad === undefined ? 'it failed' : `${bad.reason}: ${bad.message}` },
    ];
  }
  const hasPod = picture.kube.pods.some(({ metadata }) => metadata.namespace === namespace && metadata.name === name);
  if (status?.phase === 'Unbound' && status.releaseAt === undefined && !hasPod && resource === 'eipclaim')
    return [
      {
        severity: 'warning',
        subject,
        message: `its EIP is bound to nothing since ${status.unboundSince ?? 'an unknown time'}, is never released, and costs money`,
        fix: {
          text: 'delete the claim when it is not needed',
          command: `kubectl -n ${namespace} delete ${resource} ${name}`,
          automatic: false,
        },
      },
    ];
  return [];
}
