// Leader election: at most one leader, and no mutation while a former leader's call may still be under way.
import { beforeEach, describe, expect, it } from 'vitest';
import { createFakeClock, type FakeClock } from '../../test/fake-clock.ts';
import { silentLogger } from '../base/logger.ts';
import { createElector, type ElectorOptions } from './elector.ts';
import type { Lease } from './resources.ts';
import { apiFailure, createMemoryObjects, type MemoryObjects } from './testing/memory-objects.ts';
import type { Elector } from './types.ts';

const KEY = 'kube-system/ipamd';
let clock: FakeClock;
let memory: MemoryObjects;

interface Standing {
  readonly elector: Elector;
  readonly stop: AbortController;
  readonly state: { acquiredAtMs?: number; ended?: unknown };
  readonly ended: Promise<unknown>;
}

beforeEach(() => {
  clock = createFakeClock();
  memory = createMemoryObjects();
});

function stand(identity: string, options: Partial<ElectorOptions> = {}): Standing {
  const elector = createElector({ client: memory.client, clock, logger: silentLogger, identity, name: 'ipamd', callTimeoutMs: 5_000, ...options });
  const stop = new AbortController();
  const state: Standing['state'] = {};
  elector.acquired(stop.signal).then(
    () => (state.acquiredAtMs = clock.monotonicMs()),
    () => undefined,
  );
  const ended = elector.run(stop.signal).then(
    () => (state.ended = 'stopped'),
    (error: unknown) => (state.ended = error),
  );
  return { elector, stop, state, ended };
}
const lease = (): Lease => memory.objects.get(KEY) as Lease;
const holder = (): string | undefined => lease().spec?.holderIdentity;
/** As if the process were killed or frozen: its calls never return. */
const partition = (verbs: (verb: string) => Promise<void> | void) => memory.intercept(verbs);
const hang = (): Promise<void> => new Promise(() => undefined);

describe('winning', () => {
  it('is immediate when nobody ever held the lease, and writes what kubectl and others read', async () => {
    const a = stand('host-a_1');
    await clock.advance(0);
    expect(a.state.acquiredAtMs).toBe(0);
    expect(lease().spec).toEqual({
      holderIdentity: 'host-a_1',
      leaseDurationSeconds: 15,
      acquireTime: '2026-01-01T00:00:00.000000Z',
      renewTime: '2026-01-01T00:00:00.000000Z',
      leaseTransitions: 0,
    });
  });

  it('goes to one of two', async () => {
    const a = stand('a');
    const b = stand('b');
    await clock.advance(60_000);
    expect([a.state.acquiredAtMs, b.state.acquiredAtMs]).toEqual([0, undefined]);
    expect([a.elector.holds(0), b.elector.holds(0)]).toEqual([true, false]);
    expect(lease().spec?.renewTime).toBe('2026-01-01T00:01:00.000000Z');
  });

  it('is immediate after a release', async () => {
    const a = stand('a');
    await clock.advance(0);
    const b = stand('b');
    await clock.advance(10_000);
    a.stop.abort();
    await a.ended;
    expect(a.state.ended).toBe('stopped');
    expect(holder()).toBeUndefined();
    await clock.advance(2_000);
    expect(b.state.acquiredAtMs).toBe(12_000);
    expect(lease().spec).toMatchObject({ holderIdentity: 'b', leaseTransitions: 1, leaseDurationSeconds: 15 });
  });

  it('keeps fields of the lease that it does not know', async () => {
    memory.put({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { namespace: 'kube-system', name: 'ipamd', labels: { team: 'net' } }, spec: { strategy: 'x' } } as unknown as Lease);
    stand('a');
    await clock.advance(0);
    expect(lease().metadata.labels).toEqual({ team: 'net' });
    expect(lease().spec).toMatchObject({ strategy: 'x', holderIdentity: 'a' });
  });

  it('is tried again while the API does not answer', async () => {
    partition(() => {
      throw apiFailure(503, 'ServiceUnavailable');
    });
    const a = stand('a');
    await clock.advance(10_000);
    memory.intercept(undefined);
    await clock.advance(2_000);
    expect(a.state.acquiredAtMs).toBe(12_000);
  });
});

