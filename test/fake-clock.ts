// A clock that stands still until a test moves it.
import type { Clock } from '../src/base/clock.ts';

/** Implements `Clock` without time passing by itself. */
export interface FakeClock extends Clock {
  /**
   * Moves time forward by `ms`: fires every timer that falls due, in order of due time then of creation, at its own moment, and lets
   * promise jobs (and one turn of the event loop) run before the first, after each, and at the end. Timers set meanwhile count too.
   */
  advance(ms: number): Promise<void>;
  /** Lets promise jobs and one turn of the event loop run without moving time. */
  settle(): Promise<void>;
  /** Timers and sleeps that wait. */
  readonly pendingTimers: number;
}

interface Timer {
  readonly dueMs: number;
  readonly order: number;
  readonly fire: () => void;
}

/** Starts at `startIso`, by default 2026-01-01T00:00:00Z; `monotonicMs` starts at 0. */
export function createFakeClock(startIso = '2026-01-01T00:00:00.000Z'): FakeClock {
  const startMs = Date.parse(startIso);
  const timers = new Set<Timer>();
  let elapsedMs = 0;
  let created = 0;

  const after = (ms: number, fn: () => void): (() => void) => {
    const timer: Timer = { dueMs: elapsedMs + Math.max(0, ms), order: created++, fire: fn };
    timers.add(timer);
    return () => timers.delete(timer);
  };
  const nextDue = (untilMs: number): Timer | undefined =>
    [...timers].filter((timer) => timer.dueMs <= untilMs).toSorted((a, b) => a.dueMs - b.dueMs || a.order - b.order)[0];
  const settle = async (): Promise<void> => {
    await new Promise<void>((resolve) => setImmediate(resolve));
  };

  return {
    now: () => new Date(startMs + elapsedMs),
    monotonicMs: () => elapsedMs,
    after,
    sleep: (ms, signal) =>
      new Promise<void>((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason as Error);
        const onAbort = (): void => {
          cancel();
          reject(signal?.reason as Error);
        };
        const cancel = after(ms, () => {
          signal?.removeEventListener('abort', onAbort);
          resolve();
        });
        signal?.addEventListener('abort', onAbort, { once: true });
      }),
    advance: async (ms) => {
      const untilMs = elapsedMs + ms;
      await settle();
      for (let timer = nextDue(untilMs); timer !== undefined; timer = nextDue(untilMs)) {
        timers.delete(timer);
        elapsedMs = Math.max(elapsedMs, timer.dueMs);
        timer.fire();
        await settle();
      }
      elapsedMs = untilMs;
    },
    settle,
    get pendingTimers() {
      return timers.size;
    },
  };
}
