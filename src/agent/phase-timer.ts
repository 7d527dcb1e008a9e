// Tells how long the parts of an ADD took, one after the other.
import type { AddPhase } from './metrics.ts';
import type { ServiceDeps } from './service-deps.ts';

/** Each call ends a phase that began with the one before, or with this. */
export function phaseTimer({ clock, metrics }: Pick<ServiceDeps, 'clock' | 'metrics'>): (phase: AddPhase) => void {
  let beganMs = clock.monotonicMs();
  return (phase) => {
    const nowMs = clock.monotonicMs();
    metrics.addPhase.observe({ phase }, (nowMs - beganMs) / 1_000);
    beganMs = nowMs;
  };
}
