// Parity cases: rules over objects, their messages, and the order and limits in which they run.
import assert from 'node:assert/strict';
import type { ParityCase } from '../parity-case.ts';
import { causesOf, define, rules } from './cel-definitions.ts';

const docs = 'docs: tasks/extend-kubernetes/custom-resources/custom-resource-definitions';

export const celRuleCases: readonly ParityCase[] = [
  {
    id: 'cel/failed-rules-and-their-messages',
    until: '1.36',
    title:
      'A rule that fails says its message, else the rule; its reason and field path decide kind and place of the fault',
    source: `${docs}, "Message expression", "reason" and "fieldPath"`,
    since: '1.28',
    mutation: {
      file: 'lab/kube/apiserver/custom/rules-check.ts',
      find: "if (reason === 'FieldValueRequired') return",
      replace: "if (reason === 'None') return",
    },
    run: async (t) => {
      const thing = await define(t, {
        type: 'object',
        properties: {
          min: { type: 'integer' },
          max: { type: 'integer' },
          tags: { type: 'object', maxProperties: 5, additionalProperties: { type: 'string', maxLength: 5 } },
        },
        ...rules(
          ' self.min <= self.max ',
          { rule: 'self.min >= 0', message: ' not below zero ' },
          {
            rule: 'self.max < 10',
            messageExpression: "'max is ' + (self.max > 15 ? 'far' : 'somewhat') + ' too large'",
            reason: 'FieldValueForbidden',
            fieldPath: '.max',
          },
          {
            rule: "has(self.tags) && 'a' in self.tags",
            message: 'needs a',
            reason: 'FieldValueRequired',
            fieldPath: ".tags['a']",
          },
          { rule: 'self.max != 20', messageExpression: "['a'][self.max] + 'x'", message: 'the static one' },
        ),
      });
      const answer = await thing.create('bad', { min: -1, max: 20 });
      assert.equal(answer.code, 422);
      assert.deepEqual(causesOf(answer), [
        'spec: Invalid value: "object": not below zero',
        'spec.max: Forbidden: max is far too large',
        'spec.tags[a]: Required value: needs a',
        'spec: Invalid value: "object": the static one',
      ]);
      const swapped = await thing.create('swapped', { min: 5, max: 1, tags: { a: 'b' } });
      assert.equal(
        swapped.body['message'],
        `${thing.kind} "swapped" is invalid: spec: Invalid value: "object": failed rule: self.min <= self.max`,
      );
    },
  },
  {
    id: 'cel/rules-in-lists-and-maps',
    until: '1.36',
    title: 'Rules of items and of values in maps run for each, and name the place',
    source: `${docs}, "Validation rules" (scope of a rule)`,
    since: '1.25',
    mutation: {
      file: 'lab/kube/apiserver/custom/rules-check.ts',
      find: 'path: `${path}[${index}]`,',
      replace: 'path,',
    },
    run: async (t) => {
      const word = { type: 'string', maxLength: 9, ...rules({ rule: "self != 'bad'", message: 'is bad' }) };
      const thing = await define(t, {
        type: 'object',
        properties: {
          list: { type: 'array', maxItems: 5, items: { type: 'object', properties: { word } } },
          map: { type: 'object', maxProperties: 5, additionalProperties: word },
        },
        ...rules('!has(self.list) || self.list.size() < 3'),
      });
      const answer = await thing.create('x', { list: [{ word: 'good' }, { word: 'bad' }, {}], map: { 'a.b': 'bad' } });
      assert.deepEqual([...causesOf(answer)].sort(), [
        'spec.list[1].word: Invalid value: "string": is bad',
        'spec.map[a.b]: Invalid value: "string": is bad',
        'spec: Invalid value: "object": failed rule: !has(self.list) || self.list.size() < 3',
      ]);
    },
  },
  {
    id: 'cel/transition-rules',
    until: '1.36',
    title: 'Rules with oldSelf run only when there is an old value, items of keyed lists being found by their keys',
    source: `${docs}, "Transition rules"`,
    since: '1.25',
    mutation: {
      file: 'lab/kube/apiserver/custom/rules-check.ts',
      find: 'if (program === undefined || (usesOldSelf && !hasOld && !isOptional)) continue;',
      replace: 'if (program === undefined || usesOldSelf) continue;',
    },
    run: async (t) => {
      const thing = await define(t, {
        type: 'object',
        properties: {
          node: { type: 'string', maxLength: 9, ...rules({ rule: 'self == oldSelf', message: 'cannot change' }) },
          parts: {
            type: 'array',
            maxItems: 5,
            'x-kubernetes-list-type': 'map',
            'x-kubernetes-list-map-keys': ['name'],
            items: {
              type: 'object',
              required: ['name'],
              properties: { name: { type: 'string', maxLength: 9 }, size: { type: 'integer' } },
              ...rules({ rule: 'self.size >= oldSelf.size', message: 'cannot shrink' }),
            },
          },
        },
      });
      assert.equal(
        (
          await thing.create('x', {
            node: 'a',
            parts: [
              { name: 'one', size: 1 },
              { name: 'two', size: 2 },
            ],
          })
        ).code,
        201,
      );
      const swapped = await thing.patch('x', {
        spec: {
          parts: [
            { name: 'new', size: 0 },
            { name: 'two', size: 2 },
            { name: 'one', size: 1 },
          ],
        },
      });
      assert.equal(swapped.code, 200, swapped.text);
      const shrunk = await thing.patch('x', { spec: { node: 'b', parts: [{ name: 'two', size: 1 }] } });
      assert.deepEqual([...causesOf(shrunk)].sort(), [
        'spec.node: Invalid value: "string": cannot change',
        'spec.parts[0]: Invalid value: "object": cannot shrink',
      ]);
      const removed = await thing.patch('x', { spec: { node: null } });
      assert.equal(removed.code, 200, removed.text);
    },
  },
  {
    id: 'cel/optional-old-self',
    until: '1.36',
    title: 'With optionalOldSelf a rule runs on creation as well, oldSelf being an optional value',
    source: `${docs}, "optionalOldSelf"`,
    since: '1.30',
    mutation: {
      file: 'lab/kube/apiserver/custom/rules-check.ts',
      find: 'if (isOptional) return new Optional(hasOld ? oldSelf() : undefined);',
      replace: 'if (isOptional) return new Optional(undefined);',
    },
    run: async (t) => {
      const thing = await define(t, {
        type: 'object',
        properties: {
          size: {
            type: 'integer',
            ...rules({
              rule: 'oldSelf.hasValue() ? self >= oldSelf.value() : self == 1',
              message: 'begins at 1 and grows',
              optionalOldSelf: true,
            }),
          },
        },
      });
      assert.deepEqual(causesOf(await thing.create('x', { size: 2 })), [
        'spec.size: Invalid value: "integer": begins at 1 and grows',
      ]);
      assert.equal((await thing.create('x', { size: 1 })).code, 201);
      assert.equal((await thing.patch('x', { spec: { size: 3 } })).code, 200);
      assert.equal((await thing.patch('x', { spec: { size: 2 } })).code, 422);
    },
  },
  {
    id: 'cel/ratcheting-warns',
    until: '1.36',
    title: 'What failed before and did not change is warned of and stored',
    source: `${docs}, "Validation ratcheting"`,
    since: '1.30',
    mutation: {
      file: 'lab/kube/apiserver/custom/rules-check.ts',
      find: 'if (!rule.usesOldSelf && unchanged) this.#warn(fieldErrorText(error));',
      replace: 'if (rule.usesOldSelf && unchanged) this.#warn(fieldErrorText(error));',
    },
    run: async (t) => {
      const schema = (limit: number): object => ({
        type: 'object',
        properties: {
          size: { type: 'integer', ...rules({ rule: `self < ${limit}`, message: `below ${limit}` }) },
          other: { type: 'integer' },
        },
      });
      const thing = await define(t, schema(100));
      assert.equal((await thing.create('x', { size: 50 })).code, 201);
      const [, group = ''] = /^Thing\.(.*)$/.exec(thing.kind) ?? [];
      const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/things.${group}`;
      await t.http.ok(
        'PATCH',
        path,
        [{ op: 'replace', path: '/spec/versions/0/schema/openAPIV3Schema/properties/spec', value: schema(10) }],
        { headers: { 'content-type': 'application/json-patch+json' } },
      );
      await t.until('the stricter rule to be in effect', async () =>
        (await thing.create('probe', { size: 20 })).code === 422
          ? true
          : t.http.call('DELETE', `/apis/${group}/v1/namespaces/${t.namespace}/things/probe`).then(() => undefined),
      );
      const touched = await thing.patch('x', { spec: { other: 1 } });
      assert.deepEqual(
        [touched.code, touched.headers['warning']],
        [200, '299 - "spec.size: Invalid value: \\"integer\\": below 10"'],
      );
      assert.equal((await thing.patch('x', { spec: { size: 51 } })).code, 422);
    },
  },
  {
    id: 'cel/errors-while-running',
    title:
      'Absent members, indexes out of bounds and overflows fail the rule with the fault; `||` passes over the side that fails',
    source:
      'apiextensions-apiserver/pkg/apiserver/schema/cel/validation.go: validateExpressions; CEL language definition, "Logical operators"',
    since: '1.27',
    mutation: {
      file: 'lab/kube/apiserver/cel/evaluate.ts',
      find: 'if (value === deciding) return deciding;',
      replace: 'if (value === deciding && failure === undefined) return deciding;',
    },
    run: async (t) => {
      const thing = await define(t, {
        type: 'object',
        properties: {
          a: { type: 'integer' },
          b: { type: 'integer' },
          list: { type: 'array', maxItems: 3, items: { type: 'integer' } },
        },
        ...rules(
          'self.b > 0',
          'self.list[3] == 0',
          'self.a + 9223372036854775807 > 0',
          '10 / (self.a - 1) > 0',
          'self.b > 0 || self.a == 1',
        ),
      });
      const answer = await thing.create('x', { a: 1, list: [1] });
      assert.deepEqual(causesOf(answer), [
        'spec: Invalid value: "object": no such key: b evaluating rule: self.b > 0',
        'spec: Invalid value: "object": index out of bounds: 3 evaluating rule: self.list[3] == 0',
        'spec: Invalid value: "object": integer overflow evaluating rule: self.a + 9223372036854775807 > 0',
        'spec: Invalid value: "object": division by zero evaluating rule: 10 / (self.a - 1) > 0',
      ]);
    },
  },
  {
    id: 'cel/other-faults-come-first',
    until: '1.34',
    title: 'Rules are not run over objects whose types are wrong, and the answer says so',
    source: 'apiextensions-apiserver/pkg/registry/customresource/strategy.go: hasBlockingErr',
    since: '1.27',
    mutation: {
      file: 'lab/kube/apiserver/custom/validation.ts',
      find: 'if (faults.some((fault) => BLOCKING.has(fault.type)))',
      replace: 'if (faults.length > 99)',
    },
    run: async (t) => {
      const thing = await define(t, { type: 'object', properties: { a: { type: 'integer' } }, ...rules('self.a > 5') });
      assert.deepEqual(causesOf(await thing.create('x', { a: 'text' })), [
        'spec.a: Invalid value: "string": spec.a in body must be of type integer: "string"',
        '<nil>: Invalid value: "null": some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
      ]);
    },
  },
  {
    id: 'cel/call-cost-limit',
    title: 'A rule that costs more than one call may ends the validation with what it exceeded',
    source: `${docs}, "Resource use by validation functions"; apiserver/pkg/apis/cel/config.go: PerCallLimit`,
    since: '1.27',
    mutation: {
      file: 'lab/kube/apiserver/cel/program.ts',
      find: 'export const PER_CALL_LIMIT = 1_000_000;',
      replace: 'export const PER_CALL_LIMIT = 100_000_000;',
    },
    run: async (t) => {
      const rule = 'self.list.all(a, self.list.all(b, self.list.all(c, a + b + c >= 0)))';
      const thing = await define(t, {
        type: 'object',
        properties: { list: { type: 'array', maxItems: 60, items: { type: 'integer' } } },
        ...rules(rule, 'false'),
      });
      const list = Array.from({ length: 60 }, (_item, index) => index);
      assert.deepEqual(causesOf(await thing.create('x', { list })), [
        `spec: Invalid value: "object": 'operation cancelled: actual cost limit exceeded': no further validation rules will be run due to call cost exceeds limit for rule: ${rule}`,
      ]);
    },
  },
];
