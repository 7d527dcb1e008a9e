// What a controller has just created but its informer may not show yet, so that a lagging cache never makes it create twice.
import type { Clock } from '../../../src/base/clock.ts';
import type { Informer, KubeObject } from '../../../src/kube/types.ts';

const FORGET_AFTER_MS = 30_000;

export interface RecentCreations {
  add(owner: string, uid: string): void;
  /** Creations of `owner` that `seen` does not contain yet; those seen, those that went again, and those older than 30 s are forgotten. */
  unseen(owner: string, seen: ReadonlySet<string>): number;
}

/** `informer`: of the objects that are made; what it shows to be deleted is not waited for. */
export function createRecentCreations<T extends KubeObject>(clock: Clock, informer: Informer<T>): RecentCreations {
  const made = new Map<string, Map<string, number>>();
  const owners = new Map<string, string>();
  const forget = (uid: string): void => {
    const owner = owners.get(uid);
    owners.delete(uid);
    const uids = made.get(owner ?? '');
    if (uids?.delete(uid) === true && uids.size === 0) made.delete(owner ?? '');
  };
  informer.onChange(({ before, after }) => {
    if (before !== undefined && before.metadata.uid !== after?.metadata.uid) forget(before.metadata.uid ?? '');
  });
  return {
    add: (owner, uid) => {
      const uids = made.get(owner) ?? new Map<string, number>();
      made.set(owner, uids.set(uid, clock.monotonicMs()));
      owners.set(uid, owner);
    },
    unseen: (owner, seen) => {
      for (const [uid, at] of made.get(owner) ?? [])
        if (seen.has(uid) || clock.monotonicMs() - at > FORGET_AFTER_MS) forget(uid);
      return made.get(owner)?.size ?? 0;
    },
  };
}
