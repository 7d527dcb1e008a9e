// A controller: informers feed a queue of keys, workers reconcile them one key at a time.
import { errorText, TrunklineError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import { ApiError } from './api-error.ts';
import { anyWatch, createFirstLook } from './first-look.ts';
import { createWorkQueue, type WorkQueue } from './queue.ts';
import { createRunningReconciles, type RunningReconciles } from './running-reconciles.ts';
import { createTurnGuard } from './turn.ts';
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

export { ownKey } from './first-look.ts';

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

/**
 * See `ControllerOptions` and `Reconciler` for the contract. Objects that exist when the controller starts are queued as `added` changes behind
 * everything live. Keys enqueued before `run` wait for it. `run` may be called once.
 */
export function createController(options: ControllerOptions & { readonly random?: () => number }): Controller {
  const { name, clock, deadlineMs = DEFAULT_DEADLINE_MS } = options;
  const logger = options.logger.child({ controller: name });
  const queue = createWorkQueue({ clock, ...(options.random === undefined ? {} : { random: options.random }) });
  const turn = createTurnGuard(clock);
  let started = false;

  const work = async (reconcile: (key: ObjectKey) => Promise<void>, signal: AbortSignal): Promise<void> => {
    for (;;) {
      const key = queue.poll() ?? (await queue.take());
      if (key === undefined) return;
      // Again after each wait: the workers that were woken together must not all go on.
      for (let ends = turn(); ends !== undefined; ends = turn()) await ends;
      if (!signal.aborted) await reconcile(key);
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
      const watches = options.watches.map(anyWatch);
      const look = createFirstLook({ watches, queue, logger, signal, turn });
      const followed = watches.map((watch) => ({
        stop: follow(watch, queue),
        looked: look(watch, watch.informer.list()),
      }));
      for (const source of options.sources ?? []) source((key) => queue.add(key), signal);
      const onAbort = (): void => queue.shutdown();
      if (signal.aborted) onAbort();
      signal.addEventListener('abort', onAbort, { once: true });
      logger.info({ concurrency: options.concurrency ?? 1 }, 'controller starts');
      const running = createRunningReconciles({ clock, logger, deadlineMs, signal });
      const reconcile = createReconcileStep(options, queue, running, signal);
      await Promise.all(Array.from({ length: options.concurrency ?? 1 }, () => work(reconcile, signal)));
      running.stop();
      for (const { stop } of followed) stop();
      await Promise.all(followed.map(({ looked }) => looked));
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

/** Live changes from now on; answers how to end it. No await between this and the snapshot: a change in between would be lost. */
const follow = ({ informer, keys }: ControllerWatch<KubeObject>, queue: WorkQueue): (() => void) =>
  informer.onChange((change) => {
    for (const key of keys(change)) queue.add(key);
  });

/** One reconcile of one key, with its deadline, and what its outcome means for the queue. Never rejects. */
function createReconcileStep(
  { reconcile }: ControllerOptions,
  queue: WorkQueue,
  running: RunningReconciles,
  signal: AbortSignal,
): (key: ObjectKey) => Promise<void> {
  return async (key) => {
    const context = running.begin(key);
    try {
      succeed(queue, key, (await reconcile(key, context)) ?? undefined);
    } catch (error) {
      if (!signal.aborted) fail(queue, key, error, context.log);
    } finally {
      context.end();
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
