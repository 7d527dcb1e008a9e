// A clock that moves only when it is told to, for a cloud whose time a test in another process drives.
import type { Clock } from '../../../src/base/clock.ts';

export interface ManualClock extends Clock {
  /**
   * Moves on by `ms` and does what falls due, each thing at its own moment, in order; resolves when all of it has been done, what it
   * led to included. A second call waits for the first. Rejects with RangeError for a negative time.
   */
  advance(ms: number): Promise<void>;
}

interface Timer {
  readonly dueMs: number;
  readonly fire: () => void;
}

/** `monotonicMs` starts at 0, `now` at `start`. */
export function createManualClock(start: Date): ManualClock {
  const timers = new Set<Timer>();
  let elapsedMs = 0;
  let moving = Promise.resolve();

  const after = (ms: number, fire: () => void): (() => void) => {
    const timer: Timer = { dueMs: elapsedMs + Math.max(0, ms), fire };
    timers.add(timer);
    return () => timers.delete(timer);
  };
  const firstDue = (untilMs: number): Timer | undefined => {
    let first: Timer | undefined;
    // Those set later stand later in the set, so the first of equals stays.
    for (const timer of timers)
      if (timer.dueMs <= untilMs && (first === undefined || timer.dueMs < first.dueMs)) first = timer;
    return first;
  };
  // A turn of the event loop lets everything go on that only waits for promises.
  const turn = async (): Promise<void> => {
    await new Promise<void>((resolve) => setImmediate(resolve));
  };
  const move = async (ms: number): Promise<void> => {
    const untilMs = elapsedMs + ms;
    await turn();
    for (let timer = firstDue(untilMs); timer !== undefined; timer = firstDue(untilMs)) {
      timers.delete(timer);
      elapsedMs = Math.max(elapsedMs, timer.dueMs);
      timer.fire();
      await turn();
    }
    elapsedMs = untilMs;
  };

  return {
    now: () => new Date(start.getTime() + elapsedMs),
    monotonicMs: () => elapsedMs,
    after,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        const stop = (): void => {
          cancel();
          reject(signal?.reason as Error);
        };
        const cancel = after(ms, () => {
          signal?.removeEventListener('abort', stop);
          resolve();
        });
        if (signal?.aborted === true) stop();
        else signal?.addEventListener('abort', stop, { once: true });
      }),
    advance: (ms) => {
      if (!(ms >= 0)) return Promise.reject(new RangeError(`a clock moves on by 0 ms or more, not by ${ms}`));
      moving = moving.then(() => move(ms));
      return moving;
    },
  };
}
