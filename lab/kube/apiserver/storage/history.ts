// The bounded history of one resource: what watches replay, and what old versions of a list are worked out from.
import type { StoredObject, StoreEvent } from './stored-object.ts';

export interface History {
  /** Everything after this revision is remembered; what was before is not. */
  readonly oldest: number;
  add(event: StoreEvent): void;
  /** Events after `revision`, oldest first, or `undefined` when the history does not reach back that far. */
  after(revision: number): readonly StoreEvent[] | undefined;
  /** What was stored at `revision` under each key that has changed since; `undefined` as in `after`. */
  changedSince(revision: number): ReadonlyMap<string, StoredObject | undefined> | undefined;
  /** Forgets everything up to `revision`. */
  compact(revision: number): void;
}

/** Keeps at least the newest `limit` events (and at most twice as many), of a resource that is known from `oldest` on. */
export function createHistory(limit: number, oldest: number): History {
  let events: StoreEvent[] = [];
  let start = oldest;
  const after = (revision: number): readonly StoreEvent[] | undefined =>
    revision < start ? undefined : events.slice(firstAfter(events, revision));
  return {
    get oldest() {
      return start;
    },
    add(event) {
      events.push(event);
      // Dropped in batches, so that each change costs a push and not a shift of the whole history.
      if (events.length <= limit * 2) return;
      const dropped = events.length - limit;
      start = events[dropped - 1]?.revision ?? start;
      events = events.slice(dropped);
    },
    after,
    changedSince(revision) {
      const since = after(revision);
      if (since === undefined) return undefined;
      const then = new Map<string, StoredObject | undefined>();
      // The first change after the revision replaced what was stored at it.
      for (const { key, previous } of since) if (!then.has(key)) then.set(key, previous);
      return then;
    },
    compact(revision) {
      if (revision <= start) return;
      events = events.slice(firstAfter(events, revision));
      start = revision;
    },
  };
}

function firstAfter(events: readonly StoreEvent[], revision: number): number {
  let low = 0;
  let high = events.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((events[middle]?.revision ?? 0) <= revision) low = middle + 1;
    else high = middle;
  }
  return low;
}