describe('taking over from a holder that vanished', () => {
  /** `a` holds, renews last at 10 s, and is gone; `b` saw that renewal. */
  async function leaderVanishes(options: Partial<ElectorOptions> = {}): Promise<Standing> {
    const a = stand('a', { client: aClient() });
    await clock.advance(1_000);
    const b = stand('b', options);
    await clock.advance(9_500);
    aGone = true;
    void a;
    return b;
  }
  let aGone = false;
  const aClient = () => ({
    get: ((...args: Parameters<MemoryObjects['client']['get']>) => (aGone ? hang() : memory.client.get(...args))) as MemoryObjects['client']['get'],
    create: memory.client.create,
    replace: ((...args: Parameters<MemoryObjects['client']['replace']>) => (aGone ? hang() : memory.client.replace(...args))) as MemoryObjects['client']['replace'],
  });
  beforeEach(() => {
    aGone = false;
  });

  it('happens only when the lease has run out since its last change that was seen', async () => {
    await leaderVanishes();
    // Written at 10.0 s, seen at 11 s, so it runs out at 26 s.
    await clock.advance(14_500);
    expect([clock.monotonicMs(), holder()]).toEqual([25_000, 'a']);
    await clock.advance(2_000);
    expect([clock.monotonicMs(), holder()]).toEqual([27_000, 'b']);
  });

  it('lets nothing be changed before the call time-out has passed as well', async () => {
    const b = await leaderVanishes();
    await clock.advance(20_400);
    expect([clock.monotonicMs(), holder(), b.elector.holds(0), b.state.acquiredAtMs]).toEqual([30_900, 'b', false, undefined]);
    await clock.advance(200);
    expect([b.state.acquiredAtMs, b.elector.holds(0)]).toEqual([31_000, true]);
  });

  it('waits for the longer duration of the two, when they were configured differently', async () => {
    await leaderVanishes({ leaseDurationMs: 30_000 });
    await clock.advance(29_000);
    expect(holder()).toBe('a');
    await clock.advance(3_000);
    expect(holder()).toBe('b');
  });

  it('keeps the fence shut also when the answer to the takeover was lost', async () => {
    const b = await leaderVanishes();
    let lostOnce = false;
    memory.interceptAnswer((verb) => {
      if (verb !== 'replace' || lostOnce) return;
      lostOnce = true;
      throw apiFailure(0, 'ConnectionFailed');
    });
    await clock.advance(20_400);
    expect([lostOnce, holder(), b.state.acquiredAtMs]).toEqual([true, 'b', undefined]);
    await clock.advance(200);
    expect(b.state.acquiredAtMs).toBe(31_000);
  });

  it('does not judge by the timestamps in the lease, which come from another clock', async () => {
    const past = '2001-01-01T00:00:00.000000Z';
    memory.put({
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { namespace: 'kube-system', name: 'ipamd' },
      spec: { holderIdentity: 'x', leaseDurationSeconds: 15, renewTime: past, acquireTime: past },
    } as Lease);
    const b = stand('b');
    await clock.advance(14_000);
    expect(holder()).toBe('x');
    await clock.advance(6_000);
    expect([holder(), b.state.acquiredAtMs]).toEqual(['b', 20_000]);
  });

  it('does not take a record of its own name, left by its former life, for its own', async () => {
    memory.put({
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { namespace: 'kube-system', name: 'ipamd' },
      spec: { holderIdentity: 'fixed', leaseDurationSeconds: 15 },
    } as Lease);
    const b = stand('fixed');
    await clock.advance(19_999);
    expect(b.state.acquiredAtMs).toBeUndefined();
    await clock.advance(1);
    expect(b.state.acquiredAtMs).toBe(20_000);
  });

  it('does not believe that a deleted lease freed its holder', async () => {
    const b = await leaderVanishes();
    memory.remove(KEY);
    await clock.advance(14_000);
    expect(memory.objects.has(KEY)).toBe(false);
    await clock.advance(7_000);
    expect([holder(), b.state.acquiredAtMs]).toEqual(['b', 31_000]);
  });
});

