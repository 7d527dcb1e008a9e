// Chances for faults: the same sequence in every run when a seed is given.

/** A number from 0 (included) to 1 (excluded). */
export type Random = () => number;

/** A sequence that can be left and taken up again. */
export interface ResumableRandom extends Random {
  /** Where the sequence stands; null without a seed. */
  save(): number | null;
  restore(state: number | null): void;
}

/** Mulberry32 from the seed; without one the process's own randomness. */
export function createRandom(seed: number | undefined): ResumableRandom {
  let state = seed === undefined ? null : seed >>> 0;
  const next = (): number => {
    if (state === null) return Math.random();
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return Object.assign(next, {
    save: () => state,
    restore: (saved: number | null) => {
      state = saved;
    },
  });
}
