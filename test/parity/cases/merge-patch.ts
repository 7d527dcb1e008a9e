// Parity cases: JSON merge patch (RFC 7386).
import assert from 'node:assert/strict';
import type { ParityContext } from '../context.ts';
import type { Answer } from '../drivers/http.ts';
import type { ParityCase } from '../parity-case.ts';

const MERGE_PATCH = 'lab/kube/apiserver/patch/merge-patch.ts';
const UPDATE = 'lab/kube/apiserver/operations/update.ts';
const handler = 'source: staging/src/k8s.io/apiserver/pkg/endpoints/handlers/patch.go';

async function configMap(t: ParityContext, more: object = {}): Promise<string> {
  await t.http.ok('POST', `${t.core}/configmaps`, {
    metadata: { name: 'c', labels: { a: '1', b: '2' } },
    data: { k: 'v', l: 'w' },
    ...more,
  });
  return `${t.core}/configmaps/c`;
}

async function service(t: ParityContext): Promise<string> {
  const ports = [
    { name: 'http', port: 80 },
    { name: 'https', port: 443 },
  ];
  await t.http.ok('POST', `${t.core}/services`, {
    metadata: { name: 's' },
    spec: { clusterIP: 'None', selector: { app: 'x' }, ports },
  });
  return `${t.core}/services/s`;
}

const patched = async (t: ParityContext, path: string, patch: unknown): Promise<Answer['body']> => {
  const answer = await t.http.patch('merge', path, patch);
  assert.equal(answer.code, 200, answer.text);
  return answer.body;
};

