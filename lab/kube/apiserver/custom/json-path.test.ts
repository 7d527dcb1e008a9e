// JSONPath as client-go reads it.
import { describe, expect, it } from 'vitest';
import { parseJsonPath, plainPath } from './json-path.ts';

const value = {
  list: ['a', 'b', 'c', 'd'],
  map: { z: 1, y: 2 },
  items: [
    { name: 'one', count: 1, on: true },
    { name: 'two', count: 2 },
  ],
  'dotted.name': 'x',
};

describe('a path', () => {
  it.each<[string, readonly unknown[]]>([
    ['.list[0]', ['a']],
    ['.list[-2]', ['c']],
    ['.list[1:3]', ['b', 'c']],
    ['.list[0:4:2]', ['a', 'c']],
    ['.list[0,2]', ['a', 'c']],
    ['.map.*', [2, 1]],
    ['.map[*]', [2, 1]],
    [".['dotted.name']", ['x']],
    ['.dotted\\.name', ['x']],
    ['.items[*].name', ['one', 'two']],
    ['.items[?(@.count==2)].name', ['two']],
    ['.items[?(@.count>=1)].name', ['one', 'two']],
    ['.items[?(@.on)].name', ['one']],
    ['.items[?(@.on==true)].name', ['one']],
    ['.items[?(@.name!="one")].count', [2]],
    ['..count', [1, 2]],
    ['.missing.deeper', []],
    ['{.list[3]}', ['d']],
    ['.', [value]],
  ])('%s', (path, expected) => {
    expect(parseJsonPath(path)?.evaluate(value)).toEqual(expected);
  });

  it.each(['.a[', '.a[]', '.a[?(]', 'a b', '.a[x]'])('%s is none', (path) => {
    expect(parseJsonPath(path)).toBeUndefined();
  });
});

it('a plain path is members alone', () => {
  expect([plainPath('.spec.replicas'), plainPath('.spec[0]')]).toEqual([['spec', 'replicas'], undefined]);
});
