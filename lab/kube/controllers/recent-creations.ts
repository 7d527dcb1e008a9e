// What a controller has just created but its informer may not show yet, so that a lagging cache never makes it create twice.
import type { Clock } from '../../../src/base/clock.ts';

const FORGET_AFTER_MS = 30_000;

export interface RecentCreations {
  add(owner: string, uid: string): void;
  /** Creations of `owner` that `seen` does not contain yet; those seen, and those older than 30 s, are forgotten. */
  unseen(owner: string, seen: ReadonlySet<string>): number;
}

export function createRecentCreations(clock: Clock): RecentCreations {
  const made = new Map<string, Map<string, number>>();
  return {
    add: (owner, uid) => {
      const uids = made.get(owner) ?? new Map<string, number>();
      made.set(owner, uids.set(uid, clock.monotonicMs()));
    },
    unseen: (owner, seen) => {
      const uids = made.get(owner);
      if (uids === undefined) return 0;
      for (const [uid, at] of uids) if (seen.has(uid) || clock.monotonicMs() - at > FORGET_AFTER_MS) uids.delete(uid);
      if (uids.size === 0) made.delete(owner);
      return uids.size;
    },
  };
}
