// When ended containers start again.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { restartDelayMs, restarts, restartsInARow, retryDelayMs } from './restart-policy.ts';

describe('restarts', () => {
  it.each([
    ['Always', 0, false, true],
    ['Always', 1, false, true],
    ['OnFailure', 0, false, false],
    ['OnFailure', 1, false, true],
    ['Never', 1, false, false],
    ['Always', 0, true, false],
    ['Always', 1, true, true],
  ] as const)('policy %s, exit code %i, init %s: %s', (policy, code, init, expected) => {
    expect(restarts(policy, code, init)).toBe(expected);
  });
});

describe('back-off', () => {
  it('restarts at once, then after 10 s, doubling up to five minutes', () => {
    expect([1, 2, 3, 4, 5, 6, 7, 50].map(restartDelayMs)).toEqual([
      0, 10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000,
    ]);
  });

  it('forgives a container that ran for ten minutes', () => {
    expect(restartsInARow(7, 599_999)).toBe(8);
    expect(restartsInARow(7, 600_000)).toBe(1);
  });

  it('never waits longer than the limit nor shorter than before', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 500 }), (attempts) => {
        const delay = retryDelayMs(attempts, 250, 10_000);
        expect(delay).toBeLessThanOrEqual(10_000);
        expect(retryDelayMs(attempts + 1, 250, 10_000)).toBeGreaterThanOrEqual(delay);
      }),
    );
  });
});
