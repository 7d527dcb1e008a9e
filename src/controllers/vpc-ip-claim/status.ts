// ipamd's part of a VpcIPClaim's status: the Bound condition, why a Pod waits, and the one way it is written.
import { isDeepStrictEqual } from 'node:util';

import { fieldManagers } from '../../api/keys.ts';
import { type VpcIpClaim, type VpcIpClaimStatus, vpcIpClaims } from '../../api/vpc-ip-claim.ts';
import { applyStatus } from '../../kube/apply.ts';
import { setCondition } from '../../kube/conditions.ts';
import type { Condition } from '../../kube/types.ts';
import type { IpamdDeps } from '../deps.ts';

/** Condition type of a claim: whether its Pod has its address. */
export const BOUND = 'Bound';

/** Why a Pod has no address, or that it has one. */
export interface ClaimObstacle {
  readonly reason: string;
  readonly message: string;
}

/** What a claim says once its Pod has its address. */
export const servedAs = (ip: string, nodeName: string): ClaimObstacle => ({
  reason: 'Bound',
  message: `${ip} serves the Pod on node ${nodeName}`,
});

/** The conditions with Bound set. */
export function bound(
  claim: VpcIpClaim,
  status: 'True' | 'False',
  { reason, message }: ClaimObstacle,
  now: Date,
): Condition[] {
  const before = (claim.status?.conditions ?? []) as Condition[];
  const after = setCondition(before, { type: BOUND, status, reason, message }, now);
  return after === before ? before : [...after];
}

/**
 * What is given replaces the same field, `clear` removes fields, the rest stays. The object's version is the lock. Writes nothing when nothing
 * differs, and answers the object that was given then.
 */
export async function writeClaimStatus(
  deps: Pick<IpamdDeps, 'client' | 'claims'>,
  claim: VpcIpClaim,
  change: Partial<VpcIpClaimStatus> & { readonly clear?: readonly (keyof VpcIpClaimStatus)[] },
): Promise<VpcIpClaim> {
  const { clear = [], ...fields } = change;
  if (saysAlready(claim, fields) && clear.every((field) => claim.status?.[field] === undefined)) return claim;
  const status: Record<string, unknown> = { ...ownPart(claim), ...fields };
  for (const field of clear) delete status[field];
  const { namespace = 'default', name, uid, resourceVersion } = claim.metadata;
  const written = await applyStatus<VpcIpClaim>(deps.client, vpcIpClaims, name, {
    fieldManager: fieldManagers.ipamd,
    namespace,
    status,
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
    ...(uid === undefined ? {} : { uid }),
  });
  deps.claims.wrote(written);
  return written;
}

const saysAlready = ({ status = {} }: VpcIpClaim, fields: Partial<VpcIpClaimStatus>): boolean =>
  Object.entries(fields).every(([field, value]) => isDeepStrictEqual(value, status[field as keyof VpcIpClaimStatus]));

function ownPart({ status = {} }: VpcIpClaim): VpcIpClaimStatus {
  const { phase, podUID, nodeName, vpcIP, unboundSince, releaseAt, conditions } = status;
  const given = { phase, podUID, nodeName, vpcIP, unboundSince, releaseAt, conditions };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

/** Obstacles that end by themselves soon: a condition says so, and no Event. */
const PASSING: ReadonlySet<string> = new Set(['Waiting', 'WaitingForRelease', 'Paused']);

/** Says on the claim, and on its Pod, why it has no address. `wrong`: it will not pass by itself. */
export async function tellObstacle(
  deps: Pick<IpamdDeps, 'client' | 'claims' | 'clock' | 'recorder'>,
  claim: VpcIpClaim,
  obstacle: ClaimObstacle,
  wrong = false,
): Promise<void> {
  const told = await writeClaimStatus(deps, claim, {
    phase: wrong ? 'Failed' : 'Pending',
    conditions: bound(claim, 'False', obstacle, deps.clock.now()),
  });
  const podUid = claim.status?.podUID;
  if (told === claim || podUid === undefined || PASSING.has(obstacle.reason)) return;
  const { namespace = 'default', name } = claim.metadata;
  deps.recorder.record({
    regarding: { apiVersion: 'v1', kind: 'Pod', metadata: { namespace, name, uid: podUid } },
    type: 'Warning',
    reason: 'FailedAllocateIP',
    message: `Failed to bind ip: ${obstacle.reason}: ${obstacle.message}`,
  });
}
