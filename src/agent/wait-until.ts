// Waiting for something that several sources may bring about: looked at now, after each of their changes, and when asked to.
import type { Clock } from '../base/clock.ts';

/** `againAfterMs`: time alone may change the answer by then. */
export type Look<R> = { readonly done: R } | { readonly againAfterMs: number | undefined };

/**
 * What `look` finds, as soon as it finds something. It is called synchronously with a change, in the order in which callers began to wait. What
 * `look` throws rejects; so does the signal's reason when it aborts first.
 */
export function waitUntil<R>(
  clock: Clock,
  sources: readonly ((tell: () => void) => () => void)[],
  look: () => Look<R>,
  signal: AbortSignal,
): Promise<R> {
  return new Promise((resolve, reject) => {
    let cancelTimer = (): void => undefined;
    let looking = false;
    let ended = false;
    const end = (act: () => void): void => {
      ended = true;
      for (const stop of stops) stop();
      cancelTimer();
      signal.removeEventListener('abort', onAbort);
      act();
    };
    const onAbort = (): void => end(() => reject(signal.reason as Error));
    const again = (): void => {
      // What `look` changes itself must not call it anew.
      if (looking || ended) return;
      looking = true;
      try {
        const found = look();
        if ('done' in found) return end(() => resolve(found.done));
        cancelTimer();
        cancelTimer = found.againAfterMs === undefined ? () => undefined : clock.after(found.againAfterMs, again);
      } catch (error) {
        end(() => reject(error as Error));
      } finally {
        looking = false;
      }
    };
    const stops = sources.map((source) => source(again));
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    else again();
  });
}
