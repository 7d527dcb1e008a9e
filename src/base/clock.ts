// Time as an injected dependency, so that tests advance it instead of sleeping.
import { setTimeout as sleepTimer } from 'node:timers/promises';

/**
 * The only source of time in the product. `monotonicMs` never goes back and is what leases and back-off compare;
 * `now` is for timestamps that people and other machines read.
 */
export interface Clock {
  now(): Date;
  /** Milliseconds from an arbitrary origin; never decreases. */
  monotonicMs(): number;
  /** Resolves after `ms`; rejects with the signal's reason when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Calls `fn` once after `ms`, unless the returned function is called first. Does not keep the process alive. */
  after(ms: number, fn: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => new Date(),
  monotonicMs: () => performance.now(),
  sleep: async (ms, signal) => {
    try {
      await sleepTimer(ms, undefined, signal === undefined ? {} : { signal });
    } catch (error) {
      // The runtime rejects with an error of its own that only mentions the reason.
      signal?.throwIfAborted();
      throw error;
    }
  },
  after: (ms, fn) => {
    const timer = setTimeout(fn, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
