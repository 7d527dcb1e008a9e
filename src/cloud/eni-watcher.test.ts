import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { silentLogger } from '../base/logger.ts';
import { createEniWatcher } from './eni-watcher.ts';
import { createFakeEniWorld, type FakeEniWorld } from './testing/fake-eni-world.ts';
import type { EniWatcher } from './vpc-cloud.ts';

let world: FakeEniWorld;
let watcher: EniWatcher;
let changed: string[];
let stop: AbortController;
let running: Promise<void>;

beforeEach(() => {
  world = createFakeEniWorld();
  watcher = createEniWatcher({ cloud: world.cloud, clock: world.clock, logger: silentLogger });
  changed = [];
  watcher.onChange((eniId) => changed.push(eniId));
  stop = new AbortController();
  running = watcher.run(stop.signal);
});
afterEach(async () => {
  stop.abort();
  await running;
});

const readsSoFar = (): number => world.checks.length + world.describes.length;

describe('a lone sub-ENI', () => {
  test('that is ready within the first guess costs one check and no describe', async () => {
    world.create('eni-1', 200);
    expect(watcher.observe('eni-1', 'groups-ready')).toEqual({ state: 'pending' });
    await world.clock.advance(250);
    expect([world.checks, world.describes, changed]).toEqual([[1], [], ['eni-1']]);
    expect(watcher.observe('eni-1', 'groups-ready')).toEqual({ state: 'ready' });
  });

  test('that is deleted costs one describe', async () => {
    world.create('eni-1', 0);
    world.remove('eni-1', 200);
    watcher.observe('eni-1', 'gone');
    await world.clock.advance(250);
    expect([world.checks, world.describes, changed]).toEqual([[], [1], ['eni-1']]);
    expect(watcher.observe('eni-1', 'gone')).toEqual({ state: 'gone' });
  });

  test('costs one check once the delay was learnt from others, of another kind too', async () => {
    world.create('eni-trunk', 300);
    watcher.observe('eni-trunk', 'available');
    await world.clock.advance(5_000);
    const before = readsSoFar();
    world.create('eni-1', 300);
    watcher.observe('eni-1', 'groups-ready');
    await world.clock.advance(5_000);
    expect(readsSoFar() - before).toBe(1);
    expect(changed).toEqual(['eni-trunk', 'eni-1']);
  });

  test('that is slow is asked less and less often, and found in the end', async () => {
    world.create('eni-1', 60_000);
    watcher.observe('eni-1', 'groups-ready');
    await world.clock.advance(70_000);
    expect(changed).toEqual(['eni-1']);
    expect(readsSoFar()).toBeLessThan(35);
  });
});

describe('a burst of 500', () => {
  const burst = async (everyMs: number): Promise<void> => {
    for (let index = 0; index < 500; index += 1) {
      world.create(`eni-${index}`, 300);
      watcher.observe(`eni-${index}`, 'groups-ready');
      await world.clock.advance(everyMs);
    }
    await world.clock.advance(5_000);
    for (let index = 0; index < 500; index += 1) {
      world.remove(`eni-${index}`, 300);
      watcher.observe(`eni-${index}`, 'gone');
      await world.clock.advance(everyMs);
    }
    await world.clock.advance(5_000);
  };

  test.each([0, 10, 25, 50])('created and deleted one every %i ms costs at most 0.1 reads each', async (everyMs) => {
    await burst(everyMs);
    expect(changed).toHaveLength(1000);
    expect(readsSoFar()).toBeLessThanOrEqual(50);
    expect(Math.max(...world.checks, ...world.describes)).toBeLessThanOrEqual(100);
  });

  test('keeps no id waiting for more than two seconds', async () => {
    const started = new Map<string, number>();
    const waits: number[] = [];
    watcher.onChange((eniId) => waits.push(world.clock.monotonicMs() - (started.get(eniId) ?? 0)));
    for (let index = 0; index < 200; index += 1) {
      world.create(`eni-${index}`, 300);
      started.set(`eni-${index}`, world.clock.monotonicMs());
      watcher.observe(`eni-${index}`, 'groups-ready');
      await world.clock.advance(50);
    }
    await world.clock.advance(5_000);
    expect(waits).toHaveLength(200);
    expect(Math.max(...waits)).toBeLessThanOrEqual(2_200);
  });
});

