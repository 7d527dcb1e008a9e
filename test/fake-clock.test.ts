// The fake clock keeps the promises of `Clock` without time passing.
import { describe, expect, it } from 'vitest';
import { createFakeClock } from './fake-clock.ts';

describe('fake clock', () => {
  it('fires timers in order of due time, then of creation, each at its own moment', async () => {
    const clock = createFakeClock('2026-01-01T00:00:00Z');
    const fired: string[] = [];
    const note = (name: string) => () => void fired.push(`${name}@${clock.monotonicMs()}`);
    clock.after(20, note('late'));
    clock.after(10, note('first'));
    clock.after(10, note('second'));
    await clock.advance(30);
    expect(fired).toEqual(['first@10', 'second@10', 'late@20']);
    expect(clock.now().toISOString()).toBe('2026-01-01T00:00:00.030Z');
  });

  it('also fires what promise jobs set up on the way', async () => {
    const clock = createFakeClock();
    const moments: number[] = [];
    const ticking = (async () => {
      for (let i = 0; i < 3; i++) {
        await clock.sleep(10);
        moments.push(clock.monotonicMs());
      }
    })();
    await clock.advance(30);
    await ticking;
    expect(moments).toEqual([10, 20, 30]);
  });

  it('leaves alone what is not due and what was cancelled', async () => {
    const clock = createFakeClock();
    let fired = 0;
    const cancel = clock.after(5, () => fired++);
    clock.after(11, () => fired++);
    cancel();
    await clock.advance(10);
    expect(fired).toBe(0);
    expect(clock.pendingTimers).toBe(1);
  });

  it('rejects a sleep with the reason of its signal and forgets its timer', async () => {
    const clock = createFakeClock();
    const stop = new AbortController();
    const slept = clock.sleep(1000, stop.signal);
    const reason = new Error('enough');
    stop.abort(reason);
    await expect(slept).rejects.toBe(reason);
    await expect(clock.sleep(1, stop.signal)).rejects.toBe(reason);
    expect(clock.pendingTimers).toBe(0);
  });
});
