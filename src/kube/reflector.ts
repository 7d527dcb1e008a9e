// The loop that follows one resource for ever: paged list, watch, resume, relist when expired; it never stops by itself.
import type { Clock } from '../base/clock.ts';
import { errorText, TrunklineError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import { pause } from './abortable.ts';
import { ApiError, isGone } from './api-error.ts';
import { backoffMs } from './backoff.ts';
import type { KubeClient, KubeObject, ListOptions, ListPage, Resource, WatchEvent } from './types.ts';

/** What a reflector tells, one thing after the other in the order of the server; nothing of it throws. */
export interface ReflectorSink<S> {
  /** One page of a list; `startsOver` forgets the unfinished pages before it, `last` makes the list current, when it resolves. */
  page(page: ListPage<S>): Promise<void>;
  event(type: 'ADDED' | 'MODIFIED' | 'DELETED', object: S): void;
  /** The server was heard: a page, an event or a bookmark. */
  heard(): void;
}

export interface ReflectorOptions<S extends KubeObject> {
  readonly client: KubeClient;
  readonly resource: Resource<S>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  /** The cluster may not have the kind: until it has, nothing is there. */
  readonly optional?: boolean | undefined;
}

const BACKOFF_BASE_MS = 100;
const BACKOFF_MAX_MS = 30_000;
const MIN_WATCH_SECONDS = 240;
const HEALTHY_WATCH_MS = 5_000;

/**
 * Runs until `signal` aborts, then resolves. A list or watch that fails is logged and tried again with back-off. A watch is resumed from the
 * last version seen, bookmarks included; when the server says that version is of no use (410, or any refusal of the request itself), the
 * resource is listed again.
 */
export async function runReflector<S extends KubeObject>(
  options: ReflectorOptions<S>,
  sink: ReflectorSink<S>,
  signal: AbortSignal,
): Promise<void> {
  const state: State = { version: undefined, failures: 0, listed: false };
  while (!signal.aborted) {
    try {
      state.version ??= await listOnce(options, sink, signal);
      state.listed = true;
      await watchOnce(options, sink, state, state.version, signal);
    } catch (error) {
      if (signal.aborted) return;
      if (needsRelist(error)) state.version = undefined;
      state.failures += 1;
      if (isAbsent(options, state, error)) await tellAbsence(options, sink, state);
      else logFailure(options, state, error);
    }
    if (state.failures > 0) await backOff(options, state.failures - 1, signal);
  }
}

interface State {
  /** Where to resume the watch; absent: list first. */
  version: string | undefined;
  /** In a row, without a healthy watch in between: a list that works and a watch that does not must back off too. */
  failures: number;
  /** A list was complete once. */
  listed: boolean;
}

/** Only before the first list: a server that forgets a kind for a moment, as one that starts may, must not look like one whose objects are gone. */
const isAbsent = (options: ReflectorOptions<KubeObject>, { listed }: State, error: unknown): boolean =>
  options.optional === true && !listed && error instanceof ApiError && ABSENT.includes(error.status);

/** Not known, or known and not implemented. */
const ABSENT: readonly number[] = [404, 501];

async function tellAbsence<S extends KubeObject>(
  { logger, resource }: ReflectorOptions<S>,
  sink: ReflectorSink<S>,
  { failures }: State,
): Promise<void> {
  if (failures === 1)
    logger.info({ resource: resource.plural }, 'the cluster does not have this kind; it is asked for again');
  sink.heard();
  await sink.page({ items: [], resourceVersion: '', startsOver: true, last: true });
}

async function listOnce<S extends KubeObject>(
  options: ReflectorOptions<S>,
  sink: ReflectorSink<S>,
  signal: AbortSignal,
): Promise<string> {
  let version = '';
  for await (const page of pagesOf(options, signal)) {
    // Work that other parts wait for must not run on after they were told to stop.
    signal.throwIfAborted();
    sink.heard();
    await sink.page(page);
    version = page.resourceVersion;
  }
  return version;
}

async function* pagesOf<S extends KubeObject>(
  options: ReflectorOptions<S>,
  signal: AbortSignal,
): AsyncGenerator<ListPage<S>> {
  const { client, resource } = options;
  const request = { ...selection(options), signal };
  if (client.listPages !== undefined) yield* client.listPages(resource, request);
  else yield { ...(await client.list(resource, request)), startsOver: true, last: true };
}

async function watchOnce<S extends KubeObject>(
  options: ReflectorOptions<S>,
  sink: ReflectorSink<S>,
  state: State,
  resourceVersion: string,
  signal: AbortSignal,
): Promise<void> {
  const { client, resource, clock, random } = options;
  const startedAtMs = clock.monotonicMs();
  // Jittered, so that a thousand agents that started together do not return together.
  const timeoutSeconds = Math.floor(MIN_WATCH_SECONDS * (1 + random()));
  let heardAnything = false;
  for await (const event of client.watch(resource, {
    ...selection(options),
    resourceVersion,
    timeoutSeconds,
    signal,
  })) {
    if (signal.aborted) return;
    heardAnything = true;
    state.failures = 0;
    sink.heard();
    state.version = versionOf(event);
    if (event.type !== 'BOOKMARK') sink.event(event.type, event.object);
  }
  // A server that closes at once and says nothing would otherwise be asked in a tight loop.
  const healthy = heardAnything || clock.monotonicMs() - startedAtMs >= HEALTHY_WATCH_MS;
  state.failures = healthy ? 0 : state.failures + 1;
}

function selection(
  options: ReflectorOptions<KubeObject>,
): Pick<ListOptions, 'namespace' | 'labelSelector' | 'fieldSelector'> {
  const { namespace, labelSelector, fieldSelector } = options;
  return {
    ...(namespace === undefined ? {} : { namespace }),
    ...(labelSelector === undefined ? {} : { labelSelector }),
    ...(fieldSelector === undefined ? {} : { fieldSelector }),
  };
}

function versionOf(event: WatchEvent<KubeObject>): string | undefined {
  return event.type === 'BOOKMARK' ? event.resourceVersion : event.object.metadata.resourceVersion;
}

/** True when asking again with the same version cannot help, as with 410. A broken connection, throttling or a failing server can pass. */
function needsRelist(error: unknown): boolean {
  if (!(error instanceof ApiError)) return false;
  // A server restored from a backup, or a fresh one, has never seen our version.
  if (error.details?.causes?.some((cause) => cause.reason === 'ResourceVersionTooLarge')) return true;
  return (
    error.status >= 400 && error.status < 500 && error.status !== 401 && error.status !== 403 && error.status !== 429
  );
}

function logFailure(options: ReflectorOptions<KubeObject>, state: State, error: unknown): void {
  const fields = {
    resource: options.resource.plural,
    failures: state.failures,
    relist: state.version === undefined,
    error: errorText(error),
    ...(error instanceof TrunklineError ? { code: error.code } : {}),
  };
  if (isGone(error)) options.logger.info(fields, 'watch expired; the resource is listed again');
  else options.logger.warn(fields, 'list or watch failed; it is tried again');
}

async function backOff(options: ReflectorOptions<KubeObject>, failures: number, signal: AbortSignal): Promise<void> {
  const delayMs = backoffMs(failures, { baseMs: BACKOFF_BASE_MS, maxMs: BACKOFF_MAX_MS, random: options.random });
  await pause(options.clock, delayMs, signal);
}
