// For tests over real sockets: sleeps are over at once and remembered; timers fire only when the test advances the clock.
import { createFakeClock, type FakeClock } from '../../../test/fake-clock.ts';

export interface InstantClock extends FakeClock {
  /** Every sleep so far, in milliseconds. */
  readonly sleeps: readonly number[];
}

/** A sleep takes one turn of the event loop and no time. */
export function createInstantClock(): InstantClock {
  const clock = createFakeClock();
  const sleeps: number[] = [];
  return {
    now: () => clock.now(),
    monotonicMs: () => clock.monotonicMs(),
    after: (ms, fn) => clock.after(ms, fn),
    advance: (ms) => clock.advance(ms),
    settle: () => clock.settle(),
    get pendingTimers() {
      return clock.pendingTimers;
    },
    sleeps,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      sleeps.push(ms);
      await clock.settle();
      signal?.throwIfAborted();
    },
  };
}
