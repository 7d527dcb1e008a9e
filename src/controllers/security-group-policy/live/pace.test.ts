// The pace of a policy in Live mode: its rate holds over time, whatever the rounds.
import { expect, it } from 'vitest';
import { createFakeClock } from '../../../../test/fake-clock.ts';
import { createLivePace } from './pace.ts';

it.each([1, 5, 100])('begins %i Pods a second, and never a burst of more than a round', async (perSecond) => {
  const clock = createFakeClock();
  const pace = createLivePace(clock);
  await clock.advance(60_000);
  const starts: number[] = [];
  const endMs = clock.monotonicMs() + 10_000;
  while (clock.monotonicMs() < endMs) {
    starts.push(pace.take('a/p', perSecond, 1000));
    await clock.advance(pace.nextMs('a/p', perSecond));
  }
  const total = starts.reduce((sum, each) => sum + each, 0);
  expect(total).toBeGreaterThanOrEqual(perSecond * 9);
  expect(total).toBeLessThanOrEqual(perSecond * 10 + 1);
  expect(Math.max(...starts)).toBeLessThanOrEqual(Math.max(1, perSecond / 5));
});

it('keeps the policies apart', () => {
  const pace = createLivePace(createFakeClock());
  expect([pace.take('a/p', 1, 5), pace.take('a/p', 1, 5), pace.take('a/q', 1, 5)]).toEqual([1, 0, 1]);
});
