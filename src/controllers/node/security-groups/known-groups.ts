// Which groups exist in the region, and of which project they are, with few reads.
import type { Clock } from '../../../base/clock.ts';
import type { VpcCloud } from '../../../cloud/vpc-cloud.ts';
import type { KnownGroup } from '../../../planning/group-judgement.ts';

export interface KnownGroups {
  /** Those of `ids` that exist. Throws CloudError. */
  get(ids: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, KnownGroup>>;
}

/** A list is judged when it is put in force, so that many nodes of one list are one read. One that is missing is asked anew: someone may make it. */
const FRESH_MS = 60_000;

/** Remembers every group that was ever found. */
export function createKnownGroups(cloud: Pick<VpcCloud, 'describeSecurityGroups'>, clock: Clock): KnownGroups {
  const found = new Map<string, { readonly group: KnownGroup; readonly atMs: number }>();
  const underWay = new Map<string, Promise<void>>();
  const isFresh = (id: string): boolean => {
    const known = found.get(id);
    return known !== undefined && clock.monotonicMs() - known.atMs < FRESH_MS;
  };
  const ask = async (ids: readonly string[]): Promise<void> => {
    for (const id of ids) found.delete(id);
    const atMs = clock.monotonicMs();
    for (const { securityGroupId, projectId } of await cloud.describeSecurityGroups(ids, { priority: 'warm' }))
      found.set(securityGroupId, { group: { projectId }, atMs });
  };
  return {
    get: async (ids, signal) => {
      const asked = ids.filter((id) => !isFresh(id));
      const key = asked.join();
      if (asked.length > 0) {
        // Two hundred nodes that join at once ask for the same list in the same moment; none of their signals may end it for the others.
        const shared = underWay.get(key) ?? ask(asked).finally(() => underWay.delete(key));
        underWay.set(key, shared);
        await shared;
        signal.throwIfAborted();
      }
      return new Map(
        ids.flatMap((id) => {
          const known = found.get(id);
          return known === undefined ? [] : [[id, known.group]];
        }),
      );
    },
  };
}
