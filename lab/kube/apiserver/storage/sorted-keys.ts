// Keys of a collection in their order, kept sorted as they come and go.

export interface SortedKeys {
  add(key: string): void;
  remove(key: string): void;
  /** The keys that start with `prefix` and are not before `from`, in order. */
  range(prefix: string, from?: string): readonly string[];
}

/** Ordered by code units, as etcd orders the bytes of ASCII names. */
export function createSortedKeys(): SortedKeys {
  const keys: string[] = [];
  return {
    add(key) {
      const index = lowerBound(keys, key);
      if (keys[index] !== key) keys.splice(index, 0, key);
    },
    remove(key) {
      const index = lowerBound(keys, key);
      if (keys[index] === key) keys.splice(index, 1);
    },
    range(prefix, from = '') {
      const start = lowerBound(keys, from > prefix ? from : prefix);
      // No key has a character above this one: names are ASCII.
      const end = prefix === '' ? keys.length : lowerBound(keys, `${prefix}\uffff`);
      return keys.slice(start, end);
    },
  };
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
