// One watch connection of the client.
import type { Clock } from '../base/clock.ts';
import type { ApiCaller } from './api-caller.ts';
import { ApiError, connectionError } from './api-error.ts';
import { collectionPath, withQuery } from './paths.ts';
import type { KubeObject, ListOptions, Resource, WatchEvent } from './types.ts';
import { bodyLines, decodeWatchLine, watchFailure } from './watch-stream.ts';

const DEFAULT_TIMEOUT_SECONDS = 300;
const SILENCE_MARGIN_MS = 30_000;

export interface WatchOptions extends ListOptions {
  readonly resourceVersion: string;
  readonly timeoutSeconds?: number;
}

/**
 * Events of one connection, with bookmarks. Ends when the server closes it between two lines; throws ApiError otherwise, also after a silence
 * of the server's time-out plus 30 s (a connection that died without a word), or the signal's reason when aborted. Leaving the loop closes
 * the connection.
 */
export async function* openWatch<T extends KubeObject>(
  deps: { readonly caller: ApiCaller; readonly clock: Clock },
  resource: Resource<T>,
  options: WatchOptions,
): AsyncGenerator<WatchEvent<T>> {
  const timeoutSeconds = options.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS;
  const path = withQuery(collectionPath(resource, options.namespace), {
    watch: true,
    allowWatchBookmarks: true,
    resourceVersion: options.resourceVersion,
    timeoutSeconds,
    labelSelector: options.labelSelector,
    fieldSelector: options.fieldSelector,
  });
  const call = `GET ${path}`;
  const guard = guardSilence(deps.clock, call, timeoutSeconds * 1000 + SILENCE_MARGIN_MS, options.signal);
  try {
    const body = await deps.caller.open({ method: 'GET', path, lane: 'watch', signal: guard.signal });
    for await (const line of bodyLines(call, body, guard.heard)) yield decodeWatchLine<T>(call, line);
  } catch (error) {
    if (options.signal?.aborted) throw options.signal.reason;
    throw guard.signal.reason instanceof ApiError ? guard.signal.reason : watchFailure(call, error);
  } finally {
    guard.release();
  }
}

interface SilenceGuard {
  readonly signal: AbortSignal;
  readonly heard: () => void;
  readonly release: () => void;
}

function guardSilence(clock: Clock, call: string, silenceMs: number, outer: AbortSignal | undefined): SilenceGuard {
  const controller = new AbortController();
  const onAbort = (): void => controller.abort(outer?.reason);
  if (outer?.aborted) onAbort();
  outer?.addEventListener('abort', onAbort, { once: true });
  let heardAtMs = clock.monotonicMs();
  let cancel: () => void;
  // One timer that looks at the time, rather than a timer reset by every chunk.
  const arm = (ms: number): void => {
    cancel = clock.after(ms, () => {
      const remainingMs = heardAtMs + silenceMs - clock.monotonicMs();
      if (remainingMs > 0) arm(remainingMs);
      else controller.abort(connectionError(call, `the watch was silent for ${silenceMs} ms`, 'Timeout'));
    });
  };
  arm(silenceMs);
  return {
    signal: controller.signal,
    heard: () => {
      heardAtMs = clock.monotonicMs();
    },
    release: () => {
      cancel();
      outer?.removeEventListener('abort', onAbort);
    },
  };
}
