// Watch: which events a request sees, from where, and as what; the transport is http/watch-stream.ts.
import type { Core, Scope } from '../core.ts';
import { collectionOf } from '../core.ts';
import type { Status } from '../status.ts';
import { expired } from '../status.ts';
import type { SharedBytes, StoreEvent } from '../storage/store.ts';
import { StoredObject } from '../storage/store.ts';
import type { ListOptions } from './list-options.ts';
import { cachedRevision } from './list-options.ts';
import type { Filter } from './read.ts';
import { filterOf, futureRevision, keyPrefix } from './read.ts';

/** What a watcher is told. `initialEnd`: everything that existed at first was told. */
export type Notice =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly entry: StoredObject }
  | { readonly type: 'BOOKMARK'; readonly revision: number; readonly initialEnd: boolean }
  | { readonly type: 'ERROR'; readonly status: Status };

/** `shared` is the same for every watcher that is told of one change, and only then. */
export type NoticeListener = (notice: Notice, shared: SharedBytes) => void;

export interface Watch {
  /** What the client is told first, made as it is taken. An ERROR is the last one, and nothing follows it. */
  readonly first: Iterable<Notice>;
  /** A bookmark of the present; `undefined` while there is nothing newer than what the watch began with. */
  bookmark(): Notice | undefined;
  /** Stops telling. */
  stop(): void;
}

/**
 * Tells what happened after the request's resourceVersion (`first`), and to `listener` what happens from now on. Without a
 * version, or with 0, `first` is every existing object as ADDED. A version that the history no longer reaches is told as an
 * ERROR notice (410), as a real server does, not thrown. Throws 400 and 500 for faulty parameters.
 */
export function openWatch(core: Core, scope: Scope, options: ListOptions, listener: NoticeListener): Watch {
  const asked = cachedRevision(options.resourceVersion);
  const filter = filterOf(scope);
  const prefix = keyPrefix(scope);
  const collection = collectionOf(core, scope.definition);
  const current = core.store.revision;
  const streamsList = options.sendInitialEvents === true;
  if (streamsList && asked > current) return failed(futureRevision(asked, current, 1).toStatus());
  const fromState = streamsList || (asked === 0 && options.sendInitialEvents === undefined);
  const start = fromState || asked === 0 ? current : asked;
  const missed = fromState ? [] : collection.eventsAfter(start);
  if (missed === undefined)
    return failed(expired(`too old resource version: ${asked} (${collection.oldestRevision})`).toStatus());

  const seen = (event: StoreEvent): Notice | undefined =>
    // A watch may start in the future: what happens until then is none of its business.
    event.revision > start && (prefix === undefined || event.key.startsWith(prefix))
      ? noticeOf(event, filter)
      : undefined;
  const existing = fromState ? collection.list(prefix) : [];
  const stop = collection.subscribe((event, shared) => {
    const notice = seen(event);
    if (notice !== undefined) listener(notice, shared);
  });
  function* first(): Iterable<Notice> {
    for (const entry of existing) if (filter === undefined || filter(entry.object)) yield { type: 'ADDED', entry };
    if (streamsList && options.bookmarks) yield { type: 'BOOKMARK', revision: start, initialEnd: true };
    for (const event of missed ?? []) {
      const notice = seen(event);
      if (notice !== undefined) yield notice;
    }
  }
  return {
    first: first(),
    // Everything is told synchronously, so the store's revision is also the watcher's.
    bookmark: () => newer(core.store.revision, start),
    stop,
  };
}

const newer = (revision: number, start: number): Notice | undefined =>
  revision > start ? { type: 'BOOKMARK', revision, initialEnd: false } : undefined;

function failed(status: Status): Watch {
  return { first: [{ type: 'ERROR', status }], bookmark: () => undefined, stop: () => undefined };
}

/** An object that comes into a selector is ADDED to its watchers, one that leaves is DELETED. */
function noticeOf(event: StoreEvent, filter: Filter | undefined): Notice | undefined {
  if (filter === undefined) return { type: event.type, entry: event.current };
  const before = event.previous !== undefined && filter(event.previous.object);
  const now = event.type !== 'DELETED' && filter(event.current.object);
  if (now) return { type: before ? 'MODIFIED' : 'ADDED', entry: event.current };
  if (!before) return undefined;
  return { type: 'DELETED', entry: event.type === 'DELETED' ? event.current : lastSeen(event) };
}

/** The state that the watcher knows, with the revision of the change that took it out of sight. */
function lastSeen(event: StoreEvent): StoredObject {
  const object = (event.previous ?? event.current).object;
  return new StoredObject({ ...object, metadata: { ...object.metadata, resourceVersion: String(event.revision) } });
}
