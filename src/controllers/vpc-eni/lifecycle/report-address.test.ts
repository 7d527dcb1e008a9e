// Durations in the documented event.
import { describe, expect, it } from 'vitest';
import { goSeconds } from './report-address.ts';

describe('durations in SucceedSetPodIP', () => {
  it.each([
    [81_000, '1m21s'],
    [400, '0s'],
    [59_600, '1m0s'],
    [3_600_000, '1h0m0s'],
    [-5, '0s'],
  ])('write %i ms as %s', (ms, text) => {
    expect(goSeconds(ms)).toBe(text);
  });
});
