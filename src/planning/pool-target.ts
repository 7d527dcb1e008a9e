// How many shared addresses a node should have, and what to do about it now (facts/tke.md 6.1). Pure.

/** Surplus is given back in rounds this far apart (facts/tke.md 6.1, rule 2). */
export const RELEASE_INTERVAL_MS = 120_000;

export interface PoolFacts {
  /** Pods bound to the node that use a shared address or wait for one; waiting ones count, so that a burst is served by one call. */
  readonly pods: number;
  /** Addresses that the agent reports in use. One may outlive its Pod for a moment; default 0. */
  readonly inUse?: number;
  /** Secondary addresses on the node's ENIs or under way to them, without those that are being given back (`countBound`). */
  readonly bound: number;
  /** Addresses to spare: `0 <= min <= max`. */
  readonly min: number;
  readonly max: number;
  /** At least so many, whatever runs: `desired-route-eni-pod-num`, `nec.spec.desiredRouteENIIP`; 0 for none. */
  readonly desired: number;
  /** What the node's ENIs can hold, the caps of the nec included. */
  readonly quota: number;
  /** All surplus in each round, instead of one. */
  readonly quickRelease: boolean;
  readonly nowMs: number;
  /** Distance of the rounds; default `RELEASE_INTERVAL_MS`. */
  readonly intervalMs?: number;
  /** `lastReleaseMs` of the previous answer; absent in a new process, and as long as nothing was in surplus. */
  readonly lastReleaseMs?: number;
}

export interface PoolTarget {
  /** Where the pool is going: between the least and the most that is right for `pods`. */
  readonly wanted: number;
  /** To be bound now; 0 when `release` is not. */
  readonly bind: number;
  /** To be given back now. What exceeds `quota` does not wait for a round. */
  readonly release: number;
  /** When the next round of surplus is due; absent without a surplus. */
  readonly releaseDueMs?: number;
  /** To hand in next time. A surplus that has just appeared waits for one interval, so that Pods which are replaced do not cost two calls each. */
  readonly lastReleaseMs?: number;
  /** For people. */
  readonly reason: string;
}

/**
 * Promises: `wanted`, `bind` rise and `release` falls with `pods`, all else equal; nothing is released below what `pods` and `inUse` say, or bound above
 * `quota`; after the answer was carried out, the same facts ask for nothing more until the next round, and never for the opposite.
 */
export function planPoolTarget(facts: PoolFacts): PoolTarget {
  const { bound, quota, nowMs, intervalMs = RELEASE_INTERVAL_MS } = facts;
  const used = Math.max(facts.pods, facts.inUse ?? 0);
  const least = Math.min(quota, Math.max(used + facts.min, facts.desired));
  const most = Math.max(used, least, Math.min(quota, Math.max(used + facts.max, facts.desired)));
  if (bound < least) {
    const limited = used + facts.min > quota ? `, as many as the node can have (${quota})` : '';
    return {
      wanted: least,
      bind: least - bound,
      release: 0,
      reason: `${bound} bound, ${least} wanted: ${demand(facts, used, facts.min)}${limited}`,
    };
  }
  if (bound <= most)
    return {
      wanted: bound,
      bind: 0,
      release: 0,
      reason: `${bound} bound, ${range(least, most)} wanted: ${demand(facts, used, facts.min, facts.max)}`,
    };
  const aboveQuota = Math.max(0, bound - Math.max(quota, used));
  const begun = facts.lastReleaseMs ?? nowMs;
  const due = begun + intervalMs;
  const inRound = nowMs < due ? 0 : facts.quickRelease ? bound - most : 1;
  const release = Math.max(aboveQuota, inRound);
  const lastReleaseMs = inRound > 0 ? nowMs : begun;
  const rest = aboveQuota > 0 ? `${aboveQuota} above what the node can have (${quota}) go at once` : surplus(facts);
  return {
    wanted: most,
    bind: 0,
    release,
    ...(bound - release > most ? { releaseDueMs: lastReleaseMs + intervalMs } : {}),
    lastReleaseMs,
    reason: `${bound} bound, ${range(least, most)} wanted: ${demand(facts, used, facts.min, facts.max)}; ${rest}`,
  };
}

const range = (least: number, most: number): string => (least === most ? `${least}` : `${least} to ${most}`);

function demand(facts: PoolFacts, used: number, min: number, max = min): string {
  if (facts.desired > used + max) return `at least ${facts.desired} are asked for`;
  const users = used > facts.pods ? `${used} in use` : `${used} ${used === 1 ? 'Pod' : 'Pods'}`;
  return `${users} and ${range(min, max)} to spare`;
}

const surplus = (facts: PoolFacts): string =>
  facts.quickRelease ? 'the surplus goes in the next round' : 'one goes every 2 minutes';
