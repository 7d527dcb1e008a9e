// Finds what a creating call without a known outcome left in the cloud, by the owner's tags.
import { tags } from '../../../api/keys.ts';
import type { VpcEni } from '../../../api/vpc-eni.ts';
import type { Eni } from '../../../cloud/vpc-cloud.ts';
import { planLookUp } from '../../../planning/create-step.ts';
import type { LifecycleDeps } from './deps.ts';

export type Leftover =
  | { readonly kind: 'found'; readonly eni: Eni }
  | { readonly kind: 'look-again'; readonly afterMs: number }
  | { readonly kind: 'absent' };

/** The ENI that the tags give to this object. Absent only after two describes one consistency window apart. */
export async function findLeftover(deps: LifecycleDeps, eni: VpcEni, signal: AbortSignal): Promise<Leftover> {
  const uid = eni.metadata.uid ?? '';
  const owned = [
    { key: tags.cluster, value: deps.clusterUid },
    { key: tags.ownerUid, value: uid },
  ];
  const listed = await deps.cloud.describeEnis({ tags: owned }, { signal });
  // Of several, always the same one: the others are orphans, and collected as such.
  const [found] = listed.filter((each) => isUsable(eni, each)).toSorted((a, b) => (a.eniId < b.eniId ? -1 : 1));
  const step = planLookUp({
    found: found !== undefined,
    absentSinceMs: deps.progress.absentSince(uid),
    nowMs: deps.clock.monotonicMs(),
    windowMs: deps.timings.consistencyWindowMs,
  });
  if (found !== undefined) return { kind: 'found', eni: found };
  if (step.kind !== 'look-again') return { kind: 'absent' };
  deps.progress.setAbsentSince(uid, step.absentSinceMs);
  return step;
}

/** One that an earlier attempt made and that was given up because it stayed PENDING is left to the collection of orphans. */
function isUsable(eni: VpcEni, found: Eni): boolean {
  const attempt = Number(found.tags.find((tag) => tag.key === tags.attempt)?.value ?? Number.POSITIVE_INFINITY);
  const current = eni.status?.operation?.attempt ?? 0;
  return found.state !== 'DELETING' && !(found.state === 'PENDING' && attempt < current);
}

/** For a release: what to remove although no id is recorded. Asks the cloud only when this process is in doubt. */
export async function leftoverToRemove(deps: LifecycleDeps, eni: VpcEni, signal: AbortSignal): Promise<Leftover> {
  const { operation } = eni.status ?? {};
  if (operation === undefined) return { kind: 'absent' };
  const standing = deps.progress.standing(eni.metadata.uid ?? '', operation.attempt);
  return standing === 'clear' || standing === 'refused' ? { kind: 'absent' } : findLeftover(deps, eni, signal);
}
