// Parity cases: JSON patch (RFC 6902), with the liberties that Kubernetes' library takes.
import assert from 'node:assert/strict';
import type { ParityContext } from '../context.ts';
import type { Answer } from '../drivers/http.ts';
import type { ParityCase } from '../parity-case.ts';

const JSON_PATCH = 'lab/kube/apiserver/patch/json-patch.ts';
const library = 'source: vendor/github.com/evanphx/json-patch/patch.go';
const handler = 'source: staging/src/k8s.io/apiserver/pkg/endpoints/handlers/patch.go';

/** The answer to every patch that does not fit its document: the reason is not repeated. */
const unfit = {
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Failure',
  message: 'the server rejected our request due to an error in our request',
  reason: 'Invalid',
  details: {},
  code: 422,
};

async function configMap(t: ParityContext, more: object = {}): Promise<string> {
  await t.http.ok('POST', `${t.core}/configmaps`, {
    metadata: { name: 'c', annotations: { 'a/b': 'x' } },
    data: { k: 'v' },
    ...more,
  });
  return `${t.core}/configmaps/c`;
}

const patched = async (t: ParityContext, path: string, operations: unknown): Promise<Answer['body']> => {
  const answer = await t.http.patch('json', path, operations);
  assert.equal(answer.code, 200, answer.text);
  return answer.body;
};

async function refused(t: ParityContext, path: string, operations: unknown): Promise<void> {
  const before = (await t.http.get(path)).body;
  assert.deepEqual((await t.http.patch('json', path, operations)).body, unfit);
  assert.deepEqual((await t.http.get(path)).body, before);
}

