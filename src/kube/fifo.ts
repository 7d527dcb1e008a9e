// A first-in-first-out list whose taking does not move the rest: `Array.shift` costs 40 us an item at a backlog of 100,000.

export interface Fifo<T> {
  readonly length: number;
  push(item: T): void;
  /** The oldest item, or `undefined` when empty. */
  take(): T | undefined;
}

const COMPACT_ABOVE = 1024;

export function createFifo<T>(): Fifo<T> {
  let items: (T | undefined)[] = [];
  let head = 0;
  return {
    get length() {
      return items.length - head;
    },
    push: (item) => {
      items.push(item);
    },
    take: () => {
      if (head === items.length) return undefined;
      const item = items[head];
      items[head] = undefined;
      head += 1;
      if (head > COMPACT_ABOVE && head * 2 > items.length) {
        items = items.slice(head);
        head = 0;
      }
      return item;
    },
  };
}
