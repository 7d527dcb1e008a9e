// The container subnets, described now and then, how many addresses we took since, and which were found dry and rest.
import type { Clock } from '../base/clock.ts';
import { TrunklineError } from '../base/errors.ts';
import type { Subnet, VpcCloud } from '../cloud/vpc-cloud.ts';
import { ipamdErrors } from './errors.ts';

/** Younger answers are used as they are; older ones too, while a new one is fetched, so that no Pod waits for it. */
const FRESH_MS = 60_000;
/** Older answers are not used any more. */
const STALE_MS = 600_000;
/** How long a subnet without addresses is left alone. */
const REST_MS = 60_000;

export interface SubnetCache {
  /** All of `subnetIds` that the cloud knows, free addresses as far as we can tell. Concurrent callers share one describe. */
  get(subnetIds: readonly string[], signal: AbortSignal): Promise<readonly Subnet[]>;
  /** One subnet by id. Throws IPAMD-SUBNET-UNKNOWN when the cloud does not know it. */
  find(subnetId: string, signal: AbortSignal): Promise<Subnet>;
  /** So many addresses of it (default 1) were asked for; until the next describe they count as gone. */
  taken(subnetId: string, count?: number): void;
  rest(subnetId: string): void;
  resting(): ReadonlySet<string>;
}

interface Listing {
  readonly at: number;
  readonly subnets: readonly Subnet[];
}

/** Reads nothing before it is asked. */
export function createSubnetCache(cloud: Pick<VpcCloud, 'describeSubnets'>, clock: Clock): SubnetCache {
  const listings = new Map<string, Listing>();
  const fetching = new Map<string, Promise<Listing>>();
  const takenSince = new Map<string, number>();
  const dry = new Map<string, number>();

  const fetch = (subnetIds: readonly string[]): Promise<Listing> => {
    const key = subnetIds.join(',');
    const running = fetching.get(key);
    if (running !== undefined) return running;
    const listing = (async () => {
      try {
        // Shared by many callers, so that none of their signals may end it.
        const subnets = await cloud.describeSubnets(subnetIds);
        for (const { subnetId } of subnets) takenSince.delete(subnetId);
        const fresh = { at: clock.monotonicMs(), subnets };
        listings.set(key, fresh);
        return fresh;
      } finally {
        fetching.delete(key);
      }
    })();
    fetching.set(key, listing);
    return listing;
  };
  const get: SubnetCache['get'] = async (subnetIds, signal) => {
    const known = listings.get(subnetIds.join(','));
    const ageMs = known === undefined ? Number.POSITIVE_INFINITY : clock.monotonicMs() - known.at;
    const current = known !== undefined && ageMs < STALE_MS ? known : await fetch(subnetIds);
    // A failure shows when the answer has become too old to use.
    if (ageMs >= FRESH_MS && current === known) fetch(subnetIds).catch(() => undefined);
    signal.throwIfAborted();
    return current.subnets.map((subnet) => ({
      ...subnet,
      // Whether it is dry is for the cloud to say: addresses may have come back meanwhile.
      availableIpCount: Math.max(
        Math.min(1, subnet.availableIpCount),
        subnet.availableIpCount - (takenSince.get(subnet.subnetId) ?? 0),
      ),
    }));
  };
  const inAnyListing = (subnetId: string): Subnet | undefined => {
    for (const { subnets } of listings.values())
      for (const subnet of subnets) if (subnet.subnetId === subnetId) return subnet;
    return undefined;
  };
  return {
    get,
    find: async (subnetId, signal) => {
      // Its CIDR never changes, so that any answer will do.
      const found = inAnyListing(subnetId) ?? (await get([subnetId], signal))[0];
      if (found !== undefined) return found;
      throw new TrunklineError(
        ipamdErrors.subnetUnknown,
        `the cloud does not know subnet ${subnetId} of one of its ENIs`,
      );
    },
    taken: (subnetId, count = 1) => void takenSince.set(subnetId, (takenSince.get(subnetId) ?? 0) + count),
    rest: (subnetId) => void dry.set(subnetId, clock.monotonicMs()),
    resting: () => {
      for (const [subnetId, since] of dry) if (clock.monotonicMs() - since >= REST_MS) dry.delete(subnetId);
      return new Set(dry.keys());
    },
  };
}
