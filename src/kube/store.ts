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

/** One object, a few of them, or many. Few are never changed in place, so that whoever was given them keeps what was there. */
type Found<T> = T | readonly T[] | Set<T>;

/** Up to here a new array for each change is smaller than a Set, and no slower. */
const FEW = 64;

/** Empty at first. Objects must not be changed once they are in: index entries are computed again from the stored object when it leaves. */
export function createStore<T extends KubeObject>(indexes: IndexFunctions<T> = {}): Store<T> {
  const objects = new Map<ObjectKey, T>();
  const byValue = Object.entries(indexes).map(([name, valuesOf]) => ({
    name,
    valuesOf,
    found: new Map<string, Found<T>>(),
  }));
  // Controllers list far more often than a large collection changes.
  let snapshot: readonly T[] | undefined;

  const unindex = (object: T): void => {
    for (const { valuesOf, found } of byValue) for (const value of valuesOf(object)) leave(found, value, object);
  };
  const index = (object: T): void => {
    for (const { valuesOf, found } of byValue) for (const value of valuesOf(object)) enter(found, value, object);
  };

  return {
    get size() {
      return objects.size;
    },
    get: (key) => objects.get(key),
    list: () => (snapshot ??= [...objects.values()]),
    keys: () => [...objects.keys()],
    byIndex: (name, value) => {
      const asked = byValue.find((each) => each.name === name);
      if (asked === undefined)
        throw new RangeError(
          `no index "${name}": declared are ${byValue.map((each) => each.name).join(', ') || 'none'}`,
        );
      const found = asked.found.get(value);
      if (found === undefined) return NOTHING;
      if (isFew(found)) return found;
      return found instanceof Set ? [...found] : [found];
    },
    set: (object) => {
      const key = keyOf(object);
      const before = objects.get(key);
      if (before !== undefined) unindex(before);
      objects.set(key, object);
      index(object);
      snapshot = undefined;
    },
    delete: (key) => {
      const before = objects.get(key);
      if (before === undefined) return;
      unindex(before);
      objects.delete(key);
      snapshot = undefined;
    },
  };
}

const NOTHING: readonly never[] = Object.freeze([]);

const isFew = <T extends KubeObject>(found: Found<T>): found is readonly T[] => Array.isArray(found);

function enter<T extends KubeObject>(index: Map<string, Found<T>>, value: string, object: T): void {
  const found = index.get(value);
  if (found === undefined) index.set(value, object);
  else if (found instanceof Set) found.add(object);
  else if (!isFew(found)) {
    // A function may name a value twice.
    if (found !== object) index.set(value, [found, object]);
  } else if (!found.includes(object))
    index.set(value, found.length < FEW ? [...found, object] : new Set([...found, object]));
}

function leave<T extends KubeObject>(index: Map<string, Found<T>>, value: string, object: T): void {
  const found = index.get(value);
  if (found === object) index.delete(value);
  else if (found instanceof Set) {
    found.delete(object);
    if (found.size === 0) index.delete(value);
  } else if (found !== undefined && isFew(found)) {
    const [first, ...rest] = found.filter((each) => each !== object);
    if (first === undefined) index.delete(value);
    else index.set(value, rest.length === 0 ? first : [first, ...rest]);
  }
}
