// A selector in short form, and what labels lack of it.
import { expect, it } from 'vitest';

import { selectorMiss, selectorText } from './selector.ts';

const selector = {
  matchLabels: { app: 'web' },
  matchExpressions: [
    { key: 'tier', operator: 'In' as const, values: ['a', 'b'] },
    { key: 'old', operator: 'DoesNotExist' as const },
  ],
};

it('is written as kubectl takes it', () => {
  expect(selectorText(selector)).toBe('app=web,tier in (a,b),!old');
  expect(selectorText({})).toBe('everything');
});

it.each([
  [{ app: 'web', tier: 'a' }, undefined],
  [{ tier: 'a' }, 'app=web is asked, there is no label app'],
  [{ app: 'db', tier: 'a' }, 'app=web is asked, it is app=db'],
  [{ app: 'web', tier: 'c' }, 'tier in (a,b) is asked, it is tier=c'],
  [{ app: 'web', tier: 'a', old: '1' }, '!old is asked, it is old=1'],
])('of %j the first thing lacking is told', (labels, miss) => {
  expect(selectorMiss(selector, labels)).toBe(miss);
});
