// Many requests become few calls.
import type { Clock } from '../base/clock.ts';

/** Calls `act` once after `ms`, however often it is asked meanwhile; at once while `urgent` says so. */
export function createThrottle(clock: Clock, ms: number, act: () => void, urgent: () => boolean = () => false) {
  let pending = false;
  return (): void => {
    if (urgent()) return act();
    if (pending) return;
    pending = true;
    clock.after(ms, () => {
      pending = false;
      act();
    });
  };
}
