// Validation of custom objects: every keyword with the server's words.
import assert from 'node:assert/strict';
import type { ParityContext } from '../context.ts';
import type { ParityCase } from '../parity-case.ts';
import { formats } from './crd-formats.ts';
import type { Definition, Schema } from './crd-support.ts';
import { create, servedWith } from './crd-support.ts';

const source = 'kube-openapi, pkg/validation/validate; apiextensions-apiserver, pkg/apiserver/validation/validation.go';
const scalars = 'lab/kube/apiserver/schema/scalars.ts';
const combinations = 'lab/kube/apiserver/schema/combinations.ts';

/** What is wrong with a spec, as the message lists it; '' when it is accepted. */
async function faultOf(t: ParityContext, made: Definition, spec: unknown): Promise<string> {
  const { code, body } = await create(t, made, 'tried', spec);
  if (code === 201) {
    await t.http.ok('DELETE', `${made.objects()}/tried`);
    return '';
  }
  assert.deepEqual([code, body['reason']], [422, 'Invalid']);
  const head = `Gadget.${made.group} "tried" is invalid: `;
  assert.equal(body['message'].slice(0, head.length), head);
  return body['message'].slice(head.length);
}

/** Tries specs one after the other, each with what is to be said of it. */
async function tried(
  t: ParityContext,
  properties: Schema,
  tries: readonly (readonly [unknown, string])[],
): Promise<void> {
  const made = await servedWith(t, { properties });
  for (const [spec, expected] of tries) assert.equal(await faultOf(t, made, spec), expected, JSON.stringify(spec));
}

