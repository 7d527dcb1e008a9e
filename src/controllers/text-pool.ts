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
