// Keys of a collection in their order, kept sorted as they come and go.

export interface SortedKeys {
  add(key: string): void;
  remove(key: string): void;
  /** The keys that start with `prefix` and are not before `from`, in order. */
  range(prefix: string, from?: string): readonly string[];
}

/** So many that a range is a few copies, so few that a key in the middle of thousands moves hardly any others. */
const MAX_BLOCK = 512;

/** Ordered by code units, as etcd orders the bytes of ASCII names. */
export function createSortedKeys(): SortedKeys {
  // The keys in order, cut into blocks; none is empty, unless it is the only one.
  const blocks: string[][] = [[]];
  /** The block that holds `key` if any does: the last that does not begin after it. */
  const blockOf = (key: string): number => {
    let low = 0;
    let high = blocks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (firstOf(blocks[middle]) <= key) low = middle;
      else high = middle - 1;
    }
    return low;
  };
  return {
    add(key) {
      const at = blockOf(key);
      const keys = blocks[at] ?? [];
      const index = firstFrom(keys, key);
      if (keys[index] !== key) keys.splice(index, 0, key);
      if (keys.length > MAX_BLOCK) blocks.splice(at + 1, 0, keys.splice(MAX_BLOCK / 2));
    },
    remove(key) {
      const at = blockOf(key);
      const keys = blocks[at] ?? [];
      const index = firstFrom(keys, key);
      if (keys[index] !== key) return;
      keys.splice(index, 1);
      if (keys.length === 0 && blocks.length > 1) blocks.splice(at, 1);
    },
    range(prefix, from = '') {
      const start = from > prefix ? from : prefix;
      // No key has a character above this one: names are ASCII.
      const end = `${prefix}\uffff`;
      const found: string[][] = [];
      for (let at = blockOf(start); at < blocks.length; at += 1) {
        const keys = blocks[at] ?? [];
        const part = keys.slice(firstFrom(keys, start), prefix === '' ? keys.length : firstFrom(keys, end));
        if (part.length > 0) found.push(part);
        else if (firstOf(keys) > end) break;
      }
      return found.length === 1 ? (found[0] ?? []) : found.flat();
    },
  };
}

const firstOf = (keys: readonly string[] | undefined): string => keys?.[0] ?? '';

/** The index of the first key that is not before `wanted`. */
function firstFrom(keys: readonly string[], wanted: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((keys[middle] ?? '') < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}
