// The indexed copy behind an informer: objects by key, and keys by the values that index functions name.
import { keyOf } from './object-key.ts';
import type { KubeObject, ObjectKey } from './types.ts';

/** Values under which an object is found; several, or none. */
export type IndexFunctions<T> = Readonly<Record<string, (object: T) => readonly string[]>>;

export interface Store<T> {
  readonly size: number;
  get(key: ObjectKey): T | undefined;
  /** A snapshot that later changes do not touch. */
  list(): readonly T[];
  keys(): readonly ObjectKey[];
  /** Throws a RangeError for an index that was not declared. */
  byIndex(index: string, value: string): readonly T[];
  set(object: T): void;
  delete(key: ObjectKey): void;
}

/** Empty at first. Objects must not be changed once they are in: index entries are computed again from the stored object when it leaves. */
export function createStore<T extends KubeObject>(indexes: IndexFunctions<T> = {}): Store<T> {
  const objects = new Map<ObjectKey, T>();
  // Most values of most indexes name one object: a Set for each of them would take more memory than the objects.
  const keysByValue = new Map(
    Object.keys(indexes).map((name) => [name, new Map<string, ObjectKey | Set<ObjectKey>>()] as const),
  );
  // Controllers list far more often than a large collection changes.
  let snapshot: readonly T[] | undefined;

  const unindex = (key: ObjectKey, object: T): void => {
    for (const [name, values] of keysByValue)
      for (const value of indexes[name]?.(object) ?? []) {
        const keys = values.get(value);
        if (keys === key) values.delete(value);
        if (!(keys instanceof Set)) continue;
        keys.delete(key);
        if (keys.size === 0) values.delete(value);
      }
  };
  const index = (key: ObjectKey, object: T): void => {
    for (const [name, values] of keysByValue)
      for (const value of indexes[name]?.(object) ?? []) {
        const keys = values.get(value);
        if (keys === undefined) values.set(value, key);
        else if (keys instanceof Set) keys.add(key);
        else if (keys !== key) values.set(value, new Set([keys, key]));
      }
  };

  return {
    get size() {
      return objects.size;
    },
    get: (key) => objects.get(key),
    list: () => (snapshot ??= [...objects.values()]),
    keys: () => [...objects.keys()],
    byIndex: (name, value) => {
      const values = keysByValue.get(name);
      if (values === undefined)
        throw new RangeError(`no index "${name}": declared are ${[...keysByValue.keys()].join(', ') || 'none'}`);
      const keys = values.get(value);
      if (keys === undefined) return [];
      return (keys instanceof Set ? [...keys] : [keys]).flatMap((key) => objects.get(key) ?? []);
    },
    set: (object) => {
      const key = keyOf(object);
      const before = objects.get(key);
      if (before !== undefined) unindex(key, before);
      objects.set(key, object);
      index(key, object);
      snapshot = undefined;
    },
    delete: (key) => {
      const before = objects.get(key);
      if (before === undefined) return;
      unindex(key, before);
      objects.delete(key);
      snapshot = undefined;
    },
  };
}
