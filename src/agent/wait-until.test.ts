// Waiting on several sources: woken by each, by time when asked, ended by a signal, and never twice at once.
import { describe, expect, it } from 'vitest';
import { createFakeClock } from '../../test/fake-clock.ts';
import { type Look, waitUntil } from './wait-until.ts';

const never = new AbortController().signal;

function createSource() {
  const listeners = new Set<() => void>();
  return {
    listeners,
    source: (tell: () => void): (() => void) => {
      listeners.add(tell);
      return () => listeners.delete(tell);
    },
    tell: (): void => {
      for (const listener of listeners) listener();
    },
  };
}

describe('waiting', () => {
  it('looks at once, and again after a change of any source', async () => {
    const [a, b] = [createSource(), createSource()];
    const answers: Look<string>[] = [{ againAfterMs: undefined }, { againAfterMs: undefined }, { done: 'found' }];
    const found = waitUntil(createFakeClock(), [a.source, b.source], () => answers.shift() ?? { done: 'late' }, never);
    expect(answers).toHaveLength(2);
    a.tell();
    expect(answers).toHaveLength(1);
    b.tell();
    expect(await found).toBe('found');
    expect(a.listeners.size + b.listeners.size).toBe(0);
  });

  it('looks again when time alone may have changed the answer', async () => {
    const clock = createFakeClock();
    const found = waitUntil(
      clock,
      [],
      () => (clock.monotonicMs() < 500 ? { againAfterMs: 500 - clock.monotonicMs() } : { done: clock.monotonicMs() }),
      never,
    );
    await clock.advance(500);
    expect(await found).toBe(500);
    expect(clock.pendingTimers).toBe(0);
  });

  it('is not called anew by what it changes itself', async () => {
    const { source, tell } = createSource();
    let looks = 0;
    const found = waitUntil(
      createFakeClock(),
      [source],
      () => {
        looks += 1;
        tell();
        return looks === 2 ? { done: looks } : { againAfterMs: undefined };
      },
      never,
    );
    expect(looks).toBe(1);
    tell();
    expect(await found).toBe(2);
  });

  it('serves those first who waited first', async () => {
    const { source, tell } = createSource();
    const free: string[] = [];
    const take = (): Look<string> => {
      const one = free.shift();
      return one === undefined ? { againAfterMs: undefined } : { done: one };
    };
    const waiting = [1, 2].map(() => waitUntil(createFakeClock(), [source], take, never));
    free.push('first', 'second');
    tell();
    expect(await Promise.all(waiting)).toEqual(['first', 'second']);
  });

  it.each(['before', 'while'])('ends with the reason of the signal that aborts %s it waits', async (when) => {
    const clock = createFakeClock();
    const { source, listeners } = createSource();
    const stop = new AbortController();
    if (when === 'before') stop.abort(new Error('enough'));
    const waiting = waitUntil(clock, [source], () => ({ againAfterMs: 1_000 }), stop.signal);
    stop.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    expect([listeners.size, clock.pendingTimers]).toEqual([0, 0]);
  });

  it('ends with what the look throws', async () => {
    const { source, listeners } = createSource();
    const waiting = waitUntil(
      createFakeClock(),
      [source],
      () => {
        throw new Error('never');
      },
      never,
    );
    await expect(waiting).rejects.toThrow('never');
    expect(listeners.size).toBe(0);
  });
});
