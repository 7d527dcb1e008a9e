// The work queue of a controller: keys, each at most once, each in at most one pair of hands.
import type { Clock } from '../base/clock.ts';
import { backoffMs } from './backoff.ts';
import { createFifo } from './fifo.ts';
import type { ObjectKey } from './types.ts';

/** `live` keys are taken before `initial` ones: a change of now must not wait behind the list of everything at start. */
export type QueuePriority = 'live' | 'initial';

export interface WorkQueue {
  /** Keys that wait to be taken (not those that are delayed or being processed). */
  readonly length: number;
  /** Queues a key. Already waiting: at most its priority rises. Being processed: queued once more after `done`. */
  add(key: ObjectKey, priority?: QueuePriority): void;
  /** Queues a key after `ms`; of several for one key only the earliest counts. */
  addAfter(key: ObjectKey, ms: number): void;
  /** Queues a key after its back-off: 5 ms, doubling with each call since the last `forget`, up to 1000 s, jittered. */
  addRateLimited(key: ObjectKey): void;
  /** The next back-off of this key starts at its beginning again. */
  forget(key: ObjectKey): void;
  /** Calls of `addRateLimited` since the last `forget`. */
  failures(key: ObjectKey): number;
  /** The same as `take` when a key waits, without a promise; `undefined`: none waits. */
  poll(): ObjectKey | undefined;
  /** The next key, when there is one; `undefined` after `shutdown`, once nothing waits. Its caller must call `done`. */
  take(): Promise<ObjectKey | undefined>;
  /** Resolves when fewer than `most` keys wait; `undefined` when that is so now, and after `shutdown`. */
  room(most: number): Promise<void> | undefined;
  /** The key is processed. */
  done(key: ObjectKey): void;
  /** Nothing is accepted any more; what waits can still be taken. Delayed keys are dropped. */
  shutdown(): void;
}

const BASE_DELAY_MS = 5;
const MAX_DELAY_MS = 1_000_000;
// Longer timers fire at once in the runtime; looking too early is harmless, a tight loop is not.
const MAX_TIMER_MS = 2 ** 31 - 1;

export function createWorkQueue(options: { readonly clock: Clock; readonly random?: () => number }): WorkQueue {
  const { clock } = options;
  const random = options.random ?? Math.random;
  const lines = { live: createFifo<ObjectKey>(), initial: createFifo<ObjectKey>() };
  // The truth about what waits; an entry of a line that disagrees with it is left over from a rise in priority.
  const waiting = new Map<ObjectKey, QueuePriority>();
  const processing = new Set<ObjectKey>();
  const again = new Map<ObjectKey, QueuePriority>();
  const delayed = new Map<ObjectKey, { readonly dueMs: number; readonly cancel: () => void }>();
  const failed = new Map<ObjectKey, number>();
  const takers = createFifo<(key: ObjectKey | undefined) => void>();
  let closed = false;
  let room: { readonly most: number; readonly resolvers: PromiseWithResolvers<void> } | undefined;

  const makeRoom = (): void => {
    room?.resolvers.resolve();
    room = undefined;
  };
  const oldest = (priority: QueuePriority): ObjectKey | undefined => {
    for (let key = lines[priority].take(); key !== undefined; key = lines[priority].take())
      if (waiting.get(key) === priority) return key;
    return undefined;
  };
  const next = (): ObjectKey | undefined => {
    const key = oldest('live') ?? oldest('initial');
    if (key === undefined) return undefined;
    waiting.delete(key);
    processing.add(key);
    if (room !== undefined && waiting.size < room.most) makeRoom();
    return key;
  };
  const serve = (): void => {
    while (takers.length > 0) {
      const key = next();
      if (key === undefined && !closed) return;
      takers.take()?.(key);
    }
  };
  const raise = (known: QueuePriority | undefined, priority: QueuePriority): boolean =>
    known === undefined || (known === 'initial' && priority === 'live');

  const add: WorkQueue['add'] = (key, priority = 'live') => {
    if (closed) return;
    if (processing.has(key)) {
      if (raise(again.get(key), priority)) again.set(key, priority);
      return;
    }
    if (!raise(waiting.get(key), priority)) return;
    waiting.set(key, priority);
    lines[priority].push(key);
    serve();
  };
  const addAfter: WorkQueue['addAfter'] = (key, ms) => {
    if (closed) return;
    if (ms <= 0) return add(key);
    const dueMs = clock.monotonicMs() + ms;
    const earlier = delayed.get(key);
    if (earlier !== undefined && earlier.dueMs <= dueMs) return;
    earlier?.cancel();
    const cancel = clock.after(Math.min(ms, MAX_TIMER_MS), () => {
      delayed.delete(key);
      add(key);
    });
    delayed.set(key, { dueMs, cancel });
  };

  return {
    get length() {
      return waiting.size;
    },
    add,
    addAfter,
    addRateLimited: (key) => {
      const failures = failed.get(key) ?? 0;
      failed.set(key, failures + 1);
      addAfter(key, backoffMs(failures, { baseMs: BASE_DELAY_MS, maxMs: MAX_DELAY_MS, random }));
    },
    forget: (key) => {
      failed.delete(key);
    },
    failures: (key) => failed.get(key) ?? 0,
    poll: next,
    take: () =>
      new Promise((resolve) => {
        takers.push(resolve);
        serve();
      }),
    room: (most) => {
      if (closed || waiting.size < most) return undefined;
      // Whoever asks for more room than another is woken early, and asks again.
      room = { most: Math.max(most, room?.most ?? 0), resolvers: room?.resolvers ?? Promise.withResolvers() };
      return room.resolvers.promise;
    },
    done: (key) => {
      processing.delete(key);
      const priority = again.get(key);
      again.delete(key);
      if (priority !== undefined) add(key, priority);
    },
    shutdown: () => {
      closed = true;
      for (const { cancel } of delayed.values()) cancel();
      delayed.clear();
      again.clear();
      makeRoom();
      serve();
    },
  };
}
