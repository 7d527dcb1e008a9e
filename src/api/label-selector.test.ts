// Label selectors mean what they mean in Kubernetes, and mistakes are named where they are.
import { describe, expect, it } from 'vitest';
import type { LabelSelector } from '../kube/resources.ts';
import { compileSelector } from './label-selector.ts';

const matches = (selector: LabelSelector, labels: Record<string, string>): boolean => {
  const compiled = compileSelector(selector);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems));
  return compiled.matches(labels);
};

const paths = (selector: LabelSelector): readonly string[] => {
  const compiled = compileSelector(selector);
  return compiled.ok ? [] : compiled.problems.map(({ path }) => path);
};

describe('a label selector', () => {
  it.each<[string, LabelSelector, Record<string, string>, boolean]>([
    ['{} matches everything', {}, {}, true],
    ['matchLabels needs every pair', { matchLabels: { a: '1', b: '2' } }, { a: '1' }, false],
    ['matchLabels ignores further labels', { matchLabels: { a: '1' } }, { a: '1', b: '2' }, true],
    ['In needs the key', { matchExpressions: [{ key: 'a', operator: 'In', values: ['1'] }] }, {}, false],
    [
      'In takes any of the values',
      { matchExpressions: [{ key: 'a', operator: 'In', values: ['1', '2'] }] },
      { a: '2' },
      true,
    ],
    [
      'NotIn holds when the key is absent',
      { matchExpressions: [{ key: 'a', operator: 'NotIn', values: ['1'] }] },
      {},
      true,
    ],
    [
      'NotIn fails on a listed value',
      { matchExpressions: [{ key: 'a', operator: 'NotIn', values: ['1'] }] },
      { a: '1' },
      false,
    ],
    ['Exists holds for an empty value', { matchExpressions: [{ key: 'a', operator: 'Exists' }] }, { a: '' }, true],
    [
      'DoesNotExist fails for an empty value',
      { matchExpressions: [{ key: 'a', operator: 'DoesNotExist' }] },
      { a: '' },
      false,
    ],
    [
      'labels and expressions must both hold',
      { matchLabels: { a: '1' }, matchExpressions: [{ key: 'b', operator: 'Exists' }] },
      { a: '1' },
      false,
    ],
    [
      'a label named like an inherited property is absent unless given',
      { matchExpressions: [{ key: 'toString', operator: 'Exists' }] },
      {},
      false,
    ],
  ])('%s', (_name, selector, labels, expected) => {
    expect(matches(selector, labels)).toBe(expected);
  });

  it.each<[string, LabelSelector, string]>([
    ['In without values', { matchExpressions: [{ key: 'a', operator: 'In' }] }, 'matchExpressions[0].values'],
    [
      'Exists with values',
      { matchExpressions: [{ key: 'a', operator: 'Exists', values: ['1'] }] },
      'matchExpressions[0].values',
    ],
    ['a bad key', { matchExpressions: [{ key: 'a b', operator: 'Exists' }] }, 'matchExpressions[0].key'],
    ['a bad key in matchLabels', { matchLabels: { 'x/y/z': '1' } }, 'matchLabels'],
    ['a bad value in matchLabels', { matchLabels: { a: 'not ok' } }, 'matchLabels[a]'],
    [
      'a bad value in a list',
      { matchExpressions: [{ key: 'a', operator: 'In', values: ['1', '-'] }] },
      'matchExpressions[0].values[1]',
    ],
  ])('with %s is refused at its path', (_name, selector, path) => {
    expect(paths(selector)).toEqual([path]);
  });
});
