// What the language has and Node 20 has not, put into the published command line and nowhere else. The sources are written for ES2024, so this is all.

const missing = <T extends object>(target: T, name: string, value: unknown): void => {
  if (!(name in target)) Object.defineProperty(target, name, { value, configurable: true, writable: true });
};

missing(Map, 'groupBy', <K, T>(items: Iterable<T>, keyOf: (item: T, index: number) => K): Map<K, T[]> => {
  const groups = new Map<K, T[]>();
  let index = 0;
  for (const item of items) {
    const key = keyOf(item, index);
    index += 1;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
});

missing(Object, 'groupBy', <T>(items: Iterable<T>, keyOf: (item: T, index: number) => PropertyKey): object =>
  Object.assign(Object.create(null), Object.fromEntries(Map.groupBy(items, keyOf))),
);

missing(Promise, 'withResolvers', () => {
  const made: { resolve?: unknown; reject?: unknown } = {};
  const promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
  return { ...made, promise };
});

export {};
