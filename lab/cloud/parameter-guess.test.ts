import { expect, test } from 'vitest';

import { guessParameter } from './parameter-guess.ts';

test.each([
  ['vpcids', 'VpcIds'],
  ['VpcId', 'VpcIds'],
  ['Filter', 'Filters'],
  ['Ofset', 'Offset'],
  ['Colour', undefined],
  ['', undefined],
])('%j was meant to be %j', (unknown, meant) => {
  expect(guessParameter(unknown, ['VpcIds', 'Filters', 'Offset', 'Limit'])).toBe(meant);
});
