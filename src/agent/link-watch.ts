// Waiting for a link: woken by the kernel, looked up again at each change.
import type { Clock } from '../base/clock.ts';
import { errorText } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import { pause } from '../kube/abortable.ts';
import type { Kernel, KernelLink } from './kernel.ts';

export interface LinkWatch {
  /** Keeps the watch of the kernel alive until `signal` aborts. */
  run(signal: AbortSignal): Promise<void>;
  /** What `pick` makes of the links, as soon as it makes something of them. Rejects with the signal's reason when it aborts first. */
  waitFor<T>(pick: (links: readonly KernelLink[]) => T | undefined, signal: AbortSignal): Promise<T>;
  /** Calls `fn` after changes of links. */
  onChange(fn: () => void): () => void;
}

const RESTART_MS = 1_000;
/** A change between the start of a wait and the start of the kernel's watch would be missed for ever without this. */
const SAFETY_MS = 2_000;

/** One watch of the kernel for the whole agent; one lookup at a time answers everybody who waits. */
export function createLinkWatch(deps: { kernel: Kernel; clock: Clock; logger: Logger }): LinkWatch {
  const { kernel, clock, logger } = deps;
  const listeners = new Set<() => void>();
  const tell = (): void => {
    for (const listener of listeners) listener();
  };
  const lookup = createSharedLookup(() => kernel.links());
  return {
    run: async (signal) => {
      while (!signal.aborted) {
        try {
          await kernel.watchLinks(tell, signal);
        } catch (error) {
          logger.warn({ error: errorText(error) }, 'the watch of links ended; it starts again');
        }
        await pause(clock, RESTART_MS, signal);
        tell();
      }
    },
    onChange: (fn) => {
      const own = (): void => fn();
      listeners.add(own);
      return () => listeners.delete(own);
    },
    waitFor: async (pick, signal) => {
      for (;;) {
        signal.throwIfAborted();
        // Subscribed before looking: a change while we look wakes us again.
        const woken = Promise.withResolvers<void>();
        const wake = (): void => woken.resolve();
        listeners.add(wake);
        signal.addEventListener('abort', wake, { once: true });
        const cancel = clock.after(SAFETY_MS, wake);
        try {
          const picked = pick(await lookup());
          if (picked !== undefined) return picked;
          await woken.promise;
        } finally {
          listeners.delete(wake);
          signal.removeEventListener('abort', wake);
          cancel();
        }
      }
    },
  };
}

/** Callers that come while a lookup runs share the next one: the running one may have missed what woke them. */
function createSharedLookup<T>(look: () => Promise<T>): () => Promise<T> {
  let running: Promise<unknown> = Promise.resolve();
  let next: Promise<T> | undefined;
  return () => {
    next ??= running.then(() => {
      const started = look();
      running = started.catch(() => undefined);
      next = undefined;
      return started;
    });
    return next;
  };
}
