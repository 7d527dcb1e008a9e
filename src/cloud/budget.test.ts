import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { createFakeClock, type FakeClock } from '../../test/fake-clock.ts';
import { createCallBudget } from './budget.ts';
import type { CallPriority } from './vpc-cloud.ts';

const ACTION = 'CreateSubNetworkInterface';

function createBudget(limit: { start: number; max: number }) {
  const clock = createFakeClock();
  const grants: { readonly at: number; readonly label: string }[] = [];
  const budget = createCallBudget({ clock, limits: { [ACTION]: limit } });
  const ask = (label: string, priority: CallPriority = 'waiting-pod', signal?: AbortSignal): void => {
    budget.acquire(ACTION, priority, signal).then(
      () => grants.push({ at: clock.monotonicMs(), label }),
      () => undefined,
    );
  };
  return { clock, budget, grants, ask };
}

/** The service counts a sliding second and answers each grant at once. */
async function serve(
  clock: FakeClock,
  budget: ReturnType<typeof createCallBudget>,
  serverLimit: number | ((ms: number) => number),
  ms: number,
  asked: number,
) {
  const accepted: number[] = [];
  const refusals: number[] = [];
  const limitAt = typeof serverLimit === 'number' ? () => serverLimit : serverLimit;
  for (let index = 0; index < asked; index += 1) {
    void budget.acquire(ACTION, 'waiting-pod').then((grant) => {
      const now = clock.monotonicMs();
      if (accepted.filter((at) => at > now - 1000).length < limitAt(now)) {
        accepted.push(now);
        grant.report('answered');
      } else {
        refusals.push(now);
        grant.report('throttled');
      }
    });
  }
  await clock.advance(ms);
  return { accepted, refusals };
}

describe('a budget', () => {
  test('lets a lone call go at once', async () => {
    const { clock, grants, ask } = createBudget({ start: 20, max: 20 });
    ask('one');
    await clock.settle();
    expect(grants).toEqual([{ at: 0, label: 'one' }]);
  });

  test('that keeps to the documented limit is never refused, though what left together may have arrived one by one', async () => {
    const { clock, budget } = createBudget({ start: 10, max: 10 });
    const arrived: number[] = [];
    let refused = 0;
    for (let index = 0; index < 100; index += 1)
      void budget.acquire(ACTION, 'waiting-pod').then((grant) => {
        // The service is slow at first, and then is not.
        const gapMs = arrived.length < 10 ? 6 : 0;
        const at = Math.max(clock.monotonicMs(), (arrived.at(-1) ?? -gapMs) + gapMs);
        const served = arrived.filter((other) => other > at - 1000).length < 10;
        arrived.push(at);
        refused += served ? 0 : 1;
        clock.after(at - clock.monotonicMs(), () => grant.report(served ? 'answered' : 'throttled'));
      });
    await clock.advance(9_700);
    expect([arrived.length, refused]).toEqual([100, 0]);
  });

  test('never lets more calls go within any second than its limit', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 12 }),
        fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 40 }),
        async (max, gaps) => {
          const { clock, grants, ask } = createBudget({ start: max, max });
          for (const gap of gaps) {
            await clock.advance(gap);
            ask('x');
          }
          await clock.advance(60_000);
          expect(grants).toHaveLength(gaps.length);
          for (const { at } of grants)
            expect(grants.filter((other) => other.at >= at && other.at < at + 1000).length).toBeLessThanOrEqual(max);
        },
      ),
      { numRuns: 30 },
    );
  });

  test('serves waiting Pods before releases, releases before warm pools, those before collection', async () => {
    const { clock, grants, ask } = createBudget({ start: 1, max: 1 });
    ask('first');
    for (const priority of ['collect', 'warm', 'release', 'waiting-pod'] as const) ask(priority, priority);
    await clock.advance(10_000);
    expect(grants.map((grant) => grant.label)).toEqual(['first', 'waiting-pod', 'release', 'warm', 'collect']);
  });

  test('does not let the lowest priority starve, however many waiting Pods there are', async () => {
    const { clock, grants, ask } = createBudget({ start: 1, max: 1 });
    ask('collect', 'collect');
    ask('late collect', 'collect');
    for (let index = 0; index < 60; index += 1) ask('pod');
    await clock.advance(20_000);
    expect(grants.map((grant) => grant.label)).toContain('late collect');
    expect(grants.filter((grant) => grant.label === 'pod').length).toBeGreaterThan(10);
  });

  test('takes nothing for a wait that is given up', async () => {
    const { clock, grants, ask } = createBudget({ start: 1, max: 1 });
    const stop = new AbortController();
    ask('first');
    ask('given up', 'waiting-pod', stop.signal);
    ask('second');
    stop.abort(new Error('no longer wanted'));
    await clock.advance(1_100);
    expect(grants.map((grant) => grant.label)).toEqual(['first', 'second']);
  });

  test('keeps the actions apart', async () => {
    const { clock, budget, grants, ask } = createBudget({ start: 1, max: 1 });
    ask('first');
    ask('waits');
    await budget.acquire('DescribeNetworkInterfaces', 'collect');
    await clock.settle();
    expect(grants.map((grant) => grant.label)).toEqual(['first']);
  });
});

