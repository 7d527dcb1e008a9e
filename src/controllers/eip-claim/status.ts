// ipamd's part of an EIPClaim's status: the Bound condition and the one way it is written.
import { type EipClaim, type EipClaimStatus, eipClaims } from '../../api/eip-claim.ts';
import { fieldManagers } from '../../api/keys.ts';
import { applyStatus } from '../../kube/apply.ts';
import { setCondition } from '../../kube/conditions.ts';
import type { Condition } from '../../kube/types.ts';
import type { IpamdDeps } from '../deps.ts';

/** Condition type of an EIPClaim: whether its Pod has its EIP. */
export const BOUND = 'Bound';

export interface Verdict {
  readonly reason: string;
  readonly message: string;
}

/** The conditions with Bound set. */
export function eipBound(claim: EipClaim, status: 'True' | 'False', verdict: Verdict, now: Date): Condition[] {
  const before = (claim.status?.conditions ?? []) as Condition[];
  return [...setCondition(before, { type: BOUND, status, ...verdict }, now)];
}

export type StatusChange = Partial<EipClaimStatus> & { readonly clear?: readonly (keyof EipClaimStatus)[] };

/**
 * What is given replaces the same field, `clear` removes fields, the rest stays. The object's version is the lock: after a conflict nothing
 * that depends on this write may happen. Writes nothing when nothing differs, and answers the object that was given then.
 */
export async function writeEipStatus(
  deps: Pick<IpamdDeps, 'client' | 'eipClaims'>,
  claim: EipClaim,
  { clear = [], ...fields }: StatusChange,
): Promise<EipClaim> {
  const own = ownPart(claim);
  const status: Record<string, unknown> = { ...own, ...fields };
  for (const field of clear) delete status[field];
  if (JSON.stringify(status) === JSON.stringify(own)) return claim;
  const { namespace = 'default', name, uid, resourceVersion } = claim.metadata;
  const written = await applyStatus<EipClaim>(deps.client, eipClaims, name, {
    fieldManager: fieldManagers.ipamd,
    namespace,
    status,
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
    ...(uid === undefined ? {} : { uid }),
  });
  deps.eipClaims.wrote(written);
  return written;
}

const OWN = [
  'phase',
  'podUID',
  'nodeName',
  'eipID',
  'publicIP',
  'created',
  'bandwidth',
  'eniID',
  'privateIP',
  'boundPodUID',
  'unboundSince',
  'releaseAt',
  'operation',
  'conditions',
] as const satisfies readonly (keyof EipClaimStatus)[];

/** By name and in this order, so that a field that a newer program owns is never claimed, and equal states are equal texts. */
function ownPart({ status = {} }: EipClaim): EipClaimStatus {
  return Object.fromEntries(OWN.flatMap((key) => (status[key] === undefined ? [] : [[key, status[key]]])));
}
