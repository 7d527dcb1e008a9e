// One thing at a time per key; different keys do not wait for each other.

export interface KeyLock {
  /** Runs `fn` after everything that was asked for this key before. */
  hold<T>(key: string, fn: () => Promise<T>): Promise<T>;
}

/** In order of asking; a failure does not concern those behind it. */
export function createKeyLock(): KeyLock {
  const tails = new Map<string, Promise<unknown>>();
  return {
    hold: async (key, fn) => {
      const before = tails.get(key) ?? Promise.resolve();
      const own = before.then(fn);
      const tail = own.catch(() => undefined);
      tails.set(key, tail);
      try {
        return await own;
      } finally {
        if (tails.get(key) === tail) tails.delete(key);
      }
    },
  };
}
