// Quantities, the notation, decoding, pruning, defaults and validation.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { builtInTypes, typeOf } from '../builtin/schemas.ts';
import { fieldErrorText } from '../field-error.ts';
import { decodeBuiltIn } from './decode.ts';
import { applyDefaults, dropForbiddenNulls } from './defaulting.ts';
import { readTypes } from './notation.ts';
import { prune, pruneResource } from './prune.ts';
import { canonicalQuantity, isWholeQuantity, quantityNanos } from './quantity.ts';
import type { Schema } from './schema.ts';
import { validateValue } from './validate.ts';

describe('quantities', () => {
  it.each([
    ['1000m', '1'],
    ['0.5', '500m'],
    ['1.5Gi', '1536Mi'],
    ['1024Mi', '1Gi'],
    ['2000', '2k'],
    ['1e3', '1e3'],
    ['0', '0'],
    ['-1', '-1'],
    ['100Mi', '100Mi'],
  ])('%s is stored as %s', (given, expected) => {
    expect(canonicalQuantity(given)).toBe(expected);
  });

  it.each(['', 'abc', '1.2.3', '1KB', '1 Gi', '--1'])('%j is no quantity', (text) => {
    expect(canonicalQuantity(text)).toBeUndefined();
  });

  it('keeps its value in canonical form', () => {
    const quantity = fc
      .tuple(
        fc.integer({ min: -100_000, max: 100_000 }),
        fc.constantFrom('', 'm', 'k', 'M', 'Ki', 'Mi', 'Gi', 'u', 'e3'),
      )
      .map(([amount, suffix]) => `${amount}${suffix}`);
    fc.assert(fc.property(quantity, (text) => quantityNanos(canonicalQuantity(text) ?? '') === quantityNanos(text)));
  });

  it('knows whole numbers', () => {
    expect(['1', '2k', '1000m', '1.5', '500m'].map(isWholeQuantity)).toEqual([true, true, true, false, false]);
  });
});

describe('notation', () => {
  it('refuses a type that is not defined and a flag that is not known', () => {
    expect(() => readTypes(['A\n  b Missing'])).toThrow('type Missing is not defined');
    expect(() => readTypes(['A\n  b []string loud'])).toThrow('unknown flag');
  });
});

describe('decoding of built-in kinds', () => {
  const pod = typeOf(builtInTypes(), 'Pod');

  it('drops unknown fields and names them with their path', () => {
    const { value, unknown } = decodeBuiltIn({ spec: { containers: [{ name: 'a', imagee: 'x' }], foo: 1 } }, pod);
    expect(unknown).toEqual(['spec.containers[0].imagee', 'spec.foo']);
    expect(value).toEqual({ spec: { containers: [{ name: 'a' }] } });
  });

  it('drops nulls and empty maps, and keeps empty structs', () => {
    const { value } = decodeBuiltIn(
      { metadata: { annotations: null, labels: {} }, spec: { volumes: [{ name: 'v', emptyDir: {} }] } },
      pod,
    );
    expect(value).toEqual({ metadata: {}, spec: { volumes: [{ name: 'v', emptyDir: {} }] } });
  });

  it('makes quantities of numbers and texts canonical', () => {
    const { value } = decodeBuiltIn(
      { spec: { containers: [{ resources: { limits: { cpu: 0.5, memory: '1024Mi' } } }] } },
      pod,
    );
    expect(value).toEqual({ spec: { containers: [{ resources: { limits: { cpu: '500m', memory: '1Gi' } } }] } });
  });

  it('refuses a wrong type in the words of the Go decoder', () => {
    expect(() => decodeBuiltIn({ spec: { containers: [{ image: 5 }] } }, pod)).toThrow(
      'json: cannot unmarshal number into Go struct field Container.spec.containers.image of type string',
    );
  });

  it('keeps members named like those of every JavaScript object', () => {
    const { value } = decodeBuiltIn(JSON.parse('{"metadata":{"labels":{"__proto__":"x","constructor":"y"}}}'), pod);
    expect(JSON.stringify(value)).toBe('{"metadata":{"labels":{"__proto__":"x","constructor":"y"}}}');
  });
});