export const jsonPatchCases: readonly ParityCase[] = [
  {
    id: 'json-patch/operations-in-order',
    title: 'A JSON patch does its operations in order, each on what the one before left',
    source: 'docs: reference/using-api/api-concepts, "Updates to existing resources" (HTTP PATCH using JSON Patch)',
    mutation: {
      file: JSON_PATCH,
      find: 'return added(removed(document, from), textAt',
      replace: 'return added(document, textAt',
    },
    run: async (t) => {
      const body = await patched(t, await configMap(t), [
        { op: 'test', path: '/data/k', value: 'v' },
        { op: 'add', path: '/data/n', value: '1' },
        { op: 'copy', from: '/data/n', path: '/data/m' },
        { op: 'move', from: '/data/k', path: '/data/l' },
        { op: 'replace', path: '/data/n', value: '2' },
        { op: 'remove', path: '/data/m' },
        { op: 'test', path: '/data', value: { n: '2', l: 'v' } },
      ]);
      assert.deepEqual(body['data'], { l: 'v', n: '2' });
    },
  },
  {
    id: 'json-patch/failed-test-changes-nothing',
    title: 'A test that fails refuses the whole patch with 422, and the answer does not say which',
    source: `${library}; ${handler}, applyJSPatch`,
    mutation: { file: JSON_PATCH, find: 'if (!equalJson(found, expected))', replace: 'if (found === null)' },
    run: async (t) => {
      const path = await configMap(t);
      await refused(t, path, [
        { op: 'add', path: '/data/n', value: '1' },
        { op: 'test', path: '/data/k', value: 'other' },
      ]);
    },
  },
  {
    id: 'json-patch/test-of-missing-member-is-null',
    title: 'A member that is not there equals null in a test, and nothing else',
    source: library,
    mutation: {
      file: JSON_PATCH,
      find: "pointer === '' ? document : (valueAt(document, pointer) ?? null)",
      replace: "pointer === '' ? document : valueAt(document, pointer)",
    },
    run: async (t) => {
      const path = await configMap(t);
      await patched(t, path, [{ op: 'test', path: '/data/none', value: null }]);
      await refused(t, path, [{ op: 'test', path: '/data/none', value: '' }]);
    },
  },
  {
    id: 'json-patch/pointer-escapes',
    title: 'In a pointer ~1 stands for a slash',
    source: 'RFC 6901, section 4',
    mutation: { file: JSON_PATCH, find: "token.replaceAll('~1', '/')", replace: "token.replaceAll('~2', '/')" },
    run: async (t) => {
      const body = await patched(t, await configMap(t), [
        { op: 'replace', path: '/metadata/annotations/a~1b', value: 'y' },
      ]);
      assert.deepEqual(body['metadata'].annotations, { 'a/b': 'y' });
    },
  },
  {
    id: 'json-patch/replace-adds',
    title: 'Replacing a member that is not there adds it, other than RFC 6902 has it',
    source: library,
    mutation: {
      file: JSON_PATCH,
      find: 'container[indexIn(container.length, key)] = value;\n',
      replace:
        'container[indexIn(container.length, key)] = value;\n  else if (!Object.hasOwn(container, key)) throw new JsonPatchError(key);\n',
    },
    run: async (t) => {
      const body = await patched(t, await configMap(t), [{ op: 'replace', path: '/data/new', value: '1' }]);
      assert.deepEqual(body['data'], { k: 'v', new: '1' });
    },
  },
  {
    id: 'json-patch/remove-needs-the-member',
    title: 'Removing, or moving, what is not there is a 422',
    source: library,
    mutation: {
      file: JSON_PATCH,
      find: 'else throw new JsonPatchError(`Unable to remove nonexistent key',
      replace: 'else if (key === "") throw new JsonPatchError(`Unable to remove nonexistent key',
    },
    run: async (t) => {
      const path = await configMap(t);
      await refused(t, path, [{ op: 'remove', path: '/data/none' }]);
      await refused(t, path, [{ op: 'move', from: '/data/none', path: '/data/n' }]);
    },
  },
  {
    id: 'json-patch/parents-are-not-made',
    title: 'Adding below something that is not there, or below a word, is a 422',
    source: library,
    mutation: {
      file: JSON_PATCH,
      find: 'if (key === undefined || (!isObject(container) && !Array.isArray(container)))',
      replace:
        'if (key !== undefined && !isObject(container) && !Array.isArray(container)) return { container: {}, key };\n  if (key === undefined || (!isObject(container) && !Array.isArray(container)))',
    },
    run: async (t) => {
      const path = await configMap(t);
      await refused(t, path, [{ op: 'add', path: '/metadata/labels/x', value: '1' }]);
      await refused(t, path, [{ op: 'add', path: '/data/k/x', value: '1' }]);
      await refused(t, path, [{ op: 'add', path: 'data', value: {} }]);
    },
  },
  {
    id: 'json-patch/list-positions',
    title: 'Lists take an index, a dash for the end, and a negative index from the end',
    source: library,
    mutation: {
      file: JSON_PATCH,
      find: 'return index < 0 ? index + length : index;',
      replace: 'return Math.abs(index);',
    },
    run: async (t) => {
      const path = await configMap(t);
      const body = await patched(t, path, [
        { op: 'add', path: '/metadata/finalizers', value: ['a.b/two', 'a.b/end'] },
        { op: 'add', path: '/metadata/finalizers/0', value: 'a.b/one' },
        { op: 'add', path: '/metadata/finalizers/-', value: 'a.b/gone' },
        { op: 'replace', path: '/metadata/finalizers/2', value: 'a.b/three' },
        { op: 'remove', path: '/metadata/finalizers/-1' },
        { op: 'test', path: '/metadata/finalizers/1', value: 'a.b/two' },
      ]);
      assert.deepEqual(body['metadata'].finalizers, ['a.b/one', 'a.b/two', 'a.b/three']);
      await patched(t, path, [{ op: 'remove', path: '/metadata/finalizers' }]);
    },
  },
  {
    id: 'json-patch/index-out-of-range',
    title: 'An index beyond the list, or none at all, is a 422',
    source: library,
    mutation: { file: JSON_PATCH, find: 'if (index >= length || index < -length)', replace: 'if (index < -length)' },
    run: async (t) => {
      const path = await configMap(t);
      const list = { op: 'add', path: '/metadata/finalizers', value: ['a.b/one'] };
      await refused(t, path, [list, { op: 'add', path: '/metadata/finalizers/2', value: 'a.b/two' }]);
      await refused(t, path, [list, { op: 'remove', path: '/metadata/finalizers/1' }]);
      await refused(t, path, [list, { op: 'add', path: '/metadata/finalizers/first', value: 'a.b/two' }]);
    },
  },
  {
    id: 'json-patch/unknown-operation',
    title: 'An operation of another name, or of none, is a 422',
    source: library,
    mutation: {
      file: JSON_PATCH,
      find: 'throw new JsonPatchError(`Unexpected kind: ${op}`);',
      replace: 'return document;',
    },
    run: async (t) => {
      const path = await configMap(t);
      await refused(t, path, [{ op: 'frobnicate', path: '/data/k' }]);
      await refused(t, path, [{ path: '/data/k', value: '1' }]);
      await refused(t, path, [{ op: 'add', value: '1' }]);
      await refused(t, path, [{ op: 'copy', path: '/data/n' }]);
    },
  },
  {
    id: 'json-patch/too-many-operations',
    title: 'More than 10,000 operations are a 413 that counts them; 10,000 are done',
    source: `${handler}, maxJSONPatchOperations`,
    mutation: {
      file: 'lab/kube/apiserver/operations/patched-json.ts',
      find: 'operations.length > MAX_OPERATIONS',
      replace: 'operations.length > MAX_OPERATIONS * 2',
    },
    run: async (t) => {
      const path = await configMap(t);
      const operations = Array.from({ length: 10_001 }, () => ({ op: 'test', path: '/data/k', value: 'v' }));
      const { code, body } = await t.http.patch('json', path, operations);
      assert.equal(code, 413);
      assert.equal(body['reason'], 'RequestEntityTooLarge');
      assert.equal(
        body['message'],
        'Request entity too large: The allowed maximum operations in a JSON patch is 10000, got 10001',
      );
      await patched(t, path, operations.slice(1));
    },
  },
  {
    id: 'json-patch/copies-are-bounded',
    title: 'Copies of more than three megabytes altogether are a 422',
    source: `${library}, AccumulatedCopySizeLimit; docs: reference/command-line-tools-reference/kube-apiserver`,
    mutation: {
      file: JSON_PATCH,
      find: 'if (copied.bytes > MAX_COPIED_BYTES)',
      replace: 'if (copied.bytes > MAX_COPIED_BYTES * 9)',
    },
    run: async (t) => {
      const copies = Array.from({ length: 8 }, (_, index) => ({
        op: 'copy',
        from: '/data/big',
        path: `/data/copy${index}`,
      }));
      const removals = copies.map(({ path }) => ({ op: 'remove', path }));
      await refused(t, await configMap(t), [
        { op: 'add', path: '/data/big', value: 'x'.repeat(500_000) },
        ...copies,
        ...removals,
      ]);
    },
  },
  {
    id: 'json-patch/not-a-list',
    title: 'A patch that is no list is a 400 in the words of the decoder',
    source: `${handler}, applyJSPatch`,
    mutation: {
      file: 'lab/kube/apiserver/operations/patch-type.ts',
      find: "body === null || (type === 'json' ? Array.isArray(body)",
      replace: "body === null || (type === 'json' ? true",
    },
    run: async (t) => {
      const { code, body } = await t.http.patch('json', await configMap(t), { op: 'add', path: '/data/n', value: '1' });
      assert.equal(code, 400);
      assert.equal(body['reason'], 'BadRequest');
      assert.match(body['message'], /json: cannot unmarshal object into Go value of type /);
    },
  },
  {
    id: 'json-patch/result-must-decode',
    title: 'A patch that leaves a value of another type is a 422 about the patch, with the patched object',
    source: `${handler}, applyPatchToCurrentObject`,
    mutation: {
      file: 'lab/kube/apiserver/operations/patched-object.ts',
      find: 'throw error instanceof StatusError && error.code === 400 ? refuse(error.message) : error;',
      replace: 'throw error;',
    },
    run: async (t) => {
      const { code, body } = await t.http.patch('json', await configMap(t), [{ op: 'add', path: '/data/n', value: 1 }]);
      assert.equal(code, 422);
      assert.equal(body['reason'], 'Invalid');
      assert.ok(
        body['message'].startsWith(
          ' "" is invalid: patch: Invalid value: "{\\"apiVersion\\":\\"v1\\",\\"data\\":{\\"k\\":\\"v\\",\\"n\\":1},',
        ),
        body['message'],
      );
      assert.deepEqual(Object.keys(body['details']), ['causes']);
      assert.equal(body['details'].causes[0].field, 'patch');
      assert.equal(body['details'].causes[0].reason, 'FieldValueInvalid');
    },
  },
  {
    id: 'json-patch/name-stays',
    title: 'A patch cannot rename an object nor take its name away',
    source: `${handler}, checkName`,
    mutation: {
      file: 'lab/kube/apiserver/operations/object-identity.ts',
      find: 'if (name !== scope.name)',
      replace: "if (name === 'none')",
    },
    run: async (t) => {
      const path = await configMap(t);
      const renamed = await t.http.patch('json', path, [{ op: 'replace', path: '/metadata/name', value: 'd' }]);
      assert.equal(renamed.code, 400);
      assert.equal(renamed.body['message'], 'the name of the object (d) does not match the name on the URL (c)');
      const nameless = await t.http.patch('json', path, [{ op: 'remove', path: '/metadata/name' }]);
      assert.equal(nameless.code, 400);
      assert.equal(
        nameless.body['message'],
        'the name of the object (c based on URL) was undeterminable: name must be provided',
      );
    },
  },
  {
    id: 'json-patch/strict-field-validation',
    title: 'Under fieldValidation=Strict unknown fields of the result and of the patch are a 422',
    source: `${handler}; docs: reference/using-api/api-concepts, "Field validation"`,
    since: '1.25',
    mutation: {
      file: 'lab/kube/apiserver/operations/patched-object.ts',
      find: "validation === 'Strict'",
      replace: "validation === 'Ignore'",
    },
    run: async (t) => {
      const path = `${await configMap(t)}?fieldValidation=Strict`;
      const { code, body } = await t.http.patch('json', path, [{ op: 'add', path: '/frob', value: 'x', extra: true }]);
      assert.equal(code, 422);
      assert.ok(
        body['message'].endsWith(': strict decoding error: json patch unknown field "[0].extra", unknown field "frob"'),
        body['message'],
      );
    },
  },
  {
    id: 'json-patch/other-media-types',
    title: 'A built-in kind answers 415 to a patch of another type, and takes parameters of the right one',
    source: 'source: vendor/github.com/emicklei/go-restful (content types of a route)',
    mutation: {
      file: 'lab/kube/apiserver/operations/patch-type.ts',
      find: 'if (found !== undefined) return found;',
      replace: "return found ?? 'merge';",
    },
    run: async (t) => {
      const path = await configMap(t);
      const call = (type: string): Promise<Answer> =>
        t.http.call('PATCH', path, '[]', { headers: { 'content-type': type } });
      assert.equal((await call('application/json-patch+json; charset=utf-8')).code, 200);
      for (const type of ['application/json', 'Application/json-patch+json']) {
        const { code, body } = await call(type);
        assert.equal(code, 415);
        assert.deepEqual(body, {
          kind: 'Status',
          apiVersion: 'v1',
          metadata: {},
          status: 'Failure',
          message: '415: Unsupported Media Type',
          reason: 'UnsupportedMediaType',
          details: {},
          code: 415,
        });
      }
    },
  },
];
