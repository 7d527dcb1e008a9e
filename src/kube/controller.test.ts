// A controller turns changes into reconciles and outcomes into the next look.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFakeClock, type FakeClock } from '../../test/fake-clock.ts';
import { type CatalogueEntry, type RetryClass, TrunklineError } from '../base/errors.ts';
import { ApiError } from './api-error.ts';
import { createController, ownKey, watchOf } from './controller.ts';
import { configMaps, nodes } from './resources.ts';
import { createLogCollector } from './testing/collect.ts';
import { createManualInformer, type ManualInformer } from './testing/manual-informer.ts';
import type { Controller, ControllerOptions, KubeObject, Reconciler } from './types.ts';

let clock: FakeClock;
let log: ReturnType<typeof createLogCollector>;
let informer: ManualInformer<KubeObject>;
let stop: AbortController;
let running: Promise<void>;

beforeEach(() => {
  clock = createFakeClock();
  log = createLogCollector();
  informer = createManualInformer<KubeObject>(nodes);
  stop = new AbortController();
  running = Promise.resolve();
});
afterEach(async () => {
  stop.abort();
  await running;
});

const node = (name: string): KubeObject => ({ apiVersion: 'v1', kind: 'Node', metadata: { name } });
const start = (reconcile: Reconciler, options: Partial<ControllerOptions> = {}): Controller => {
  const controller = createController({
    name: 'test',
    clock,
    logger: log.logger,
    random: () => 1,
    watches: [watchOf(informer, ownKey)],
    reconcile,
    ...options,
  });
  running = controller.run(stop.signal);
  return controller;
};
const failing = (retry: RetryClass, facts: Record<string, unknown> = {}): TrunklineError => {
  const entry: CatalogueEntry = { code: 'TEST', title: '', cause: '', cure: '', retry, eventReason: 'Test' };
  return new TrunklineError(entry, 'scripted failure', { facts });
};
const errors = () => log.lines.filter((line) => line.level === 'error');

