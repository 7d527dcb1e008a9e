// The database: objects in memory, one counter of revisions for everything, and a bounded history that watches replay.
import type { ApiObject } from '../json.ts';

/** One stored version of an object. Never changed after it was stored; `json` is made once, on first use. */
export class StoredObject {
  readonly object: ApiObject;
  #json: string | undefined;
  constructor(object: ApiObject) {
    this.object = object;
  }
  get json(): string {
    this.#json ??= JSON.stringify(this.object);
    return this.#json;
  }
}

/** A change, in the order of `revision`. `current` of a DELETED event is the last state with the revision of the deletion. */
export interface StoreEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly revision: number;
  readonly current: StoredObject;
  readonly previous: StoredObject | undefined;
}

/** The objects of one resource, keyed `namespace/name` or `name`. */
export interface Collection {
  readonly size: number;
  get(key: string): StoredObject | undefined;
  /** Entries in the order of their keys; `prefix` (a namespace and a slash) narrows them. */
  list(prefix?: string): readonly StoredObject[];
  /** Stores a new object; `undefined` when the key is taken. */
  create(key: string, object: ApiObject): StoredObject | undefined;
  /** Replaces exactly `expected`; `undefined` when something else is stored by now. */
  update(key: string, expected: StoredObject, object: ApiObject): StoredObject | undefined;
  /** Removes exactly `expected`; `last` is the final state to show watchers. `undefined` when something else is stored by now. */
  remove(key: string, expected: StoredObject, last: ApiObject): StoredObject | undefined;
  /** Events after `revision`, oldest first, or `undefined` when the history no longer reaches back that far. */
  eventsAfter(revision: number): readonly StoreEvent[] | undefined;
  /** Oldest revision a watch can start after. */
  readonly oldestRevision: number;
  /** Called synchronously after each change; returns the way to stop. */
  subscribe(listener: (event: StoreEvent) => void): () => void;
}

export interface Store {
  /** Revision of the last change of anything. */
  readonly revision: number;
  /** The collection of a resource, made on first use. */
  collection(id: string): Collection;
}

/** A new, empty store. `historyLimit` is the number of events kept per resource. */
export function createStore(options: { readonly historyLimit: number }): Store {
  const collections = new Map<string, Collection>();
  // Starts at 1, as a real server never shows 0 (which means "any" in requests).
  let revision = 1;
  const next = (): number => {
    revision += 1;
    return revision;
  };
  return {
    get revision() {
      return revision;
    },
    collection(id) {
      const found = collections.get(id);
      if (found !== undefined) return found;
      const made = createCollection(next, options.historyLimit);
      collections.set(id, made);
      return made;
    },
  };
}

function createCollection(nextRevision: () => number, historyLimit: number): Collection {
  const entries = new Map<string, StoredObject>();
  const listeners = new Set<(event: StoreEvent) => void>();
  let history: StoreEvent[] = [];
  let oldestRevision = 0;
  let sortedKeys: string[] | undefined;

  const publish = (event: StoreEvent): void => {
    history.push(event);
    // Dropped in batches, so that each change costs a push and not a shift of the whole history.
    if (history.length > historyLimit * 2) {
      const dropped = history.length - historyLimit;
      oldestRevision = history[dropped - 1]?.revision ?? oldestRevision;
      history = history.slice(dropped);
    }
    for (const listener of listeners) listener(event);
  };
  const stamped = (object: ApiObject, revision: number): StoredObject =>
    new StoredObject({ ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } });

  return {
    get size() {
      return entries.size;
    },
    get: (key) => entries.get(key),
    list(prefix) {
      sortedKeys ??= [...entries.keys()].sort(byCodeUnits);
      const found: StoredObject[] = [];
      for (
        let index = prefix === undefined ? 0 : lowerBound(sortedKeys, prefix);
        index < sortedKeys.length;
        index += 1
      ) {
        const key = sortedKeys[index] ?? '';
        if (prefix !== undefined && !key.startsWith(prefix)) break;
        const entry = entries.get(key);
        if (entry !== undefined) found.push(entry);
      }
      return found;
    },
    create(key, object) {
      if (entries.has(key)) return undefined;
      const revision = nextRevision();
      const current = stamped(object, revision);
      entries.set(key, current);
      sortedKeys = undefined;
      publish({ type: 'ADDED', revision, current, previous: undefined });
      return current;
    },
    update(key, expected, object) {
      if (entries.get(key) !== expected) return undefined;
      const revision = nextRevision();
      const current = stamped(object, revision);
      entries.set(key, current);
      publish({ type: 'MODIFIED', revision, current, previous: expected });
      return current;
    },
    remove(key, expected, last) {
      if (entries.get(key) !== expected) return undefined;
      const revision = nextRevision();
      const current = stamped(last, revision);
      entries.delete(key);
      sortedKeys = undefined;
      publish({ type: 'DELETED', revision, current, previous: expected });
      return current;
    },
    eventsAfter(revision) {
      if (revision < oldestRevision) return undefined;
      return history.slice(firstAfter(history, revision));
    },
    get oldestRevision() {
      return oldestRevision;
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

function byCodeUnits(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

function lowerBound(keys: readonly string[], wanted: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((keys[middle] ?? '') < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}

function firstAfter(events: readonly StoreEvent[], revision: number): number {
  let low = 0;
  let high = events.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((events[middle]?.revision ?? 0) <= revision) low = middle + 1;
    else high = middle;
  }
  return low;
}
