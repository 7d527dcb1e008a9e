// One ENI of a node: its object says what its groups shall be, the cloud is brought there, and the object says what the cloud has.
import { type VpcEni, vpcEnis } from '../../../api/vpc-eni.ts';
import { errorText, TrunklineError } from '../../../base/errors.ts';
import { cloudErrors } from '../../../cloud/errors.ts';
import { abortable } from '../../../kube/abortable.ts';
import type { ReconcileContext } from '../../../kube/types.ts';
import { sameGroups } from '../../../planning/group-sync.ts';
import { ipamdErrors } from '../../errors.ts';
import { writeStatus } from '../../vpc-eni/lifecycle/status.ts';
import { announce } from './announce.ts';
import { changeGroups } from './change-groups.ts';
import type { GroupSyncDeps } from './deps.ts';

export type EniOutcome =
  | { readonly kind: 'in-step' }
  /** Not attached yet, or not shown by the cloud now: nothing to do before that changes. */
  | { readonly kind: 'waits' }
  | {
      readonly kind: 'failed';
      readonly eniId: string;
      readonly reason: string;
      readonly message: string;
      /** It will not pass by itself: people are told, and it is tried again later. Otherwise it is tried again at once, with growing pauses. */
      readonly lasting: boolean;
      readonly error: unknown;
    };

/** Never throws: one ENI that fails keeps no other from being done. `managed` false: the groups come off once, and are left alone then. */
export async function syncEni(
  deps: GroupSyncDeps,
  eni: VpcEni,
  target: { readonly wanted: readonly string[]; readonly managed: boolean },
  context: ReconcileContext,
): Promise<EniOutcome> {
  const eniId = eni.status?.eni?.eniID;
  try {
    if (!target.managed && isBare(eni)) return { kind: 'in-step' };
    if (eni.status?.phase !== 'Ready' || eniId === undefined) return await syncIntent(deps, eni, target.wanted);
    const current = await recordWanted(deps, eni, target.wanted);
    return await syncCloud(deps, current, eniId, target, context);
  } catch (error) {
    return failure(eniId ?? eni.metadata.name, error);
  }
}

/** Nothing bound, as far as we ever bound something. */
const isBare = (eni: VpcEni): boolean =>
  eni.spec.securityGroups.length === 0 && (eni.status?.eni?.securityGroups ?? []).length === 0;

/** Before a creating call is recorded the intent can still be put right; afterwards the ENI is synced once it is Ready. */
async function syncIntent(deps: GroupSyncDeps, eni: VpcEni, wanted: readonly string[]): Promise<EniOutcome> {
  if (eni.status?.operation === undefined && eni.status?.eni === undefined) await recordWanted(deps, eni, wanted);
  return { kind: 'waits' };
}

/** The version is the lock: a conflict means that the object is not what this was decided on. */
async function recordWanted(deps: GroupSyncDeps, eni: VpcEni, wanted: readonly string[]): Promise<VpcEni> {
  if (sameGroups(eni.spec.securityGroups, wanted)) return eni;
  const { name, resourceVersion } = eni.metadata;
  const body = { metadata: { resourceVersion }, spec: { securityGroups: [...wanted] } };
  const written = await deps.client.patch(vpcEnis, name, { type: 'merge', body });
  deps.enis.wrote(written);
  return written;
}

async function syncCloud(
  deps: GroupSyncDeps,
  eni: VpcEni,
  eniId: string,
  { wanted, managed }: { readonly wanted: readonly string[]; readonly managed: boolean },
  context: ReconcileContext,
): Promise<EniOutcome> {
  const { observations, groupMemory } = deps;
  const known = observations.groups(eniId);
  let bound = known;
  if (known === undefined || !sameGroups(known, wanted)) {
    // What was seen before may be the past: the call is decided on a fresh look.
    const seen = await abortable(observations.look(eniId, 'release'), context.signal);
    if (seen === undefined) return { kind: 'waits' };
    if (seen.kind === 'primary')
      throw new TrunklineError(ipamdErrors.notNodeEni, `${eniId} is a primary ENI; its groups are never touched`);
    const before = seen.securityGroups;
    bound = before;
    if (!sameGroups(before, wanted)) {
      refuseWhilePaused(deps);
      try {
        await changeGroups(deps, seen, wanted, context, (groups) => {
          bound = groups;
        });
      } finally {
        if (!sameGroups(before, bound)) announce(deps, eni.spec.nodeName, eniId, before, bound);
      }
    }
  }
  const groups = bound ?? wanted;
  if (managed && !groupMemory.announced.has(eniId)) announce(deps, eni.spec.nodeName, eniId, groups, groups);
  if (eni.status?.eni !== undefined && !sameGroups(eni.status.eni.securityGroups, groups))
    await writeStatus(deps, eni, { eni: { ...eni.status.eni, securityGroups: [...groups] } });
  return { kind: 'in-step' };
}

function refuseWhilePaused({ settings }: GroupSyncDeps): void {
  const held = settings.held('create');
  if (held !== undefined) throw new TrunklineError(ipamdErrors.groupsPaused, held);
}

/** Classes of which nobody needs to be told: they pass, or another look decides. */
const PASSING: readonly string[] = ['retry', 'conflict'];
/** Cloud errors of those classes last only as long as the cloud's trouble does. */
const QUIET: readonly string[] = [cloudErrors.throttled.code];

function failure(eniId: string, error: unknown): EniOutcome {
  if (!(error instanceof TrunklineError))
    return { kind: 'failed', eniId, reason: 'Error', message: errorText(error), lasting: false, error };
  return {
    kind: 'failed',
    eniId,
    reason: error.entry.eventReason,
    message: error.message,
    lasting: !PASSING.includes(error.retry) && !QUIET.includes(error.code),
    error,
  };
}
