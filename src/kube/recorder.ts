// Kubernetes Events about objects, deduplicated, written behind the caller's back.
import type { Clock } from '../base/clock.ts';
import { errorText } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import { isNotFound } from './api-error.ts';
import { events } from './resources.ts';
import { rfc3339 } from './times.ts';
import type { EventInput, EventRecorder, KubeClient, KubeObject } from './types.ts';

export interface EventRecorderOptions {
  readonly client: Pick<KubeClient, 'create' | 'patch'>;
  /** `source.component`: the program. */
  readonly component: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** `source.host`: the node, for an agent. */
  readonly host?: string;
  /** Uniform in [0, 1); makes names of events unique. */
  readonly random?: () => number;
}

/** A recorder whose writes can be waited for, at shutdown and in tests. */
export interface FlushableEventRecorder extends EventRecorder {
  /** Resolves when everything recorded so far was written or given up. Never rejects. */
  flush(): Promise<void>;
}

const DEDUPE_MS = 10 * 60_000;
const MAX_REMEMBERED = 4096;
const MAX_PENDING = 1000;
const MAX_MESSAGE = 1024;

/**
 * See `EventRecorder` for the contract. The same event again within 10 minutes of the last raises `count`; while a write of it is under way,
 * further ones join the next write. Events of cluster-scoped objects go to namespace `default`, those of Nodes with the name as uid, as
 * `kubectl describe` looks for them. Beyond 1000 events that wait, new ones are dropped with a warning.
 */
export function createEventRecorder(options: EventRecorderOptions): FlushableEventRecorder {
  const { client, clock, logger } = options;
  const random = options.random ?? Math.random;
  const series = new Map<string, Series>();
  const writing = new Set<Promise<void>>();

  const seriesOf = (key: string, input: EventInput): Series => {
    const known = series.get(key);
    const nowMs = clock.monotonicMs();
    if (known !== undefined && nowMs - known.lastSeenMs < DEDUPE_MS) return known;
    const fresh: Series = {
      event: newEvent(options, input, clock.now(), random),
      count: 0,
      lastSeen: clock.now(),
      lastSeenMs: nowMs,
      created: false,
      busy: false,
    };
    return fresh;
  };
  const write = async (entry: Series): Promise<void> => {
    let written = -1;
    while (written !== entry.count) {
      written = entry.count;
      const counts = { count: entry.count, lastTimestamp: rfc3339(entry.lastSeen) };
      await (entry.created ? raise(client, entry, counts) : create(client, entry, counts));
    }
  };
  const start = (entry: Series): void => {
    entry.busy = true;
    const running = write(entry)
      .catch((error: unknown) => {
        logger.warn(
          { reason: entry.event.reason, regarding: entry.event.involvedObject.name, error: errorText(error) },
          'event could not be written',
        );
      })
      .finally(() => {
        entry.busy = false;
        writing.delete(running);
      });
    writing.add(running);
  };
  const forgetOldest = (): void => {
    for (const key of series.keys()) {
      if (series.size <= MAX_REMEMBERED) return;
      series.delete(key);
    }
  };

  return {
    record: (input) => {
      try {
        const key = JSON.stringify([
          input.regarding.kind,
          input.regarding.metadata.namespace,
          input.regarding.metadata.name,
          input.regarding.metadata.uid,
          input.type,
          input.reason,
          input.message,
        ]);
        const entry = seriesOf(key, input);
        if (!entry.busy && writing.size >= MAX_PENDING) {
          logger.warn({ reason: input.reason }, 'event dropped: too many wait to be written');
          return;
        }
        entry.count += 1;
        entry.lastSeen = clock.now();
        entry.lastSeenMs = clock.monotonicMs();
        // Seen last, forgotten last.
        series.delete(key);
        series.set(key, entry);
        forgetOldest();
        if (!entry.busy) start(entry);
      } catch (error) {
        logger.warn({ reason: input.reason, error: errorText(error) }, 'event could not be recorded');
      }
    },
    flush: async () => {
      while (writing.size > 0) await Promise.all(writing);
    },
  };
}

interface CoreEvent extends KubeObject {
  involvedObject: { kind: string; name: string };
  reason: string;
}

interface Series {
  readonly event: CoreEvent;
  count: number;
  lastSeen: Date;
  lastSeenMs: number;
  created: boolean;
  busy: boolean;
}

async function create(client: Pick<KubeClient, 'create'>, entry: Series, counts: object): Promise<void> {
  await client.create<KubeObject>(events, { ...entry.event, ...counts });
  entry.created = true;
}

async function raise(client: Pick<KubeClient, 'create' | 'patch'>, entry: Series, counts: object): Promise<void> {
  const { name, namespace } = entry.event.metadata;
  try {
    await client.patch(events, name, { type: 'merge', body: counts }, namespace === undefined ? {} : { namespace });
  } catch (error) {
    // Servers delete events after an hour, people at any time.
    if (!isNotFound(error)) throw error;
    await create(client, entry, counts);
  }
}

function newEvent(options: EventRecorderOptions, input: EventInput, now: Date, random: () => number): CoreEvent {
  const { apiVersion, kind, metadata } = input.regarding;
  const namespace = metadata.namespace ?? 'default';
  const uid = kind === 'Node' ? metadata.name : metadata.uid;
  const unique = (BigInt(now.getTime()) * 1_000_000n + BigInt(Math.floor(random() * 1_000_000))).toString(16);
  const moment = rfc3339(now);
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: `${metadata.name.slice(0, 200)}.${unique}`, namespace },
    involvedObject: {
      apiVersion,
      kind,
      name: metadata.name,
      ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
      ...(uid === undefined ? {} : { uid }),
      ...(metadata.resourceVersion === undefined ? {} : { resourceVersion: metadata.resourceVersion }),
    },
    type: input.type,
    reason: input.reason,
    message: input.message.slice(0, MAX_MESSAGE),
    source: { component: options.component, ...(options.host === undefined ? {} : { host: options.host }) },
    reportingComponent: options.component,
    reportingInstance: options.host ?? '',
    firstTimestamp: moment,
    lastTimestamp: moment,
    count: 1,
  } as CoreEvent;
}