describe('ENIs of nodes', () => {
  test('that come one every 50 ms are each seen a quarter of a second after being ready, with seven reads a second', async () => {
    const ready = new Map<string, number>();
    const late: number[] = [];
    watcher.onChange((eniId) => late.push(world.clock.monotonicMs() - (ready.get(eniId) ?? 0)));
    for (let index = 0; index < 200; index += 1) {
      world.create(`eni-${index}`, 300);
      ready.set(`eni-${index}`, world.clock.monotonicMs() + 300);
      watcher.observe(`eni-${index}`, 'available');
      await world.clock.advance(50);
    }
    await world.clock.advance(5_000);
    expect(late).toHaveLength(200);
    // The first of them are waited for by a guess.
    expect(Math.max(...late.slice(20))).toBeLessThanOrEqual(250);
    expect(Math.max(...late)).toBeLessThanOrEqual(500);
    expect(readsSoFar()).toBeLessThanOrEqual(75);
  });
});

describe('a describe call', () => {
  test('also asks about those that are not due yet, which are then seen without a call of their own', async () => {
    world.create('eni-1', 0);
    watcher.observe('eni-1', 'available');
    await world.clock.advance(200);
    world.create('eni-2', 10);
    watcher.observe('eni-2', 'available');
    await world.clock.advance(50);
    expect([changed, world.describes]).toEqual([['eni-1', 'eni-2'], [2]]);
  });

  test('that asked too early brings no further one before its time', async () => {
    world.create('eni-1', 0);
    watcher.observe('eni-1', 'available');
    await world.clock.advance(200);
    // Not shown by the first describe at 250 ms, but by its own.
    watcher.observe('eni-2', 'available');
    await world.clock.advance(100);
    world.create('eni-2', 0);
    await world.clock.advance(2_000);
    expect([changed, world.describes]).toEqual([
      ['eni-1', 'eni-2'],
      [2, 1],
    ]);
  });
});

describe('what is observed', () => {
  test('an ENI that is attached comes with what the describe call said', async () => {
    world.create('eni-1', 100);
    watcher.observe('eni-1', 'attached');
    await world.clock.advance(250);
    expect(watcher.observe('eni-1', 'attached')).toMatchObject({
      state: 'ready',
      eni: { attachment: { instanceId: 'ins-1' } },
    });
  });

  test('an ENI that is not shown is gone only after the consistency window', async () => {
    watcher.observe('eni-1', 'groups-ready');
    await world.clock.advance(4_000);
    expect(watcher.observe('eni-1', 'groups-ready')).toEqual({ state: 'pending' });
    await world.clock.advance(8_000);
    expect(watcher.observe('eni-1', 'groups-ready')).toEqual({ state: 'gone' });
  });

  test('an ENI that is shown late is not taken for gone', async () => {
    watcher.observe('eni-1', 'groups-ready');
    await world.clock.advance(1_000);
    world.create('eni-1', 0);
    await world.clock.advance(10_000);
    expect(watcher.observe('eni-1', 'groups-ready')).toEqual({ state: 'ready' });
  });

  test('another wait for the same id replaces the first', async () => {
    world.create('eni-1', 0);
    watcher.observe('eni-1', 'available');
    watcher.observe('eni-1', 'gone');
    await world.clock.advance(2_000);
    expect(watcher.observe('eni-1', 'gone')).toEqual({ state: 'pending' });
    world.remove('eni-1', 0);
    await world.clock.advance(2_000);
    expect(watcher.observe('eni-1', 'gone')).toEqual({ state: 'gone' });
  });

  test('a forgotten id is not asked and not told', async () => {
    world.create('eni-1', 0);
    watcher.observe('eni-1', 'groups-ready');
    watcher.forget('eni-1');
    await world.clock.advance(5_000);
    expect([readsSoFar(), changed]).toEqual([0, []]);
  });
});

describe('reads that fail', () => {
  test('lose no id', async () => {
    for (let index = 0; index < 150; index += 1) {
      world.create(`eni-${index}`, 0);
      watcher.observe(`eni-${index}`, index % 2 === 0 ? 'groups-ready' : 'available');
    }
    world.failReads(6);
    await world.clock.advance(60_000);
    expect(new Set(changed).size).toBe(150);
  });

  test('of an action the account may not call are tried every half minute, not more', async () => {
    world.create('eni-1', 0);
    watcher.observe('eni-1', 'groups-ready');
    world.failReads(1_000, 'unknownAction');
    await world.clock.advance(120_000);
    expect(readsSoFar()).toBeLessThanOrEqual(5);
    expect(watcher.observe('eni-1', 'groups-ready')).toEqual({ state: 'pending' });
  });
});