describe('pruning and defaults', () => {
  const schema: Schema = {
    type: 'object',
    properties: {
      mode: { type: 'string', default: 'auto' },
      open: {
        type: 'object',
        'x-kubernetes-preserve-unknown-fields': true,
        properties: { known: { type: 'object', properties: {} } },
      },
      map: {
        type: 'object',
        additionalProperties: { type: 'object', properties: { a: { type: 'integer', default: 1 } } },
      },
    },
  };

  it('drops what is not described, except where unknown fields are preserved', () => {
    const unknown: string[] = [];
    const value = pruneResource(
      { mode: 'x', extra: 1, open: { free: 1, known: { gone: 1 } }, map: { k: { b: 1 } } },
      schema,
      unknown,
    );
    expect(value).toEqual({ mode: 'x', open: { free: 1, known: {} }, map: { k: {} } });
    expect(unknown).toEqual(['extra', 'map.k.b', 'open.known.gone']);
  });

  it('fills defaults into what is present, at every depth', () => {
    const value = { map: { k: {} } };
    applyDefaults(value, schema);
    expect(value).toEqual({ mode: 'auto', map: { k: { a: 1 } } });
  });

  it('takes a null that is not allowed for absent', () => {
    const value = { mode: null, open: null, map: { k: { a: null } } };
    dropForbiddenNulls(value, schema);
    applyDefaults(value, schema);
    expect(value).toEqual({ mode: 'auto', map: { k: { a: 1 } } });
  });

  it('keeps the keys of a map without a schema, and nothing in their values', () => {
    const loose: Schema = { type: 'object', properties: { map: { type: 'object', additionalProperties: true } } };
    expect(prune({ map: { a: 1, b: { c: 1 } } }, loose)).toEqual({ map: { a: 1, b: {} } });
  });
});

describe('validation of custom resources', () => {
  const say = (value: unknown, schema: Schema): string[] => validateValue(value, schema, 'spec').map(fieldErrorText);

  it.each<[unknown, Schema, string]>([
    ['x', { type: 'integer' }, 'spec: Invalid value: "string": spec in body must be of type integer: "string"'],
    [{}, { type: 'object', required: ['a'] }, 'spec.a: Required value'],
    ['c', { type: 'string', enum: ['a', 'b'] }, 'spec: Unsupported value: "c": supported values: "a", "b"'],
    ['c', { type: 'string', pattern: '^a$' }, 'spec: Invalid value: "c": spec in body should match \'^a$\''],
    [0, { type: 'integer', minimum: 1 }, 'spec: Invalid value: 0: spec in body should be greater than or equal to 1'],
    [5, { type: 'integer', maximum: 4 }, 'spec: Invalid value: 5: spec in body should be less than or equal to 4'],
    ['', { type: 'string', minLength: 1 }, 'spec: Invalid value: "": spec in body should be at least 1 chars long'],
    ['abc', { type: 'string', maxLength: 2 }, 'spec: Too long: may not be longer than 2'],
    [[], { type: 'array', minItems: 1 }, 'spec: Invalid value: 0: spec in body should have at least 1 items'],
    [['a', 'b'], { type: 'array', maxItems: 1 }, 'spec: Too many: 2: must have at most 1 items'],
    ['x', { type: 'string', format: 'ipv4' }, 'spec: Invalid value: "x": spec in body must be of type ipv4: "x"'],
    [null, { type: 'string' }, 'spec: Invalid value: "null": spec in body must be of type string: "null"'],
    [
      1,
      { type: 'integer', not: { minimum: 1 } },
      '<nil>: Invalid value: "": "spec" must not validate the schema (not)',
    ],
  ])('%j against %j', (value, schema, expected) => {
    expect(say(value, schema)).toEqual([expected]);
  });

  it('accepts null where it may be, whole numbers as numbers, and both forms of int-or-string', () => {
    expect(say(null, { type: 'string', nullable: true })).toEqual([]);
    expect(say(1, { type: 'number' })).toEqual([]);
    expect(say('25%', { 'x-kubernetes-int-or-string': true })).toEqual([]);
  });
});
