import { expect, test } from 'vitest';

import { createLearnedDelay } from './learned-delay.ts';

/** Looks at the guess and, when too early, again after a quarter more each time; returns the number of looks. */
function look(delay: ReturnType<typeof createLearnedDelay>, realMs: number): number {
  let elapsed = delay.guessMs();
  let early: number | undefined;
  let looks = 1;
  while (elapsed < realMs) {
    early = elapsed;
    elapsed *= 1.25;
    looks += 1;
  }
  delay.learn(elapsed, early);
  return looks;
}

test('after two that took 300 ms, the next hundred cost at most five further looks', () => {
  const delay = createLearnedDelay(250);
  look(delay, 300);
  look(delay, 300);
  const looks = Array.from({ length: 100 }, () => look(delay, 300)).reduce((sum, one) => sum + one, 0);
  expect(looks).toBeLessThanOrEqual(105);
  expect(delay.guessMs()).toBeLessThan(450);
});

test('comes down to what is fast', () => {
  const delay = createLearnedDelay(250);
  for (let index = 0; index < 20; index += 1) look(delay, 30);
  expect(delay.guessMs()).toBeLessThan(60);
});

test('one that took very long does not make all later ones wait', () => {
  const delay = createLearnedDelay(250);
  for (let index = 0; index < 10; index += 1) look(delay, 300);
  look(delay, 60_000);
  expect(delay.guessMs()).toBeLessThan(2_000);
});

test('an answer that was read late says nothing about the delay', () => {
  const delay = createLearnedDelay(250);
  delay.learn(1_500, undefined);
  expect(delay.guessMs()).toBe(250);
});

test('comes down when somebody looked sooner and it had happened', () => {
  const delay = createLearnedDelay(250);
  look(delay, 600);
  const before = delay.guessMs();
  for (let index = 0; index < 4; index += 1) delay.learn(300, undefined);
  expect(before).toBeGreaterThan(400);
  expect(delay.guessMs()).toBeLessThan(325);
});
