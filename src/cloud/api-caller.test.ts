import { describe, expect, test } from 'vitest';
import { z } from 'zod';

import { createFakeClock } from '../../test/fake-clock.ts';
import { createApiCaller } from './api-caller.ts';
import { createCallBudget } from './budget.ts';
import { staticCredentials } from './credentials.ts';
import { CloudError, type cloudErrors } from './errors.ts';
import type { CloudMetrics } from './metrics.ts';
import { noCloudMetrics } from './metrics.ts';
import { createFakeTransport, refuse, type Script } from './testing/fake-transport.ts';

const operation = { service: 'vpc', action: 'Act', body: { A: 1 }, answer: z.object({ Value: z.number() }) } as const;

function createCaller(script: Script, metrics: CloudMetrics = noCloudMetrics) {
  const clock = createFakeClock();
  const transport = createFakeTransport(script);
  const caller = createApiCaller({
    clock,
    transport,
    metrics,
    credentials: staticCredentials({ secretId: 'id', secretKey: 'key' }),
    budget: createCallBudget({ clock, limits: { Act: { start: 1, max: 1 }, Busy: { start: 1, max: 1 } } }),
    callTimeoutMs: 10_000,
    random: () => 1,
  });
  return { clock, transport, caller };
}

/** The outcome of a call while the clock runs on. */
async function outcomeOf(clock: { advance(ms: number): Promise<void> }, call: Promise<unknown>): Promise<unknown> {
  const settled = call.catch((error: unknown) => error);
  await clock.advance(600_000);
  return settled;
}

describe('a read', () => {
  test.each(['throttled', 'network', 'service'] as const)('is repeated after %s', async (row) => {
    const { clock, caller } = createCaller((_request, index) => (index < 2 ? refuse(row) : { Value: 7 }));
    expect(await outcomeOf(clock, caller.read(operation))).toEqual({ Value: 7 });
  });

  test.each([
    'unknownAction',
    'unauthorized',
    'notFound',
    'invalidRequest',
    'credentials',
  ] satisfies (keyof typeof cloudErrors)[])('is sent once when it is refused with %s', async (row) => {
    const { clock, caller, transport } = createCaller(() => refuse(row));
    expect(await outcomeOf(clock, caller.read(operation))).toBeInstanceOf(CloudError);
    expect(transport.sent).toHaveLength(1);
  });

  test('gives up after six tries and throws the last error', async () => {
    const { clock, caller, transport } = createCaller(() => refuse('network'));
    expect(await outcomeOf(clock, caller.read(operation))).toMatchObject({ code: 'CLOUD-NETWORK' });
    expect(transport.sent).toHaveLength(6);
  });

  test('ends with its signal, between two tries too', async () => {
    const { clock, caller, transport } = createCaller(() => refuse('network'));
    const stop = new AbortController();
    const call = caller.read(operation, { signal: stop.signal }).catch((error: unknown) => error);
    await clock.settle();
    stop.abort(new Error('stop'));
    expect(await call).toMatchObject({ code: 'CLOUD-ABORTED', outcomeUnknown: false });
    expect(transport.sent).toHaveLength(1);
  });

  test('does not ask the fence', async () => {
    const { caller } = createCaller(() => ({ Value: 1 }));
    expect(await caller.read(operation, { fence: () => false })).toEqual({ Value: 1 });
  });
});

describe('a mutating call', () => {
  test('that is refused for the number of calls goes out again, the same bytes, with the fence asked each time', async () => {
    const { clock, caller, transport } = createCaller((_request, index) =>
      index < 2 ? refuse('throttled') : { Value: 7 },
    );
    let asked = 0;
    const fence = (): boolean => (asked += 1) > 0;
    expect(await outcomeOf(clock, caller.mutate(operation, { fence }))).toEqual({ Value: 7 });
    expect(asked).toBe(3);
    expect(new Set(transport.sent.map(({ body }) => JSON.stringify(body))).size).toBe(1);
  });

  test('that is refused for the number of calls stays unsent once the fence closes', async () => {
    const { clock, caller, transport } = createCaller(() => refuse('throttled'));
    let asked = 0;
    const fence = (): boolean => (asked += 1) < 2;
    expect(await outcomeOf(clock, caller.mutate(operation, { fence }))).toMatchObject({ code: 'CLOUD-FENCED' });
    expect(transport.sent).toHaveLength(1);
  });

  test('gives up after six refusals for the number of calls', async () => {
    const { clock, caller, transport } = createCaller(() => refuse('throttled'));
    expect(await outcomeOf(clock, caller.mutate(operation))).toMatchObject({ code: 'CLOUD-THROTTLED' });
    expect(transport.sent).toHaveLength(6);
  });

  test.each(['network', 'service'] as const)('is sent at most once, after %s too', async (row) => {
    const { clock, caller, transport } = createCaller(() => refuse(row));
    expect(await outcomeOf(clock, caller.mutate(operation))).toBeInstanceOf(CloudError);
    expect(transport.sent).toHaveLength(1);
  });

  test('asks the fence after its wait for the budget, with the time-out as margin', async () => {
    const { clock, caller } = createCaller(() => ({ Value: 1 }));
    const asked: { at: number; timeout: number }[] = [];
    const fence = (timeout: number): boolean => asked.push({ at: clock.monotonicMs(), timeout }) > 0;
    await caller.mutate(operation, { fence });
    await outcomeOf(clock, caller.mutate(operation, { fence }));
    expect(asked).toEqual([
      { at: 0, timeout: 10_000 },
      { at: 1_015, timeout: 10_000 },
    ]);
  });

  test.each([
    ['answers false', () => false],
    [
      'throws',
      () => {
        throw new Error('lease lost');
      },
    ],
  ])('is not sent when the fence %s', async (_name, fence) => {
    const { caller, transport } = createCaller(() => ({ Value: 1 }));
    await expect(caller.mutate(operation, { fence })).rejects.toMatchObject({
      code: 'CLOUD-FENCED',
      outcomeUnknown: false,
    });
    expect(transport.sent).toHaveLength(0);
  });

  test('whose answer is not understood may have taken effect', async () => {
    const { caller } = createCaller(() => ({ Other: 1 }));
    await expect(caller.mutate(operation)).rejects.toMatchObject({ code: 'CLOUD-BAD-ANSWER', outcomeUnknown: true });
  });

  test('is not sent for a caller that already gave up', async () => {
    const { caller, transport } = createCaller(() => ({ Value: 1 }));
    await expect(caller.mutate(operation, { signal: AbortSignal.abort(new Error('stop')) })).rejects.toMatchObject({
      code: 'CLOUD-ABORTED',
      outcomeUnknown: false,
    });
    expect(transport.sent).toHaveLength(0);
  });
});

test('every request is counted with its outcome', async () => {
  const called: [string, string][] = [];
  const metrics = {
    ...noCloudMetrics,
    called: (action: string, outcome: string) => void called.push([action, outcome]),
  };
  const { clock, caller } = createCaller(
    (_request, index) => (index === 0 ? refuse('service') : { Value: 1 }),
    metrics,
  );
  await outcomeOf(clock, caller.read(operation));
  expect(called).toEqual([
    ['Act', 'CLOUD-SERVICE'],
    ['Act', 'ok'],
  ]);
});
