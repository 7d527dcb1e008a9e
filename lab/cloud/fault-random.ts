// Chances for faults: the same sequence in every run when a seed is given.

/** A number from 0 (included) to 1 (excluded). */
export type Random = () => number;

/** Mulberry32 from the seed; without one the process's own randomness. */
export function createRandom(seed: number | undefined): Random {
  if (seed === undefined) return () => Math.random();
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