export const crdValidationCases: readonly ParityCase[] = [
  {
    id: 'crd-pruning/types',
    title: 'A value of another type is refused with both types; whole numbers are integers however they are written',
    source,
    mutation: {
      file: 'lab/kube/apiserver/schema/validate.ts',
      find: "(given === 'integer' && types.includes('number'))",
      replace: "(given === 'integer' && types.includes('null'))",
    },
    run: (t) =>
      tried(
        t,
        {
          text: { type: 'string' },
          whole: { type: 'integer' },
          number: { type: 'number' },
          flag: { type: 'boolean' },
          list: { type: 'array', items: { type: 'string' } },
          object: { type: 'object', properties: { a: { type: 'string' } } },
        },
        [
          [{ text: 1 }, 'spec.text: Invalid value: "integer": spec.text in body must be of type string: "integer"'],
          [{ text: ['a'] }, 'spec.text: Invalid value: "array": spec.text in body must be of type string: "array"'],
          [
            { number: true },
            'spec.number: Invalid value: "boolean": spec.number in body must be of type number: "boolean"',
          ],
          [{ flag: 'true' }, 'spec.flag: Invalid value: "string": spec.flag in body must be of type boolean: "string"'],
          [{ object: [] }, 'spec.object: Invalid value: "array": spec.object in body must be of type object: "array"'],
          [{ number: 1, whole: 2.0 }, ''],
        ],
      ),
  },
  {
    id: 'crd-pruning/fractions-and-ranges',
    title: 'A fraction is no integer, and the format of a number bounds nothing',
    source: 'kubernetes pull request 136582 (numeric formats are enforced from 1.36 on)',
    mutation: {
      file: 'lab/kube/apiserver/schema/validate.ts',
      find: "if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';",
      replace: "if (typeof value === 'number') return 'integer';",
    },
    until: '1.36',
    run: (t) =>
      tried(t, { whole: { type: 'integer' }, small: { type: 'integer', format: 'int32' } }, [
        [{ whole: 1.5 }, 'spec.whole: Invalid value: "number": spec.whole in body must be of type integer: "number"'],
        [{ small: 3_000_000_000 }, ''],
      ]),
  },
  {
    id: 'crd-pruning/numbers',
    title: 'Minimum, maximum, their exclusive forms and multipleOf are checked with their own words',
    source,
    mutation: {
      file: scalars,
      find: 'schema.exclusiveMinimum === true ? value <= limit : value < limit',
      replace: 'schema.exclusiveMinimum === true ? value < limit : value < limit',
    },
    run: (t) =>
      tried(
        t,
        {
          closed: { type: 'integer', minimum: 1, maximum: 10 },
          open: { type: 'number', minimum: 0, exclusiveMinimum: true, maximum: 1.5, exclusiveMaximum: true },
          even: { type: 'integer', multipleOf: 2 },
          large: { type: 'integer', maximum: 10_000_000 },
        },
        [
          [{ closed: 0 }, 'spec.closed: Invalid value: 0: spec.closed in body should be greater than or equal to 1'],
          [{ closed: 11 }, 'spec.closed: Invalid value: 11: spec.closed in body should be less than or equal to 10'],
          [{ open: 0 }, 'spec.open: Invalid value: 0: spec.open in body should be greater than 0'],
          [{ open: 1.5 }, 'spec.open: Invalid value: 1.5: spec.open in body should be less than 1.5'],
          [{ even: 3 }, 'spec.even: Invalid value: 3: spec.even in body should be a multiple of 2'],
          [{ closed: 1, open: 1.25, even: -4, large: 10_000_000 }, ''],
        ],
      ),
  },
  {
    id: 'crd-pruning/strings',
    title: 'Lengths count characters, patterns match anywhere, and an enum lists what it takes',
    source,
    mutation: {
      file: scalars,
      find: 'const length = Array.from(value).length;',
      replace: 'const length = value.length;',
    },
    run: (t) =>
      tried(
        t,
        {
          text: { type: 'string', minLength: 2, maxLength: 3 },
          matched: { type: 'string', pattern: '^[a-z]+(-[0-9]+)?$' },
          insensitive: { type: 'string', pattern: '(?i)^abc[[:digit:]]$' },
          one: { type: 'string', enum: ['a', 'b'] },
          number: { type: 'integer', enum: [1, 2] },
        },
        [
          [{ text: 'a' }, 'spec.text: Invalid value: "a": spec.text in body should be at least 2 chars long'],
          [
            { matched: 'A' },
            'spec.matched: Invalid value: "A": spec.matched in body should match \'^[a-z]+(-[0-9]+)?$\'',
          ],
          [
            { insensitive: 'abcd' },
            'spec.insensitive: Invalid value: "abcd": spec.insensitive in body should match \'(?i)^abc[[:digit:]]$\'',
          ],
          [{ one: 'c' }, 'spec.one: Unsupported value: "c": supported values: "a", "b"'],
          [{ number: 3 }, 'spec.number: Unsupported value: 3: supported values: "1", "2"'],
          [{ text: '\u{1F600}\u{1F600}\u{1F600}', matched: 'a-1', insensitive: 'ABC1', one: 'b', number: 2 }, ''],
        ],
      ),
  },
  {
    id: 'crd-pruning/upper-limits',
    title: 'What is too long or too much is told in the words of the API, without the value',
    source: 'apiextensions-apiserver, pkg/apiserver/validation/validation.go (kubeOpenAPIResultToFieldErrors)',
    mutation: {
      file: 'lab/kube/apiserver/schema/validate.ts',
      find: 'if (maxProperties !== undefined && names.length > maxProperties) {',
      replace: 'if (maxProperties !== undefined && names.length < 0) {',
    },
    since: '1.25',
    until: '1.32',
    run: (t) =>
      tried(
        t,
        {
          text: { type: 'string', maxLength: 3 },
          list: { type: 'array', items: { type: 'string' }, maxItems: 2 },
          map: { type: 'object', additionalProperties: { type: 'integer' }, minProperties: 1, maxProperties: 2 },
        },
        [
          [{ text: 'abcd' }, 'spec.text: Too long: may not be longer than 3'],
          [{ list: ['a', 'b', 'c'] }, 'spec.list: Too many: 3: must have at most 2 items'],
          [{ map: { a: 1, b: 2, c: 3 } }, 'spec.map: Too many: 3: must have at most 2 items'],
          [{ map: {} }, 'spec.map: Invalid value: 0: spec.map in body should have at least 1 properties'],
          [
            { list: [null] },
            'spec.list[0]: Invalid value: "null": spec.list[0] in body must be of type string: "null"',
          ],
          [{ text: 'abc', list: ['a', 'b'], map: { a: 1, b: 2 } }, ''],
        ],
      ),
  },
  {
    id: 'crd-pruning/formats',
    title: 'Each format takes what it names and refuses what it does not; a format that nobody knows is passed over',
    source: 'apiextensions-apiserver, pkg/apiserver/validation/formats.go; kube-openapi, pkg/validation/strfmt',
    mutation: {
      file: 'lab/kube/apiserver/schema/formats.ts',
      find: '  return checks.get(bare(format))?.(value) ?? true;',
      replace: '  return checks.get(format)?.(value) ?? true;',
    },
    run: async (t) => {
      const properties = Object.fromEntries(
        formats.map(([format]) => [`f_${format.replaceAll('-', '')}`, { type: 'string', format }]),
      );
      const made = await servedWith(t, { properties });
      for (const [format, right, wrong] of formats) {
        const name = `f_${format.replaceAll('-', '')}`;
        for (const value of right) assert.equal(await faultOf(t, made, { [name]: value }), '', `${format} ${value}`);
        for (const value of wrong)
          assert.equal(
            await faultOf(t, made, { [name]: value }),
            `spec.${name}: Invalid value: ${JSON.stringify(value)}: spec.${name} in body must be of type ${format}: ${JSON.stringify(value)}`,
          );
      }
    },
  },
  {
    id: 'crd-pruning/sizes',
    title: 'Too few items are told with their number, and the values of a map are validated',
    source,
    mutation: {
      file: 'lab/kube/apiserver/schema/validate.ts',
      find: 'if (minItems !== undefined && value.length < minItems) {',
      replace: 'if (minItems !== undefined && value.length < 0) {',
    },
    run: (t) =>
      tried(
        t,
        {
          list: { type: 'array', items: { type: 'integer' }, minItems: 1, maxItems: 2 },
          map: { type: 'object', additionalProperties: { type: 'integer' } },
        },
        [
          [{ list: [] }, 'spec.list: Invalid value: 0: spec.list in body should have at least 1 items'],
          [
            { map: { a: 'x' } },
            'spec.map.a: Invalid value: "string": spec.map.a in body must be of type integer: "string"',
          ],
          [{ list: [1], map: { a: 1 } }, ''],
        ],
      ),
  },
  {
    id: 'crd-pruning/required',
    title: 'What is required must be there, and null is not there unless it may be null',
    source: 'docs: tasks/extend-kubernetes/custom-resources/custom-resource-definitions, "Defaulting and Nullable"',
    mutation: {
      file: 'lab/kube/apiserver/schema/defaulting.ts',
      find: 'isForbiddenNull(member, described) && !hasDefault(described)) delete value[name];',
      replace: 'isForbiddenNull(member, described) && hasDefault(described)) delete value[name];',
    },
    run: (t) =>
      tried(
        t,
        {
          inner: {
            type: 'object',
            required: ['a', 'b'],
            properties: { a: { type: 'string' }, b: { type: 'string', nullable: true } },
          },
        },
        [
          [{ inner: { b: 'x' } }, 'spec.inner.a: Required value'],
          [{ inner: { a: null, b: null } }, 'spec.inner.a: Required value'],
          [{ inner: { a: 'x', b: null } }, ''],
        ],
      ),
  },
  {
    id: 'crd-pruning/int-or-string',
    title: 'int-or-string takes both and nothing else, also with the anyOf that spells it out',
    source: 'docs: tasks/extend-kubernetes/custom-resources/custom-resource-definitions, "IntOrString"',
    mutation: {
      file: 'lab/kube/apiserver/schema/validate.ts',
      find: "return ['integer', 'string'];",
      replace: "return ['integer', 'string', 'boolean'];",
    },
    run: (t) =>
      tried(
        t,
        {
          port: { 'x-kubernetes-int-or-string': true },
          spelled: { 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] },
        },
        [
          [
            { port: true },
            'spec.port: Invalid value: "boolean": spec.port in body must be of type integer,string: "boolean"',
          ],
          [{ port: 80, spelled: '80%' }, ''],
          [{ port: 'http', spelled: 80 }, ''],
        ],
      ),
  },
  {
    id: 'crd-pruning/combinations',
    title: 'anyOf, oneOf, allOf and not report without a field, with the faults of the alternative that came closest',
    source: `${source} (schema_props.go)`,
    mutation: {
      file: combinations,
      find: 'if (clean < outcomes.length) say(',
      replace: 'if (clean > outcomes.length) say(',
    },
    run: (t) =>
      tried(
        t,
        {
          any: {
            type: 'object',
            properties: { a: { type: 'string' }, b: { type: 'string' } },
            anyOf: [{ required: ['a'] }, { required: ['b'] }],
          },
          one: {
            type: 'object',
            properties: { a: { type: 'string' }, b: { type: 'string' } },
            oneOf: [{ required: ['a'] }, { required: ['b'] }],
          },
          all: { type: 'integer', allOf: [{ minimum: 1 }, { maximum: 5 }] },
          not: { type: 'string', not: { enum: ['forbidden'] } },
        },
        [
          [
            { any: {} },
            '[<nil>: Invalid value: "": "spec.any" must validate at least one schema (anyOf), spec.any.a: Required value]',
          ],
          [
            { one: {} },
            '[<nil>: Invalid value: "": "spec.one" must validate one and only one schema (oneOf). Found none valid, spec.one.a: Required value]',
          ],
          [
            { one: { a: 'x', b: 'y' } },
            '<nil>: Invalid value: "": "spec.one" must validate one and only one schema (oneOf). Found 2 valid alternatives',
          ],
          [
            { all: 6 },
            '[spec.all: Invalid value: 6: spec.all in body should be less than or equal to 5, <nil>: Invalid value: "": "spec.all" must validate all the schemas (allOf)]',
          ],
          [{ not: 'forbidden' }, '<nil>: Invalid value: "": "spec.not" must not validate the schema (not)'],
          [{ any: { b: 'x' }, one: { a: 'x' }, all: 3, not: 'allowed' }, ''],
        ],
      ),
  },
  {
    id: 'crd-pruning/list-types',
    title: 'Sets have no item twice and maps no key twice; each repetition is told once',
    source: 'apiextensions-apiserver, pkg/apiserver/schema/listtype/validation.go; test/integration/listtype_test.go',
    mutation: {
      file: 'lab/kube/apiserver/custom/list-types.ts',
      find: 'return count === 2 ? [index] : [];',
      replace: 'return count >= 2 ? [index] : [];',
    },
    run: (t) =>
      tried(
        t,
        {
          set: { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } },
          map: {
            type: 'array',
            'x-kubernetes-list-type': 'map',
            'x-kubernetes-list-map-keys': ['name', 'port'],
            items: {
              type: 'object',
              required: ['name'],
              properties: {
                name: { type: 'string' },
                port: { type: 'integer', default: 80 },
                value: { type: 'string' },
              },
            },
          },
          atomic: { type: 'array', items: { type: 'string' } },
        },
        [
          [{ set: ['a', 'b', 'a', 'a'] }, 'spec.set[2]: Duplicate value: "a"'],
          [
            { map: [{ name: 'a' }, { name: 'a', port: 80, value: 'x' }] },
            'spec.map[1]: Duplicate value: map[string]interface {}{"name":"a", "port":80}',
          ],
          [{ set: ['a', 'b'], map: [{ name: 'a' }, { name: 'a', port: 81 }], atomic: ['a', 'a'] }, ''],
        ],
      ),
    until: '1.33',
  },
];
