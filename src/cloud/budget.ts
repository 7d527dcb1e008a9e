// Spends the calls per second of each action by priority, and adapts them to what the service refuses.
import type { Clock } from '../base/clock.ts';
import { type BudgetLimit, DEFAULT_LIMIT, documentedLimits } from './budget-limits.ts';
import { createAdaptiveRate, type Evidence } from './budget-rate.ts';
import type { CallPriority } from './vpc-cloud.ts';

/** One call that may leave, and later how it was answered: that teaches the budget. */
export interface Grant {
  /** To be called once. `throttled`: refused for the number of calls alone. */
  report(outcome: 'answered' | 'throttled'): void;
}

export interface CallBudget {
  /**
   * Resolves when a call of this action may leave. Higher priorities first; every eighth call goes to whoever waits longest, so
   * that nobody starves. Rejects with the signal's reason when aborted; an aborted wait takes nothing.
   */
  acquire(action: string, priority: CallPriority, signal?: AbortSignal): Promise<Grant>;
  /** Calls per second allowed now. */
  perSecond(action: string): number;
}

export interface BudgetOptions {
  readonly clock: Clock;
  /** In front of the documented limits, by action. */
  readonly limits?: Readonly<Record<string, BudgetLimit>>;
  readonly onLimit?: (action: string, perSecond: number) => void;
}

/** One budget per action: the service counts each action apart (facts, section 19). */
export function createCallBudget(options: BudgetOptions): CallBudget {
  const { clock, limits = {}, onLimit = () => undefined } = options;
  const budgets = new Map<string, ActionBudget>();
  const budgetOf = (action: string): ActionBudget => {
    const known = budgets.get(action);
    if (known !== undefined) return known;
    const own = Object.hasOwn(limits, action) ? limits[action] : undefined;
    const published = Object.hasOwn(documentedLimits, action) ? documentedLimits[action] : undefined;
    const made = createActionBudget(clock, own ?? published ?? DEFAULT_LIMIT, (perSecond) =>
      onLimit(action, perSecond),
    );
    budgets.set(action, made);
    return made;
  };
  return {
    acquire: (action, priority, signal) => budgetOf(action).acquire(priority, signal),
    perSecond: (action) => budgetOf(action).perSecond(),
  };
}

const PRIORITIES: readonly CallPriority[] = ['waiting-pod', 'release', 'warm', 'collect'];
/** A second, and a little more for requests that overtake each other on the way. */
const WINDOW_MS = 1015;
const SECOND_MS = 1000;
/** A place is taken no longer than this, however late the answer was. */
const LONGEST_PLACE_MS = 1100;
const FAIR_EVERY = 8;
/** After a refusal, the next try in its place; a little more for each that waits as well. */
const TRY_AGAIN_MS = 50;
const LONGEST_AGAIN_MS = 200;
/** Longer than an answer takes, and than any window. */
const REMEMBERED_MS = 10_000;

interface Waiter {
  readonly priority: CallPriority;
  readonly grant: (grant: Grant) => void;
}

interface SentCall {
  readonly at: number;
  outcome: 'under way' | 'answered' | 'throttled';
  answeredAt?: number;
  /** Of a refused one that took nothing: when its place is free again. */
  freeAt?: number;
}

interface ActionBudget {
  acquire(priority: CallPriority, signal?: AbortSignal): Promise<Grant>;
  perSecond(): number;
}

