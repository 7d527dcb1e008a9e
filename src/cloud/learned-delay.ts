// Learns how long something usually takes, so that the first look comes when it has just happened.

export interface LearnedDelay {
  /** When to look first, in milliseconds after the start. */
  guessMs(): number;
  /**
   * One happened: seen after `readyMs`; `lastEarlyMs` is when it was last seen not to have happened, absent when the first look
   * was late enough.
   */
  learn(readyMs: number, lastEarlyMs: number | undefined): void;
  /** False until the first `learn`. */
  readonly taught: boolean;
}

const SHORTEST_MS = 20;
const LONGEST_MS = 10_000;
/** A look this much later than asked says nothing about whether the guess could be shorter. */
const PROMPT = 1.3;
const SHRINK_AFTER = 50;

/** Looks that come too early cost a call each, so the guess shrinks carefully and grows at once. */
export function createLearnedDelay(firstGuessMs: number): LearnedDelay {
  let guess = firstGuessMs;
  let met = false;
  let inTime = 0;
  let taught = false;
  const set = (next: number): void => {
    guess = Math.min(LONGEST_MS, Math.max(SHORTEST_MS, next));
  };
  return {
    guessMs: () => guess,
    get taught() {
      return taught;
    },
    learn: (readyMs, lastEarlyMs) => {
      taught = true;
      if (lastEarlyMs === undefined) {
        inTime += 1;
        // Somebody looked sooner, and it had happened.
        if (readyMs < guess) return set(guess + (readyMs - guess) / 2);
        if (readyMs > guess * PROMPT) return;
        // Until the first look that came too early, the lower bound is not known.
        if (!met) set(guess * 0.8);
        else if (inTime % SHRINK_AFTER === 0) set(guess * 0.95);
        return;
      }
      const seen = Math.min(readyMs * 1.1, lastEarlyMs * 1.5, guess * 4);
      set(met ? guess + (seen - guess) / 2 : seen);
      met = true;
      inTime = 0;
    },
  };
}
