// Waiting that ends early: when a signal aborts, or when a time limit passes.
import type { Clock } from '../base/clock.ts';

/** Sleeps; returns early, without throwing, when `signal` aborts. */
export async function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  await clock.sleep(ms, signal).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}

/** The promise's outcome, or a rejection with the signal's reason when it aborts first. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    promise
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', onAbort))
      .catch(() => undefined);
  });
}

/** A signal that follows `outer` and also aborts with `reason()` after `ms`. Call `release` when the work is done. */
export function limitedSignal(
  clock: Clock,
  ms: number,
  outer: AbortSignal | undefined,
  reason: () => Error,
): { readonly signal: AbortSignal; readonly release: () => void } {
  const limit = new AbortController();
  const onAbort = (): void => limit.abort(outer?.reason);
  if (outer?.aborted) onAbort();
  outer?.addEventListener('abort', onAbort, { once: true });
  const cancel = clock.after(ms, () => limit.abort(reason()));
  return {
    signal: limit.signal,
    release: () => {
      cancel();
      outer?.removeEventListener('abort', onAbort);
    },
  };
}

/** Runs `fn` with a signal that also aborts after `ms`; the wait ends then even when `fn` does not listen. */
export async function withinTime<T>(
  clock: Clock,
  ms: number,
  outer: AbortSignal | undefined,
  fn: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limited = limitedSignal(clock, ms, outer, () => new Error(`no answer within ${Math.ceil(ms)} ms`));
  try {
    return await abortable(fn(limited.signal), limited.signal);
  } finally {
    limited.release();
  }
}
