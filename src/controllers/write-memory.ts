// The newest version of an object that this process knows: its own last write or the cache, whichever is newer.
import { keyOf } from '../kube/object-key.ts';
import type { Informer, KubeObject, ObjectKey } from '../kube/types.ts';

export interface WriteMemory<T> {
  /** Remembers what the API answered to our write. */
  wrote(object: T): void;
  /** Our write while the cache is behind it, else what the cache has. */
  latest(key: ObjectKey): T | undefined;
  /** Our writes that the cache does not show yet. */
  unseen(): readonly T[];
  /** The API says that there is no such object: what we wrote is the past. */
  forget(key: ObjectKey): void;
  /** Runs what writes one object after what already writes it in this process, so that our own writers do not meet as conflicts. */
  inTurn<R>(key: ObjectKey, write: () => Promise<R>): Promise<R>;
}

/** Versions of one object are compared as numbers, as the API server makes them; what the cache has caught up with is forgotten. */
export function createWriteMemory<T extends KubeObject>(informer: Informer<T>): WriteMemory<T> {
  const written = new Map<string, T>();
  const turns = new Map<ObjectKey, Promise<unknown>>();
  const version = (object: T): number => Number(object.metadata.resourceVersion ?? 0);
  informer.onChange(({ type, key, before, after }) => {
    const own = written.get(key);
    if (own === undefined) return;
    const sameObject = (after ?? before)?.metadata.uid === own.metadata.uid;
    if (type === 'deleted' ? sameObject : after !== undefined && (!sameObject || version(after) >= version(own)))
      written.delete(key);
  });
  return {
    wrote: (object) => {
      const key = keyOf(object);
      const cached = informer.get(key);
      if (cached === undefined || version(cached) < version(object)) written.set(key, object);
    },
    latest: (key) => written.get(key) ?? informer.get(key),
    unseen: () => [...written.values()],
    forget: (key) => void written.delete(key),
    inTurn: async (key, write) => {
      const before = turns.get(key);
      const own = before === undefined ? write() : before.then(write, write);
      turns.set(key, own);
      try {
        return await own;
      } finally {
        if (turns.get(key) === own) turns.delete(key);
      }
    },
  };
}
