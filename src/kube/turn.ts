// Ends a turn of the event loop in time: work that never waits for anything would hold up leases, watches and probes.
import type { Clock } from '../base/clock.ts';

/** Undefined while the turn is young; then what to wait for before going on. */
export type TurnGuard = () => Promise<void> | undefined;

/** As long as one part may keep the event loop; several of them share a turn. */
const LONGEST_MS = 5;

/** For the workers of one part, which count as one. The turn begins with the first question in it. */
export function createTurnGuard(clock: Clock): TurnGuard {
  let began: number | undefined;
  let next: Promise<void> | undefined;
  return () => {
    if (began === undefined) {
      began = clock.monotonicMs();
      next = new Promise((resolve) =>
        setImmediate(() => {
          began = undefined;
          next = undefined;
          resolve();
        }),
      );
      return undefined;
    }
    return clock.monotonicMs() - began < LONGEST_MS ? undefined : next;
  };
}
