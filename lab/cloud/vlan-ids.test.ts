import { expect, test } from 'vitest';

import { createFakeClock } from '../../test/fake-clock.ts';
import { createVlanIds } from './vlan-ids.ts';

const HIGHEST = 4094;

test('hands out 1 to 4094, each once, then nothing', () => {
  const ids = createVlanIds(createFakeClock(), 0);
  const taken = Array.from({ length: HIGHEST }, () => ids.take());
  expect([new Set(taken).size, Math.min(...taken.map(Number)), Math.max(...taken.map(Number))]).toEqual([
    HIGHEST,
    1,
    HIGHEST,
  ]);
  expect(ids.take()).toBeUndefined();
});

test('hands a released id out again only after its rest', async () => {
  const clock = createFakeClock();
  const ids = createVlanIds(clock, 30_000);
  for (let count = 0; count < HIGHEST; count += 1) ids.take();
  ids.release(77);
  await clock.advance(29_999);
  const early = ids.take();
  await clock.advance(1);
  expect([early, ids.take()]).toEqual([undefined, 77]);
});
