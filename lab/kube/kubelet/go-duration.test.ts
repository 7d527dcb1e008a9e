// Durations in Go's words.
import { expect, it } from 'vitest';

import { goDuration } from './go-duration.ts';

it.each([
  [0, '0s'],
  [0.25, '250µs'],
  [1.5, '1.5ms'],
  [10_000, '10s'],
  [80_000, '1m20s'],
  [300_000, '5m0s'],
  [3_600_000, '1h0m0s'],
])('%s ms is %s', (ms, text) => expect(goDuration(ms)).toBe(text));
