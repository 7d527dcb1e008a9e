// A saved cloud goes on where it was left: same answers, same ids, same ends of tasks.
import fc from 'fast-check';
import { expect, test } from 'vitest';

import { describeAll, openWorld } from '../testing/random-world.ts';
import { randomSteps } from '../testing/random-steps.ts';
import { readSaved } from './saved-text.ts';

const seed = Date.now() % 2 ** 31;

test(`whatever was done before, a saved cloud answers and acts as the one it was saved from (seed ${seed})`, async () => {
  await fc.assert(
    fc.asyncProperty(
      randomSteps({ maxLength: 60 }),
      randomSteps({ maxLength: 15 }),
      fc.nat({ max: 1000 }),
      async (before, after, worldSeed) => {
        const first = await openWorld({ seed: worldSeed });
        try {
          for (const step of before) await first.perform(step);
          const text = first.cloud.save();
          const second = await openWorld({ seed: 0, load: readSaved(text, 'saved'), known: first.known });
          try {
            expect(second.cloud.save()).toBe(text);
            expect(await describeAll(second)).toEqual(await describeAll(first));
            for (const step of after) expect(await second.perform(step)).toEqual(await first.perform(step));
            expect(JSON.parse(second.cloud.save())).toEqual(JSON.parse(first.cloud.save()));
          } finally {
            await second.close();
          }
        } finally {
          await first.close();
        }
      },
    ),
    { numRuns: 40, seed, interruptAfterTimeLimit: 4000 },
  );
}, 60_000);
