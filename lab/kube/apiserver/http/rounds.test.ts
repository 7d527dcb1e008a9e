// Steps that wait for each other.
import { setImmediate as immediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createRound } from './rounds.ts';

describe('a round', () => {
  it('takes its steps together and in order, once everybody was read', async () => {
    const round = createRound();
    const taken: number[] = [];
    for (const step of [1, 2, 3]) round(() => taken.push(step));
    await Promise.resolve();
    expect(taken).toEqual([]);
    await immediate();
    expect(taken).toEqual([1, 2, 3]);
  });

  it('begins anew after each', async () => {
    const round = createRound();
    const taken: string[] = [];
    round(() => round(() => taken.push('later')));
    await immediate();
    expect(taken).toEqual([]);
    await immediate();
    expect(taken).toEqual(['later']);
  });

  it('lets no crowd wait for its last', () => {
    const round = createRound();
    let taken = 0;
    for (let step = 0; step < 40; step += 1) round(() => (taken += 1));
    expect(taken).toBe(32);
  });
});
