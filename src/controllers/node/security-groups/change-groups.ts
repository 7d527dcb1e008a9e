// Brings the groups of one ENI in the cloud to a wanted list: a call, a look, and so on until they are equal.
import { TrunklineError } from '../../../base/errors.ts';
import { cloudErrors, isCloudError } from '../../../cloud/errors.ts';
import type { CloudCall, Eni } from '../../../cloud/vpc-cloud.ts';
import { abortable } from '../../../kube/abortable.ts';
import type { ReconcileContext } from '../../../kube/types.ts';
import { type GroupStep, learnSemantics, planGroupSync, sameGroups } from '../../../planning/group-sync.ts';
import { ipamdErrors } from '../../errors.ts';
import type { GroupSyncDeps } from './deps.ts';
import { groupActions, missingPermission } from './permission.ts';

/** A plan takes at most six calls; more means that somebody else keeps changing the ENI. */
const MAX_CALLS = 8;

type Call = Exclude<GroupStep, { kind: 'done' }> | { readonly kind: 'replace'; readonly groups: readonly string[] };

/**
 * Ends when the cloud shows `wanted`. `seen` is told of each look. Throws CloudError, IPAMD-GROUPS-DENIED when the role lacks an action, and
 * IPAMD-GROUPS-UNSETTLED when the ENI does not come to rest; what was done until then is what `seen` was told last.
 */
export async function changeGroups(
  deps: GroupSyncDeps,
  eni: Eni,
  wanted: readonly string[],
  context: ReconcileContext,
  seen: (groups: readonly string[]) => void,
): Promise<void> {
  let bound = eni.securityGroups;
  for (let calls = 0; calls < MAX_CALLS; calls += 1) {
    const call = nextCall(deps, bound, wanted);
    if (call === undefined) return;
    await send(deps, eni.eniId, call, context);
    const after = await abortable(deps.observations.look(eni.eniId, 'release'), context.signal);
    if (after === undefined) throw new TrunklineError(ipamdErrors.eniGone, `${eni.eniId} is gone from the cloud`);
    if (call.kind === 'associate')
      deps.groupMemory.semantics = learnSemantics(deps.groupMemory.semantics, bound, call.groups, after.securityGroups);
    bound = after.securityGroups;
    seen(bound);
  }
  throw new TrunklineError(
    ipamdErrors.groupsUnsettled,
    `${eni.eniId} has [${bound.join(',')}] after ${MAX_CALLS} calls instead of [${wanted.join(',')}]`,
  );
}

function nextCall(deps: GroupSyncDeps, bound: readonly string[], wanted: readonly string[]): Call | undefined {
  const { groupMemory, flags } = deps;
  const step = planGroupSync(bound, wanted, groupMemory.semantics);
  if (step.kind === 'done') return undefined;
  if (flags.replaceSecurityGroupsInPlace && wanted.length > 0) return { kind: 'replace', groups: wanted };
  if (step.kind === 'associate' || groupMemory.associates) return step;
  const left = bound.filter((group) => !step.groups.includes(group));
  if (sameGroups(left, wanted)) return step;
  // Something will have to be put back after this. Whether the role may is tried first, by a call that takes nothing off under either reading.
  return { kind: 'associate', groups: wanted.every((group) => bound.includes(group)) ? wanted : bound };
}

async function send(deps: GroupSyncDeps, eniId: string, call: Call, context: ReconcileContext): Promise<void> {
  const { cloud, groupPermission } = deps;
  const action = groupActions[call.kind];
  const denied = (): TrunklineError => new TrunklineError(ipamdErrors.groupsDenied, missingPermission(action));
  if (!groupPermission.mayTry(action)) throw denied();
  const options: CloudCall = deps.mutating('release', 'create', context.signal);
  const many = { eniIds: [eniId], securityGroupIds: call.groups };
  try {
    if (call.kind === 'associate') await cloud.associateSecurityGroups(many, options);
    else if (call.kind === 'disassociate') await cloud.disassociateSecurityGroups(many, options);
    else await cloud.replaceSecurityGroups({ eniId, securityGroupIds: call.groups }, options);
  } catch (error) {
    if (!isCloudError(error, cloudErrors.unauthorized)) throw error;
    groupPermission.refused(action);
    throw denied();
  }
  groupPermission.granted(action);
  if (call.kind === 'associate') deps.groupMemory.associates = true;
}
