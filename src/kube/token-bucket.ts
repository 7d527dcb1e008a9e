// A token bucket that calls wait for, so that one busy controller cannot flood the API server.
import type { Clock } from '../base/clock.ts';

/** Waits until a call may be made. */
export interface TokenBucket {
  /** Resolves in order of arrival; rejects with the signal's reason and gives the token back when aborted. */
  take(signal?: AbortSignal): Promise<void>;
}

/** `qps` tokens a second on average, `burst` at once. */
export function createTokenBucket(options: {
  readonly qps: number;
  readonly burst: number;
  readonly clock: Clock;
}): TokenBucket {
  const { qps, burst, clock } = options;
  let tokens = burst;
  let refilledAt = clock.monotonicMs();
  const refill = (): void => {
    const now = clock.monotonicMs();
    tokens = Math.min(burst, tokens + ((now - refilledAt) * qps) / 1000);
    refilledAt = now;
  };
  return {
    take: async (signal) => {
      signal?.throwIfAborted();
      refill();
      tokens -= 1;
      if (tokens >= 0) return;
      try {
        await clock.sleep((-tokens / qps) * 1000, signal);
      } catch (error) {
        tokens += 1;
        throw error;
      }
    },
  };
}
