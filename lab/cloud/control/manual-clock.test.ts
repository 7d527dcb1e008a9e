import { describe, expect, test } from 'vitest';

import { createManualClock } from './manual-clock.ts';

const start = new Date('2026-01-01T00:00:00Z');

describe('a manual clock', () => {
  test('stands still until it is moved', async () => {
    const clock = createManualClock(start);
    const before = [clock.now().toISOString(), clock.monotonicMs()];
    await clock.advance(1500);
    expect([before, clock.now().toISOString(), clock.monotonicMs()]).toEqual([
      ['2026-01-01T00:00:00.000Z', 0],
      '2026-01-01T00:00:01.500Z',
      1500,
    ]);
  });

  test('does what falls due at its own moment, in order of time, then of asking', async () => {
    const clock = createManualClock(start);
    const done: string[] = [];
    const note = (name: string) => () => void done.push(`${name} at ${clock.monotonicMs()}`);
    clock.after(20, note('late'));
    clock.after(10, note('first'));
    clock.after(10, note('second'));
    clock.after(31, note('never'));
    await clock.advance(30);
    expect(done).toEqual(['first at 10', 'second at 10', 'late at 20']);
  });

  test('does what that led to as well, within the same move', async () => {
    const clock = createManualClock(start);
    const done: number[] = [];
    clock.after(10, () => {
      void (async () => {
        await clock.sleep(10);
        done.push(clock.monotonicMs());
      })();
    });
    await clock.advance(20);
    expect(done).toEqual([20]);
  });

  test('makes a second move after the first', async () => {
    const clock = createManualClock(start);
    const seen: number[] = [];
    clock.after(5, () => void clock.advance(100).then(() => seen.push(clock.monotonicMs())));
    await clock.advance(10);
    expect(clock.monotonicMs()).toBe(10);
    await clock.advance(0);
    expect([seen, clock.monotonicMs()]).toEqual([[110], 110]);
  });

  test('forgets what is called off', async () => {
    const clock = createManualClock(start);
    const stop = new AbortController();
    const slept = clock.sleep(10, stop.signal);
    const cancel = clock.after(10, () => expect.unreachable());
    cancel();
    stop.abort(new Error('off'));
    await expect(slept).rejects.toThrow('off');
    await clock.advance(20);
  });

  test.each([-1, Number.NaN])('does not go back or nowhere (%s)', async (ms) => {
    await expect(createManualClock(start).advance(ms)).rejects.toThrow(RangeError);
  });
});
