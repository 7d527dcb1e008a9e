// Leader election: winning, holding, losing and giving back.
import { beforeEach, describe, expect, it } from 'vitest';
import type { Lease } from './resources.ts';
import { createElection, type Election, hang, LEASE_KEY } from './testing/election.ts';
import { apiFailure } from './testing/memory-objects.ts';

let clock: Election['clock'];
let memory: Election['memory'];
let stand: Election['stand'];
let lease: Election['lease'];
let holder: Election['holder'];
let leave: Election['leave'];

beforeEach(() => {
  ({ clock, memory, stand, lease, holder, leave } = createElection());
});

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
    leave({ strategy: 'x' } as NonNullable<Lease['spec']>, { labels: { team: 'net' } });
    stand('a');
    await clock.advance(0);
    expect(lease().metadata.labels).toEqual({ team: 'net' });
    expect(lease().spec).toMatchObject({ strategy: 'x', holderIdentity: 'a' });
  });

  it('is tried again while the API does not answer', async () => {
    memory.intercept(() => {
      throw apiFailure(503, 'ServiceUnavailable');
    });
    const a = stand('a');
    await clock.advance(10_000);
    memory.intercept(undefined);
    await clock.advance(2_000);
    expect(a.state.acquiredAtMs).toBe(12_000);
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
    memory.intercept(() => {
      throw apiFailure(500, 'InternalError');
    });
    await clock.advance(7_000);
    memory.intercept(undefined);
    await clock.advance(60_000);
    expect([a.elector.lost.aborted, a.elector.holds(5_000), a.state.ended]).toEqual([false, true, undefined]);
  });

  it("survives a renewal whose answer was lost, and a stranger's annotation", async () => {
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

  it('is not shortened by the late answer to a renewal that was given up', async () => {
    const a = stand('a');
    await clock.advance(0);
    let slow = true;
    memory.interceptAnswer((verb) => {
      if (verb !== 'replace' || !slow) return;
      slow = false;
      return clock.sleep(10_000);
    });
    await clock.advance(12_500);
    // Sent at 2 s and answered at 12 s; renewed by others at 9 s and 11 s.
    expect(a.elector.holds(13_000)).toBe(true);
  });

  it('makes the lease anew when someone deleted it and nobody took it', async () => {
    const a = stand('a');
    await clock.advance(1_000);
    memory.remove(LEASE_KEY);
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
    memory.intercept(outcome);
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

  it('keeps the fence shut that would have opened after the loss', async () => {
    leave({ holderIdentity: 'x', leaseDurationSeconds: 15 });
    const b = stand('b', { callTimeoutMs: 13_000 });
    await clock.advance(16_000);
    memory.intercept(hang);
    // Lost at 26 s; the lease would last until 31 s, and the fence would open at 28 s.
    await clock.advance(12_500);
    expect([b.elector.lost.aborted, b.elector.holds(0), b.state.acquiredAtMs]).toEqual([true, false, undefined]);
  });

  it('rejects those who still wait for the fence to open', async () => {
    leave({ holderIdentity: 'x', leaseDurationSeconds: 15 });
    const b = stand('b', { callTimeoutMs: 60_000 });
    await clock.advance(16_000);
    expect(holder()).toBe('b');
    memory.intercept(hang);
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

  it('releases also after a renewal that was broken off by the stop and arrived', async () => {
    const a = stand('a');
    await clock.advance(0);
    memory.interceptAnswer((verb) => (verb === 'replace' ? hang() : undefined));
    await clock.advance(2_000);
    memory.interceptAnswer(undefined);
    a.stop.abort();
    await a.ended;
    expect(holder()).toBeUndefined();
  });

  it('ends also when the release cannot be written', async () => {
    const a = stand('a');
    await clock.advance(0);
    memory.intercept(hang);
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
  expect(() => stand('a', { renewDeadlineMs: 15_000 })).toThrow(
    'renewDeadlineMs is 15000: expected less than leaseDurationMs, 15000',
  );
});
