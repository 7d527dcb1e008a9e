// The newest version of an object that this process knows: its own last write or the cache, whichever is newer.
import type { Informer, KubeObject } from '../kube/types.ts';

export interface WriteMemory<T> {
  /** Remembers what the API answered to our write. */
  wrote(object: T): void;
  /** Our write while the cache is behind it, else what the cache has. */
  latest(name: string): T | undefined;
  /** Our writes that the cache does not show yet. */
  unseen(): readonly T[];
  /** The API says that there is no such object: what we wrote is the past. */
  forget(name: string): void;
}

/** Versions of one object are compared as numbers, as the API server makes them; what the cache has caught up with is forgotten. */
export function createWriteMemory<T extends KubeObject>(informer: Informer<T>): WriteMemory<T> {
  const written = new Map<string, T>();
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
      const cached = informer.get(object.metadata.name);
      if (cached === undefined || version(cached) < version(object)) written.set(object.metadata.name, object);
    },
    latest: (name) => written.get(name) ?? informer.get(name),
    unseen: () => [...written.values()],
    forget: (name) => void written.delete(name),
  };
}
