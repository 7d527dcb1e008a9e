// Events: written once, counted afterwards, never in the way of the caller.
import { beforeEach, describe, expect, it } from 'vitest';
import { createFakeClock, type FakeClock } from '../../test/fake-clock.ts';
import { createEventRecorder, type FlushableEventRecorder } from './recorder.ts';
import { createLogCollector } from './testing/collect.ts';
import { apiFailure, createMemoryObjects, type MemoryObjects } from './testing/memory-objects.ts';
import type { EventInput, KubeObject } from './types.ts';

let clock: FakeClock;
let memory: MemoryObjects;
let log: ReturnType<typeof createLogCollector>;
let recorder: FlushableEventRecorder;

beforeEach(() => {
  clock = createFakeClock();
  memory = createMemoryObjects();
  log = createLogCollector();
  let names = 0;
  recorder = createEventRecorder({
    client: memory.client,
    component: 'tke-eni-ipamd',
    clock,
    logger: log.logger,
    random: () => ++names / 1000,
  });
});

const pod: KubeObject = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'shop', uid: 'u1', resourceVersion: '9' },
};
const event = (over: Partial<EventInput> = {}): EventInput => ({
  regarding: pod,
  type: 'Normal',
  reason: 'SucceedSetPodIP',
  message: 'done',
  ...over,
});
const stored = (): (KubeObject & Record<string, unknown>)[] =>
  [...memory.objects.values()] as (KubeObject & Record<string, unknown>)[];

describe('event recorder', () => {
  it('writes a core/v1 Event about the object, in its namespace', async () => {
    recorder.record(event());
    await recorder.flush();
    expect(stored()).toEqual([
      {
        apiVersion: 'v1',
        kind: 'Event',
        metadata: { name: expect.stringMatching(/^web\.[0-9a-f]+$/), namespace: 'shop', resourceVersion: '1' },
        involvedObject: {
          apiVersion: 'v1',
          kind: 'Pod',
          name: 'web',
          namespace: 'shop',
          uid: 'u1',
          resourceVersion: '9',
        },
        type: 'Normal',
        reason: 'SucceedSetPodIP',
        message: 'done',
        source: { component: 'tke-eni-ipamd' },
        reportingComponent: 'tke-eni-ipamd',
        reportingInstance: '',
        firstTimestamp: '2026-01-01T00:00:00Z',
        lastTimestamp: '2026-01-01T00:00:00Z',
        count: 1,
      },
    ]);
  });

  it('puts events of cluster-scoped objects into default, those of nodes under the name as uid', async () => {
    recorder.record(
      event({ regarding: { apiVersion: 'v1', kind: 'Node', metadata: { name: '10.0.0.1', uid: 'real' } } }),
    );
    recorder.record(
      event({ regarding: { apiVersion: 'x/v1', kind: 'VpcENI', metadata: { name: 'sub-1', uid: 'u2' } } }),
    );
    await recorder.flush();
    expect(stored().map((item) => [item.metadata.namespace, item['involvedObject']])).toEqual([
      ['default', { apiVersion: 'v1', kind: 'Node', name: '10.0.0.1', uid: '10.0.0.1' }],
      ['default', { apiVersion: 'x/v1', kind: 'VpcENI', name: 'sub-1', uid: 'u2' }],
    ]);
  });

  it('raises the count of the same event within ten minutes of the last', async () => {
    for (let i = 0; i < 3; i++) {
      recorder.record(event());
      await recorder.flush();
      await clock.advance(9 * 60_000);
    }
    expect(stored()).toHaveLength(1);
    expect(stored()[0]).toMatchObject({
      count: 3,
      firstTimestamp: '2026-01-01T00:00:00Z',
      lastTimestamp: '2026-01-01T00:18:00Z',
    });
    await clock.advance(60_000);
    recorder.record(event());
    await recorder.flush();
    expect(stored()).toHaveLength(2);
  });

  it.each([
    ['object', { regarding: { ...pod, metadata: { ...pod.metadata, name: 'other' } } }],
    ['type', { type: 'Warning' as const }],
    ['reason', { reason: 'Other' }],
    ['message', { message: 'other' }],
  ])('does not count together what differs in its %s', async (_, over) => {
    recorder.record(event());
    recorder.record(event(over));
    await recorder.flush();
    expect(stored().map((item) => item['count'])).toEqual([1, 1]);
  });

  it('joins what is recorded while a write is under way into the next write', async () => {
    for (let i = 0; i < 100; i++) recorder.record(event());
    await recorder.flush();
    expect(memory.calls).toHaveLength(2);
    expect(stored()[0]).toMatchObject({ count: 100 });
  });

  it('makes an event anew that the server has dropped meanwhile, with its count', async () => {
    recorder.record(event());
    await recorder.flush();
    for (const key of memory.objects.keys()) memory.remove(key);
    recorder.record(event());
    await recorder.flush();
    expect(stored()).toHaveLength(1);
    expect(stored()[0]).toMatchObject({ count: 2 });
  });

  it('never throws: a failed write is logged, and the next record tries again', async () => {
    memory.intercept(() => {
      throw apiFailure(403, 'Forbidden');
    });
    recorder.record(event());
    await recorder.flush();
    expect(log.lines.map((line) => line.message)).toEqual(['event could not be written']);
    memory.intercept(undefined);
    recorder.record(event());
    await recorder.flush();
    expect(stored()[0]).toMatchObject({ count: 2 });
    expect(() => recorder.record(event({ regarding: {} as KubeObject }))).not.toThrow();
  });

  it('drops events beyond a thousand that wait', async () => {
    const gate = Promise.withResolvers<void>();
    memory.intercept(() => gate.promise);
    for (let i = 0; i < 1100; i++) recorder.record(event({ message: `m${i}` }));
    gate.resolve();
    await recorder.flush();
    expect(stored()).toHaveLength(1000);
    expect(log.lines.filter((line) => line.message.startsWith('event dropped'))).toHaveLength(100);
  });

  it('cuts a message that the server would refuse', async () => {
    recorder.record(event({ message: 'x'.repeat(2000) }));
    await recorder.flush();
    expect(stored()[0]?.['message']).toHaveLength(1024);
  });
});
