// Expressions: what they give, what they cost, and how they are refused.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Schema } from '../schema/schema.ts';
import { estimateCost } from './estimate.ts';
import { plainValue } from './maps.ts';
import type { Program } from './program.ts';
import { compileExpression } from './program.ts';
import { escapeProperty } from './property-names.ts';
import { shapeOf } from './schema-types.ts';
import { schemaValue } from './schema-values.ts';
import type { CelType } from './types.ts';
import { types } from './types.ts';

const compiled = (source: string, self: CelType = types.dyn): Program => {
  const result = compileExpression(source, new Map([['self', self]]));
  if (!result.ok) throw new Error(result.text);
  return result.program;
};

/** The value over `self`, or the message of what went wrong. */
function run(source: string, self: unknown = {}): unknown {
  const outcome = compiled(source).run((name) => (name === 'self' ? plainValue(self) : undefined));
  return outcome.ok ? outcome.value : outcome.message;
}

const refusal = (source: string): string => {
  const result = compileExpression(source, new Map([['self', types.dyn]]));
  return result.ok ? '' : result.text;
};

describe('expressions', () => {
  it.each([
    ['1 + 2 * 3 == 7 && -7 / 2 == -3 && -7 % 3 == -1'],
    ['1 == 1 in [true] && (2 in [1, 2]) == true'],
    ['0xff == 255 && 7u + 1u == 8u && 1.5e3 == 1500.0'],
    ["r'\\d' == '\\\\d' && b'\\x41' == b'A' && '''a\nb''' == 'a\\nb'"],
    ["{'a': 1, 'b': 2}.size() == 2 && {1: 'x'}[1] == 'x' && 'a' in {'a': 1}"],
    ['dyn(1) == dyn(1.0) && dyn(1u) < dyn(2) && dyn(1) != dyn("1")'],
    ["type(1) == int && type('x') == string && type([]) == list && type(null) == null_type"],
    ["timestamp('2024-02-29T00:00:00+02:00') == timestamp('2024-02-28T22:00:00Z')"],
    ["duration('1h') + duration('30m') > duration('89m') && string(duration('1500ms')) == '1.5s'"],
    ["string(timestamp('2024-01-01T00:00:00.5+01:00')) == '2024-01-01T00:00:00.5+01:00'"],
    [
      "cidr('10.0.0.0/8').containsIP('10.1.2.3') && ip('::1').isLoopback() && string(ip('2001:DB8::1')) == '2001:db8::1'",
    ],
    ["!isIP('1.2.3') && !isIP('::ffff:1.2.3.4') && !isCIDR('10.0.0.0/33') && ip.isCanonical('::1')"],
    ["cidr('10.1.2.3/16').masked() == cidr('10.1.0.0/16') && !cidr('10.1.0.0/16').containsCIDR('10.0.0.0/8')"],
    ['true || self.absent == 1'],
    ['!(false && self.absent == 1) && (self.absent == 1 || true)'],
    ["has({'a': 1}.a) && !has({'a': 1}.b)"],
    ['optional.of(1).optFlatMap(x, optional.of(x + 1)).value() == 2 && self.?a.?b.orValue(3) == 3'],
  ])('%s', (source) => {
    expect(run(source)).toBe(true);
  });

  it.each<[string, string]>([
    ['self.absent', 'no such key: absent'],
    ['[1][1] == 1', 'index out of bounds: 1'],
    ["{'a': 1}['b'] == 1", 'no such key: b'],
    ['9223372036854775807 + 1', 'integer overflow'],
    ['1 / (1 - 1)', 'division by zero'],
    ['1 % (1 - 1)', 'modulus by zero'],
    ['0u - 1u', 'unsigned integer overflow'],
    ['dyn(1) + dyn("a")', 'no such overload'],
    ["int('x')", 'strconv.ParseInt: parsing "x": invalid syntax'],
    ["'abc'.substring(4)", 'index out of range: 4'],
    ['[].max() == 1', 'max called on empty list'],
    ['optional.none().value()', 'optional.none() dereference'],
    ["{'a': 1, 'a': 2}.size()", 'Failed with repeated key'],
  ])('%s fails with %s', (source, message) => {
    expect(run(source)).toBe(message);
  });

  it.each<[string, string]>([
    ['self.', "ERROR: <input>:1:6: Syntax error: mismatched input '<EOF>' expecting IDENTIFIER\n | self.\n | .....^"],
    ['1 +', "mismatched input '<EOF>' expecting {'[', '{', '('"],
    [
      'self.x.all(1, true)',
      'ERROR: <input>:1:12: argument must be a simple name\n | self.x.all(1, true)\n | ...........^',
    ],
    ['has(self)', 'ERROR: <input>:1:5: invalid argument to has() macro'],
    ['for', 'ERROR: <input>:1:1: reserved identifier: for'],
    ['9223372036854775808', 'ERROR: <input>:1:1: invalid int literal'],
    [
      "'👑' == 1",
      "ERROR: <input>:1:5: found no matching overload for '_==_' applied to '(string, int)'\n | '👑' == 1\n | .．..^",
    ],
    ['true &&\n  1', "ERROR: <input>:2:3: expected type 'bool' but found 'int'\n |   1\n | ..^"],
    ['size(1)', "found no matching overload for 'size' applied to '(int)'"],
    ["'a'.size(1)", "found no matching overload for 'size' applied to 'string.(int)'"],
    ['1.all(x, true)', "expression of type 'int' cannot be range of a comprehension (must be list, map, or dynamic)"],
    ["'a'.b", "type 'string' does not support field selection"],
    ['cel.bind(x, 1, x)', "undeclared reference to 'bind' (in container '')"],
  ])('%s is refused', (source, message) => {
    expect(refusal(source)).toContain(message);
  });

  it('of random characters are refused or run, and nothing else', () => {
    const pieces = fc.constantFrom(
      'self',
      '.a',
      '(',
      ')',
      '[',
      ']',
      '1',
      '"x"',
      '==',
      '&&',
      '?',
      ':',
      '.map(x, x)',
      '-',
      '!',
      ' ',
      ',',
      '{',
      '}',
      'in',
      '.?b',
      '\n',
      '//c\n',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 8 }), (parts) => {
        const result = compileExpression(parts.join(''), new Map([['self', types.dyn]]));
        if (result.ok) result.program.run(() => plainValue({ a: [1] }));
      }),
      { numRuns: 300 },
    );
  });
});

