// Spends the calls per second of each action by priority, and adapts them to what the service refuses.
import type { Clock } from '../base/clock.ts';
import { type BudgetLimit, DEFAULT_LIMIT, documentedLimits } from './budget-limits.ts';
import type { CallPriority } from './vpc-cloud.ts';

export interface CallBudget {
  /**
   * Resolves when a call of this action may leave. Higher priorities first; every eighth call goes to whoever waits longest, so
   * that nobody starves. Rejects with the signal's reason when aborted; an aborted wait takes nothing.
   */
  acquire(action: string, priority: CallPriority, signal?: AbortSignal): Promise<void>;
  /** What became of a call that was acquired; teaches the budget. */
  report(action: string, outcome: 'answered' | 'throttled'): void;
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
    report: (action, outcome) => budgetOf(action).report(outcome),
    perSecond: (action) => budgetOf(action).perSecond(),
  };
}

const PRIORITIES: readonly CallPriority[] = ['waiting-pod', 'release', 'warm', 'collect'];
/** A second, and a little more for requests that overtake each other on the way. */
const WINDOW_MS = 1015;
const FAIR_EVERY = 8;
const LOWEST = 0.5;

interface Waiter {
  readonly priority: CallPriority;
  readonly order: number;
  readonly grant: () => void;
}

interface ActionBudget {
  acquire(priority: CallPriority, signal?: AbortSignal): Promise<void>;
  report(outcome: 'answered' | 'throttled'): void;
  perSecond(): number;
}

function createActionBudget(clock: Clock, bounds: BudgetLimit, onLimit: (perSecond: number) => void): ActionBudget {
  const waiters = new Set<Waiter>();
  const rate = createAdaptiveRate(clock, bounds, onLimit);
  let sent: number[] = [];
  let granted = 0;
  let created = 0;
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
      sent.push(clock.monotonicMs());
      const next = chooseWaiter(waiters, granted % FAIR_EVERY === 0);
      waiters.delete(next);
      next.grant();
    }
  };
  /** Until fewer than the limit lie within one window. */
  const delayMs = (): number => {
    const now = clock.monotonicMs();
    const limit = rate.perSecond();
    const windowMs = limit < 1 ? WINDOW_MS / limit : WINDOW_MS;
    sent = sent.filter((at) => at > now - windowMs);
    const oldestThatCounts = sent.at(-Math.max(1, Math.floor(limit)));
    return oldestThatCounts === undefined ? 0 : oldestThatCounts + windowMs - now;
  };

  return {
    acquire: (priority, signal) =>
      new Promise<void>((resolve, reject) => {
        if (signal?.aborted === true) return reject(signal.reason as Error);
        const onAbort = (): void => {
          if (waiters.delete(waiter)) reject(signal?.reason as Error);
        };
        const waiter: Waiter = {
          priority,
          order: created++,
          grant: () => {
            signal?.removeEventListener('abort', onAbort);
            resolve();
          },
        };
        signal?.addEventListener('abort', onAbort, { once: true });
        waiters.add(waiter);
        pump();
      }),
    report: (outcome) => {
      rate.report(outcome);
      pump();
    },
    perSecond: () => rate.perSecond(),
  };
}

/** In a set, insertion order is waiting order. */
function chooseWaiter(waiters: ReadonlySet<Waiter>, fair: boolean): Waiter {
  const inOrder = [...waiters];
  const byPriority = PRIORITIES.flatMap((priority) => inOrder.find((waiter) => waiter.priority === priority) ?? []);
  const chosen = fair ? inOrder[0] : byPriority[0];
  if (chosen === undefined) throw new Error('chooseWaiter needs at least one waiter');
  return chosen;
}

interface AdaptiveRate {
  perSecond(): number;
  /** Somebody had to wait: growing would help. */
  wanted(): void;
  report(outcome: 'answered' | 'throttled'): void;
}

/**
 * Grows by half each second until the first refusal and by little afterwards; on a refusal falls to what the service really answered
 * in its best second of late, but at most by half, once per second however many calls of a burst are refused. Not the second before the
 * refusal: what is still under way is missing from it, and the fall would go deeper each time.
 */
function createAdaptiveRate(clock: Clock, bounds: BudgetLimit, onLimit: (perSecond: number) => void): AdaptiveRate {
  let limit = Math.min(bounds.start, bounds.max);
  let probing = true;
  let wanted = false;
  let grownAt = clock.monotonicMs();
  let cutAt = Number.NEGATIVE_INFINITY;
  let answered: number[] = [];
  const change = (next: number): void => {
    if (next === limit) return;
    limit = next;
    onLimit(limit);
  };
  const cut = (now: number): void => {
    if (now - cutAt < 1000) return;
    cutAt = now;
    probing = false;
    const served = busiestSecond(answered);
    // Where no less was served than is allowed, calls only met on their way.
    const lower = served < limit ? served : limit - Math.max(0.5, limit * 0.02);
    change(Math.max(LOWEST, limit / 2, lower));
  };
  const grow = (now: number): void => {
    if (!wanted || now - Math.max(cutAt, grownAt) < 1000) return;
    grownAt = now;
    wanted = false;
    change(Math.min(bounds.max, probing ? limit * 1.5 : limit + Math.max(0.5, bounds.max * 0.01)));
  };
  return {
    perSecond: () => limit,
    wanted: () => {
      wanted = true;
    },
    report: (outcome) => {
      const now = clock.monotonicMs();
      answered = answered.filter((at) => at > now - REMEMBERED_MS);
      if (outcome === 'throttled') return cut(now);
      answered.push(now);
      grow(now);
    },
  };
}

/** Two windows: of calls that leave together some are answered a second after others. */
const REMEMBERED_MS = 2000;

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
