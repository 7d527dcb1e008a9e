// Brings the groups that the cloud has bound to a Pod's sub-ENI to those of its object: one call, a look, and the fabric's word.
import type { VpcEni } from '../../../api/vpc-eni.ts';
import { TrunklineError } from '../../../base/errors.ts';
import { CloudError, cloudErrors, isCloudError } from '../../../cloud/errors.ts';
import { abortable } from '../../../kube/abortable.ts';
import type { ReconcileContext, ReconcileResult } from '../../../kube/types.ts';
import { sameGroups } from '../../../planning/group-sync.ts';
import { ipamdErrors } from '../../errors.ts';
import type { IpamdDeps } from '../../deps.ts';
import { condition, explain, writeStatus } from '../lifecycle/status.ts';
import { type InPlacePermission, MISSING_ACTION } from './in-place-permission.ts';

export interface GroupsDeps extends IpamdDeps {
  readonly inPlace: InPlacePermission;
}

/** Condition of a sub-ENI whose groups are changed in place; absent on the others. */
export const GROUPS_IN_FORCE = 'GroupsInForce';

/** What the change is for: a policy in Live mode, or the repair of what somebody did by hand. */
export type Purpose = 'live' | 'repair';

/** Level-triggered: looks at the cloud, goes one step, and is called again. Throws what passes by itself. */
export async function applyGroups(
  deps: GroupsDeps,
  eni: VpcEni,
  eniId: string,
  purpose: Purpose,
  context: ReconcileContext,
): Promise<ReconcileResult | undefined> {
  const wanted = eni.spec.securityGroups;
  const seen = await abortable(deps.observations.look(eniId, 'release'), context.signal);
  // Gone: the comparison with complete listings tells.
  if (seen === undefined) return { requeueAfterMs: deps.timings.lookAgainMs };
  if (!sameGroups(seen.securityGroups, wanted)) {
    const held = deps.settings.held('create');
    if (held !== undefined) return say(deps, eni, 'Paused', held);
    if (!deps.inPlace.mayTry()) return say(deps, eni, 'NotAuthorized', MISSING_ACTION);
    try {
      await deps.cloud.replaceSecurityGroups(
        { eniId, securityGroupIds: wanted },
        deps.mutating('release', 'create', context.signal),
      );
    } catch (error) {
      return refused(deps, eni, error);
    }
    deps.inPlace.granted();
    const after = await abortable(deps.observations.look(eniId, 'release'), context.signal);
    if (after === undefined) return { requeueAfterMs: deps.timings.lookAgainMs };
    if (!sameGroups(after.securityGroups, wanted))
      throw new TrunklineError(
        ipamdErrors.groupsUnsettled,
        `${eniId} has [${after.securityGroups.join(',')}] after it was given [${wanted.join(',')}]`,
      );
    // A listing may see the groups put right before the fabric is heard, and take the drift back then.
    if (purpose === 'repair') tellRepaired(deps, eni, eniId, seen.securityGroups);
  }
  const fabric = deps.watcher.observe(eniId, 'groups-ready');
  // Whoever watches the fabric calls again.
  if (fabric.state === 'pending') return undefined;
  deps.watcher.forget(eniId);
  if (fabric.state === 'gone') return { requeueAfterMs: deps.timings.lookAgainMs };
  await tellDone(deps, eni, eniId, purpose);
  return undefined;
}

function tellRepaired(deps: GroupsDeps, eni: VpcEni, eniId: string, from: readonly string[]): void {
  const message = `${eniId} was changed by hand, and is brought back from [${from.join(',')}] to [${eni.spec.securityGroups.join(',')}]`;
  tellPod(deps, eni, 'Normal', 'SecurityGroupsRepaired', message);
}

async function tellDone(deps: GroupsDeps, eni: VpcEni, eniId: string, purpose: Purpose): Promise<void> {
  const wanted = eni.spec.securityGroups;
  const message = purpose === 'repair' ? `${eniId} has the groups of its Pod again` : changeMessage(eni, eniId);
  const inForce = { type: GROUPS_IN_FORCE, status: 'True', reason: 'InForce', message } as const;
  const now = deps.clock.now();
  let conditions = condition(eni, inForce, now);
  if (conditions.some(({ type, status }) => type === 'InSync' && status === 'False')) {
    const inSync = { type: 'InSync', status: 'True', reason: 'Repaired', message } as const;
    conditions = condition({ ...eni, status: { ...eni.status, conditions } }, inSync, now);
  }
  await writeStatus(deps, eni, {
    ...(eni.status?.eni === undefined ? {} : { eni: { ...eni.status.eni, securityGroups: [...wanted] } }),
    ...(purpose === 'live' ? { groupsApplied: [...wanted] } : {}),
    conditions,
  });
  if (purpose === 'live') tellPod(deps, eni, 'Normal', 'SecurityGroupsChanged', message);
}

function changeMessage({ spec }: VpcEni, eniId: string): string {
  const { from = [], policies = [] } = spec.groupChange ?? {};
  const by = policies.map(({ name, generation }) => `${name} (generation ${generation})`);
  return `security groups of ${eniId} changed in place from [${from.join(',')}] to [${spec.securityGroups.join(',')}] by policy ${by.join(', ')}`;
}

const PASSING: readonly string[] = ['retry', 'conflict'];
const QUIET: readonly string[] = [cloudErrors.throttled.code, cloudErrors.fenced.code];

async function refused(deps: GroupsDeps, eni: VpcEni, error: unknown): Promise<ReconcileResult | undefined> {
  if (isCloudError(error, cloudErrors.unauthorized)) {
    deps.inPlace.denied();
    return say(deps, eni, 'NotAuthorized', MISSING_ACTION);
  }
  // Throttling, lost answers and a lease that ends pass by themselves; a refusal lasts until somebody acts.
  const lasts =
    error instanceof CloudError &&
    !error.outcomeUnknown &&
    !PASSING.includes(error.retry) &&
    !QUIET.includes(error.code);
  if (!lasts) throw error;
  const { reason, message } = explain(error);
  return say(deps, eni, reason, message);
}

async function say(deps: GroupsDeps, eni: VpcEni, reason: string, message: string): Promise<ReconcileResult> {
  const bad = { type: GROUPS_IN_FORCE, status: 'False', reason, message } as const;
  const written = await writeStatus(deps, eni, { conditions: condition(eni, bad, deps.clock.now()) });
  if (written !== eni && reason !== 'Paused') tellPod(deps, eni, 'Warning', 'FailedChangeSecurityGroups', message);
  return { requeueAfterMs: deps.timings.lookAgainMs };
}

function tellPod(
  deps: GroupsDeps,
  { spec }: VpcEni,
  type: 'Normal' | 'Warning',
  reason: string,
  message: string,
): void {
  if (spec.pod === undefined) return;
  const { namespace, name, uid } = spec.pod;
  const regarding = { apiVersion: 'v1', kind: 'Pod', metadata: { namespace, name, uid } };
  deps.recorder.record({ regarding, type, reason, message });
}
