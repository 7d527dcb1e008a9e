// Waits for many ENIs with few reads: ids are asked in batches of 100, at times learnt from how long tasks take.
import type { Clock } from '../base/clock.ts';
import { errorText, TrunklineError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import { createLearnedDelay, type LearnedDelay } from './learned-delay.ts';
import { batches } from './listing.ts';
import { createReadPace, type ReadPace } from './read-pace.ts';
import type { Eni, EniWatcher, Observation, VpcCloud } from './vpc-cloud.ts';

export interface EniWatcherOptions {
  readonly cloud: Pick<VpcCloud, 'describeEnis' | 'checkSecurityGroupReady'>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Delay of the first look before anything was learnt; default 250 ms. */
  readonly firstGuessMs?: number;
}

type Until = Parameters<EniWatcher['observe']>[1];

/** The two kinds of read. */
type Lane = 'check' | 'describe';

interface Watch {
  readonly eniId: string;
  readonly until: Until;
  readonly startedAt: number;
  lane: Lane;
  dueAt: number;
  lastEarlyMs: number | undefined;
  /** First describe that did not show it. */
  absentSince: number | undefined;
  observation: Observation;
}

const BATCH = 100;
const FIRST_GUESS_MS = 250;
const SHORTEST_RETRY_MS = 25;
const LONGEST_RETRY_MS = 5_000;
/** A new ENI that is not shown for this long, twice, does not exist (eventual consistency; GUESS on the figure). */
const ABSENT_MS = 5_000;
/** Between two reads while ENIs of nodes are waited for: they are few, and all the Pods of a node wait for one. */
const NODE_GAP_MS = 150;
const isOfNode = ({ until }: Watch): boolean => until === 'available' || until === 'attached' || until === 'settled';

/** Nothing is read before `run`. Reads that fail are repeated with growing pauses; no id is lost. */
export function createEniWatcher(options: EniWatcherOptions): EniWatcher {
  const { cloud, clock, logger, firstGuessMs = FIRST_GUESS_MS } = options;
  const watches = new Map<string, Watch>();
  const handlers = new Set<(eniId: string) => void>();
  const delays = createDelays(firstGuessMs);
  const paces: Readonly<Record<Lane, ReadPace>> = { check: createReadPace(clock), describe: createReadPace(clock) };
  const busy = new Set<Lane>();
  let wake: () => void = () => undefined;

  const observe: EniWatcher['observe'] = (eniId, until) => {
    const known = watches.get(eniId);
    if (known?.until === until) return known.observation;
    const now = clock.monotonicMs();
    const lane: Lane = until === 'groups-ready' ? 'check' : 'describe';
    watches.set(eniId, {
      eniId,
      until,
      startedAt: now,
      lane,
      dueAt: now + delays.of(until).guessMs(),
      lastEarlyMs: undefined,
      absentSince: undefined,
      observation: { state: 'pending' },
    });
    // One that is waited for on to its next state is no further id.
    if (known?.lane !== lane) paces[lane].arrived();
    wake();
    return { state: 'pending' };
  };

  const settleWatch = (watch: Watch, observation: Observation): void => {
    // Forgotten or replaced while the read was under way.
    if (watches.get(watch.eniId) !== watch) return;
    watch.observation = observation;
    if (watch.absentSince === undefined || watch.until === 'gone')
      delays.taught(watch.until, clock.monotonicMs() - watch.startedAt, watch.lastEarlyMs);
    for (const handler of handlers) handler(watch.eniId);
  };
  const lookAgain = (watch: Watch, lane: Lane): void => {
    const now = clock.monotonicMs();
    const elapsed = now - watch.startedAt;
    watch.lastEarlyMs = elapsed;
    watch.lane = lane;
    watch.dueAt = now + Math.min(LONGEST_RETRY_MS, Math.max(SHORTEST_RETRY_MS, elapsed / 4));
  };
  /** One that went along with a read is looked at when it is due all the same. */
  const tooEarly = (watch: Watch): void => {
    watch.lastEarlyMs = clock.monotonicMs() - watch.startedAt;
  };
  const sawNothing = (watch: Watch, isDue: boolean): void => {
    const now = clock.monotonicMs();
    if (watch.until === 'gone' || (watch.absentSince !== undefined && now - watch.absentSince >= ABSENT_MS))
      return settleWatch(watch, { state: 'gone' });
    if (!isDue) return tooEarly(watch);
    watch.absentSince ??= now;
    lookAgain(watch, 'describe');
  };
  const sawEni = (watch: Watch, eni: Eni, isDue: boolean): void => {
    watch.absentSince = undefined;
    if (watch.until === 'groups-ready') return lookAgain(watch, 'check');
    if (isReached(eni, watch.until)) return settleWatch(watch, { state: 'ready', eni });
    if (isDue) lookAgain(watch, 'describe');
    else tooEarly(watch);
  };

  const readBatch = async (
    lane: Lane,
    batch: readonly Watch[],
    startedAt: number,
    signal: AbortSignal,
  ): Promise<void> => {
    const ids = batch.map((watch) => watch.eniId);
    const priority = batch.every((watch) => watch.until === 'gone') ? 'release' : 'waiting-pod';
    if (lane === 'check') {
      const ready = await cloud.checkSecurityGroupReady(ids, { signal, priority });
      for (const watch of batch) {
        const state = ready.get(watch.eniId);
        if (state === true) settleWatch(watch, { state: 'ready' });
        // Not even a "no": perhaps it does not exist; the describe call tells.
        else lookAgain(watch, state === undefined ? 'describe' : 'check');
      }
      return;
    }
    const enis = new Map(
      (await cloud.describeEnis({ eniIds: ids }, { signal, priority })).map((eni) => [eni.eniId, eni]),
    );
    for (const watch of batch) {
      const eni = enis.get(watch.eniId);
      const isDue = watch.dueAt <= startedAt;
      if (eni === undefined) sawNothing(watch, isDue);
      else sawEni(watch, eni, isDue);
    }
  };
  const readLane = async (lane: Lane, signal: AbortSignal): Promise<void> => {
    const now = clock.monotonicMs();
    const asked = toRead(pendingOf(watches, lane), lane, now);
    paces[lane].left();
    try {
      await Promise.all(batches(asked, BATCH).map((batch) => readBatch(lane, batch, now, signal)));
      paces[lane].succeeded();
    } catch (error) {
      if (signal.aborted) return;
      paces[lane].failed(error instanceof TrunklineError && error.retry === 'terminal');
      logger.warn(
        { lane, ids: asked.length, reason: errorText(error) },
        'reading ENIs failed; the ids are kept and read again',
      );
    }
  };
  const nextReadIn = (lane: Lane): number => {
    if (busy.has(lane)) return Number.POSITIVE_INFINITY;
    const pending = pendingOf(watches, lane);
    const firstDue = pending.reduce((first, watch) => Math.min(first, watch.dueAt), Number.POSITIVE_INFINITY);
    const notBefore = paces[lane].notBefore(pending.some(isOfNode) ? NODE_GAP_MS : undefined);
    return Math.max(0, firstDue - clock.monotonicMs(), notBefore - clock.monotonicMs());
  };

  return {
    observe,
    onChange: (handler) => {
      handlers.add(handler);
      return () => handlers.delete(handler);
    },
    forget: (eniId) => {
      watches.delete(eniId);
    },
    run: async (signal) => {
      const reads = new Set<Promise<void>>();
      while (!signal.aborted) {
        for (const lane of ['check', 'describe'] as const) {
          if (nextReadIn(lane) > 0) continue;
          busy.add(lane);
          const read = readLane(lane, signal).finally(() => {
            busy.delete(lane);
            reads.delete(read);
            wake();
          });
          reads.add(read);
        }
        await new Promise<void>((resolve) => {
          const delay = Math.min(nextReadIn('check'), nextReadIn('describe'));
          const cancel = Number.isFinite(delay) ? clock.after(delay, () => resolve()) : () => undefined;
          const done = (): void => {
            cancel();
            signal.removeEventListener('abort', done);
            resolve();
          };
          wake = done;
          signal.addEventListener('abort', done, { once: true });
        });
      }
      await Promise.all(reads);
    },
  };
}

function pendingOf(watches: ReadonlyMap<string, Watch>, lane: Lane): Watch[] {
  return [...watches.values()].filter((watch) => watch.lane === lane && watch.observation.state === 'pending');
}

/**
 * Those that are due, and with a describe the next ones as far as its batches have room: they cost nothing, and many are seen sooner. A
 * check may fail as a whole for one id that is too new.
 */
function toRead(pending: readonly Watch[], lane: Lane, now: number): readonly Watch[] {
  const inOrder = [...pending].sort((a, b) => a.dueAt - b.dueAt);
  const due = inOrder.filter((watch) => watch.dueAt <= now).length;
  return inOrder.slice(0, lane === 'describe' ? Math.ceil(due / BATCH) * BATCH : due);
}

function isReached(eni: Eni, until: Until): boolean {
  switch (until) {
    case 'available':
      return eni.state === 'AVAILABLE';
    case 'attached':
      return eni.state === 'AVAILABLE' && eni.attachment !== undefined;
    case 'settled':
      return eni.state === 'AVAILABLE' && eni.addresses.every((address) => address.settled);
    case 'gone':
    case 'groups-ready':
      return false;
  }
}

interface Delays {
  of(until: Until): LearnedDelay;
  taught(until: Until, readyMs: number, lastEarlyMs: number | undefined): void;
}

/** One delay per kind of wait; a kind that has learnt nothing starts from what another one learnt last. */
function createDelays(firstGuessMs: number): Delays {
  const delays = new Map<Until, LearnedDelay>();
  let lastLearnt = firstGuessMs;
  const of = (until: Until): LearnedDelay => {
    const known = delays.get(until);
    if (known?.taught === true) return known;
    const made = createLearnedDelay(lastLearnt);
    delays.set(until, made);
    return made;
  };
  return {
    of,
    taught: (until, readyMs, lastEarlyMs) => {
      const delay = of(until);
      delay.learn(readyMs, lastEarlyMs);
      lastLearnt = delay.guessMs();
    },
  };
}
