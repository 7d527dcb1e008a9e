// The container subnets, described at most once a minute, and which of them were found dry and rest.
import type { Clock } from '../base/clock.ts';
import type { Subnet, VpcCloud } from '../cloud/vpc-cloud.ts';

const FRESH_MS = 60_000;
/** How long a subnet without addresses is left alone. */
const REST_MS = 60_000;

export interface SubnetCache {
  /** All of `subnetIds`, at most a minute old. Concurrent callers share one describe. */
  get(subnetIds: readonly string[], signal: AbortSignal): Promise<readonly Subnet[]>;
  /** One subnet by id, from the same cache. */
  find(subnetId: string, signal: AbortSignal): Promise<Subnet | undefined>;
  rest(subnetId: string): void;
  resting(): ReadonlySet<string>;
}

export function createSubnetCache(cloud: VpcCloud, clock: Clock): SubnetCache {
  const listings = new Map<string, { at: number; subnets: Promise<readonly Subnet[]> }>();
  const dry = new Map<string, number>();
  const get: SubnetCache['get'] = (subnetIds, signal) => {
    const key = subnetIds.join(',');
    const known = listings.get(key);
    if (known !== undefined && clock.monotonicMs() - known.at < FRESH_MS) return known.subnets;
    const subnets = cloud.describeSubnets(subnetIds, { signal });
    listings.set(key, { at: clock.monotonicMs(), subnets });
    subnets.catch(() => listings.delete(key));
    return subnets;
  };
  return {
    get,
    find: async (subnetId, signal) => (await get([subnetId], signal)).find((subnet) => subnet.subnetId === subnetId),
    rest: (subnetId) => void dry.set(subnetId, clock.monotonicMs()),
    resting: () => {
      for (const [subnetId, since] of dry) if (clock.monotonicMs() - since >= REST_MS) dry.delete(subnetId);
      return new Set(dry.keys());
    },
  };
}
