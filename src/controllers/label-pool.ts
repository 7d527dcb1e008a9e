// One copy of each set of labels, since the Pods of a workload carry the same ones and a hundred thousand are kept in memory.
type LabelMap = Record<string, string>;

/** Beyond this many different sets the pool starts over; nothing is wrong then, only kept twice. */
const LIMIT = 20_000;

/** Gives back an equal set that was seen before, or this one. What it gives must not be changed. */
export function createLabelPool<T extends object = LabelMap>(): (labels: T) => T {
  const known = new Map<string, T>();
  return (labels) => {
    const key = JSON.stringify(labels);
    const before = known.get(key);
    if (before !== undefined) return before;
    if (known.size >= LIMIT) known.clear();
    known.set(key, labels);
    return labels;
  };
}
