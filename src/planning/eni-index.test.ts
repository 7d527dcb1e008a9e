// The index of an ENI on its node: stable for life, unique, lowest free.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eniIndex } from './eni-index.ts';

describe('eniIndex', () => {
  it('gives the lowest free number', () => {
    expect(eniIndex([], 'eni-a')).toBe(1);
    expect(
      eniIndex(
        [
          { eniID: 'eni-a', index: 1 },
          { eniID: 'eni-c', index: 3 },
        ],
        'eni-b',
      ),
    ).toBe(2);
  });

  it('keeps every index through any order of coming and going, and never gives one twice', () => {
    const stepArb = fc.record({ id: fc.integer({ min: 0, max: 9 }).map((n) => `eni-${n}`), leaves: fc.boolean() });
    fc.assert(
      fc.property(fc.array(stepArb, { maxLength: 40 }), (steps) => {
        let known: { eniID: string; index: number }[] = [];
        for (const { id, leaves } of steps) {
          const before = known.find((eni) => eni.eniID === id);
          if (leaves) known = known.filter((eni) => eni.eniID !== id);
          else {
            const index = eniIndex(known, id);
            if (before !== undefined) expect(index).toBe(before.index);
            known = [...known.filter((eni) => eni.eniID !== id), { eniID: id, index }];
          }
          expect(new Set(known.map((eni) => eni.index)).size).toBe(known.length);
          expect(Math.max(0, ...known.map((eni) => eni.index))).toBeLessThanOrEqual(10);
        }
      }),
    );
  });
});
