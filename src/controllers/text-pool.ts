// One copy of each text that many objects carry, such as the name of a node, since every decoded object brings its own.

/** Gives back an equal text that was seen before, or this one. */
export type TextPool = (text: string) => string;

/** Beyond this many different texts the pool starts over; nothing is wrong then, only kept twice. */
const LIMIT = 50_000;

/** For texts of which there are far fewer than objects: a text that only one object carries costs a place here. */
export function createTextPool(limit = LIMIT): TextPool {
  const known = new Map<string, string>();
  return (text) => {
    const before = known.get(text);
    if (before !== undefined) return before;
    if (known.size >= limit) known.clear();
    known.set(text, text);
    return text;
  };
}

/** Words that programs say of many objects alike, and times at which many of them are touched. */
const SAID: ReadonlySet<string> = new Set([
  'type',
  'reason',
  'message',
  'target',
  'lastTransitionTime',
  'lastHeartbeatTime',
]);

/** The same value, in which what conditions and figures say is one copy each with what was said before. Nobody may change what it gives. */
export function withSharedWords<T>(value: T, text: TextPool): T {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((each: unknown) => withSharedWords(each, text)) as T;
  const copy = { ...value } as Record<string, unknown>;
  for (const [key, each] of Object.entries(copy))
    copy[key] = typeof each === 'string' ? (SAID.has(key) ? text(each) : each) : withSharedWords(each, text);
  return copy as T;
}
