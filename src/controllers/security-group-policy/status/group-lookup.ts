// Which security groups exist, and of which project they are, with few reads: an answer is kept for a while and many ids are asked at once.
import type { Clock } from '../../../base/clock.ts';
import type { VpcCloud } from '../../../cloud/vpc-cloud.ts';
import type { KnownGroup } from '../../../planning/group-judgement.ts';

/** A group that is missing is asked again soon, since someone is about to make it. */
const MISSING_FRESH_MS = 10_000;

export interface GroupLookup {
  /** Those of `ids` that exist. One describe for all that are not known freshly; throws CloudError. */
  get(ids: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, KnownGroup>>;
}

/**
 * An answer is believed for `freshMs`. A read asks along what will not be fresh at the next look either, so that hundreds of policies whose
 * answers age together cost a few calls.
 */
export function createGroupLookup(
  cloud: Pick<VpcCloud, 'describeSecurityGroups'>,
  clock: Clock,
  freshMs: number,
): GroupLookup {
  const known = new Map<string, { readonly group: KnownGroup | undefined; readonly atMs: number }>();
  const ageOf = (id: string): number => clock.monotonicMs() - (known.get(id)?.atMs ?? -Infinity);
  const isFresh = (id: string): boolean =>
    ageOf(id) < (known.get(id)?.group === undefined ? Math.min(MISSING_FRESH_MS, freshMs) : freshMs);
  return {
    get: async (ids, signal) => {
      if (!ids.every(isFresh)) {
        // Nobody asked for two rounds: no policy names it any more.
        for (const id of known.keys()) if (ageOf(id) > 2 * freshMs) known.delete(id);
        const stale = [...known.keys()].filter((id) => ageOf(id) > freshMs / 2 && !ids.includes(id));
        const asked = [...new Set([...ids.filter((id) => !isFresh(id)), ...stale])].slice(0, 100);
        const atMs = clock.monotonicMs();
        const answer = await cloud.describeSecurityGroups(asked, { signal, priority: 'collect' });
        const found = new Map(answer.map((group) => [group.securityGroupId, { projectId: group.projectId }]));
        for (const id of asked) known.set(id, { group: found.get(id), atMs });
      }
      return new Map(
        ids.flatMap((id) => {
          const group = known.get(id)?.group;
          return group === undefined ? [] : [[id, group]];
        }),
      );
    },
  };
}