describe('a controller', () => {
  it('looks at many objects in several turns, so that nothing else waits for all of them', async () => {
    const seen = new Set<string>();
    let asked = 0;
    for (let index = 0; index < 4_500; index += 1) informer.put(node(`n${index}`));
    informer.sync();
    start(async (key) => void seen.add(key), {
      watches: [watchOf(informer, (change) => ((asked += 1), [change.key]))],
    });
    while (asked === 0) await Promise.resolve();
    expect(asked).toBeLessThanOrEqual(2_000);
    while (seen.size < 4_500) await new Promise((resolve) => setImmediate(resolve));
    expect(asked).toBe(4_500);
  });

  it('queues no more of many objects than are taken soon', async () => {
    const gate = Promise.withResolvers<void>();
    const seen = new Set<string>();
    let asked = 0;
    for (let index = 0; index < 4_500; index += 1) informer.put(node(`n${index}`));
    informer.sync();
    start(
      async (key) => {
        seen.add(key);
        await gate.promise;
      },
      { watches: [watchOf(informer, (change) => ((asked += 1), [change.key]))] },
    );
    for (let turn = 0; turn < 20; turn += 1) await clock.settle();
    expect(asked).toBeLessThanOrEqual(1_200);
    gate.resolve();
    while (seen.size < 4_500) await new Promise((resolve) => setImmediate(resolve));
    expect(asked).toBe(4_500);
  });

  it('looks once at a key that several watches name, however late they do', async () => {
    const seen: string[] = [];
    const other = createManualInformer<KubeObject>(configMaps);
    const many = Array.from({ length: 1_500 }, (_, index) => `n${index}`);
    for (const name of ['a', 'b']) informer.put(node(name));
    for (const name of [...many, 'b', 'c', 'd']) other.put(node(name));
    informer.sync();
    other.sync();
    start(async (key) => void seen.push(key), {
      watches: [
        watchOf(informer, () => ['x', 'y']),
        watchOf(informer, ownKey),
        watchOf(other, ownKey),
        // By the time that it is asked of the last one, the others were looked at.
        watchOf(other, ({ key }) => (key === 'd' ? ['a', 'x'] : [])),
      ],
    });
    const expected = [...many, 'a', 'b', 'c', 'd', 'x', 'y'].toSorted();
    for (let turn = 0; turn < 50; turn += 1) await clock.settle();
    expect(seen.toSorted()).toEqual(expected);
    other.put(node('d'));
    await clock.settle();
    expect(seen.slice(expected.length).toSorted()).toEqual(['a', 'd', 'x']);
  });

  it('waits until all its informers are synced, then looks at everything that exists', async () => {
    const seen: string[] = [];
    const other = createManualInformer<KubeObject>(configMaps);
    informer.put(node('a'));
    start(async (key) => void seen.push(key), { watches: [watchOf(informer, ownKey), watchOf(other, () => [])] });
    informer.sync();
    await clock.settle();
    expect(seen).toEqual([]);
    informer.put(node('b'));
    other.sync();
    await clock.settle();
    expect(seen).toEqual(['a', 'b']);
  });

  it('looks at what changes, at what a change concerns, and at what its sources say', async () => {
    const seen: string[] = [];
    informer.sync();
    let say: (key: string) => void = () => undefined;
    start(async (key) => void seen.push(key), {
      watches: [watchOf(informer, (change) => [`of-${change.key}`, `${change.type}-${change.key}`])],
      sources: [(enqueue) => (say = enqueue)],
    });
    await clock.settle();
    informer.put(node('a'));
    await clock.settle();
    informer.remove('a');
    say('tick');
    await clock.settle();
    expect(seen).toEqual(['of-a', 'added-a', 'of-a', 'deleted-a', 'tick']);
  });

  it('puts live changes before the objects that existed at start', async () => {
    const seen: string[] = [];
    const gate = Promise.withResolvers<void>();
    for (const name of ['a', 'b', 'c']) informer.put(node(name));
    informer.sync();
    start(async (key) => {
      seen.push(key);
      await gate.promise;
    });
    await clock.settle();
    informer.put(node('live'));
    gate.resolve();
    await clock.settle();
    expect(seen).toEqual(['a', 'live', 'b', 'c']);
  });

  it('never reconciles one key twice at a time, but different keys up to its concurrency', async () => {
    let now = 0;
    let most = 0;
    const perKey = new Map<string, number>();
    const gates: (() => void)[] = [];
    informer.sync();
    const controller = start(
      async (key) => {
        perKey.set(key, (perKey.get(key) ?? 0) + 1);
        most = Math.max(most, ++now);
        await new Promise<void>((resolve) => gates.push(resolve));
        now -= 1;
      },
      { concurrency: 2 },
    );
    for (const key of ['a', 'a', 'b', 'c']) controller.enqueue(key);
    await clock.settle();
    controller.enqueue('a');
    await clock.settle();
    expect([Object.fromEntries(perKey), most]).toEqual([{ a: 1, b: 1 }, 2]);
    while (gates.length > 0) {
      gates.shift()?.();
      await clock.settle();
    }
    expect(Object.fromEntries(perKey)).toEqual({ a: 2, b: 1, c: 1 });
    expect(most).toBe(2);
  });

  it('backs off from a key that fails, and starts over after a success', async () => {
    const moments: number[] = [];
    let fail = true;
    informer.sync();
    const controller = start(async () => {
      moments.push(clock.monotonicMs());
      if (fail) throw new Error('not yet');
    });
    controller.enqueue('a');
    await clock.advance(5 + 10 + 20);
    expect(moments).toEqual([0, 5, 15, 35]);
    fail = false;
    await clock.advance(40);
    expect(moments).toHaveLength(5);
    fail = true;
    controller.enqueue('a');
    await clock.advance(5);
    expect(moments.slice(5)).toEqual([75, 80]);
    expect(errors()[0]).toMatchObject({
      message: 'reconcile failed; it runs again',
      fields: { controller: 'test', key: 'a', error: 'not yet' },
    });
  });

  it('does not retry what is terminal until something changes', async () => {
    let calls = 0;
    informer.sync();
    start(async () => {
      calls += 1;
      throw failing('terminal');
    });
    await clock.settle();
    informer.put(node('a'));
    await clock.advance(2_000_000);
    expect(calls).toBe(1);
    expect(errors()).toHaveLength(1);
    informer.put(node('a'));
    await clock.advance(0);
    expect(calls).toBe(2);
  });

  it('requeues a conflict quietly', async () => {
    let calls = 0;
    informer.sync();
    const controller = start(async () => {
      calls += 1;
      if (calls === 1) throw new ApiError({ status: 409, reason: 'Conflict', message: 'newer' });
    });
    controller.enqueue('a');
    await clock.advance(5);
    expect(calls).toBe(2);
    expect(log.lines.filter((line) => line.level === 'warn' || line.level === 'error')).toEqual([]);
  });

  it('looks again at once at what is gone, without calling it an error', async () => {
    let calls = 0;
    informer.sync();
    const controller = start(async () => {
      calls += 1;
      if (calls === 1) throw failing('not-found');
    });
    controller.enqueue('a');
    await clock.advance(5);
    expect([calls, errors().length]).toEqual([2, 0]);
  });

  it.each([
    [
      'the server',
      () => new ApiError({ status: 429, reason: 'TooManyRequests', message: 'slow down', retryAfterSeconds: 3 }),
    ],
    ['another area, in its facts', () => failing('retry-after', { retryAfterMs: 3000 })],
  ])('waits as long as %s asks', async (_, error) => {
    const moments: number[] = [];
    informer.sync();
    const controller = start(async () => {
      moments.push(clock.monotonicMs());
      if (moments.length === 1) throw error();
    });
    controller.enqueue('a');
    await clock.advance(10_000);
    expect(moments).toEqual([0, 3000]);
  });

  it('looks again after requeueAfterMs, or earlier when something changes', async () => {
    const moments: number[] = [];
    informer.sync();
    start(async () => {
      moments.push(clock.monotonicMs());
      return moments.length < 3 ? { requeueAfterMs: 1000 } : undefined;
    });
    await clock.settle();
    informer.put(node('a'));
    await clock.advance(400);
    informer.put(node('a'));
    await clock.advance(5000);
    expect(moments).toEqual([0, 400, 1000]);
  });

  it('aborts a reconcile at its deadline and tries again', async () => {
    const signals: AbortSignal[] = [];
    informer.sync();
    const controller = start(
      async (_, context) => {
        signals.push(context.signal);
        if (signals.length === 1) await context.clock.sleep(3_600_000, context.signal);
      },
      { deadlineMs: 1000 },
    );
    controller.enqueue('a');
    await clock.advance(999);
    expect(signals.map((signal) => signal.aborted)).toEqual([false]);
    await clock.advance(1 + 5);
    expect(signals.map((signal) => signal.aborted)).toEqual([true, false]);
    expect(log.lines.map((line) => line.message)).toContain('reconcile exceeds its deadline and is aborted');
  });

  it('keeps a key locked while its reconcile ignores the deadline', async () => {
    let calls = 0;
    const gate = Promise.withResolvers<void>();
    informer.sync();
    const controller = start(
      async () => {
        calls += 1;
        await gate.promise;
      },
      { deadlineMs: 10, concurrency: 2 },
    );
    controller.enqueue('a');
    await clock.advance(100);
    controller.enqueue('a');
    await clock.advance(100);
    expect(calls).toBe(1);
    gate.resolve();
    await clock.settle();
    expect(calls).toBe(2);
  });

  it('tells each reconcile apart in its log lines', async () => {
    informer.sync();
    const controller = start(async (_, { log: own }) => own.info({}, 'hello'));
    controller.enqueue('a');
    controller.enqueue('b');
    await clock.settle();
    expect(log.lines.filter((line) => line.message === 'hello').map((line) => line.fields)).toEqual([
      { controller: 'test', key: 'a', reconcileID: 1 },
      { controller: 'test', key: 'b', reconcileID: 2 },
    ]);
  });

  it('stops by aborting what runs and waiting for it; what is queued is left, failures are not retried', async () => {
    const seen: string[] = [];
    const gate = Promise.withResolvers<void>();
    informer.sync();
    const controller = start(async (key, { signal }) => {
      seen.push(key);
      await gate.promise;
      signal.throwIfAborted();
    });
    controller.enqueue('a');
    controller.enqueue('b');
    await clock.settle();
    stop.abort(new Error('bye'));
    let ended = false;
    const done = running.then(() => (ended = true));
    await clock.settle();
    expect(ended).toBe(false);
    gate.resolve();
    await done;
    expect(seen).toEqual(['a']);
    expect(errors()).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('ends when it is stopped before its informers are synced', async () => {
    start(async () => undefined);
    stop.abort();
    await running;
  });

  it('starts although the keys of one object cannot be computed', async () => {
    const seen: string[] = [];
    informer.put(node('bad'));
    informer.put(node('good'));
    informer.sync();
    start(async (key) => void seen.push(key), {
      watches: [
        watchOf(informer, (change) => {
          if (change.key === 'bad') throw new Error('odd object');
          return [change.key];
        }),
      ],
    });
    await clock.settle();
    expect(seen).toEqual(['good']);
    expect(errors()).toHaveLength(1);
  });
});
