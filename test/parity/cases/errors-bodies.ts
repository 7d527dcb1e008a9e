// Refusals by body: what cannot be read, and what is not the object that the path is about.
import assert from 'node:assert/strict';
import type { Answer } from '../drivers/http.ts';
import type { ParityCase } from '../parity-case.ts';

const told = ({ code, body }: Answer): unknown[] => [code, body['reason'], body['message']];
const yaml = { headers: { 'content-type': 'application/yaml' } };

const GO_STRUCT =
  'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';
const unrecognized = 'the object provided is unrecognized (must be of type ConfigMap): ';
const jsonFault = `${unrecognized}couldn't get version/kind; json parse error: `;

const rest = 'apiserver/pkg/endpoints/handlers/rest.go: transformDecodeError, summarizeData';

export const bodyErrorCases: readonly ParityCase[] = [
  {
    id: 'errors/malformed-json',
    title: 'A body that is no JSON is a 400 in the words of Go, with its beginning',
    source: rest,
    mutation: {
      file: 'lab/kube/apiserver/http/go-json.ts',
      find: "this.refuse('after object key:value pair')",
      replace: "this.refuse('after a pair')",
    },
    run: async (t) => {
      const path = `${t.core}/configmaps`;
      for (const [text, fault, shown = text] of [
        ['{', 'unexpected end of JSON input'],
        ['', 'unexpected end of JSON input', '<empty>'],
        ['not json', "invalid character 'o' in literal null (expecting 'u')", '6e6f74206a736f6e'],
        ['{"metadata":{"name":"a"},}', "invalid character '}' looking for beginning of object key string"],
        ['{"a":1 "b"}', "invalid character '\"' after object key:value pair"],
        ['{"a" 1}', "invalid character '1' after object key"],
        ['[1 2]', "invalid character '2' after array element", '5b3120325d'],
        ['{"a":"\\x"}', "invalid character 'x' in string escape code"],
        ['{"a":1.}', "invalid character '}' after decimal point in numeric literal"],
        ["{'a':1}", "invalid character '\\'' looking for beginning of object key string"],
        ['{} x', "invalid character 'x' after top-level value"],
        ['{"a":"\n"}', "invalid character '\\n' in string literal"],
      ] as const) {
        const answer = await t.http.call('POST', path, text);
        assert.deepEqual(told(answer), [400, 'BadRequest', `${jsonFault}${fault} (${shown})`], text);
      }
    },
  },
  {
    id: 'errors/long-body-is-quoted-in-part',
    title: 'No more than 30 bytes of an unreadable body are quoted',
    source: rest,
    mutation: { file: 'lab/kube/apiserver/http/body.ts', find: 'QUOTED_BYTES = 30', replace: 'QUOTED_BYTES = 31' },
    run: async (t) => {
      const text = await t.http.call('POST', `${t.core}/configmaps`, '{"metadata":{"name":"a"}} trailing words');
      assert.equal(
        text.body['message'],
        `${jsonFault}invalid character 't' after top-level value ({"metadata":{"name":"a"}} trai ...)`,
      );
      const bytes = await t.http.call('POST', `${t.core}/configmaps`, 'x'.repeat(40));
      assert.match(String(bytes.body['message']), /\((78){30} \.\.\.\)$/);
    },
  },
  {
    id: 'errors/body-is-no-object',
    title: 'A body that is JSON and no object is a 400 that says what it is',
    source: 'apimachinery/pkg/runtime/serializer/json: SimpleMetaFactory',
    mutation: {
      file: 'lab/kube/apiserver/http/body.ts',
      find: "Array.isArray(value) ? 'array'",
      replace: "Array.isArray(value) ? 'list'",
    },
    run: async (t) => {
      for (const [text, type, shown] of [
        ['[]', 'array', '5b5d'],
        ['"x"', 'string', '227822'],
        ['12', 'number', '3132'],
        ['true', 'bool', '74727565'],
      ] as const) {
        const answer = await t.http.call('POST', `${t.core}/configmaps`, text);
        const message = `${jsonFault}json: cannot unmarshal ${type} into Go value of type ${GO_STRUCT} (${shown})`;
        assert.deepEqual(told(answer), [400, 'BadRequest', message], text);
      }
      // To Go, null is an object without members.
      assert.equal((await t.http.call('POST', `${t.core}/configmaps`, 'null')).body['reason'], 'Invalid');
    },
  },
  {
    id: 'errors/malformed-yaml',
    title: 'A body that is no YAML is a 400 in the words of the YAML reader',
    source: 'sigs.k8s.io/yaml: YAMLToJSON',
    mutation: {
      file: 'lab/kube/apiserver/http/yaml-text.ts',
      find: "'mapping values are not allowed in this context'",
      replace: "'nested mappings are not allowed'",
    },
    run: async (t) => {
      for (const [text, fault, shown] of [
        ['a: b: c', 'yaml: mapping values are not allowed in this context', '613a20623a2063'],
        ['\tx: y', 'yaml: found character that cannot start any token', '09783a2079'],
        ['"abc', 'yaml: found unexpected end of stream', '22616263'],
        ['a: *x', "yaml: unknown anchor 'x' referenced", '613a202a78'],
      ] as const) {
        const answer = await t.http.call('POST', `${t.core}/configmaps`, text, yaml);
        assert.deepEqual(told(answer), [400, 'BadRequest', `${unrecognized}${fault} (${shown})`], text);
      }
    },
  },
  {
    id: 'errors/unsupported-media-type',
    title: 'A body of a type that nobody reads is a 415 that names those that are read',
    source: 'apiserver/pkg/endpoints/handlers/negotiation: NewUnsupportedMediaTypeError',
    mutation: {
      file: 'lab/kube/apiserver/http/body.ts',
      find: 'if (kind !== undefined && form === undefined) throw unsupported();',
      replace: '',
    },
    run: async (t) => {
      for (const type of ['text/plain', 'garbage', ';', 'application/cbor']) {
        const answer = await t.http.call('POST', `${t.core}/configmaps`, '{}', { headers: { 'content-type': type } });
        assert.deepEqual([answer.code, answer.body['reason']], [415, 'UnsupportedMediaType'], type);
        assert.match(
          String(answer.body['message']),
          /^the body of the request was in an unknown format - accepted media types include: application\/json, application\/yaml/,
        );
      }
      const charset = { headers: { 'content-type': 'application/json; charset=utf-8' } };
      const body = JSON.stringify({ metadata: { name: 'charset' } });
      assert.equal((await t.http.call('POST', `${t.core}/configmaps`, body, charset)).code, 201);
    },
  },
  {
    id: 'errors/body-too-large',
    title: 'A body over 3 MiB is a 413 that names the limit',
    source: 'apiserver/pkg/endpoints/handlers/rest.go: limitedReadBody; server.Config.MaxRequestBodyBytes',
    mutation: {
      file: 'lab/kube/apiserver/http/body.ts',
      find: 'MAX_BODY_BYTES = 3 * 1024 * 1024',
      replace: 'MAX_BODY_BYTES = 4 * 1024 * 1024',
    },
    run: async (t) => {
      const body = { metadata: { name: 'big' }, data: { x: 'y'.repeat(3_200_000) } };
      const answer = await t.http.call('POST', `${t.core}/configmaps`, body);
      assert.deepEqual(told(answer), [413, 'RequestEntityTooLarge', 'Request entity too large: limit is 3145728']);
      assert.equal((await t.http.get(`${t.core}/configmaps/big`)).code, 404);
    },
  },
  {
    id: 'errors/another-kind-in-body',
    title: 'An object of another kind or version than the path is about is a 400',
    source: 'apimachinery/pkg/runtime/serializer/versioning; apiserver/pkg/endpoints/handlers/create.go',
    mutation: {
      file: 'lab/kube/apiserver/http/body-identity.ts',
      find: 'is registered for version',
      replace: 'is known for version',
    },
    run: async (t) => {
      const post = (apiVersion: string, kind: string): Promise<Answer> =>
        t.http.call('POST', `${t.core}/configmaps`, { apiVersion, kind, metadata: { name: 'other' } });
      assert.deepEqual(told(await post('v1', 'Secret')), [
        400,
        'BadRequest',
        'Secret in version "v1" cannot be handled as a ConfigMap: converting (v1.Secret) to (core.ConfigMap): unknown conversion',
      ]);
      for (const [apiVersion, kind, version] of [
        ['v1', 'Nothing', 'v1'],
        ['v2', 'ConfigMap', 'v2'],
        ['apps/v1', 'ConfigMap', 'v1'],
      ] as const) {
        const answer = await post(apiVersion, kind);
        assert.deepEqual([answer.code, answer.body['reason']], [400, 'BadRequest']);
        const expected = `${kind} in version "${version}" cannot be handled as a ConfigMap: no kind "${kind}" is registered for version "${apiVersion}" in scheme `;
        assert.ok(String(answer.body['message']).startsWith(expected), answer.text);
      }
      const slashes = await post('a/b/c', 'ConfigMap');
      assert.match(String(slashes.body['message']), /unexpected GroupVersion string: a\/b\/c/);
    },
  },
  {
    id: 'errors/kind-may-be-left-out',
    title:
      'The object of a built-in kind needs neither kind nor apiVersion in its body; one of a custom kind needs both',
    source: 'apimachinery/pkg/runtime/serializer/json: gvkWithDefaults; unstructured: NewMissingKindErrWithBody',
    mutation: {
      file: 'lab/kube/apiserver/custom/custom-kind.ts',
      find: "if (given === '') {",
      replace: "if (given === '-') {",
    },
    run: async (t) => {
      const made = await t.http.ok('POST', `${t.core}/configmaps`, { metadata: { name: 'nameless-kind' } });
      assert.deepEqual([made['kind'], made['apiVersion']], ['ConfigMap', 'v1']);
      const group = `${t.unique('errors')}.example.com`;
      await defineThings(t, group);
      const body = { apiVersion: `${group}/v1`, metadata: { name: 'a' } };
      const answer = await t.http.call('POST', `/apis/${group}/v1/namespaces/${t.namespace}/things`, body);
      assert.deepEqual([answer.code, answer.body['reason']], [400, 'BadRequest']);
      assert.match(String(answer.body['message']), /Object 'Kind' is missing in '/);
    },
  },
  {
    id: 'errors/name-and-namespace-must-match',
    title: 'The object in a PUT must have the name of the path, and any object the namespace of its path',
    source:
      'apiserver/pkg/endpoints/handlers/rest.go: checkName; registry/rest: EnsureObjectNamespaceMatchesRequestNamespace',
    mutation: {
      file: 'lab/kube/apiserver/operations/object-identity.ts',
      find: 'else if (given !== expected)',
      replace: "else if (given === 'never')",
    },
    run: async (t) => {
      const object = (metadata: object): object => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata });
      const path = `${t.core}/configmaps`;
      const other = await t.http.call('PUT', `${path}/here`, object({ name: 'there' }));
      assert.deepEqual(told(other), [
        400,
        'BadRequest',
        'the name of the object (there) does not match the name on the URL (here)',
      ]);
      const none = await t.http.call('PUT', `${path}/here`, object({}));
      assert.deepEqual(told(none), [
        400,
        'BadRequest',
        'the name of the object (here based on URL) was undeterminable: name must be provided',
      ]);
      const elsewhere = await t.http.call('POST', path, object({ name: 'a', namespace: 'elsewhere' }));
      assert.deepEqual(told(elsewhere), [
        400,
        'BadRequest',
        'the namespace of the provided object does not match the namespace sent on the request',
      ]);
    },
  },
  {
    id: 'errors/name-required',
    title: 'An object without a name is a 422 with a cause for metadata.name and no name in its details',
    source: 'apimachinery/pkg/api/validation: ValidateObjectMeta',
    mutation: {
      file: 'lab/kube/apiserver/status.ts',
      find: "is invalid: ${list}`, {\n    ...(name === '' ? {} : { name }),",
      replace: 'is invalid: ${list}`, {\n    name,',
    },
    run: async (t) => {
      const answer = await t.http.call('POST', `${t.core}/configmaps`, {});
      const message = 'Required value: name or generateName is required';
      assert.deepEqual(told(answer), [422, 'Invalid', `ConfigMap "" is invalid: metadata.name: ${message}`]);
      assert.deepEqual(answer.body['details'], {
        kind: 'ConfigMap',
        causes: [{ reason: 'FieldValueRequired', message, field: 'metadata.name' }],
      });
    },
  },
  {
    id: 'errors/already-exists',
    title: 'A name that is taken is a 409 AlreadyExists',
    source: 'apimachinery/pkg/api/errors: NewAlreadyExists',
    mutation: { file: 'lab/kube/apiserver/status.ts', find: "409, 'AlreadyExists'", replace: "409, 'Conflict'" },
    run: async (t) => {
      await t.http.ok('POST', `${t.core}/configmaps`, { metadata: { name: 'taken' } });
      const answer = await t.http.call('POST', `${t.core}/configmaps`, { metadata: { name: 'taken' } });
      assert.deepEqual(told(answer), [409, 'AlreadyExists', 'configmaps "taken" already exists']);
      assert.deepEqual(answer.body['details'], { name: 'taken', kind: 'configmaps' });
    },
  },
];

/** A custom kind `Thing` in a group of its own; waits until it is served. */
async function defineThings(t: Parameters<ParityCase['run']>[0], group: string): Promise<void> {
  const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  const name = `things.${group}`;
  t.defer(() => t.http.call('DELETE', `${definitions}/${name}`));
  await t.http.ok('POST', definitions, {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name },
    spec: {
      group,
      scope: 'Namespaced',
      names: { plural: 'things', kind: 'Thing' },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
    },
  });
  await t.until(`${name} to be served`, async () => {
    const { code } = await t.http.get(`/apis/${group}/v1/things`);
    return code === 200 ? true : undefined;
  });
}
