// Which security groups exist, with few reads: an answer is kept for a while and many ids are asked at once.
import type { Clock } from '../../../base/clock.ts';
import type { VpcCloud } from '../../../cloud/vpc-cloud.ts';

/** How long an answer is believed. A group that is missing is asked again sooner, since someone is about to make it. */
const FOUND_FRESH_MS = 300_000;
const MISSING_FRESH_MS = 10_000;

export interface GroupLookup {
  /** Those of `ids` that exist. One describe for all that are not known freshly; throws CloudError. */
  existing(ids: readonly string[], signal: AbortSignal): Promise<ReadonlySet<string>>;
}

/** Remembers every id that was ever asked. */
export function createGroupLookup(cloud: Pick<VpcCloud, 'describeSecurityGroups'>, clock: Clock): GroupLookup {
  const known = new Map<string, { readonly exists: boolean; readonly at: number }>();
  const isFresh = (id: string): boolean => {
    const answer = known.get(id);
    if (answer === undefined) return false;
    return clock.monotonicMs() - answer.at < (answer.exists ? FOUND_FRESH_MS : MISSING_FRESH_MS);
  };
  return {
    existing: async (ids, signal) => {
      const asked = ids.filter((id) => !isFresh(id));
      if (asked.length > 0) {
        const answer = await cloud.describeSecurityGroups(asked, { signal, priority: 'collect' });
        const found = new Set(answer.map((group) => group.securityGroupId));
        for (const id of asked) known.set(id, { exists: found.has(id), at: clock.monotonicMs() });
      }
      return new Set(ids.filter((id) => known.get(id)?.exists === true));
    },
  };
}
