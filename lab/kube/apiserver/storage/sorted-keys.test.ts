// Keys in their order, few and many.
import { describe, expect, it } from 'vitest';
import { createSortedKeys } from './sorted-keys.ts';

/** Numbers in an order that looks like none: a full cycle of a linear congruence. */
function* shuffled(count: number): Iterable<number> {
  for (let index = 0, number = 1; index < count; index += 1, number = (number * 5 + 3) % 8_192) yield number;
}
const keyOf = (number: number): string => `${number % 3 === 0 ? 'a' : 'b'}/${number}`;

describe('sorted keys', () => {
  it('stay in order as thousands come and go', () => {
    const keys = createSortedKeys();
    const expected = new Set<string>();
    for (const number of shuffled(8_192)) {
      keys.add(keyOf(number));
      expected.add(keyOf(number));
      if (number % 2 === 0) continue;
      const gone = keyOf((number * 7) % 8_192);
      keys.remove(gone);
      expected.delete(gone);
    }
    expect(keys.range('')).toEqual([...expected].sort());
    expect(keys.range('a/')).toEqual([...expected].filter((key) => key.startsWith('a/')).sort());
    expect(keys.range('a/', 'a/5')).toEqual([...expected].filter((key) => key.startsWith('a/') && key >= 'a/5').sort());
    for (const key of expected) keys.remove(key);
    expect(keys.range('')).toEqual([]);
    keys.add('c');
    expect(keys.range('')).toEqual(['c']);
  });

  it('hold each key once', () => {
    const keys = createSortedKeys();
    for (const key of ['b', 'a', 'b']) keys.add(key);
    expect(keys.range('')).toEqual(['a', 'b']);
  });

  it('know nothing of a prefix that no key has', () => {
    const keys = createSortedKeys();
    for (const number of shuffled(2_000)) keys.add(keyOf(number));
    expect([keys.range('0'), keys.range('aa'), keys.range('c')]).toEqual([[], [], []]);
  });
});
