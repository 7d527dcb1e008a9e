// Refusals by query: selectors, numbers and options that cannot be understood.
import assert from 'node:assert/strict';
import type { Answer } from '../drivers/http.ts';
import type { ParityCase } from '../parity-case.ts';

const told = ({ code, body }: Answer): unknown[] => [code, body['reason'], body['message']];

export const parameterErrorCases: readonly ParityCase[] = [
  {
    id: 'errors/label-selector-syntax',
    title: 'A label selector that cannot be read is a 400 saying what was found and what was expected',
    source: 'apimachinery/pkg/labels/selector.go: Parser',
    mutation: {
      file: 'lab/kube/apiserver/selection/parse-labels.ts',
      find: "expected: identifier after ','",
      replace: "expected: a word after ','",
    },
    run: async (t) => {
      for (const [selector, message] of [
        ['a===b', "unable to parse requirement: found '=', expected: identifier"],
        ['a in (b', "unable to parse requirement: found '', expected: ',' or ')'"],
        ['=b', "found '=', expected: !, identifier, or 'end of string'"],
        [',,', "found ',', expected: !, identifier, or 'end of string'"],
        ['a=b,', "found '', expected: identifier after ','"],
        ['!a=b', "found '=', expected: ',' or 'end of string'"],
        ['(', "found '(', expected: !, identifier, or 'end of string'"],
      ] as const) {
        const answer = await t.http.get(`${t.core}/configmaps?labelSelector=${encodeURIComponent(selector)}`);
        assert.deepEqual(told(answer), [400, 'BadRequest', message], selector);
      }
    },
  },
  {
    id: 'errors/label-selector-values',
    until: '1.36',
    title: 'Keys and values of a label selector must be ones that labels could have',
    source: 'apimachinery/pkg/labels/selector.go: NewRequirement',
    mutation: {
      file: 'lab/kube/apiserver/selection/parse-labels.ts',
      find: 'if (keyFaults.length > 0) throw',
      replace: 'if (keyFaults.length > 9) throw',
    },
    run: async (t) => {
      for (const [selector, words] of [
        ['a=-bad', 'a valid label must be an empty string or consist of alphanumeric characters'],
        ['-a', 'name part must consist of alphanumeric characters'],
        ['a/b/c=d', 'a qualified name must consist of alphanumeric characters'],
        ['a>x', "for 'Gt', 'Lt' operators, the value must be an integer"],
      ] as const) {
        const answer = await t.http.get(`${t.core}/configmaps?labelSelector=${encodeURIComponent(selector)}`);
        assert.deepEqual([answer.code, answer.body['reason']], [400, 'BadRequest'], selector);
        assert.ok(String(answer.body['message']).startsWith('unable to parse requirement: '), answer.text);
        assert.ok(String(answer.body['message']).includes(words), answer.text);
      }
    },
  },
  {
    id: 'errors/field-selector',
    title: 'A field that a kind does not select by is a 400; kinds with metadata alone say which fields there are',
    source: 'apimachinery/pkg/runtime/conversion.go: DefaultMetaV1FieldSelectorConversion; fields: ParseSelector',
    mutation: {
      file: 'lab/kube/apiserver/selection/field-selector.ts',
      find: 'is not a known field selector: only',
      replace: 'is unknown: only',
    },
    run: async (t) => {
      const get = (plural: string, selector: string): Promise<Answer> =>
        t.http.get(`${t.core}/${plural}?fieldSelector=${encodeURIComponent(selector)}`);
      assert.deepEqual(told(await get('configmaps', 'x=y')), [
        400,
        'BadRequest',
        '"x" is not a known field selector: only "metadata.name", "metadata.namespace"',
      ]);
      assert.deepEqual(told(await get('pods', 'spec.nothing=y')), [
        400,
        'BadRequest',
        'field label not supported: spec.nothing',
      ]);
      assert.deepEqual(told(await get('configmaps', 'metadata.name')), [
        400,
        'BadRequest',
        "invalid selector: 'metadata.name'; can't understand 'metadata.name'",
      ]);
      assert.equal(
        (await get('configmaps', 'metadata.name=a\\')).body['message'],
        'invalid field selector: invalid escape sequence: \\',
      );
      // An empty term selects everything.
      assert.equal((await get('configmaps', '=')).code, 200);
    },
  },
  {
    id: 'errors/list-numbers',
    title: 'Numbers of a list or watch are parsed as Go parses them, and the first of several counts',
    source: 'apimachinery/pkg/runtime/converter: Convert_Slice_string_To_int64',
    mutation: {
      file: 'lab/kube/apiserver/operations/list-options.ts',
      find: 'value > INT64_MAX ||',
      replace: 'value > 2n * INT64_MAX * INT64_MAX ||',
    },
    run: async (t) => {
      const parse = (value: string, why: string): string =>
        `strconv.ParseInt: parsing ${JSON.stringify(value)}: ${why}`;
      for (const [query, value, why] of [
        ['limit=x', 'x', 'invalid syntax'],
        ['limit=1.5', '1.5', 'invalid syntax'],
        ['limit=', '', 'invalid syntax'],
        ['timeoutSeconds=x', 'x', 'invalid syntax'],
        ['timeoutSeconds=x&watch=1', 'x', 'invalid syntax'],
        ['limit=99999999999999999999', '99999999999999999999', 'value out of range'],
      ] as const) {
        const answer = await t.http.get(`${t.core}/configmaps?${query}`);
        assert.deepEqual(told(answer), [400, 'BadRequest', parse(value, why)], query);
      }
      assert.equal((await t.http.get(`${t.core}/configmaps?limit=1&limit=x`)).code, 200);
      assert.equal((await t.http.get(`${t.core}/configmaps?limit=-1`)).code, 200);
    },
  },
  {
    id: 'errors/resource-version',
    until: '1.36',
    title:
      'A resourceVersion that is no number is refused in the words of a field error; one of the future is a 504 to be retried',
    source: 'apiserver/pkg/storage/versioner: ParseResourceVersion; storage/errors.go: NewTooLargeResourceVersionError',
    mutation: {
      file: 'lab/kube/apiserver/operations/read.ts',
      find: '...(retryAfterSeconds === 0 ? {} : { retryAfterSeconds }),',
      replace: '',
    },
    run: async (t) => {
      const text = await t.http.get(`${t.core}/configmaps?resourceVersion=x`);
      assert.equal(
        text.body['message'],
        'resourceVersion: Invalid value: "x": strconv.ParseUint: parsing "x": invalid syntax',
      );
      const future = await t.http.get(`${t.core}/configmaps?resourceVersion=99999999999`);
      assert.deepEqual([future.code, future.body['reason'], future.headers['retry-after']], [504, 'Timeout', '1']);
      assert.match(String(future.body['message']), /^Timeout: Too large resource version: 99999999999, current: \d+$/);
      assert.deepEqual(future.body['details'], {
        causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
        retryAfterSeconds: 1,
      });
    },
  },
  {
    id: 'errors/write-options',
    until: '1.34',
    title: 'dryRun and fieldManager of a write are checked like fields, before anything is looked up',
    source:
      'apimachinery/pkg/apis/meta/v1/validation: ValidateCreateOptions, ValidatePatchOptions, ValidateFieldManager',
    mutation: {
      file: 'lab/kube/apiserver/operations/options.ts',
      find: 'MAX_MANAGER_BYTES = 128',
      replace: 'MAX_MANAGER_BYTES = 256',
    },
    run: async (t) => {
      const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'options' } };
      const path = `${t.core}/configmaps`;
      const dry = await t.http.call('POST', `${path}?dryRun=some`, object);
      assert.deepEqual(told(dry), [
        422,
        'Invalid',
        'CreateOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: []string{"some"}: supported values: "All"',
      ]);
      assert.deepEqual(dry.body['details'], {
        group: 'meta.k8s.io',
        kind: 'CreateOptions',
        causes: [
          {
            reason: 'FieldValueNotSupported',
            message: 'Unsupported value: []string{"some"}: supported values: "All"',
            field: 'dryRun',
          },
        ],
      });
      const long = await t.http.call('POST', `${path}?fieldManager=${'m'.repeat(129)}`, object);
      assert.deepEqual([long.code, long.body['details'].causes[0].reason], [422, 'FieldValueTooLong']);
      const forced = await t.http.patch('merge', `${path}/missing?force=true`, {});
      assert.deepEqual(told(forced), [
        422,
        'Invalid',
        'PatchOptions.meta.k8s.io "" is invalid: force: Forbidden: may not be specified for non-apply patch',
      ]);
      assert.equal((await t.http.get(`${path}/options`)).code, 404);
    },
  },
  {
    id: 'errors/delete-options',
    title: 'Options of a delete are checked in the query and in the body, before the object is looked up',
    source: 'apimachinery/pkg/apis/meta/v1/validation: ValidateDeleteOptions',
    mutation: {
      file: 'lab/kube/apiserver/operations/delete-options.ts',
      find: "'orphanDependents and deletionPropagation cannot be both set'",
      replace: "'orphanDependents and propagationPolicy cannot be both set'",
    },
    run: async (t) => {
      const path = `${t.core}/configmaps/missing`;
      const invalid = 'DeleteOptions.meta.k8s.io "" is invalid: ';
      const policies = 'supported values: "Foreground", "Background", "Orphan", "nil"';
      const policy = `${invalid}propagationPolicy: Unsupported value: "Some": ${policies}`;
      assert.deepEqual(told(await t.http.call('DELETE', `${path}?propagationPolicy=Some`)), [422, 'Invalid', policy]);
      const body = { kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy: 'Some' };
      assert.deepEqual(told(await t.http.call('DELETE', path, body)), [422, 'Invalid', policy]);
      const both = await t.http.call('DELETE', path, { orphanDependents: true, propagationPolicy: 'Orphan' });
      assert.deepEqual(told(both), [
        422,
        'Invalid',
        `${invalid}propagationPolicy: Invalid value: "Orphan": orphanDependents and deletionPropagation cannot be both set`,
      ]);
      assert.deepEqual(told(await t.http.call('DELETE', `${path}?gracePeriodSeconds=x`)), [
        400,
        'BadRequest',
        'strconv.ParseInt: parsing "x": invalid syntax',
      ]);
    },
  },
];
