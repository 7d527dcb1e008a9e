// Faults on command: errors instead of answers, delays, answers that get lost, tasks that fail or never end.
import { type PageGap, pagedList, withGap } from './fault-pages.ts';
import type { Random } from './fault-random.ts';

/** `action` is one action's name, or `*` for every action. */
export interface FaultTarget {
  readonly action: string;
  /** How many calls it hits; may be Infinity. */
  readonly times?: number;
}

export interface ErrorFault extends FaultTarget {
  readonly code: string;
  readonly message?: string;
  /** Chance of each call, above 0 and at most 1; with it `times` counts the calls that were hit and is Infinity by default. */
  readonly probability?: number;
}

export interface DelayFault extends FaultTarget {
  /** Milliseconds, or the ends of a range (both included) from which every call gets its own. */
  readonly ms: number | readonly [number, number];
}

export interface PageFault extends FaultTarget {
  /** Objects that are missing from each page; default 1. */
  readonly omit?: number;
  /** Default true: TotalCount counts what is missing. */
  readonly counted?: boolean;
  /** Chance of each page, above 0 and at most 1; with it `times` counts the pages that were hit and is Infinity by default. */
  readonly probability?: number;
}

export interface Faults {
  /** The next `times` (default 1) calls of the action answer `code` and do nothing. Throws RangeError for a bad chance. */
  failNext(fault: ErrorFault): void;
  /** The next `times` (default Infinity) calls wait before they act; the newest delay that fits is taken. Throws RangeError for a bad range. */
  delay(fault: DelayFault): void;
  /** The next `times` (default 1) calls act, then the connection is cut instead of an answer. */
  dropReply(fault: FaultTarget): void;
  /** The tasks of the next `times` (default 1) calls end FAILED and leave nothing. */
  failTask(fault: FaultTarget): void;
  /** The tasks of the next `times` (default 1) calls stay RUNNING, and what they work on in its state, e.g. an ENI ATTACHING. */
  stallTask(fault: FaultTarget): void;
  /** The next `times` (default 1) pages of a describe call that list anything lack objects that exist. Throws RangeError for a bad chance and an action that lists nothing. */
  partialPage(fault: PageFault): void;
  clear(): void;
  /** Used up by the server, as are those below. */
  takeError(action: string): { readonly code: string; readonly message: string } | undefined;
  /** Milliseconds; 0 without a delay. */
  takeDelay(action: string): number;
  takeDrop(action: string): boolean;
  takeTaskFailure(action: string): boolean;
  takeTaskStall(action: string): boolean;
  /** The answer as it is, or without what a fault takes from its page. */
  takePage(action: string, answer: object): object;
  /** Faults to come; those that are used up are left out. */
  save(): PendingFaults;
  restore(saved: PendingFaults): void;
}

/** `left` is how many calls each still hits, and may be Infinity. */
export interface PendingFaults {
  readonly errors: readonly PendingError[];
  readonly delays: readonly PendingDelay[];
  readonly drops: readonly Pending[];
  readonly failures: readonly Pending[];
  readonly stalls: readonly Pending[];
  readonly gaps: readonly PendingGap[];
}

export interface Pending {
  readonly action: string;
  readonly probability: number;
  left: number;
}
export interface PendingError extends Pending {
  readonly code: string;
  readonly message: string;
}
export interface PendingGap extends Pending, PageGap {}
export interface PendingDelay extends Pending {
  readonly from: number;
  readonly to: number;
}

/** No faults until asked for. */
export function createFaults(random: Random): Faults {
  const errors: PendingError[] = [];
  const delays: PendingDelay[] = [];
  const drops: Pending[] = [];
  const failures: Pending[] = [];
  const stalls: Pending[] = [];
  const gaps: PendingGap[] = [];
  const take = <T extends Pending>(list: readonly T[], action: string): T | undefined => {
    const pending = list.find(
      (candidate) =>
        candidate.left > 0 &&
        (candidate.action === action || candidate.action === '*') &&
        (candidate.probability === 1 || random() < candidate.probability),
    );
    if (pending !== undefined) pending.left -= 1;
    return pending;
  };
  const target = ({ action, times = 1 }: FaultTarget): Pending => ({ action, left: times, probability: 1 });
  return {
    failNext: ({ action, code, message, probability = 1, times }) => {
      checkProbability(probability);
      errors.push({
        action,
        code,
        message: message ?? `${action === '*' ? 'the call' : action} was told to fail`,
        probability,
        left: times ?? (probability < 1 ? Infinity : 1),
      });
    },
    delay: ({ action, ms, times = Infinity }) => {
      const [from, to] = typeof ms === 'number' ? [ms, ms] : ms;
      if (!(from >= 0 && to >= from)) throw new RangeError(`a delay of ${from} to ${to} ms is not a range`);
      delays.unshift({ action, from, to, left: times, probability: 1 });
    },
    dropReply: (fault) => void drops.push(target(fault)),
    failTask: (fault) => void failures.push(target(fault)),
    stallTask: (fault) => void stalls.push(target(fault)),
    partialPage: ({ action, omit = 1, counted = true, probability = 1, times }) => {
      checkProbability(probability);
      if (action !== '*' && !action.startsWith(LISTING))
        throw new RangeError(`${action} lists nothing; partial pages are of actions whose name begins with ${LISTING}`);
      gaps.push({ action, omit, counted, probability, left: times ?? (probability < 1 ? Infinity : 1) });
    },
    clear: () => {
      for (const list of [errors, delays, drops, failures, stalls, gaps]) list.length = 0;
    },
    takeError: (action) => take(errors, action),
    takeDelay: (action) => {
      const found = take(delays, action);
      if (found === undefined) return 0;
      return found.from === found.to ? found.from : found.from + Math.floor(random() * (found.to - found.from + 1));
    },
    takeDrop: (action) => take(drops, action) !== undefined,
    takeTaskFailure: (action) => take(failures, action) !== undefined,
    takeTaskStall: (action) => take(stalls, action) !== undefined,
    takePage: (action, answer) => {
      if (gaps.length === 0 || !action.startsWith(LISTING)) return answer;
      const list = pagedList(answer);
      const gap = list === undefined ? undefined : take(gaps, action);
      return list === undefined || gap === undefined ? answer : withGap(answer, list, gap, random);
    },
    save: () => ({
      errors: toCome(errors),
      delays: toCome(delays),
      drops: toCome(drops),
      failures: toCome(failures),
      stalls: toCome(stalls),
      gaps: toCome(gaps),
    }),
    restore: (saved) => {
      errors.splice(0, Infinity, ...toCome(saved.errors));
      delays.splice(0, Infinity, ...toCome(saved.delays));
      drops.splice(0, Infinity, ...toCome(saved.drops));
      failures.splice(0, Infinity, ...toCome(saved.failures));
      stalls.splice(0, Infinity, ...toCome(saved.stalls));
      gaps.splice(0, Infinity, ...toCome(saved.gaps));
    },
  };
}

const LISTING = 'Describe';

const toCome = <T extends Pending>(list: readonly T[]): T[] =>
  list.filter(({ left }) => left > 0).map((pending) => ({ ...pending }));

function checkProbability(probability: number): void {
  if (!(probability > 0 && probability <= 1))
    throw new RangeError(`probability is ${probability}; it must be above 0 and at most 1`);
}