describe('values with a schema', () => {
  const schema: Schema = {
    type: 'object',
    properties: {
      'a-b': { type: 'integer' },
      ratio: { type: 'number' },
      maybe: { type: 'string', nullable: true },
      set: { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } },
      any: { 'x-kubernetes-preserve-unknown-fields': true },
    },
  };
  const holds = (source: string, json: unknown): unknown => {
    const shape = shapeOf(schema, 'self', false);
    const outcome = compiled(source, shape?.type).run(() => schemaValue(json, schema));
    return outcome.ok ? outcome.value : outcome.message;
  };

  it('have the types that it says', () => {
    expect(holds('self.a__dash__b == 3 && self.ratio == 3.0', { 'a-b': 3, ratio: 3 })).toBe(true);
    expect(holds("self.set == ['b', 'a'] && self.set + ['a', 'c'] == ['a', 'b', 'c']", { set: ['a', 'b'] })).toBe(true);
  });

  it('count null fields as absent, and what no schema describes in comparisons alone', () => {
    expect(holds('!has(self.maybe)', { maybe: null })).toBe(true);
    expect(() => holds('has(self.any)', {})).toThrow("undefined field 'any'");
  });

  it('are refused when they are others', () => {
    expect(holds('self.ratio == 1.0', { ratio: 'x' })).toBe('invalid data, expected float, got string');
  });
});

describe('costs', () => {
  it.each<[string, number]>([
    ['self.a.b == 1', 4],
    ['has(self.a.b)', 2],
    ['[1, 2].all(x, x > 0)', 11],
    ["'abc'.startsWith('ab') ? self.a : self.c", 2],
    ['type(self.c) == int', 4],
  ])('%s costs %i', (source, cost) => {
    const self = plainValue({ a: { b: 1 }, c: 1 });
    expect(compiled(source).run((name) => (name === 'self' ? self : undefined)).cost).toBe(cost);
  });

  it('end a run at its limit', () => {
    const outcome = compiled('self.all(x, self.all(y, self.all(z, x + y + z >= 0)))').run(
      () => plainValue(Array.from({ length: 40 }, () => 1)),
      10_000,
    );
    expect(outcome).toMatchObject({
      ok: false,
      isLimit: true,
      message: 'operation cancelled: actual cost limit exceeded',
    });
  });

  it('are estimated from what a schema bounds', () => {
    const cost = (maxItems?: number): number => {
      const schema: Schema = {
        type: 'array',
        items: { type: 'number' },
        ...(maxItems === undefined ? {} : { maxItems }),
      };
      const shape = shapeOf(schema, 'self', false);
      if (shape === undefined) throw new Error('no shape');
      const { expression, annotations } = compiled('self.all(x, true)', shape.type);
      return estimateCost(expression, annotations, shape);
    };
    expect([cost(10), cost()]).toEqual([32, 4_718_591]);
  });
});

describe('property names', () => {
  it.each<[string, string | undefined]>([
    ['plain', 'plain'],
    ['a-b.c/d', 'a__dash__b__dot__c__slash__d'],
    ['a__b', 'a__underscores__b'],
    ['namespace', '__namespace__'],
    ['1st', undefined],
    ['ä', undefined],
  ])('%s', (name, escaped) => {
    expect(escapeProperty(name)).toBe(escaped);
  });
});
