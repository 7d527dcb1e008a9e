// Parity cases: managedFields of creates, updates and patches, byte for byte.
import assert from 'node:assert/strict';
import { entriesOf, owned, ownedText, ownerOf } from './apply-owners.ts';
import type { ParityContext } from '../context.ts';
import type { Answer } from '../drivers/http.ts';
import type { ParityCase } from '../parity-case.ts';

const docs = 'docs: reference/using-api/server-side-apply, "Field management"';
const OWNERSHIP = 'lab/kube/apiserver/apply/ownership.ts';
const MANAGERS = 'lab/kube/apiserver/apply/managers.ts';

const merge = async (t: ParityContext, path: string, patch: object): Promise<Answer['body']> => {
  const answer = await t.http.patch('merge', path, patch);
  assert.equal(answer.code, 200, answer.text);
  return answer.body;
};

async function configMap(t: ParityContext, data: object = { k: 'v' }): Promise<string> {
  await t.http.ok('POST', `${t.core}/configmaps?fieldManager=maker`, { metadata: { name: 'c' }, data });
  return `${t.core}/configmaps/c`;
}

export const managedFieldsCases: readonly ParityCase[] = [
  {
    id: 'apply/recorded-for-create',
    title:
      'A create is recorded with everything it set and was defaulted, members in order, under the name of the client',
    source: `${docs}; source: structured-merge-diff/v4/fieldpath/serialize.go`,
    mutation: {
      file: 'lab/kube/apiserver/apply/step-order.ts',
      find: "if (typeof left === 'number' && typeof right === 'number') return left - right;",
      replace: '',
    },
    run: async (t) => {
      const body = await t.http.ok('POST', `${t.core}/pods`, {
        metadata: { name: 'p', generateName: 'p-', labels: { b: '2', a: '1' }, finalizers: ['a.b/c'] },
        spec: {
          automountServiceAccountToken: false,
          containers: [
            {
              name: 'a',
              image: 'registry.example/a:1',
              ports: [{ containerPort: 443 }, { containerPort: 80, name: 'web' }],
              env: [{ name: 'E', value: '1' }],
              resources: { limits: { cpu: '1' } },
            },
          ],
        },
      });
      t.defer(() => t.http.patch('merge', `${t.core}/pods/p`, { metadata: { finalizers: null } }));
      const [entry, ...more] = entriesOf(body);
      assert.deepEqual(more, []);
      assert.deepEqual(Object.keys(entry ?? {}), [
        'manager',
        'operation',
        'apiVersion',
        'time',
        'fieldsType',
        'fieldsV1',
      ]);
      assert.deepEqual(
        [entry?.manager, entry?.operation, entry?.apiVersion, entry?.fieldsType],
        ['parity', 'Update', 'v1', 'FieldsV1'],
      );
      assert.match(entry?.time ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
      assert.equal(
        ownedText(body, 'parity'),
        '{"f:metadata":{"f:finalizers":{".":{},"v:\\"a.b/c\\"":{}},"f:generateName":{},"f:labels":{".":{},"f:a":{},"f:b":{}}},' +
          '"f:spec":{"f:automountServiceAccountToken":{},"f:containers":{"k:{\\"name\\":\\"a\\"}":{".":{},' +
          '"f:env":{".":{},"k:{\\"name\\":\\"E\\"}":{".":{},"f:name":{},"f:value":{}}},"f:image":{},"f:imagePullPolicy":{},"f:name":{},' +
          '"f:ports":{".":{},"k:{\\"containerPort\\":80,\\"protocol\\":\\"TCP\\"}":{".":{},"f:containerPort":{},"f:name":{},"f:protocol":{}},' +
          '"k:{\\"containerPort\\":443,\\"protocol\\":\\"TCP\\"}":{".":{},"f:containerPort":{},"f:protocol":{}}},' +
          '"f:resources":{".":{},"f:limits":{".":{},"f:cpu":{}},"f:requests":{".":{},"f:cpu":{}}},' +
          '"f:terminationMessagePath":{},"f:terminationMessagePolicy":{}}},"f:dnsPolicy":{},"f:enableServiceLinks":{},' +
          '"f:restartPolicy":{},"f:schedulerName":{},"f:securityContext":{},"f:terminationGracePeriodSeconds":{}}}',
      );
    },
  },
  {
    id: 'apply/recorded-for-workloads',
    title: 'Structs that Kubernetes always writes are not owned as such: a Deployment records their members only',
    source: `${docs}; source: structured-merge-diff/v4/typed/compare.go`,
    mutation: {
      file: 'lab/kube/apiserver/apply/new-fields.ts',
      find: 'emptyBuiltIn(schema)',
      replace: '{}',
    },
    run: async (t) => {
      const body = await t.http.ok('POST', `${t.apps}/deployments?fieldManager=maker`, {
        metadata: { name: 'd' },
        spec: {
          replicas: 0,
          selector: { matchLabels: { app: 'd' } },
          template: {
            metadata: { labels: { app: 'd' } },
            spec: { containers: [{ name: 'a', image: 'registry.example/a:1' }] },
          },
        },
      });
      assert.equal(
        ownedText(body, 'maker'),
        '{"f:spec":{"f:progressDeadlineSeconds":{},"f:replicas":{},"f:revisionHistoryLimit":{},"f:selector":{},' +
          '"f:strategy":{"f:rollingUpdate":{".":{},"f:maxSurge":{},"f:maxUnavailable":{}},"f:type":{}},' +
          '"f:template":{"f:metadata":{"f:labels":{".":{},"f:app":{}}},"f:spec":{"f:containers":{"k:{\\"name\\":\\"a\\"}":{".":{},' +
          '"f:image":{},"f:imagePullPolicy":{},"f:name":{},"f:resources":{},"f:terminationMessagePath":{},"f:terminationMessagePolicy":{}}},' +
          '"f:dnsPolicy":{},"f:restartPolicy":{},"f:schedulerName":{},"f:securityContext":{},"f:terminationGracePeriodSeconds":{}}}}}',
      );
    },
  },
  {
    id: 'apply/recorded-for-custom-resources',
    title: 'A custom resource records its spec with all that is in it',
    source: docs,
    mutation: {
      file: 'lab/kube/apiserver/apply/walk.ts',
      find: 'if (before === undefined) return { ...inner, added: node(true, inner.added.children) };',
      replace: '',
    },
    run: async (t) => {
      const plural = t.unique('things');
      const group = `${plural}.example.com`;
      const part = {
        type: 'object',
        properties: { name: { type: 'string' }, count: { type: 'integer', default: 1 } },
        required: ['name'],
      };
      const parts = {
        type: 'array',
        items: part,
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['name'],
      };
      const properties = { size: { type: 'integer' }, parts, words: { type: 'array', items: { type: 'string' } } };
      await t.http.ok('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
        metadata: { name: `${plural}.${group}` },
        spec: {
          group,
          scope: 'Namespaced',
          names: { plural, kind: 'Thing' },
          versions: [
            {
              name: 'v1',
              served: true,
              storage: true,
              schema: { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties } } } },
            },
          ],
        },
      });
      t.defer(() =>
        t.http.call('DELETE', `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${plural}.${group}`),
      );
      const path = `/apis/${group}/v1/namespaces/${t.namespace}/${plural}`;
      await t.until('the resource to be served', async () =>
        (await t.http.get(path)).code === 200 ? true : undefined,
      );
      const body = await t.http.ok('POST', `${path}?fieldManager=maker`, {
        apiVersion: `${group}/v1`,
        kind: 'Thing',
        metadata: { name: 'x' },
        spec: { size: 1, parts: [{ name: 'p' }], words: ['a'] },
      });
      assert.deepEqual(owned(body, 'maker'), {
        'f:spec': {
          '.': {},
          'f:parts': { '.': {}, 'k:{"name":"p"}': { '.': {}, 'f:count': {}, 'f:name': {} } },
          'f:size': {},
          'f:words': {},
        },
      });
    },
  },
  {
    id: 'apply/updates-take-what-they-change',
    title:
      'An update takes what it changes from its owner; the maker of a map keeps the map itself; what is gone has no owner',
    source: docs,
    mutation: {
      file: OWNERSHIP,
      find: 'intersection(owner.fields, taken)), changes.removed)',
      replace: 'intersection(owner.fields, taken)), taken)',
    },
    run: async (t) => {
      const path = await configMap(t, { k: 'v', l: 'w', m: 'x' });
      const body = await merge(t, `${path}?fieldManager=editor`, { data: { k: 'changed', l: null, n: 'new' } });
      assert.deepEqual(owned(body, 'maker'), { 'f:data': { '.': {}, 'f:m': {} } });
      assert.deepEqual(owned(body, 'editor'), { 'f:data': { 'f:k': {}, 'f:n': {} } });
    },
  },
  {
    id: 'apply/manager-from-user-agent',
    title: "Without a fieldManager the manager is the client's User-Agent up to the first slash",
    source: 'source: staging/src/k8s.io/apiserver/pkg/endpoints/handlers/create.go, managerOrUserAgent',
    mutation: {
      file: 'lab/kube/apiserver/operations/options.ts',
      find: "scope.userAgent.split('/')[0] ?? ''",
      replace: 'scope.userAgent',
    },
    run: async (t) => {
      const headers = { 'user-agent': 'my-client/v1.2.3 (linux/amd64) kubernetes/abc' };
      const { body } = await t.http.call(
        'POST',
        `${t.core}/configmaps`,
        { metadata: { name: 'c' }, data: { k: 'v' } },
        { headers },
      );
      assert.equal(ownerOf(body, 'my-client')?.operation, 'Update');
    },
  },
  {
    id: 'apply/clearing-the-record',
    title:
      'managedFields: [{}], or an empty list, clears the record; nothing is recorded until the next apply, which names what was there',
    source: 'docs: reference/using-api/server-side-apply, "Clearing managedFields"',
    mutation: {
      file: MANAGERS,
      find: '(managedFields.length === 1 && isObject(first)',
      replace: '(managedFields.length === 0 && isObject(first)',
    },
    run: async (t) => {
      const path = await configMap(t);
      assert.equal((await merge(t, path, { metadata: { managedFields: [{}] } }))['metadata'].managedFields, undefined);
      assert.equal((await merge(t, path, { data: { l: 'w' } }))['metadata'].managedFields, undefined);
      const answer = await t.http.patch('apply', `${path}?fieldManager=one`, {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'c' },
        data: { m: 'x' },
      });
      assert.deepEqual(owned(answer.body, 'before-first-apply'), { 'f:data': { '.': {}, 'f:k': {}, 'f:l': {} } });
      assert.deepEqual(owned(answer.body, 'one'), { 'f:data': { 'f:m': {} } });
      const put = await t.http.call('PUT', path, { metadata: { name: 'c', managedFields: [] }, data: { k: 'v' } });
      assert.equal(put.body['metadata'].managedFields, undefined);
    },
  },
  {
    id: 'apply/records-can-be-written',
    title: 'A write through the main resource may set managedFields; one without them loses none',
    source: 'source: apimachinery/pkg/util/managedfields/internal/fieldmanager.go, decodeLiveOrNew',
    mutation: {
      file: OWNERSHIP,
      find: 'return sent.length > 0 ? sent : ownersOf(before);',
      replace: 'return ownersOf(before);',
    },
    run: async (t) => {
      const path = await configMap(t);
      const stranger = {
        manager: 'stranger',
        operation: 'Update',
        apiVersion: 'v1',
        time: '2020-01-01T00:00:00Z',
        fieldsType: 'FieldsV1',
        fieldsV1: { 'f:data': { 'f:k': {} } },
      };
      const set = await t.http.ok('PUT', `${path}?fieldManager=editor`, {
        metadata: { name: 'c', managedFields: [stranger] },
        data: { k: 'v' },
      });
      assert.deepEqual(entriesOf(set), [stranger]);
      const kept = await t.http.ok('PUT', `${path}?fieldManager=editor`, {
        metadata: { name: 'c' },
        data: { k: 'v', l: 'w' },
      });
      assert.deepEqual(owned(kept, 'stranger'), { 'f:data': { 'f:k': {} } });
      assert.deepEqual(owned(kept, 'editor'), { 'f:data': { 'f:l': {} } });
    },
  },
  {
    id: 'apply/at-most-ten-updaters',
    title: 'When an eleventh manager updates, the oldest entries become one of ancient-changes',
    source: 'source: apimachinery/pkg/util/managedfields/internal/capmanagers.go',
    mutation: { file: MANAGERS, find: 'const MAX_UPDATERS = 10;', replace: 'const MAX_UPDATERS = 12;' },
    run: async (t) => {
      const path = await configMap(t);
      let body: Answer['body'] = {};
      for (let index = 0; index < 11; index += 1)
        body = await merge(t, `${path}?fieldManager=editor-${index}`, { data: { [`k${index}`]: 'v' } });
      const managers = entriesOf(body).map(({ manager }) => manager);
      assert.equal(managers.length, 10);
      assert.ok(managers.includes('ancient-changes'), managers.join());
      const all = new Set(
        entriesOf(body).flatMap(({ fieldsV1 }) => Object.keys((fieldsV1 as { 'f:data': object })['f:data'])),
      );
      assert.equal(all.size, 13, 'the map itself and its twelve members');
    },
  },
  {
    id: 'apply/what-the-server-adds-has-no-owner',
    title: "An address that the server allocates and what controllers of the server fill in is nobody's field",
    source:
      'source: staging/src/k8s.io/apiserver/pkg/endpoints/handlers/create.go (managedFields before admission and strategy)',
    mutation: {
      file: 'lab/kube/apiserver/operations/create.ts',
      find: 'definition.rules.prepareCreate?.(object, context);',
      replace:
        'definition.rules.prepareCreate?.(object, context);\n  recordOwners(core, scope, object, undefined, owners);',
    },
    run: async (t) => {
      const body = await t.http.ok('POST', `${t.core}/services?fieldManager=maker`, {
        metadata: { name: 's' },
        spec: { ports: [{ port: 80 }] },
      });
      assert.match(body['spec'].clusterIP, /^[0-9a-f.:]+$/);
      const fields = Object.keys((owned(body, 'maker') as { 'f:spec': object })['f:spec']).filter(
        (name) => name !== 'f:internalTrafficPolicy',
      );
      assert.deepEqual(fields, ['f:ports', 'f:sessionAffinity', 'f:type']);
    },
  },
];
