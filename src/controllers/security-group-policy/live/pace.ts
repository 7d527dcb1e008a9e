// How many Pods of a policy may be begun now: its rate, spread over short rounds.
import type { Clock } from '../../../base/clock.ts';

export interface LivePace {
  /** Takes at most `want` starts of what the rate allows now. */
  take(policyKey: string, perSecond: number, want: number): number;
  /** Milliseconds until the next round. */
  nextMs(policyKey: string, perSecond: number): number;
}

/** Starts are gathered in rounds this long, so that a fast rate is not a look at all Pods for each of them. */
const ROUND_MS = 200;

/** Every policy begins with one start, or with those of a round where its rate gives more. */
export function createLivePace(clock: Clock): LivePace {
  const allowances = new Map<string, { starts: number; atMs: number }>();
  const refill = (key: string, perSecond: number): { starts: number; atMs: number } => {
    const most = Math.max(1, (perSecond * ROUND_MS) / 1000);
    const nowMs = clock.monotonicMs();
    const before = allowances.get(key) ?? { starts: most, atMs: nowMs };
    const starts = Math.min(most, before.starts + ((nowMs - before.atMs) * perSecond) / 1000);
    const after = { starts, atMs: nowMs };
    allowances.set(key, after);
    return after;
  };
  return {
    take: (key, perSecond, want) => {
      const allowance = refill(key, perSecond);
      const taken = Math.min(want, Math.floor(allowance.starts + 1e-9));
      allowance.starts -= taken;
      return taken;
    },
    nextMs: (key, perSecond) => {
      const { starts } = refill(key, perSecond);
      return Math.max(ROUND_MS, Math.ceil(((1 - starts) * 1000) / perSecond));
    },
  };
}
