// Exponential back-off with jitter, the one formula behind the queue, the reflector and the client.

/** Bounds of a back-off. */
export interface BackoffOptions {
  readonly baseMs: number;
  readonly maxMs: number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/** Delay after `failures` former failures (0 = first): base doubled each time, capped, of which the upper half is random. */
export function backoffMs(failures: number, { baseMs, maxMs, random }: BackoffOptions): number {
  const full = Math.min(maxMs, baseMs * 2 ** Math.min(failures, 40));
  return full / 2 + (random() * full) / 2;
}
