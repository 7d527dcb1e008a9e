// Leader election: no mutation while a call of a leader that vanished may still be under way.
import { beforeEach, describe, expect, it } from 'vitest';
import type { ElectorOptions } from './elector.ts';
import { createElection, type Election, hang, LEASE_KEY, type Standing } from './testing/election.ts';
import { apiFailure, type MemoryObjects } from './testing/memory-objects.ts';

let clock: Election['clock'];
let memory: Election['memory'];
let stand: Election['stand'];
let holder: Election['holder'];
let leave: Election['leave'];

beforeEach(() => {
  ({ clock, memory, stand, holder, leave } = createElection());
});

describe('taking over from a holder that vanished', () => {
  /** `a` holds, renews last at 10 s, and is gone; `b` saw that renewal. */
  async function leaderVanishes(
    options: Partial<ElectorOptions> = {},
    itsOptions: Partial<ElectorOptions> = {},
  ): Promise<Standing> {
    stand('a', { client: aClient(), ...itsOptions });
    await clock.advance(1_000);
    const b = stand('b', options);
    await clock.advance(9_500);
    aGone = true;
    return b;
  }
  let aGone = false;
  const aClient = () => ({
    get: ((...args: Parameters<MemoryObjects['client']['get']>) =>
      aGone ? hang() : memory.client.get(...args)) as MemoryObjects['client']['get'],
    create: memory.client.create,
    replace: ((...args: Parameters<MemoryObjects['client']['replace']>) =>
      aGone ? hang() : memory.client.replace(...args)) as MemoryObjects['client']['replace'],
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
    expect([clock.monotonicMs(), holder(), b.elector.holds(0), b.state.acquiredAtMs]).toEqual([
      30_900,
      'b',
      false,
      undefined,
    ]);
    await clock.advance(200);
    expect([b.state.acquiredAtMs, b.elector.holds(0)]).toEqual([31_000, true]);
  });

  it.each([
    ['its own', { mine: 30_000, its: 15_000 }],
    ["the former leader's", { mine: 15_000, its: 30_000 }],
  ])('waits for the longer of two lease durations when it is %s', async (_, { mine, its }) => {
    await leaderVanishes({ leaseDurationMs: mine }, { leaseDurationMs: its });
    await clock.advance(30_000);
    expect([clock.monotonicMs(), holder()]).toEqual([40_500, 'a']);
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
    leave({ holderIdentity: 'x', leaseDurationSeconds: 15, renewTime: past, acquireTime: past });
    const b = stand('b');
    await clock.advance(14_000);
    expect(holder()).toBe('x');
    await clock.advance(6_000);
    expect([holder(), b.state.acquiredAtMs]).toEqual(['b', 20_000]);
  });

  it('does not take a record of its own name, left by its former life, for its own', async () => {
    leave({ holderIdentity: 'fixed', leaseDurationSeconds: 15 });
    const b = stand('fixed');
    await clock.advance(19_999);
    expect(b.state.acquiredAtMs).toBeUndefined();
    await clock.advance(1);
    expect(b.state.acquiredAtMs).toBe(20_000);
  });

  it('does not believe that a deleted lease freed its holder', async () => {
    const b = await leaderVanishes();
    memory.remove(LEASE_KEY);
    await clock.advance(14_000);
    expect(memory.objects.has(LEASE_KEY)).toBe(false);
    await clock.advance(7_000);
    expect([holder(), b.state.acquiredAtMs]).toEqual(['b', 31_000]);
  });
});