describe('an adaptive limit', () => {
  test('grows while calls wait and none is refused, up to its maximum', async () => {
    const { clock, budget } = createBudget({ start: 10, max: 100 });
    const { accepted } = await serve(clock, budget, 1000, 10_000, 500);
    expect(budget.perSecond(ACTION)).toBe(100);
    expect(accepted.length).toBe(500);
  });

  test('does not grow while nobody waits', async () => {
    const { clock, budget } = createBudget({ start: 10, max: 100 });
    for (let index = 0; index < 10; index += 1) {
      (await budget.acquire(ACTION, 'waiting-pod')).report('answered');
      await clock.advance(1_000);
    }
    expect(budget.perSecond(ACTION)).toBe(10);
  });

  test.each([20, 100])(
    'uses at least 90 % of what a service of %i calls per second gives, with few refusals',
    async (serverLimit) => {
      const { clock, budget } = createBudget({ start: 40, max: 100 });
      const seconds = 30;
      const { accepted, refusals } = await serve(clock, budget, serverLimit, seconds * 1000, 5_000);
      expect(accepted.length).toBeGreaterThanOrEqual(serverLimit * seconds * 0.9);
      expect(refusals.length).toBeLessThanOrEqual(accepted.length * 0.1);
    },
  );

  test('falls by half for a burst of refusals where nothing was served, once, not once for each', async () => {
    const { budget } = createBudget({ start: 40, max: 40 });
    const grants = await Promise.all(Array.from({ length: 30 }, () => budget.acquire(ACTION, 'waiting-pod')));
    for (const grant of grants) grant.report('throttled');
    expect(budget.perSecond(ACTION)).toBe(20);
  });

  test('falls at once to what was served, also when the refusals are answered first', async () => {
    const { budget } = createBudget({ start: 100, max: 100 });
    const grants = await Promise.all(Array.from({ length: 100 }, () => budget.acquire(ACTION, 'waiting-pod')));
    for (const grant of grants.slice(20)) grant.report('throttled');
    for (const grant of grants.slice(0, 20)) grant.report('answered');
    expect(budget.perSecond(ACTION)).toBe(20);
  });

  test('that has become too high sends few calls to be refused, and uses what is left', async () => {
    const { clock, budget } = createBudget({ start: 100, max: 100 });
    const { accepted, refusals } = await serve(clock, budget, (ms) => (ms < 3_000 ? 20 : 14), 8_000, 500);
    const from = (times: readonly number[]): number => times.filter((at) => at >= 4_000).length;
    expect(from(refusals)).toBeLessThanOrEqual(15);
    expect(from(accepted)).toBeGreaterThanOrEqual(14 * 4 * 0.9);
  });

  test('that has found the limit of a second uses all of the next ones', async () => {
    const { clock, budget } = createBudget({ start: 100, max: 100 });
    const { accepted, refusals } = await serve(clock, budget, 20, 10_000, 500);
    const inSecond = (second: number): number => accepted.filter((at) => Math.floor(at / 1015) === second).length;
    expect([0, 1, 2, 3, 4, 5, 6, 7, 8].map(inSecond)).toEqual([20, 20, 20, 20, 20, 20, 20, 20, 20]);
    // Those of the first second, and the tries to have more, which become rare.
    expect(refusals.length).toBeLessThanOrEqual(80 + 15);
  });
});
