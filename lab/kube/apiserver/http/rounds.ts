// Requests that came in together are read together before any is served: reading and serving are at their fastest when they are
// not taken in turns, and a client that sleeps is woken for several answers at once.

/** So many wait for each other at most: the first of a crowd is not to wait for the last. */
const MAX_WAITING = 32;

/** Puts a step off until the event loop has been to every connection that has something to read. Steps keep their order. */
export type Round = (step: () => void) => void;

/** A round of steps of one sort, which must not throw. */
export function createRound(): Round {
  let waiting: (() => void)[] = [];
  const flush = (): void => {
    const due = waiting;
    waiting = [];
    for (const step of due) step();
  };
  return (step) => {
    waiting.push(step);
    if (waiting.length === 1) setImmediate(flush);
    else if (waiting.length >= MAX_WAITING) flush();
  };
}
