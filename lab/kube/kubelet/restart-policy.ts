// When an ended container starts again. Pure.

const FIRST_DELAY_MS = 10_000;
const MAX_DELAY_MS = 300_000;
/** A container that ran this long starts over with a clean record, as Kubernetes' back-off does. */
const FORGIVEN_AFTER_MS = 600_000;

export type RestartPolicy = 'Always' | 'OnFailure' | 'Never';

/** A sidecar is an init container that stays: the next ones begin once it has started. */
export type ContainerKind = 'main' | 'init' | 'sidecar';

/** `init`: an init container of the Pod; those run until they succeed once, whatever `Always` says of the others. */
export function restarts(policy: RestartPolicy, exitCode: number, init: boolean): boolean {
  if (policy === 'Never') return false;
  return exitCode !== 0 || (policy === 'Always' && !init);
}

/** As `restarts`, for a container of a Pod; a sidecar starts again whatever the Pod says. */
export const restartsIn = (policy: RestartPolicy, exitCode: number, kind: ContainerKind): boolean =>
  kind === 'sidecar' ? restarts('Always', exitCode, false) : restarts(policy, exitCode, kind === 'init');

/** Restarts in a row, this one included: 1 after a long run, else one more than before. */
export function restartsInARow(before: number, ranForMs: number): number {
  return ranForMs >= FORGIVEN_AFTER_MS ? 1 : before + 1;
}

/** Milliseconds to wait before a restart: none before the first in a row, then 10 s doubling up to five minutes. */
export function restartDelayMs(inARow: number): number {
  return inARow <= 1 ? 0 : Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(inARow - 2, 10));
}

/** Milliseconds before something that failed `attempts` times is tried again: `firstMs`, doubling up to `maxMs`. */
export function retryDelayMs(attempts: number, firstMs: number, maxMs: number): number {
  return Math.min(maxMs, firstMs * 2 ** Math.min(Math.max(0, attempts - 1), 20));
}