describe('holding', () => {
  it('counts from before the renewal was sent', async () => {
    const a = stand('a');
    await clock.advance(0);
    memory.interceptAnswer(() => clock.sleep(3_000));
    await clock.advance(5_000);
    // Sent at 2 s, answered at 5 s.
    expect([a.elector.holds(11_999), a.elector.holds(12_000)]).toEqual([true, false]);
  });

  it('ends by the clock alone, even before anything noticed that the renewals fail', async () => {
    const a = stand('a');
    await clock.advance(0);
    expect([a.elector.holds(14_999), a.elector.holds(15_000)]).toEqual([true, false]);
  });

  it('survives failures shorter than the renew deadline', async () => {
    const a = stand('a');
    await clock.advance(0);
    partition(() => {
      throw apiFailure(500, 'InternalError');
    });
    await clock.advance(9_000);
    memory.intercept(undefined);
    await clock.advance(60_000);
    expect([a.elector.lost.aborted, a.elector.holds(5_000), a.state.ended]).toEqual([false, true, undefined]);
  });

  it('survives a renewal whose answer was lost, and a stranger\'s annotation', async () => {
    const a = stand('a');
    await clock.advance(0);
    let lost = 0;
    memory.interceptAnswer((verb) => {
      if (verb === 'replace' && lost++ === 0) throw apiFailure(0, 'ConnectionFailed');
    });
    await clock.advance(3_000);
    const { metadata } = lease();
    memory.put({ ...lease(), metadata: { ...metadata, annotations: { note: 'hi' } } });
    await clock.advance(60_000);
    expect([a.elector.lost.aborted, a.elector.holds(5_000)]).toEqual([false, true]);
    expect(lease().metadata.annotations).toEqual({ note: 'hi' });
  });

  it('makes the lease anew when someone deleted it and nobody took it', async () => {
    const a = stand('a');
    await clock.advance(1_000);
    memory.remove(KEY);
    await clock.advance(2_000);
    expect([holder(), a.elector.lost.aborted]).toEqual(['a', false]);
  });
});

describe('losing', () => {
  it.each([
    ['fail', () => Promise.reject(apiFailure(503, 'ServiceUnavailable'))],
    ['hang', hang],
  ])('happens at the renew deadline when renewals %s: before the lease runs out', async (_, outcome) => {
    const a = stand('a');
    await clock.advance(0);
    partition(outcome);
    await clock.advance(9_999);
    expect(a.elector.lost.aborted).toBe(false);
    await clock.advance(1);
    expect([a.elector.lost.aborted, a.elector.holds(0)]).toEqual([true, false]);
    expect(a.state.ended).toMatchObject({ code: 'KUBE-LEADERSHIP-LOST' });
    expect(a.elector.lost.reason).toBe(a.state.ended);
  });

  it('happens at once when another holds the lease', async () => {
    const a = stand('a');
    await clock.advance(0);
    memory.put({ ...lease(), spec: { ...lease().spec, holderIdentity: 'usurper' } } as Lease);
    await clock.advance(2_000);
    expect(a.state.ended).toMatchObject({ message: 'leadership was lost: another process holds the lease' });
    expect(holder()).toBe('usurper');
  });

  it('rejects those who still wait for the fence to open', async () => {
    memory.put({
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { namespace: 'kube-system', name: 'ipamd' },
      spec: { holderIdentity: 'x', leaseDurationSeconds: 15 },
    } as Lease);
    const b = stand('b', { callTimeoutMs: 60_000 });
    await clock.advance(16_000);
    expect(holder()).toBe('b');
    partition(hang);
    const waiting = b.elector.acquired(new AbortController().signal).catch((error: unknown) => error);
    await clock.advance(100_000);
    expect(await waiting).toMatchObject({ code: 'KUBE-LEADERSHIP-LOST' });
    expect(b.state.acquiredAtMs).toBeUndefined();
  });
});

describe('stopping', () => {
  it('leaves a lease alone that was never ours', async () => {
    stand('a');
    await clock.advance(0);
    const b = stand('b');
    await clock.advance(5_000);
    b.stop.abort();
    await b.ended;
    expect([b.state.ended, holder()]).toEqual(['stopped', 'a']);
  });

  it('ends also when the release cannot be written', async () => {
    const a = stand('a');
    await clock.advance(0);
    partition(hang);
    a.stop.abort();
    await clock.advance(5_000);
    expect(a.state.ended).toBe('stopped');
    expect(a.elector.holds(0)).toBe(false);
  });

  it('rejects those who wait for leadership with the reason of their signal', async () => {
    stand('a');
    await clock.advance(0);
    const b = stand('b');
    const stop = new AbortController();
    const waiting = b.elector.acquired(stop.signal).catch((error: unknown) => error);
    const reason = new Error('shutdown');
    stop.abort(reason);
    expect(await waiting).toBe(reason);
  });

  it('leaves no timer behind', async () => {
    const a = stand('a');
    await clock.advance(3_000);
    a.stop.abort();
    await a.ended;
    expect(clock.pendingTimers).toBe(0);
  });
});

it('refuses a renew deadline that is not below the lease duration', () => {
  expect(() => stand('a', { renewDeadlineMs: 15_000 })).toThrow('renewDeadlineMs is 15000: expected less than leaseDurationMs, 15000');
});
