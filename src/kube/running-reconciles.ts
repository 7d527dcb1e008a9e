// The reconciles of one controller that run now: their deadline, and the signal and the log of those that ask for one.
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import type { ObjectKey, ReconcileContext } from './types.ts';

export interface RunningReconcile extends ReconcileContext {
  /** The reconcile has ended: its deadline counts no more, and its signal aborts no more. */
  end(): void;
}

export interface RunningReconciles {
  begin(key: ObjectKey): RunningReconcile;
  /** Ends the waiting for a deadline. */
  stop(): void;
}

export interface RunningReconcilesOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly deadlineMs: number;
  /** Of the controller: aborts the signal of each reconcile that runs. */
  readonly signal: AbortSignal;
}

/**
 * At start each object of a cluster is looked at several times, nearly always to find nothing to do: a signal, a log and a timer for each look would
 * take longer than the look. So one timer waits for the oldest, and the others are made when somebody asks.
 */
export function createRunningReconciles(options: RunningReconcilesOptions): RunningReconciles {
  const { clock, deadlineMs, signal } = options;
  // In the order of their beginnings, which is that of their deadlines.
  const running = new Set<Running>();
  let cancel: (() => void) | undefined;
  let count = 0;

  const watch = (oldest: Running): void => {
    cancel = clock.after(oldest.dueMs - clock.monotonicMs(), () => {
      cancel = undefined;
      for (const each of running) {
        if (each.isLate) continue;
        if (each.dueMs > clock.monotonicMs()) return watch(each);
        each.expire(deadlineMs);
      }
    });
  };
  const stop = (): void => {
    cancel?.();
    cancel = undefined;
  };
  signal.addEventListener('abort', () => [...running].forEach((each) => each.abort(signal.reason)), { once: true });
  return {
    begin: (key) => {
      count += 1;
      const begun = new Running(options, running, { key, reconcileID: count });
      running.add(begun);
      if (cancel === undefined) watch(begun);
      return begun;
    },
    stop,
  };
}

/** A class, since its parts are made when they are asked for. */
class Running implements RunningReconcile {
  readonly dueMs: number;
  isLate = false;
  private readonly options: RunningReconcilesOptions;
  private readonly running: Set<Running>;
  private readonly about: { readonly key: ObjectKey; readonly reconcileID: number };
  private controller: AbortController | undefined = undefined;
  private logger: Logger | undefined = undefined;
  private reason: unknown = undefined;

  constructor(options: RunningReconcilesOptions, running: Set<Running>, about: Running['about']) {
    this.options = options;
    this.running = running;
    this.about = about;
    this.dueMs = options.clock.monotonicMs() + options.deadlineMs;
  }

  get clock(): Clock {
    return this.options.clock;
  }

  get log(): Logger {
    return (this.logger ??= this.options.logger.child(this.about));
  }

  get signal(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = new AbortController();
      if (this.options.signal.aborted) this.controller.abort(this.options.signal.reason);
      else if (this.isLate) this.controller.abort(this.reason);
    }
    return this.controller.signal;
  }

  abort(reason: unknown): void {
    this.controller?.abort(reason);
  }

  expire(deadlineMs: number): void {
    this.isLate = true;
    this.log.warn({ deadlineMs }, 'reconcile exceeds its deadline and is aborted');
    this.reason = new Error(`the reconcile took longer than ${deadlineMs} ms`);
    this.abort(this.reason);
  }

  end(): void {
    this.running.delete(this);
  }
}
