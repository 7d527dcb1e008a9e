// Parity cases: rules are compiled against the schema when a definition is written.
import assert from 'node:assert/strict';
import type { ParityCase } from '../parity-case.ts';
import { causesOf, rules, tryDefine } from './cel-definitions.ts';

const at = 'spec.validation.openAPIV3Schema.properties[spec].x-kubernetes-validations[0]';
/** A rule as messages show it. */
const shown = (rule: string, more = 'MessageExpression:""'): string =>
  `apiextensions.ValidationRule{Rule:${JSON.stringify(rule)}, Message:"", ${more}, Reason:(*apiextensions.FieldValueErrorReason)(nil), FieldPath:"", OptionalOldSelf:(*bool)(nil)}`;
const refused = (rule: string, issues: string): string =>
  `${at}.rule: Invalid value: ${shown(rule)}: compilation failed: ${issues}`;

const spec = {
  type: 'object',
  properties: {
    count: { type: 'integer' },
    ratio: { type: 'number' },
    name: { type: 'string', maxLength: 20 },
    names: { type: 'array', maxItems: 10, items: { type: 'string', maxLength: 20 } },
  },
};

export const celDefinitionCases: readonly ParityCase[] = [
  {
    id: 'cel/ill-typed-rules-are-refused',
    until: '1.34',
    title: 'A rule that does not fit its schema is refused with the place and the types, as the compiler prints them',
    source:
      'docs: tasks/extend-kubernetes/custom-resources/custom-resource-definitions, "Validation rules"; cel-go checker/errors.go',
    since: '1.25',
    mutation: {
      file: 'lab/kube/apiserver/cel/issues.ts',
      find: 'const head = `ERROR: <input>:${before.length}:${column + 1}: ${message}`;',
      replace: 'const head = `ERROR: <input>:${before.length}:${column}: ${message}`;',
    },
    run: async (t) => {
      const rejected = async (rule: string): Promise<readonly string[]> => {
        const answer = await tryDefine(t, { ...spec, ...rules(rule) });
        assert.equal(answer.code, 422, answer.text);
        return causesOf(answer);
      };
      assert.deepEqual(await rejected('self.absent == 1'), [
        refused('self.absent == 1', "ERROR: <input>:1:5: undefined field 'absent'\n | self.absent == 1\n | ....^"),
      ]);
      assert.deepEqual(await rejected('self.count == self.name'), [
        refused(
          'self.count == self.name',
          "ERROR: <input>:1:12: found no matching overload for '_==_' applied to '(int, string)'\n | self.count == self.name\n | ...........^",
        ),
      ]);
      assert.deepEqual(await rejected('self.count + 1.5 > 2.0 && other'), [
        refused(
          'self.count + 1.5 > 2.0 && other',
          "ERROR: <input>:1:12: found no matching overload for '_+_' applied to '(int, double)'\n | self.count + 1.5 > 2.0 && other\n | ...........^\n" +
            "ERROR: <input>:1:27: undeclared reference to 'other' (in container '')\n | self.count + 1.5 > 2.0 && other\n | ..........................^",
        ),
      ]);
      assert.deepEqual(await rejected('self.name.sparkle()'), [
        refused(
          'self.name.sparkle()',
          "ERROR: <input>:1:18: undeclared reference to 'sparkle' (in container '')\n | self.name.sparkle()\n | .................^",
        ),
      ]);
    },
  },
  {
    id: 'cel/rules-give-a-bool',
    until: '1.34',
    title: 'A rule gives a bool and a message expression a string; anything else is refused with the definition',
    source: 'apiextensions-apiserver/pkg/apiserver/schema/cel/compilation.go: compileRule',
    since: '1.27',
    mutation: {
      file: 'lab/kube/apiserver/custom/rule-programs.ts',
      find: "otherwise: 'messageExpression must evaluate to a string',",
      replace: "otherwise: 'x',",
    },
    run: async (t) => {
      const number = await tryDefine(t, { ...spec, ...rules('self.count') });
      assert.deepEqual(causesOf(number), [
        `${at}.rule: Invalid value: ${shown('self.count')}: cel expression must evaluate to a bool`,
      ]);
      const message = await tryDefine(t, {
        ...spec,
        ...rules({ rule: 'self.count > 1', messageExpression: 'self.count' }),
      });
      assert.deepEqual(causesOf(message), [
        `${at}.messageExpression: Invalid value: ${shown('self.count > 1', 'MessageExpression:"self.count"')}: messageExpression must evaluate to a string`,
      ]);
    },
  },
  {
    id: 'cel/rule-members-are-checked',
    title: 'Empty rules, line breaks in messages, unknown reasons and field paths that lead nowhere are refused',
    source:
      'apiextensions-apiserver/pkg/apis/apiextensions/validation/validation.go: ValidateCustomResourceDefinitionOpenAPISchema',
    since: '1.28',
    mutation: {
      file: 'lab/kube/apiserver/custom/rule-definitions.ts',
      find: "if (rule.trim() === '') errors.push",
      replace: "if (rule === 'none') errors.push",
    },
    run: async (t) => {
      const answer = await tryDefine(t, {
        ...spec,
        ...rules(
          ' ',
          { rule: 'true', message: 'two\nlines' },
          'self.count > 1 &&\nself.count < 3',
          { rule: 'true', reason: 'Because' },
          { rule: 'true', fieldPath: '.nowhere' },
          { rule: 'true', messageExpression: ' ' },
        ),
      });
      assert.equal(answer.code, 422);
      const place = at.slice(0, -3);
      assert.deepEqual(causesOf(answer), [
        `${place}[0].rule: Required value: rule is not specified`,
        `${place}[1].message: Invalid value: "two\\nlines": must not contain line breaks`,
        `${place}[2].message: Required value: message must be specified if rule contains line breaks`,
        `${place}[3].reason: Unsupported value: "Because": supported values: "FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired"`,
        `${place}[4].fieldPath: Invalid value: ".nowhere": must be a valid path`,
        `${place}[5].messageExpression: Required value: messageExpression must be non-empty if specified`,
      ]);
    },
  },
  {
    id: 'cel/old-self-needs-correlation',
    title: 'oldSelf is refused where old and new values cannot be told to belong together',
    source: 'docs: custom-resource-definitions, "Transition rules"',
    since: '1.25',
    mutation: {
      file: 'lab/kube/apiserver/custom/rule-definitions.ts',
      find: "schema.type === 'array' && schema['x-kubernetes-list-type'] !== 'map'",
      replace: "schema.type === 'array' && schema['x-kubernetes-list-type'] === 'map'",
    },
    run: async (t) => {
      const items = {
        type: 'object',
        properties: { key: { type: 'string', maxLength: 5 } },
        required: ['key'],
        ...rules('self.key == oldSelf.key'),
      };
      const list = (more: object): object => ({
        type: 'object',
        properties: { list: { type: 'array', maxItems: 5, items, ...more } },
      });
      const path = 'spec.validation.openAPIV3Schema.properties[spec].properties[list]';
      assert.deepEqual(causesOf(await tryDefine(t, list({}))), [
        `${path}.items.x-kubernetes-validations[0].rule: Invalid value: "self.key == oldSelf.key": oldSelf cannot be used on the uncorrelatable portion of the schema within ${path}`,
      ]);
      const keyed = await tryDefine(
        t,
        list({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['key'] }),
      );
      assert.equal(keyed.code, 201, keyed.text);
    },
  },
  {
    id: 'cel/mixed-literals-and-bad-literals',
    title: 'Lists of mixed types, and literals that are no regular expression, duration or timestamp, are refused',
    source: 'apiserver/pkg/cel/environment/base.go: ASTValidators; cel-go cel/validator.go',
    since: '1.29',
    mutation: {
      file: 'lab/kube/apiserver/cel/check.ts',
      find: ': [...literalIssues(expression), ...aggregateIssues(expression, typeOf)];',
      replace: ': [];',
    },
    run: async (t) => {
      const issue = async (rule: string): Promise<string> => {
        const answer = await tryDefine(t, { ...spec, ...rules(rule) });
        return /compilation failed: ERROR: <input>:(.*)/.exec(causesOf(answer)[0] ?? '')?.[1] ?? answer.text;
      };
      assert.equal(await issue("self.count in [1, 'two']"), "1:19: expected type 'int' but found 'string'");
      assert.equal(await issue("self.name.matches('(')"), '1:19: invalid matches argument');
      assert.equal(await issue("duration('1 day') > duration('1s')"), '1:10: invalid duration argument');
      assert.equal(
        await issue("timestamp('yesterday') < timestamp('2000-01-01T00:00:00Z')"),
        '1:11: invalid timestamp argument',
      );
    },
  },
  {
    id: 'cel/metadata-is-name-and-generate-name',
    title: 'Rules see of metadata the name and the generated name alone',
    source: 'docs: custom-resource-definitions, "Validation rules" (available fields)',
    since: '1.25',
    mutation: {
      file: 'lab/kube/apiserver/cel/schema-types.ts',
      find: "properties: { name: { type: 'string' }, generateName: { type: 'string' } },",
      replace: "properties: { name: { type: 'string' } },",
    },
    run: async (t) => {
      const whole = (rule: string): Promise<{ code: number; text: string }> =>
        tryDefine(t, { type: 'object' }, rules(rule));
      const named = await whole(
        "self.metadata.name.startsWith('a') || self.metadata.generateName == '' || self.kind != self.apiVersion",
      );
      assert.equal(named.code, 201, named.text);
      const labelled = await whole('self.metadata.labels.size() > 0');
      assert.equal(labelled.code, 422);
      assert.match(labelled.text, /undefined field 'labels'/);
    },
  },
  {
    id: 'cel/estimated-costs',
    title:
      'Rules that could cost too much are refused with the definition, by how much, until lists and texts are bounded',
    source:
      'docs: custom-resource-definitions, "Resource use by validation functions"; apiextensions validation.go: getCostErrorMessage',
    since: '1.25',
    mutation: {
      file: 'lab/kube/apiserver/custom/rule-costs.ts',
      find: 'return cost > RULE_LIMIT ? [forbiddenField(path, exceeds(what, cost, RULE_LIMIT))] : [];',
      replace: 'return [];',
    },
    run: async (t) => {
      const lists = (maxItems?: number): object => ({
        type: 'object',
        properties: {
          list: {
            type: 'array',
            items: { type: 'string', ...(maxItems === undefined ? {} : { maxLength: 10 }) },
            ...(maxItems === undefined ? {} : { maxItems }),
          },
        },
        ...rules('self.list.all(a, self.list.all(b, a == b))'),
      });
      const advice =
        '(try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)';
      const unbounded = await tryDefine(t, lists());
      assert.deepEqual(causesOf(unbounded).slice(0, 1), [
        `${at}.rule: Forbidden: estimated rule cost exceeds budget by factor of more than 100x ${advice}`,
      ]);
      const bounded = await tryDefine(t, lists(100));
      assert.equal(bounded.code, 201, bounded.text);
    },
  },
];
