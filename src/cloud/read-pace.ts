// Decides when the next read may leave: at once while little happens, in batches during a burst.
import type { Clock } from '../base/clock.ts';

export interface ReadPace {
  /** One more id is waited for. */
  arrived(): void;
  /** A read leaves now. */
  left(): void;
  /** A read failed; `long` when repeating it soon cannot help. */
  failed(long: boolean): void;
  succeeded(): void;
  /** Monotonic milliseconds before which no read may leave. `longestGapMs`: where the calls are worth more than the time between two reads. */
  notBefore(longestGapMs?: number): number;
}

const WINDOW_MS = 2_000;
/** With fewer new ids than this in the window, each is worth its own read. */
const QUIET = 5;
/** In a burst, one read for about this many new ids: well under the 0.1 reads per Pod of the budget, create and delete together. */
const IDS_PER_READ = 30;
const SHORTEST_GAP_MS = 250;
const LONGEST_GAP_MS = 1_500;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;

export function createReadPace(clock: Clock): ReadPace {
  let arrivals: number[] = [];
  let lastRead = Number.NEGATIVE_INFINITY;
  let failures = 0;
  let pausedUntil = 0;
  const gapMs = (): number => {
    const now = clock.monotonicMs();
    arrivals = arrivals.filter((at) => at > now - WINDOW_MS);
    if (arrivals.length < QUIET) return 0;
    return Math.min(LONGEST_GAP_MS, Math.max(SHORTEST_GAP_MS, (IDS_PER_READ / arrivals.length) * WINDOW_MS));
  };
  return {
    arrived: () => {
      arrivals.push(clock.monotonicMs());
    },
    left: () => {
      lastRead = clock.monotonicMs();
    },
    failed: (long) => {
      failures += 1;
      pausedUntil =
        clock.monotonicMs() +
        (long ? LONGEST_PAUSE_MS : Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (failures - 1)));
    },
    succeeded: () => {
      failures = 0;
    },
    notBefore: (longestGapMs = LONGEST_GAP_MS) => Math.max(pausedUntil, lastRead + Math.min(longestGapMs, gapMs())),
  };
}
