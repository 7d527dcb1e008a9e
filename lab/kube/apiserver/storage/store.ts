// The database: the objects of every resource in memory, one counter of revisions for everything.
import type { Collection } from './collection.ts';
import { createCollection } from './collection.ts';

export type { Collection, SharedBytes } from './collection.ts';
export { StoredObject } from './stored-object.ts';
export type { KnownTexts, StoreEvent } from './stored-object.ts';

export interface Store {
  /** Revision of the last change of anything. */
  readonly revision: number;
  /** The collection of a resource, made on first use; watches of it can start at the revision it was made at. */
  collection(id: string): Collection;
  /** Every collection made so far, with its id. */
  collections(): readonly (readonly [string, Collection])[];
  /** Forgets the history of everything, as etcd's compaction to the current revision does. */
  compact(): void;
  /** Continues from `revision`, before anything was stored; never goes back. Nothing from before can be watched. */
  continueFrom(revision: number): void;
}

/** A new, empty store. `historyLimit` is the number of events kept per resource. */
export function createStore(options: { readonly historyLimit: number }): Store {
  const collections = new Map<string, Collection>();
  // Starts at 1, as a real server never shows 0 (which means "any" in requests).
  let revision = 1;
  const nextRevision = (): number => {
    revision += 1;
    return revision;
  };
  const compact = (): void => {
    for (const collection of collections.values()) collection.compact(revision);
  };
  return {
    get revision() {
      return revision;
    },
    collection(id) {
      const found = collections.get(id);
      if (found !== undefined) return found;
      const made = createCollection({ nextRevision, historyLimit: options.historyLimit, revision });
      collections.set(id, made);
      return made;
    },
    collections: () => [...collections],
    compact,
    continueFrom(start) {
      revision = Math.max(revision, start);
      compact();
    },
  };
}
