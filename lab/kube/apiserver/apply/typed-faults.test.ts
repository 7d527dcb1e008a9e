// Faults of applied configurations, worded as structured-merge-diff words them.
import { describe, expect, it } from 'vitest';
import { builtInTypes, typeOf } from '../builtin/schemas.ts';
import type { Schema } from '../schema/schema.ts';
import { typedFault } from './typed-faults.ts';

const podSpec = typeOf(builtInTypes(), 'PodSpec');

describe('the form of an applied configuration', () => {
  it.each<[string, unknown, string | undefined]>([
    ['is sound when every field is declared', { containers: [{ name: 'a', image: null }] }, undefined],
    [
      'has no undeclared fields',
      { containers: [{ name: 'a', imagee: 'x' }] },
      '.containers[name="a"].imagee: field not declared in schema',
    ],
    ['has numbers where numbers belong', { priority: 'x' }, '.priority: expected numeric (int or float), got string'],
    ['has words where words belong', { nodeName: 5 }, '.nodeName: expected string, got 5'],
    ['has maps where maps belong', { securityContext: [1] }, '.securityContext: expected map, got [1]'],
    ['has lists where lists belong', { containers: { a: 1 } }, '.containers: expected list, got map[a:1]'],
    [
      'has no two items of one key',
      { containers: [{ name: 'a' }, { name: 'a' }] },
      '.containers: duplicate entries for key [name="a"]',
    ],
    [
      'has keys in keyed lists',
      { containers: [{ image: 'x' }] },
      '.containers: element 0: associative list with keys has an element that omits all key fields ["name"] (and doesn\'t have default values for any key fields)',
    ],
  ])('%s', (_what, value, expected) => {
    expect(typedFault(value, podSpec)).toBe(expected);
  });

  it('is reported with all its faults', () => {
    expect(typedFault({ priority: 'x', nodeName: 5 }, podSpec)).toBe(
      'errors:\n  .priority: expected numeric (int or float), got string\n  .nodeName: expected string, got 5',
    );
  });

  it('is free where the schema keeps what it does not know', () => {
    const open: Schema = { type: 'object', properties: {}, 'x-kubernetes-preserve-unknown-fields': true };
    expect(typedFault({ any: { thing: [1] } }, open)).toBeUndefined();
  });
});
