// Which addresses are asked for by name.
import { expect, it } from 'vitest';
import { freeNames } from './free-names.ts';

const names = (after: string, count: number, taken: readonly string[] = []): readonly string[] =>
  freeNames('10.0.0.0/29', { after, count, taken: (ip) => taken.includes(ip) });

it('those behind the one that was given come first, and it comes last', () => {
  expect(names('10.0.0.4', 9)).toEqual(['10.0.0.5', '10.0.0.6', '10.0.0.2', '10.0.0.3', '10.0.0.4']);
});

it('no more than are wanted, and none that is taken or the system’s own', () => {
  expect(names('10.0.0.2', 2, ['10.0.0.3'])).toEqual(['10.0.0.4', '10.0.0.5']);
  expect(names('10.0.0.6', 1)).toEqual(['10.0.0.2']);
});

it('none when all are taken', () => {
  expect(freeNames('10.0.0.0/29', { after: '10.0.0.2', count: 1, taken: () => true })).toEqual([]);
});