export const mergePatchCases: readonly ParityCase[] = [
  {
    id: 'merge-patch/merges-objects',
    title: 'Members of objects are set one by one, at any depth; the others stay',
    source: 'docs: tasks/manage-kubernetes-objects/update-api-object-kubectl-patch, "Use a JSON merge patch"; RFC 7386',
    mutation: { file: MERGE_PATCH, find: 'isObject(document) ? { ...document } : {}', replace: '{}' },
    run: async (t) => {
      const body = await patched(t, await configMap(t), { metadata: { labels: { c: '3' } }, data: { k: 'x' } });
      assert.deepEqual(body['metadata'].labels, { a: '1', b: '2', c: '3' });
      assert.deepEqual(body['data'], { k: 'x', l: 'w' });
    },
  },
  {
    id: 'merge-patch/null-deletes',
    title: 'Null deletes a member, a whole map, and is ignored where there is nothing',
    source: 'RFC 7386, section 2',
    mutation: {
      file: MERGE_PATCH,
      find: 'if (value === null) delete merged[name];',
      replace: 'if (value === null) continue;',
    },
    run: async (t) => {
      const body = await patched(t, await configMap(t), {
        metadata: { labels: null, annotations: null },
        data: { k: null, none: null },
      });
      assert.equal(body['metadata'].labels, undefined);
      assert.deepEqual(body['data'], { l: 'w' });
    },
  },
  {
    id: 'merge-patch/lists-are-replaced',
    title: 'A list is replaced as a whole, also where a strategic merge patch would merge it by a key',
    source:
      'docs: tasks/manage-kubernetes-objects/update-api-object-kubectl-patch, "Use a JSON merge patch to update a Deployment"',
    mutation: {
      file: MERGE_PATCH,
      find: 'return Array.isArray(patch) ? patch.map(withoutNulls)',
      replace:
        'return Array.isArray(patch) ? [...patch.map(withoutNulls), ...(Array.isArray(document) ? document : [])]',
    },
    run: async (t) => {
      const body = await patched(t, await service(t), { spec: { ports: [{ name: 'alt', port: 8080 }] } });
      assert.deepEqual(body['spec'].ports, [{ name: 'alt', protocol: 'TCP', port: 8080, targetPort: 8080 }]);
    },
  },
  {
    id: 'merge-patch/nulls-inside-new-objects',
    title: 'Nulls inside what is put in whole are left out, also in the items of a list',
    source: 'RFC 7386, section 2; source: vendor/github.com/evanphx/json-patch/merge.go, pruneNulls',
    mutation: {
      file: MERGE_PATCH,
      find: 'return isObject(value) ? applyMergePatch(undefined, value) : value;',
      replace: 'return value;',
    },
    run: async (t) => {
      const { path, plural } = await widgets(t);
      await t.http.ok('POST', path, { ...widget(plural), metadata: { name: 'w' }, spec: { list: [{ a: 1 }] } });
      const body = await patched(t, `${path}/w`, {
        spec: { list: [{ a: null, b: 2 }], made: { a: null, b: { c: null, d: 1 } } },
      });
      assert.deepEqual(body['spec'], { list: [{ b: 2 }], made: { b: { d: 1 } } });
    },
  },
  {
    id: 'merge-patch/not-an-object',
    title: 'A patch that is null is refused; a list becomes no object',
    source: `${handler}, applyJSPatch`,
    since: '1.25',
    mutation: {
      file: 'lab/kube/apiserver/operations/patched-json.ts',
      find: "if (body === null) throw badRequest('Invalid JSON Patch');",
      replace: 'if (body === null) return { patched: current, strict: [] };',
    },
    run: async (t) => {
      const path = await configMap(t);
      const none = await t.http.patch('merge', path, 'null');
      assert.equal(none.code, 400);
      assert.equal(none.body['message'], 'Invalid JSON Patch');
      const list = await t.http.patch('merge', path, []);
      assert.equal(list.code, 400);
      assert.equal(
        list.body['message'],
        'error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}',
      );
    },
  },
  {
    id: 'merge-patch/type-mismatch',
    title: 'A patch that leaves a value of another type is a 422 about the patch',
    source: `${handler}, applyPatchToCurrentObject`,
    mutation: {
      file: 'lab/kube/apiserver/operations/patched-object.ts',
      find: "[invalidValue('patch', shown, why)]",
      replace: "[invalidValue('body', shown, why)]",
    },
    run: async (t) => {
      const path = await configMap(t);
      const { code, body } = await t.http.patch('merge', path, { data: { k: 5 } });
      assert.equal(code, 422);
      assert.ok(body['message'].startsWith(' "" is invalid: patch: Invalid value: "{'), body['message']);
      assert.equal(body['details'].causes[0].field, 'patch');
      assert.deepEqual((await t.http.get(path)).body['data'], { k: 'v', l: 'w' });
    },
  },
  {
    id: 'merge-patch/lock',
    title: 'A patch that carries a resourceVersion is done on that version only; without one it is done on any',
    source:
      'docs: reference/using-api/api-concepts, "Resource versions"; source: apiserver/pkg/registry/generic/registry/store.go, Update',
    mutation: {
      file: UPDATE,
      find: 'if (resourceVersion !== old.metadata.resourceVersion) throw',
      replace: 'if (resourceVersion === "") throw',
    },
    run: async (t) => {
      const path = await configMap(t);
      const first = (await t.http.get(path)).body['metadata'].resourceVersion;
      await patched(t, path, { data: { k: '1' } });
      const { code, body } = await t.http.patch('merge', path, {
        metadata: { resourceVersion: first },
        data: { k: '2' },
      });
      assert.equal(code, 409);
      assert.deepEqual(body, {
        kind: 'Status',
        apiVersion: 'v1',
        metadata: {},
        status: 'Failure',
        message:
          'Operation cannot be fulfilled on configmaps "c": the object has been modified; please apply your changes to the latest version and try again',
        reason: 'Conflict',
        details: { name: 'c', kind: 'configmaps' },
        code: 409,
      });
      const now = (await t.http.get(path)).body;
      assert.equal(now['data'].k, '1');
      await patched(t, path, { metadata: { resourceVersion: now['metadata'].resourceVersion }, data: { k: '3' } });
    },
  },
  {
    id: 'merge-patch/no-change-writes-nothing',
    title: 'A patch that changes nothing answers 200 with the same resourceVersion, and no watch hears of it',
    source:
      'source: apiserver/pkg/storage/etcd3/store.go, GuaranteedUpdate; kubernetes/test/integration/apiserver, TestNoOpUpdateSameResourceVersion',
    mutation: {
      file: UPDATE,
      find: 'if (equalJson(next, old) && equalJson(',
      replace: 'if (next.kind === "" && equalJson(',
    },
    run: async (t) => {
      const path = await configMap(t);
      const before = (await t.http.get(path)).body['metadata'].resourceVersion;
      const watch = await t.http.watch(
        `${t.core}/configmaps?watch=true&resourceVersion=${before}&fieldSelector=metadata.name%3Dc`,
      );
      t.defer(() => Promise.resolve(watch.close()));
      const body = await patched(t, path, { data: { k: 'v', none: null } });
      assert.equal(body['metadata'].resourceVersion, before);
      await patched(t, path, { data: { k: 'changed' } });
      assert.equal((await watch.next()).object['data'].k, 'changed');
    },
  },
  {
    id: 'merge-patch/identity-stays',
    title: 'The creation time and the uid stay; another uid is a 422, named twice among the causes',
    source: 'source: apimachinery/pkg/api/validation/objectmeta.go, ValidateObjectMetaAccessorUpdate',
    mutation: {
      file: 'lab/kube/apiserver/operations/object-identity.ts',
      find: "if ((metadata.uid ?? '') === '') carry(metadata, old, 'uid');",
      replace: "carry(metadata, old, 'uid');",
    },
    run: async (t) => {
      const path = await configMap(t);
      const { metadata } = (await t.http.get(path)).body;
      const same = await patched(t, path, { metadata: { creationTimestamp: null, uid: null, selfLink: '/x' } });
      assert.equal(same['metadata'].creationTimestamp, metadata.creationTimestamp);
      assert.equal(same['metadata'].uid, metadata.uid);
      assert.equal(same['metadata'].selfLink, undefined);
      const { code, body } = await t.http.patch('merge', path, { metadata: { uid: 'other' } });
      assert.equal(code, 422);
      assert.equal(
        body['message'],
        'ConfigMap "c" is invalid: metadata.uid: Invalid value: "other": field is immutable',
      );
      const cause = {
        reason: 'FieldValueInvalid',
        message: 'Invalid value: "other": field is immutable',
        field: 'metadata.uid',
      };
      assert.deepEqual(body['details'].causes, [cause, cause]);
    },
  },
  {
    id: 'merge-patch/options-are-checked',
    until: '1.34',
    title: 'force is for apply only, dryRun knows one value, and a fieldManager has at most 128 printable bytes',
    source: 'source: apimachinery/pkg/apis/meta/v1/validation/validation.go, ValidatePatchOptions',
    mutation: {
      file: 'lab/kube/apiserver/operations/patch.ts',
      find: "checkWriteOptions(scope.query, 'PatchOptions', type === 'apply');",
      replace: '',
    },
    run: async (t) => {
      const path = await configMap(t);
      const messages: readonly (readonly [string, string])[] = [
        ['force=true', 'force: Forbidden: may not be specified for non-apply patch'],
        ['dryRun=Some', 'dryRun: Unsupported value: []string{"Some"}: supported values: "All"'],
        [`fieldManager=${'m'.repeat(129)}`, 'fieldManager: Too long: '],
        ['fieldManager=%01', 'fieldManager: Invalid value: "\\x01": invalid character U+0001 (at position 0)'],
      ];
      for (const [query, message] of messages) {
        const { code, body } = await t.http.patch('merge', `${path}?${query}`, {});
        assert.equal(code, 422, query);
        assert.ok(body['message'].startsWith(`PatchOptions.meta.k8s.io "" is invalid: ${message}`), body['message']);
      }
    },
  },
  {
    id: 'merge-patch/dry-run',
    title: 'With dryRun=All the answer is the patched object and nothing is stored',
    source: 'docs: reference/using-api/api-concepts, "Dry-run"',
    mutation: { file: UPDATE, find: 'if (isDryRun(scope.query)) return new StoredObject(next);', replace: '' },
    run: async (t) => {
      const path = await configMap(t);
      const body = await patched(t, `${path}?dryRun=All`, { data: { k: 'dry' } });
      assert.equal(body['data'].k, 'dry');
      assert.equal((await t.http.get(path)).body['data'].k, 'v');
    },
  },
  {
    id: 'merge-patch/absent-object',
    title: 'Patching what is not there is a 404; a merge patch creates nothing',
    source: `${handler}, createNewObject`,
    mutation: {
      file: UPDATE,
      find: 'if (entry === undefined) throw notFound(definition, scope.name);',
      replace: 'if (entry === undefined) throw notFound(definition, "");',
    },
    run: async (t) => {
      const { code, body } = await t.http.patch('merge', `${t.core}/configmaps/none`, { data: {} });
      assert.equal(code, 404);
      assert.equal(body['message'], 'configmaps "none" not found');
    },
  },
];

const widget = (plural: string): object => ({ apiVersion: `${plural}.example.com/v1`, kind: 'Widget' });

/** A definition whose objects keep everything in their spec. */
async function widgets(t: ParityContext): Promise<{ readonly path: string; readonly plural: string }> {
  const plural = t.unique('widgets');
  const group = `${plural}.example.com`;
  const spec = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  await t.http.ok('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { plural, kind: 'Widget' },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object', properties: { spec } } },
        },
      ],
    },
  });
  t.defer(() => t.http.call('DELETE', `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${plural}.${group}`));
  const path = `/apis/${group}/v1/namespaces/${t.namespace}/${plural}`;
  await t.until('the resource to be served', async () => ((await t.http.get(path)).code === 200 ? true : undefined));
  return { path, plural };
}
