import { expect, test } from 'vitest';

import { createFakeClock } from '../../test/fake-clock.ts';
import { createTurnGuard } from './turn.ts';

const oneTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function createSteppedGuard() {
  let ms = 0;
  const guard = createTurnGuard({ ...createFakeClock(), monotonicMs: () => ms });
  return {
    guard,
    pass: (by: number): void => {
      ms += by;
    },
  };
}

test('work goes on while the turn is young, and waits for the next one after 5 ms', async () => {
  const { guard, pass } = createSteppedGuard();
  expect(guard()).toBeUndefined();
  pass(4);
  expect(guard()).toBeUndefined();
  pass(1);
  const ends = guard();
  expect(ends).toBeInstanceOf(Promise);
  await ends;
  expect(guard()).toBeUndefined();
});

test('a turn that ended by itself does not count', async () => {
  const { guard, pass } = createSteppedGuard();
  void guard();
  await oneTurn();
  pass(100);
  expect(guard()).toBeUndefined();
});

test('many workers that never wait for anything let others have the event loop', async () => {
  const { guard, pass } = createSteppedGuard();
  let done = 0;
  const work = async (): Promise<void> => {
    for (let count = 0; count < 10; count += 1) {
      for (let ends = guard(); ends !== undefined; ends = guard()) await ends;
      done += 1;
      pass(1);
    }
  };
  const all = Promise.all(Array.from({ length: 20 }, work));
  let turns = 0;
  while (done < 200) {
    const before = done;
    await oneTurn();
    turns += 1;
    expect(done - before).toBeLessThanOrEqual(10);
  }
  await all;
  expect(turns).toBeGreaterThanOrEqual(20);
});
