// Watch: which events a request sees, from where, and as what; the transport is http/watch-stream.ts.
import type { Core, Scope } from '../core.ts';
import { collectionOf } from '../core.ts';
import type { Status } from '../status.ts';
import { expired, invalid } from '../status.ts';
import { forbiddenField } from '../field-error.ts';
import type { StoreEvent } from '../storage/store.ts';
import { StoredObject } from '../storage/store.ts';
import type { Filter } from './read.ts';
import { filterOf, keyPrefix, parseRevision } from './read.ts';

/** What a watcher is told. `bookmark` carries only a revision. */
export type Notice =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly entry: StoredObject }
  | { readonly type: 'BOOKMARK'; readonly revision: number }
  | { readonly type: 'ERROR'; readonly status: Status };

export interface Watch {
  /** Stops the notices. */
  stop(): void;
  /** Revision up to which everything was told. */
  readonly revision: number;
}

/**
 * Tells `listener` what happened after the request's resourceVersion, and from then on what happens; without one (or with 0)
 * first every existing object as ADDED. A version that the history no longer reaches is told as an ERROR notice (410), as a
 * real server does, not thrown. Throws 400 and 422 for faulty parameters.
 */
export function openWatch(core: Core, scope: Scope, listener: (notice: Notice) => void): Watch {
  if ((scope.query.get('sendInitialEvents') ?? '') !== '')
    throw invalid('meta.k8s.io', 'ListOptions', '', [
      forbiddenField(
        'sendInitialEvents',
        'sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled',
      ),
    ]);
  const asked = parseRevision(scope.query.get('resourceVersion') ?? '');
  const filter = filterOf(scope);
  const prefix = keyPrefix(scope);
  const collection = collectionOf(core, scope.definition);
  const inNamespace = (event: StoreEvent): boolean =>
    prefix === undefined || event.current.object.metadata.namespace === scope.namespace;
  let after = asked ?? 0;
  let revision = core.store.revision;
  const tell = (event: StoreEvent): void => {
    if (event.revision <= after || !inNamespace(event)) return;
    const notice = noticeOf(event, filter);
    if (notice !== undefined) listener(notice);
  };

  if (after === 0) {
    after = core.store.revision;
    for (const entry of collection.list(prefix)) {
      if (filter === undefined || filter(entry.object)) listener({ type: 'ADDED', entry });
    }
  } else {
    const missed = collection.eventsAfter(after);
    if (missed === undefined) {
      listener({
        type: 'ERROR',
        status: expired(`too old resource version: ${after} (${collection.oldestRevision})`).toStatus(),
      });
      return { stop: () => undefined, revision: after };
    }
    for (const event of missed) tell(event);
  }
  const stop = collection.subscribe(tell);
  return {
    stop,
    get revision() {
      // Everything is told synchronously, so the store's revision is also the watcher's.
      revision = Math.max(after, core.store.revision);
      return revision;
    },
  };
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
