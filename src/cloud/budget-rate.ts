// The calls per second that one action may make: begun at the documented figure, taught by what the service serves and refuses.
import type { Clock } from '../base/clock.ts';
import type { BudgetLimit } from './budget-limits.ts';

/** What is known of the calls around one that was refused for their number. */
export interface Evidence {
  /** Left in the second up to it and were answered otherwise. */
  readonly served: number;
  /** Left then too, without an answer yet. */
  readonly underWay: number;
  /** Most answers of late within one second: what left together may have arrived one by one. */
  readonly busiest: number;
}

export interface AdaptiveRate {
  perSecond(): number;
  /** Somebody had to wait: growing would help. */
  wanted(): void;
  /** A call was answered, and not with a refusal for the number of calls. */
  answered(): void;
  /** A call was refused for the number of calls. True as `learn`. */
  refused(evidence: Evidence): boolean;
  /** More became known about a refusal. True when enough was served to tell the limit. */
  learn(evidence: Evidence): boolean;
}

const SECOND_MS = 1000;
const LOWEST = 0.5;
/** So many served within the second tell the limit; fewer may be an outage, or the calls of somebody else. */
const ENOUGH = 5;
/** Between two attempts to grow after ones that failed. */
const LONGEST_GAP_MS = 16_000;

/**
 * Grows by half each second until the first refusal; afterwards by little, by twice as much each time it went well, and with longer pauses
 * after each time it did not. On a refusal it falls to what was served in that second; where that is too little to go by, by half and once
 * per second, however many calls of a burst are refused.
 */
export function createAdaptiveRate(
  clock: Clock,
  bounds: BudgetLimit,
  onLimit: (perSecond: number) => void,
): AdaptiveRate {
  const smallestStep = Math.max(0.5, bounds.max * 0.01);
  let limit = Math.min(bounds.start, bounds.max);
  let told = limit;
  let probing = true;
  let wanted = false;
  let grownAt = clock.monotonicMs();
  let cutAt = Number.NEGATIVE_INFINITY;
  let beforeCut = limit;
  let step = smallestStep;
  let gapMs = SECOND_MS;
  const tell = (): void => {
    if (told === limit) return;
    told = limit;
    onLimit(limit);
  };
  const grow = (now: number): void => {
    if (!wanted || now - Math.max(cutAt, grownAt) < gapMs) return;
    const wentWell = grownAt > cutAt;
    step = wentWell ? Math.max(smallestStep, Math.min(step * 2, limit / 2)) : smallestStep;
    if (wentWell) gapMs = SECOND_MS;
    grownAt = now;
    wanted = false;
    limit = Math.min(bounds.max, probing ? limit * 1.5 : limit + step);
  };
  const shownBy = ({ served, underWay, busiest }: Evidence): number => {
    const most = Math.max(served + underWay, busiest);
    // Where no less was served than is allowed, calls only met on their way.
    return most < beforeCut ? most : beforeCut - Math.max(0.25, beforeCut * 0.02);
  };
  const learn = (evidence: Evidence): boolean => {
    const sure = evidence.served >= ENOUGH;
    const least = sure ? LOWEST : Math.max(LOWEST, beforeCut / 2);
    if (clock.monotonicMs() - cutAt < SECOND_MS) limit = Math.max(least, shownBy(evidence));
    return sure;
  };
  return {
    perSecond: () => limit,
    wanted: () => {
      wanted = true;
    },
    answered: () => {
      grow(clock.monotonicMs());
      tell();
    },
    refused: (evidence) => {
      const now = clock.monotonicMs();
      const first = now - cutAt >= SECOND_MS;
      if (first) {
        const failed = !probing && grownAt > cutAt && now - grownAt < 2 * SECOND_MS;
        gapMs = failed ? Math.min(LONGEST_GAP_MS, gapMs * 2) : SECOND_MS;
        cutAt = now;
        beforeCut = limit;
        probing = false;
      }
      // The others of a burst only make the count more exact.
      const sure = learn(evidence);
      if (first) tell();
      return sure;
    },
    learn,
  };
}
