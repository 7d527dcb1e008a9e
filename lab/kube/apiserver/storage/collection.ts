// The objects of one resource: their present versions in order, and the history behind them.
import type { ApiObject } from '../json.ts';
import { createHistory } from './history.ts';
import { createSortedKeys } from './sorted-keys.ts';
import type { KnownTexts, StoreEvent } from './stored-object.ts';
import { atRevision, StoredObject } from './stored-object.ts';

/** Bytes that watchers of the same form share, kept no longer than one change is being told. */
export type SharedBytes = Map<string, Buffer>;
export type StoreListener = (event: StoreEvent, shared: SharedBytes) => void;

/** The objects of one resource, keyed `namespace/name` or `name`. */
export interface Collection {
  readonly size: number;
  get(key: string): StoredObject | undefined;
  /** Entries in the order of their keys; `prefix` (a namespace and a slash) and `from` (the first key wanted) narrow them. */
  list(prefix?: string, from?: string): readonly StoredObject[];
  /** The same as of `revision`, or `undefined` when the history no longer reaches back that far. */
  listAt(revision: number, prefix?: string, from?: string): readonly StoredObject[] | undefined;
  /** Stores a new object, with the texts of its parts that are known; `undefined` when the key is taken. */
  create(key: string, object: ApiObject, texts?: KnownTexts): StoredObject | undefined;
  /** Replaces exactly `expected`; `undefined` when something else is stored by now. */
  update(key: string, expected: StoredObject, object: ApiObject): StoredObject | undefined;
  /** Removes exactly `expected`; `last` is the final state to show watchers. `undefined` when something else is stored by now. */
  remove(key: string, expected: StoredObject, last: ApiObject): StoredObject | undefined;
  /** Events after `revision`, oldest first, or `undefined` when the history no longer reaches back that far. */
  eventsAfter(revision: number): readonly StoreEvent[] | undefined;
  /** Oldest revision a watch can start after. */
  readonly oldestRevision: number;
  /** Called synchronously after each change; returns the way to stop. */
  subscribe(listener: StoreListener): () => void;
  /** Forgets the history up to `revision`: watches from before it answer 410. */
  compact(revision: number): void;
  /** Takes back an object that was stored before a restart, with the version it has. Subscribers see it ADDED; the history does not. */
  restore(key: string, object: ApiObject): void;
  /** Every key with what is stored under it, in order. */
  entries(): readonly (readonly [string, StoredObject])[];
}

interface CollectionOptions {
  readonly nextRevision: () => number;
  readonly historyLimit: number;
  /** The store's revision when the collection is made. */
  readonly revision: number;
}

export function createCollection({ nextRevision, historyLimit, revision: first }: CollectionOptions): Collection {
  const stored = new Map<string, StoredObject>();
  const keys = createSortedKeys();
  const listeners = new Set<StoreListener>();
  const history = createHistory(historyLimit, first);

  const tell = (event: StoreEvent): void => {
    const shared: SharedBytes = new Map();
    for (const listener of listeners) listener(event, shared);
  };
  const publish = (event: StoreEvent): StoredObject => {
    history.add(event);
    tell(event);
    return event.current;
  };
  const present = (key: string): StoredObject[] => {
    const found = stored.get(key);
    return found === undefined ? [] : [found];
  };
  const list = (prefix = '', from = ''): readonly StoredObject[] => {
    const found: StoredObject[] = [];
    for (const key of keys.range(prefix, from)) {
      const entry = stored.get(key);
      if (entry !== undefined) found.push(entry);
    }
    return found;
  };

  return {
    get size() {
      return stored.size;
    },
    get: (key) => stored.get(key),
    list,
    listAt(revision, prefix = '', from = '') {
      const then = history.changedSince(revision);
      if (then === undefined) return undefined;
      if (then.size === 0) return list(prefix, from);
      const inRange = (key: string): boolean => key.startsWith(prefix) && key >= from;
      const names = new Set([...keys.range(prefix, from), ...[...then.keys()].filter(inRange)]);
      return [...names].sort(byCodeUnits).flatMap((key) => {
        if (!then.has(key)) return present(key);
        const entry = then.get(key);
        return entry === undefined ? [] : [entry];
      });
    },
    create(key, object, texts) {
      if (stored.has(key)) return undefined;
      const revision = nextRevision();
      const current = atRevision(object, revision, texts);
      stored.set(key, current);
      keys.add(key);
      return publish({ type: 'ADDED', key, revision, current, previous: undefined });
    },
    update(key, expected, object) {
      if (stored.get(key) !== expected) return undefined;
      const revision = nextRevision();
      const current = atRevision(object, revision);
      stored.set(key, current);
      return publish({ type: 'MODIFIED', key, revision, current, previous: expected });
    },
    remove(key, expected, last) {
      if (stored.get(key) !== expected) return undefined;
      const revision = nextRevision();
      const current = atRevision(last, revision);
      stored.delete(key);
      keys.remove(key);
      return publish({ type: 'DELETED', key, revision, current, previous: expected });
    },
    eventsAfter: (revision) => history.after(revision),
    get oldestRevision() {
      return history.oldest;
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    compact: (revision) => history.compact(revision),
    restore(key, object) {
      const current = new StoredObject(object);
      stored.set(key, current);
      keys.add(key);
      tell({ type: 'ADDED', key, revision: Number(object.metadata.resourceVersion), current, previous: undefined });
    },
    entries: () => keys.range('').flatMap((key) => present(key).map((entry) => [key, entry] as const)),
  };
}

function byCodeUnits(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