function createActionBudget(clock: Clock, bounds: BudgetLimit, onLimit: (perSecond: number) => void): ActionBudget {
  const waiters = new Set<Waiter>();
  const rate = createAdaptiveRate(clock, bounds, onLimit);
  // In the order of sending.
  const sent: SentCall[] = [];
  let granted = 0;
  let cancelTimer: (() => void) | undefined;

  const pump = (): void => {
    cancelTimer?.();
    cancelTimer = undefined;
    while (waiters.size > 0) {
      const delay = delayMs();
      if (delay > 0) {
        rate.wanted();
        cancelTimer = clock.after(delay, pump);
        return;
      }
      granted += 1;
      const call: SentCall = { at: clock.monotonicMs(), outcome: 'under way' };
      sent.push(call);
      const next = chooseWaiter(waiters, granted % FAIR_EVERY === 0);
      waiters.delete(next);
      next.grant({ report: (outcome) => report(call, outcome) });
    }
  };
  /** Until fewer than the limit lie within one window. */
  const delayMs = (): number => {
    const now = clock.monotonicMs();
    const limit = rate.perSecond();
    const windowMs = limit < 1 ? WINDOW_MS / limit : WINDOW_MS;
    const forgotten = sent.findIndex((call) => call.at > now - REMEMBERED_MS);
    sent.splice(0, forgotten === -1 ? sent.length : forgotten);
    // Calls that leave together arrive one by one; an answered one has arrived for sure, how long before nobody knows.
    const freeAt = (call: SentCall): number => {
      const over = call.at + windowMs;
      if (call.freeAt !== undefined) return Math.min(call.freeAt, over);
      if (call.outcome !== 'answered' || limit < 1) return over;
      return Math.max(over, Math.min((call.answeredAt ?? 0) + SECOND_MS, call.at + LONGEST_PLACE_MS));
    };
    const counting = sent.filter((call) => now < freeAt(call));
    const surplus = counting.length - Math.max(1, Math.round(limit));
    if (surplus < 0) return 0;
    const freed = counting.map(freeAt).sort((a, b) => a - b);
    return (freed[surplus] ?? now) - now;
  };
  const report = (call: SentCall, outcome: 'answered' | 'throttled'): void => {
    call.outcome = outcome;
    call.answeredAt = clock.monotonicMs();
    if (outcome === 'answered') rate.answered();
    // One that was answered tells more about one that was refused after it.
    const refused =
      outcome === 'throttled' ? call : sent.findLast((other) => other.outcome === 'throttled' && isWithin(call, other));
    if (refused !== undefined) {
      const evidence = evidenceOf(refused);
      if (outcome === 'throttled' ? rate.refused(evidence) : rate.learn(evidence)) setFree(refused);
    }
    pump();
  };
  /**
   * The service does not count what it refuses (GUESS), so one that was refused with as many served around it takes nothing: another one may try
   * in its place. The more places are not yet free again, the later: a limit that is still too high must not send one after the other.
   */
  const setFree = (last: SentCall): void => {
    const now = clock.monotonicMs();
    const refused = sent.filter((call) => call.outcome === 'throttled' && isWithin(call, last));
    let waiting = refused.filter((call) => (call.freeAt ?? 0) > now).length;
    for (const call of refused) {
      if (call.freeAt !== undefined) continue;
      waiting += 1;
      call.freeAt = (call.answeredAt ?? call.at) + Math.min(LONGEST_AGAIN_MS, TRY_AGAIN_MS * waiting);
    }
  };
  const evidenceOf = (refused: SentCall): Evidence => {
    const near = sent.filter((call) => isWithin(call, refused));
    const count = (outcome: SentCall['outcome']): number => near.filter((call) => call.outcome === outcome).length;
    const answers = sent.flatMap(({ outcome, answeredAt = 0 }) => (outcome === 'answered' ? [answeredAt] : []));
    const now = clock.monotonicMs();
    const busiest = busiestSecond(answers.filter((at) => at > now - LATELY_MS).sort((a, b) => a - b));
    return { served: count('answered'), underWay: count('under way'), busiest };
  };

  return {
    acquire: (priority, signal) =>
      new Promise<Grant>((resolve, reject) => {
        if (signal?.aborted === true) return reject(signal.reason as Error);
        const onAbort = (): void => {
          if (waiters.delete(waiter)) reject(signal?.reason as Error);
        };
        const waiter: Waiter = {
          priority,
          grant: (grant) => {
            signal?.removeEventListener('abort', onAbort);
            resolve(grant);
          },
        };
        signal?.addEventListener('abort', onAbort, { once: true });
        waiters.add(waiter);
        pump();
      }),
    perSecond: () => rate.perSecond(),
  };
}

/** Two windows: of calls that leave together some are answered a second after others. */
const LATELY_MS = 2000;

/** Most of these times, in order, that lie within one second. */
function busiestSecond(times: readonly number[]): number {
  let first = 0;
  let most = 0;
  times.forEach((at, index) => {
    while ((times[first] ?? at) <= at - 1000) first += 1;
    most = Math.max(most, index - first + 1);
  });
  return most;
}

/** Left in the window that ends with `last`. */
const isWithin = (call: SentCall, last: SentCall): boolean => call.at <= last.at && call.at > last.at - WINDOW_MS;

/** In a set, insertion order is waiting order. */
function chooseWaiter(waiters: ReadonlySet<Waiter>, fair: boolean): Waiter {
  const inOrder = [...waiters];
  const byPriority = PRIORITIES.flatMap((priority) => inOrder.find((waiter) => waiter.priority === priority) ?? []);
  const chosen = fair ? inOrder[0] : byPriority[0];
  if (chosen === undefined) throw new Error('chooseWaiter needs at least one waiter');
  return chosen;
}
