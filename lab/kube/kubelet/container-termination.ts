// Ends one run of a container as a kubelet does: the preStop hook within the grace, then the signals in what is left of it.
import type { Clock } from '../../../src/base/clock.ts';
import type { RunningContainer } from './container-runtime.ts';

/** What a program has at least between SIGTERM and SIGKILL, however long its hook took. */
export const MINIMUM_GRACE_MS = 2_000;

export interface Termination {
  /** Begins, or shortens what has begun: the run is over `graceMs` from now, or `MINIMUM_GRACE_MS` after its hook. */
  within(graceMs: number): void;
}

/** `preStop` may take as long as it wants: the grace cuts it off. Its failure is told by itself and changes nothing here. */
export function createTermination(
  clock: Clock,
  run: Pick<RunningContainer, 'stop' | 'ended'>,
  preStop: ((timeoutMs: number) => Promise<void>) | undefined,
): Termination {
  const state = {
    begun: false,
    signalled: false,
    deadlineMs: Number.POSITIVE_INFINITY,
    cancel: () => undefined as void,
  };

  const signal = (): void => {
    if (state.signalled) return;
    state.signalled = true;
    state.cancel();
    run.stop(Math.max(MINIMUM_GRACE_MS, state.deadlineMs - clock.monotonicMs()));
  };

  return {
    within: (graceMs) => {
      const deadlineMs = clock.monotonicMs() + graceMs;
      if (deadlineMs >= state.deadlineMs) return;
      state.deadlineMs = deadlineMs;
      if (state.signalled) return run.stop(Math.max(MINIMUM_GRACE_MS, graceMs));
      if (preStop === undefined || graceMs <= 0) return signal();
      state.cancel();
      state.cancel = clock.after(graceMs, signal);
      if (state.begun) return;
      state.begun = true;
      void run.ended.then(() => state.cancel());
      void preStop(graceMs).then(signal, signal);
    },
  };
}
