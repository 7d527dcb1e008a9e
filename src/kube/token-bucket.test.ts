// The token bucket: a burst at once, then a steady pace, in order.
import { describe, expect, it } from 'vitest';
import { createFakeClock } from '../../test/fake-clock.ts';
import { createTokenBucket } from './token-bucket.ts';

describe('token bucket', () => {
  it('lets a burst pass and then one call after another at its pace', async () => {
    const clock = createFakeClock();
    const bucket = createTokenBucket({ qps: 10, burst: 2, clock });
    const moments: number[] = [];
    const calls = Array.from({ length: 5 }, () => bucket.take().then(() => moments.push(clock.monotonicMs())));
    await clock.advance(1000);
    await Promise.all(calls);
    expect(moments).toEqual([0, 0, 100, 200, 300]);
  });

  it('fills up to the burst and no further', async () => {
    const clock = createFakeClock();
    const bucket = createTokenBucket({ qps: 10, burst: 1, clock });
    await clock.advance(60_000);
    await bucket.take();
    const second = bucket.take().then(() => clock.monotonicMs());
    await clock.advance(1000);
    expect(await second).toBe(60_100);
  });

  it('gives the token of an aborted wait to those who come later', async () => {
    const clock = createFakeClock();
    const bucket = createTokenBucket({ qps: 10, burst: 1, clock });
    const stop = new AbortController();
    await bucket.take();
    const given = bucket.take(stop.signal).catch((error: unknown) => error);
    const reason = new Error('enough');
    stop.abort(reason);
    expect(await given).toBe(reason);
    const next = bucket.take().then(() => clock.monotonicMs());
    await clock.advance(1000);
    expect(await next).toBe(100);
  });
});
