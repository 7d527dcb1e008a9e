// Pods that wait to be scheduled: the most important first, those that failed after a back-off and not before something changed.
import type { Clock } from '../../../src/base/clock.ts';

export interface QueuedPod {
  /** `namespace/name`. */
  readonly key: string;
  readonly priority: number;
}

export interface SchedulingQueue {
  /** A Pod that is new or whose own fields changed: it is tried as soon as its turn and its back-off allow. */
  add(pod: QueuedPod): void;
  /** No longer to be scheduled, or never again under this key. */
  remove(key: string): void;
  /** The Pod that was taken did not fit: it waits for `wake`. Failures of the same Pod wait longer each time. */
  unschedulable(pod: QueuedPod): void;
  /** The attempt itself failed: it is made again after the back-off, without anything having changed. */
  retry(pod: QueuedPod): void;
  /** Something changed that may let Pods fit: those that did not, or those of them named, are tried again, after their back-off. */
  wake(isMeant?: (key: string) => boolean): void;
  /** Resolves with the next key once there is one; with `undefined` after `close`. Whoever takes must tell the outcome or `remove`. */
  take(): Promise<string | undefined>;
  close(): void;
}

export interface QueueOptions {
  readonly clock: Clock;
  /** Wait after the first failure; doubles with each. */
  readonly initialBackoffMs: number;
  readonly maxBackoffMs: number;
  /** A Pod that nothing woke is tried again after this long; 5 min in kube-scheduler. */
  readonly staleMs?: number;
}

interface Entry {
  pod: QueuedPod;
  state: 'active' | 'taken' | 'backoff' | 'waiting';
  failures: number;
  notBeforeMs: number;
  cancel?: (() => void) | undefined;
  /** Something happened while the Pod was being tried. */
  wokenMeanwhile: boolean;
}

const STALE_MS = 5 * 60_000;

/** Empty at first. */
export function createSchedulingQueue(options: QueueOptions): SchedulingQueue {
  const { clock, initialBackoffMs, maxBackoffMs, staleMs = STALE_MS } = options;
  const entries = new Map<string, Entry>();
  // By priority; each in the order in which they became active.
  const active = new Map<number, Set<Entry>>();
  const takers: ((key: string | undefined) => void)[] = [];
  let closed = false;

  const drop = (entry: Entry): void => {
    for (const [priority, line] of active) if (line.delete(entry) && line.size === 0) active.delete(priority);
  };
  const hand = (): void => {
    while (takers.length > 0 && active.size > 0) {
      const line = active.get(Math.max(...active.keys()));
      const first = line?.values().next().value;
      if (first === undefined) return;
      drop(first);
      first.state = 'taken';
      first.wokenMeanwhile = false;
      takers.shift()?.(first.pod.key);
    }
  };
  const stopTimer = (entry: Entry): void => {
    entry.cancel?.();
    entry.cancel = undefined;
  };
  const activate = (entry: Entry): void => {
    stopTimer(entry);
    const waitMs = entry.notBeforeMs - clock.monotonicMs();
    if (waitMs > 0) {
      entry.state = 'backoff';
      entry.cancel = clock.after(waitMs, () => activate(entry));
      return;
    }
    entry.state = 'active';
    const line = active.get(entry.pod.priority) ?? new Set<Entry>();
    active.set(entry.pod.priority, line.add(entry));
    hand();
  };
  const fail = (entry: Entry, pod: QueuedPod): void => {
    entry.pod = pod;
    entry.failures += 1;
    const backoffMs = Math.min(maxBackoffMs, initialBackoffMs * 2 ** (entry.failures - 1));
    entry.notBeforeMs = clock.monotonicMs() + backoffMs;
  };
  return {
    add: (pod) => {
      if (closed) return;
      const known = entries.get(pod.key);
      if (known === undefined) {
        const fresh: Entry = {
          pod,
          state: 'active',
          failures: 0,
          notBeforeMs: 0,
          wokenMeanwhile: false,
        };
        entries.set(pod.key, fresh);
        activate(fresh);
        return;
      }
      known.pod = pod;
      if (known.state === 'waiting') activate(known);
      else if (known.state === 'taken') known.wokenMeanwhile = true;
    },
    remove: (key) => {
      const entry = entries.get(key);
      if (entry === undefined) return;
      stopTimer(entry);
      drop(entry);
      entries.delete(key);
    },
    unschedulable: (pod) => {
      const entry = entries.get(pod.key);
      if (entry === undefined || closed) return;
      fail(entry, pod);
      if (entry.wokenMeanwhile) return activate(entry);
      entry.state = 'waiting';
      entry.cancel = clock.after(staleMs, () => activate(entry));
    },
    retry: (pod) => {
      const entry = entries.get(pod.key);
      if (entry === undefined || closed) return;
      fail(entry, pod);
      activate(entry);
    },
    wake: (isMeant = () => true) => {
      for (const entry of entries.values())
        if (!isMeant(entry.pod.key)) continue;
        else if (entry.state === 'waiting') activate(entry);
        else if (entry.state === 'taken') entry.wokenMeanwhile = true;
    },
    take: () =>
      new Promise((resolve) => {
        if (closed) return resolve(undefined);
        takers.push(resolve);
        hand();
      }),
    close: () => {
      closed = true;
      for (const entry of entries.values()) stopTimer(entry);
      for (const taker of takers.splice(0)) taker(undefined);
    },
  };
}
