// The other side of the same listing: objects whose ENI is gone from the cloud or bound to other groups than the Pod was given. Reported, on
// the object and on its Pod; whether groups are brought back is the add-on value securityGroupDrift (vpc-eni/groups).
import type { VpcEni } from '../../../api/vpc-eni.ts';
import type { CloudEniFacts } from '../../../planning/orphans.ts';
import { type Drift, driftMessage, findDrift } from '../../../planning/drift.ts';
import { sameGroups } from '../../../planning/group-sync.ts';
import { isChanging } from '../../../planning/live-change.ts';
import type { IpamdDeps } from '../../deps.ts';
import { condition, writeStatus } from '../lifecycle/status.ts';

/** An ENI of the listing with what is bound to it, in order. */
export interface ListedEni extends CloudEniFacts {
  readonly groups: readonly string[];
  /** Of its tag: which creating call made it. */
  readonly attempt: string | undefined;
}

export type DriftDeps = Pick<IpamdDeps, 'client' | 'clock' | 'cloud' | 'recorder' | 'enis'> & {
  readonly informers: Pick<IpamdDeps['informers'], 'vpcEnis'>;
};

export type Recorded = ReadonlyMap<string, { readonly eniId: string; readonly groups: readonly string[] }>;

/** Condition type; absent on objects that never drifted. */
const IN_SYNC = 'InSync';

/** Ready sub-ENIs as recorded now; to be taken before the listing begins, so that one made meanwhile is not missed in it. */
export function readySubEnis(deps: DriftDeps): Recorded {
  const entries = deps.informers.vpcEnis.list().flatMap((eni) => {
    const eniId = eni.status?.eni?.eniID;
    const counts =
      eni.spec.type === 'SubENI' && eni.status?.phase === 'Ready' && eniId !== undefined && !isChanging(eni);
    return counts ? [[eni.metadata.name, { eniId, groups: eni.spec.securityGroups }] as const] : [];
  });
  return new Map(entries);
}

/** Writes what is news; returns how many objects differ from the cloud. */
export async function reportDrift(
  deps: DriftDeps,
  recorded: Recorded,
  listed: readonly ListedEni[],
  signal: AbortSignal,
): Promise<number> {
  const bound = new Map(listed.map((eni) => [eni.eniId, eni.groups]));
  let drifted = 0;
  for (const drift of findDrift({ recorded, listed: bound })) {
    const eni = deps.enis.latest(drift.name);
    const known = recorded.get(drift.name);
    // Released, or made anew, since the listing began.
    if (eni?.status?.phase !== 'Ready' || eni.status.eni?.eniID !== known?.eniId) continue;
    // Changed in place by us since then.
    if (isChanging(eni) || !sameGroups(eni.spec.securityGroups, known?.groups ?? [])) continue;
    if (drift.kind === 'gone' && (await isThereAfterAll(deps, drift.eniId, signal))) continue;
    if (drift.kind !== 'none') drifted += 1;
    await tell(deps, eni, drift);
  }
  return drifted;
}

async function tell(deps: DriftDeps, eni: VpcEni, drift: Drift): Promise<void> {
  const known = eni.status?.conditions?.some((each) => each.type === IN_SYNC) === true;
  if (drift.kind === 'none') {
    if (!known) return;
    const good = {
      type: IN_SYNC,
      status: 'True',
      reason: 'AsGiven',
      message: 'the cloud has what the Pod was given',
    } as const;
    await writeStatus(deps, eni, {
      ...groupsOf(eni, eni.spec.securityGroups),
      conditions: condition(eni, good, deps.clock.now()),
    });
    return;
  }
  const { reason, message } = driftMessage(drift);
  const bad = { type: IN_SYNC, status: 'False', reason, message } as const;
  const written = await writeStatus(deps, eni, {
    ...(drift.kind === 'groups' ? groupsOf(eni, drift.bound) : {}),
    conditions: condition(eni, bad, deps.clock.now()),
  });
  const { pod } = eni.spec;
  if (written === eni || pod === undefined) return;
  const { namespace, name, uid } = pod;
  const regarding = { apiVersion: 'v1', kind: 'Pod', metadata: { namespace, name, uid } };
  deps.recorder.record({ regarding, type: 'Warning', reason, message });
}

/** status.eni with the groups as the cloud reports them. */
function groupsOf(eni: VpcEni, groups: readonly string[]): Pick<NonNullable<VpcEni['status']>, 'eni'> {
  return eni.status?.eni === undefined ? {} : { eni: { ...eni.status.eni, securityGroups: [...groups] } };
}

/** A listing by tag may miss one whose tag was taken off; its id decides. */
async function isThereAfterAll(deps: DriftDeps, eniId: string, signal: AbortSignal): Promise<boolean> {
  return (await deps.cloud.describeEnis({ eniIds: [eniId] }, { signal, priority: 'collect' })).length > 0;
}
