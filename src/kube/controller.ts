// A controller: informers feed a queue of keys, workers reconcile them one key at a time.
import { errorText, TrunklineError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import { limitedSignal } from './abortable.ts';
import { ApiError } from './api-error.ts';
import { keyOf } from './object-key.ts';
import { createWorkQueue, type WorkQueue } from './queue.ts';
import { createTurnGuard, type TurnGuard } from './turn.ts';
import type {
  Controller,
  ControllerOptions,
  ControllerWatch,
  Informer,
  InformerChange,
  KubeObject,
  ObjectKey,
  ReconcileResult,
} from './types.ts';

const DEFAULT_DEADLINE_MS = 60_000;

/**
 * A watch as `ControllerOptions.watches` holds it. Only this function pairs an informer with its key function, so the type of the objects may
 * be forgotten afterwards.
 */
export function watchOf<T>(
  informer: Informer<T>,
  keys: (change: InformerChange<T>) => readonly ObjectKey[],
): ControllerWatch<never> {
  return { informer, keys } as unknown as ControllerWatch<never>;
}

/** The usual key function: the changed object's own key. */
export const ownKey = (change: InformerChange<unknown>): readonly ObjectKey[] => [change.key];

/**
 * See `ControllerOptions` and `Reconciler` for the contract. Objects that exist when the controller starts are queued as `added` changes behind
 * everything live. Keys enqueued before `run` wait for it. `run` may be called once.
 */
export function createController(options: ControllerOptions & { readonly random?: () => number }): Controller {
  const { name, clock } = options;
  const logger = options.logger.child({ controller: name });
  const queue = createWorkQueue({ clock, ...(options.random === undefined ? {} : { random: options.random }) });
  const reconcile = createReconcileStep({ ...options, logger }, queue);
  const turn = createTurnGuard(clock);
  let started = false;

  const work = async (signal: AbortSignal): Promise<void> => {
    for (let key = await queue.take(); key !== undefined; key = await queue.take()) {
      // Again after each wait: the workers that were woken together must not all go on.
      for (let ends = turn(); ends !== undefined; ends = turn()) await ends;
      if (!signal.aborted) await reconcile(key, signal);
      queue.done(key);
    }
  };
  return {
    name,
    enqueue: (key) => queue.add(key),
    run: async (signal) => {
      if (started) throw new Error(`the controller ${name} was started twice`);
      started = true;
      if (!(await allSynced(options.watches, signal))) return queue.shutdown();
      const subscriptions = options.watches.map((watch) => subscribe(watch, queue, logger, signal, turn));
      for (const source of options.sources ?? []) source((key) => queue.add(key), signal);
      const onAbort = (): void => queue.shutdown();
      if (signal.aborted) onAbort();
      signal.addEventListener('abort', onAbort, { once: true });
      logger.info({ concurrency: options.concurrency ?? 1 }, 'controller starts');
      await Promise.all(Array.from({ length: options.concurrency ?? 1 }, () => work(signal)));
      for (const { stop } of subscriptions) stop();
      await Promise.all(subscriptions.map(({ begun }) => begun));
      logger.info({}, 'controller stopped');
    },
  };
}

/** False when `signal` aborted first. */
async function allSynced(watches: ControllerOptions['watches'], signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return false;
  const aborted = Promise.withResolvers<void>();
  const onAbort = (): void => aborted.resolve();
  signal.addEventListener('abort', onAbort, { once: true });
  await Promise.race([Promise.all(watches.map((watch) => watch.informer.synced)), aborted.promise]);
  signal.removeEventListener('abort', onAbort);
  return !signal.aborted;
}

interface Subscription {
  readonly stop: () => void;
  /** Resolves when every object of the start is queued. */
  readonly begun: Promise<void>;
}

/** Objects whose keys are computed between two looks at the turn, and at most in one: a hundred thousand would hold everything else up for seconds. */
const AT_ONCE = 100;
const PER_TURN = 2_000;

function subscribe(
  watch: ControllerWatch<never>,
  queue: WorkQueue,
  logger: Logger,
  signal: AbortSignal,
  turn: TurnGuard,
): Subscription {
  const { informer, keys } = watch as unknown as ControllerWatch<KubeObject>;
  // No await between the snapshot and the subscription: a change in between would be lost.
  const existing = informer.list();
  const stop = informer.onChange((change) => {
    for (const key of keys(change)) queue.add(key);
  });
  const queueFrom = (first: number): void => {
    for (const after of existing.slice(first, first + AT_ONCE)) {
      const key = keyOf(after);
      try {
        for (const target of keys({ type: 'added', key, after })) queue.add(target, 'initial');
      } catch (error) {
        // One object that a key function cannot read must not keep the controller from starting.
        logger.error({ key, error: errorText(error) }, 'keys of an object cannot be computed');
      }
    }
  };
  const begin = async (): Promise<void> => {
    for (let first = 0; first < existing.length && !signal.aborted; first += AT_ONCE) {
      if (first > 0 && first % PER_TURN === 0) await new Promise<void>((resolve) => setImmediate(resolve));
      for (let ends = turn(); ends !== undefined; ends = turn()) await ends;
      queueFrom(first);
    }
  };
  return { stop, begun: begin() };
}

/** One reconcile of one key, with its deadline, and what its outcome means for the queue. Never rejects. */
function createReconcileStep(
  options: ControllerOptions,
  queue: WorkQueue,
): (key: ObjectKey, signal: AbortSignal) => Promise<void> {
  const deadlineMs = options.deadlineMs ?? DEFAULT_DEADLINE_MS;
  let count = 0;
  return async (key, signal) => {
    count += 1;
    const log = options.logger.child({ key, reconcileID: count });
    const limited = limitedSignal(options.clock, deadlineMs, signal, () => {
      log.warn({ deadlineMs }, 'reconcile exceeds its deadline and is aborted');
      return new Error(`the reconcile took longer than ${deadlineMs} ms`);
    });
    try {
      const result = await options.reconcile(key, { signal: limited.signal, clock: options.clock, log });
      succeed(queue, key, result ?? undefined);
    } catch (error) {
      if (!signal.aborted) fail(queue, key, error, log);
    } finally {
      limited.release();
    }
  };
}

function succeed(queue: WorkQueue, key: ObjectKey, result: ReconcileResult | undefined): void {
  queue.forget(key);
  if (result?.requeueAfterMs !== undefined) queue.addAfter(key, result.requeueAfterMs);
}

function fail(queue: WorkQueue, key: ObjectKey, error: unknown, log: Logger): void {
  const known = error instanceof TrunklineError ? error : undefined;
  const fields = {
    error: errorText(error),
    failures: queue.failures(key),
    ...(known === undefined ? { stack: stackOf(error) } : { code: known.code }),
  };
  switch (known?.retry) {
    case 'terminal':
      queue.forget(key);
      log.error(fields, 'reconcile failed for good; waits for a change');
      return;
    case 'conflict':
      // Rate limited all the same: the cache may need a moment to show what the server already has.
      log.debug(fields, 'reconcile met a newer object; it runs again');
      return queue.addRateLimited(key);
    case 'retry-after': {
      const waitMs = retryAfterMs(error);
      log.warn({ ...fields, waitMs }, 'reconcile was asked to wait');
      return waitMs === undefined ? queue.addRateLimited(key) : queue.addAfter(key, waitMs);
    }
    case 'not-found':
      log.info(fields, 'reconcile met an object that is gone; it runs again');
      return queue.addRateLimited(key);
    case 'retry':
    case undefined:
      log.error(fields, 'reconcile failed; it runs again');
      return queue.addRateLimited(key);
  }
}

function stackOf(error: unknown): string | undefined {
  return error instanceof Error ? error.stack : undefined;
}

/** Other areas say how long to wait in `facts.retryAfterMs`. */
function retryAfterMs(error: unknown): number | undefined {
  if (error instanceof ApiError)
    return error.retryAfterSeconds === undefined ? undefined : error.retryAfterSeconds * 1000;
  const stated = error instanceof TrunklineError ? error.facts['retryAfterMs'] : undefined;
  return typeof stated === 'number' && stated > 0 ? stated : undefined;
}
