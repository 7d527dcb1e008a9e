// Calls per second by action, counted over the second that just passed.
import type { Clock } from '../../src/base/clock.ts';

export interface RateLimiter {
  /** False: over the limit, answer RequestLimitExceeded. A refused call does not count. */
  admit(action: string): boolean;
  /** Sets or, with undefined, lifts the limit of an action. */
  limit(action: string, perSecond: number | undefined): void;
}

const WINDOW_MS = 1000;

/** Starts from `limits`; GUESS: that the real service counts over a sliding second. */
export function createRateLimiter(clock: Clock, limits: Readonly<Record<string, number>>): RateLimiter {
  const perSecond = new Map(Object.entries(limits));
  const admitted = new Map<string, number[]>();
  return {
    limit: (action, rate) => {
      if (rate === undefined) perSecond.delete(action);
      else perSecond.set(action, rate);
    },
    admit: (action) => {
      const limit = perSecond.get(action);
      if (limit === undefined) return true;
      const now = clock.monotonicMs();
      const recent = (admitted.get(action) ?? []).filter((at) => at > now - WINDOW_MS);
      const ok = recent.length < limit;
      if (ok) recent.push(now);
      admitted.set(action, recent);
      return ok;
    },
  };
}
