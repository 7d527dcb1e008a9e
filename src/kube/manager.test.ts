// The manager: up in order, down in the reverse order, and out when a part fails.
import { beforeEach, describe, expect, it } from 'vitest';
import { createFakeClock, type FakeClock } from '../../test/fake-clock.ts';
import { TrunklineError } from '../base/errors.ts';
import { kubeErrors } from './kube-errors.ts';
import { type ManagerOptions, runManager } from './manager.ts';
import { nodes } from './resources.ts';
import { createLogCollector } from './testing/collect.ts';

let clock: FakeClock;
let trace: string[];
let stop: AbortController;
let log: ReturnType<typeof createLogCollector>;

beforeEach(() => {
  clock = createFakeClock();
  trace = [];
  stop = new AbortController();
  log = createLogCollector();
});

/** Runs until stopped, and then `lingerMs` longer. */
const part =
  (name: string, lingerMs = 0) =>
  async (signal: AbortSignal): Promise<void> => {
    trace.push(`${name} up`);
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    if (lingerMs > 0) await clock.sleep(lingerMs);
    trace.push(`${name} down`);
  };
const informer = () => {
  const synced = Promise.withResolvers<void>();
  return { resource: nodes, run: part('informer'), synced: synced.promise, sync: () => synced.resolve() };
};
const elector = () => {
  const won = Promise.withResolvers<void>();
  const lost = new AbortController();
  return {
    run: part('elector'),
    acquired: () => won.promise,
    lost: lost.signal,
    win: () => won.resolve(),
    lose: (error?: Error) => lost.abort(error),
  };
};
const run = (options: Partial<ManagerOptions>): Promise<void> =>
  runManager({ informers: [], controllers: [], clock, logger: log.logger, signal: stop.signal, ...options });

describe('runManager', () => {
  it('starts servers marked so, informers, other servers, elector and controllers, each when the one before is ready', async () => {
    const cache = informer();
    const election = elector();
    const done = run({
      informers: [cache],
      elector: election,
      controllers: [{ name: 'c', run: part('controller') }],
      servers: [
        { name: 'health', when: 'at-start', run: part('health') },
        { name: 'webhook', run: part('webhook') },
      ],
    });
    await clock.settle();
    expect(trace).toEqual(['health up', 'informer up']);
    cache.sync();
    await clock.settle();
    expect(trace.slice(2)).toEqual(['webhook up', 'elector up']);
    election.win();
    await clock.settle();
    expect(trace.slice(4)).toEqual(['controller up']);
    stop.abort();
    await done;
    expect(trace.slice(5)).toEqual(['controller down', 'elector down', 'webhook down', 'informer down', 'health down']);
  });

  it('runs controllers without an elector once the informers are synced', async () => {
    const cache = informer();
    const done = run({ informers: [cache], controllers: [{ name: 'c', run: part('controller') }] });
    cache.sync();
    await clock.settle();
    expect(trace).toEqual(['informer up', 'controller up']);
    stop.abort();
    await done;
  });

  it('waits for a stage to end before it stops the one below', async () => {
    const cache = informer();
    cache.sync();
    const done = run({ informers: [cache], controllers: [{ name: 'c', run: part('controller', 500) }] });
    await clock.settle();
    stop.abort();
    await clock.advance(499);
    expect(trace).not.toContain('informer down');
    await clock.advance(1);
    await done;
    expect(trace.slice(-2)).toEqual(['controller down', 'informer down']);
    expect(clock.pendingTimers).toBe(0);
  });

  it('does not wait beyond its budget, and then leaves the lease to expire under controllers that still run', async () => {
    const cache = informer();
    const election = elector();
    cache.sync();
    election.win();
    const done = run({
      informers: [cache],
      elector: election,
      controllers: [{ name: 'stuck', run: () => new Promise(() => undefined) }],
      shutdownBudgetMs: 1000,
    });
    await clock.settle();
    stop.abort();
    await clock.advance(1000);
    await done;
    expect(trace).not.toContain('elector down');
    expect(trace).toContain('informer down');
    expect(log.lines.find((line) => line.level === 'warn')?.fields).toMatchObject({
      stage: 'controllers',
      running: ['controller stuck'],
    });
  });

  it('stops at once when told so while it waits for the informers', async () => {
    const done = run({ informers: [informer()], controllers: [{ name: 'c', run: part('controller') }] });
    await clock.settle();
    stop.abort();
    await done;
    expect(trace).toEqual(['informer up', 'informer down']);
  });

  it('stops at once when told so while it stands for election', async () => {
    const cache = informer();
    cache.sync();
    const done = run({ informers: [cache], elector: elector(), controllers: [{ name: 'c', run: part('controller') }] });
    await clock.settle();
    stop.abort();
    await done;
    expect(trace).toEqual(['informer up', 'elector up', 'elector down', 'informer down']);
  });

  it('does not start anything that waits when told to stop beforehand', async () => {
    stop.abort();
    await run({ informers: [informer()], controllers: [{ name: 'c', run: part('controller') }] });
    expect(trace).not.toContain('controller up');
  });

  it('stops the controllers and rejects when leadership is lost', async () => {
    const cache = informer();
    const election = elector();
    cache.sync();
    election.win();
    const done = run({ informers: [cache], elector: election, controllers: [{ name: 'c', run: part('controller') }] });
    await clock.settle();
    election.lose(new TrunklineError(kubeErrors.leadershipLost, 'gone'));
    await expect(done).rejects.toMatchObject({ code: 'KUBE-LEADERSHIP-LOST' });
    expect(trace.slice(-3)).toEqual(['controller down', 'elector down', 'informer down']);
  });

  it.each([
    [
      'an informer that fails',
      (fail: () => Promise<void>) => ({
        informers: [{ resource: nodes, run: fail, synced: new Promise<void>(() => undefined) }],
      }),
      'informer nodes ended by itself: broken',
    ],
    [
      'a server that cannot serve',
      (fail: () => Promise<void>) => ({ servers: [{ name: 'webhook', run: fail }] }),
      'server webhook ended by itself: broken',
    ],
    [
      'a controller that fails',
      (fail: () => Promise<void>) => ({ controllers: [{ name: 'c', run: fail }] }),
      'controller c ended by itself: broken',
    ],
  ])('rejects because of %s, after stopping the rest', async (_, options, message) => {
    const fail = (): Promise<void> => Promise.reject(new Error('broken'));
    await expect(
      run({ servers: [{ name: 'health', when: 'at-start', run: part('health') }], ...options(fail) }),
    ).rejects.toMatchObject({
      code: 'KUBE-PART-STOPPED',
      message,
    });
  });

  it('rejects because of a controller that returns although nothing asked it to', async () => {
    await expect(run({ controllers: [{ name: 'c', run: () => Promise.resolve() }] })).rejects.toThrow(
      'controller c ended by itself: it returned',
    );
  });
});
