// Parity cases: conflicts of server-side apply, forcing, and who owns what afterwards.
import assert from 'node:assert/strict';
import { owned, ownerOf } from './apply-owners.ts';
import type { ParityContext } from '../context.ts';
import type { Answer } from '../drivers/http.ts';
import type { ParityCase } from '../parity-case.ts';

const docs = 'docs: reference/using-api/server-side-apply, "Conflicts"';
const APPLY = 'lab/kube/apiserver/apply/server-side-apply.ts';
const CONFLICTS = 'lab/kube/apiserver/apply/conflicts.ts';
const source = 'source: apimachinery/pkg/util/managedfields/internal/conflict.go';

const send = (t: ParityContext, manager: string, body: object, query = ''): Promise<Answer> =>
  t.http.patch('apply', `${t.core}/configmaps/c?fieldManager=${manager}${query}`, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'c' },
    ...body,
  });

async function applied(t: ParityContext, manager: string, body: object, query = ''): Promise<Answer['body']> {
  const answer = await send(t, manager, body, query);
  assert.ok(answer.code === 200 || answer.code === 201, answer.text);
  return answer.body;
}

const made = (t: ParityContext, manager: string, body: object): Promise<Answer['body']> =>
  t.http.ok('POST', `${t.core}/configmaps?fieldManager=${manager}`, { metadata: { name: 'c' }, ...body });

export const applyConflictsCases: readonly ParityCase[] = [
  {
    id: 'apply-conflicts/one-applier',
    title: 'Applying another value to a field that another manager applied is a 409 with the manager and the field',
    source: `${docs}; kubernetes/test/integration/apiserver/apply, TestApplyConflict`,
    mutation: {
      file: CONFLICTS,
      find: "return operation === 'Update' ? `${name} using ${apiVersion}` : name;",
      replace: 'return `${name} using ${apiVersion}`;',
    },
    run: async (t) => {
      await applied(t, 'one', { data: { k: 'v' } });
      const { code, body } = await send(t, 'two', { data: { k: 'w' } });
      assert.equal(code, 409);
      assert.deepEqual(body, {
        kind: 'Status',
        apiVersion: 'v1',
        metadata: {},
        status: 'Failure',
        message: 'Apply failed with 1 conflict: conflict with "one": .data.k',
        reason: 'Conflict',
        details: { causes: [{ reason: 'FieldManagerConflict', message: 'conflict with "one"', field: '.data.k' }] },
        code: 409,
      });
      assert.equal((await t.http.get(`${t.core}/configmaps/c`)).body['data'].k, 'v');
    },
  },
  {
    id: 'apply-conflicts/with-an-updater',
    title: 'A conflict with an update names the version it was made through',
    source: `${docs}; ${source}, printManager`,
    mutation: { file: CONFLICTS, find: '? `${name} using ${apiVersion}` : name', replace: '? name : name' },
    run: async (t) => {
      await made(t, 'maker', { data: { k: 'v' } });
      const { code, body } = await send(t, 'one', { data: { k: 'w' } });
      assert.equal(code, 409);
      assert.equal(body['message'], 'Apply failed with 1 conflict: conflict with "maker" using v1: .data.k');
      assert.deepEqual(body['details'].causes, [
        { reason: 'FieldManagerConflict', message: 'conflict with "maker" using v1', field: '.data.k' },
      ]);
    },
  },
  {
    id: 'apply-conflicts/several',
    title: 'Several conflicts are counted, and listed by manager and field, in order',
    source: `${source}, getConflictMessage`,
    mutation: {
      file: CONFLICTS,
      find: '(ownerKey(left.owner) < ownerKey(right.owner) ? -1 : 1)',
      replace: '(ownerKey(left.owner) < ownerKey(right.owner) ? 1 : -1)',
    },
    run: async (t) => {
      await applied(t, 'zoe', { data: { z: '1', a: '1' } });
      await applied(t, 'amy', { data: { m: '1' }, metadata: { name: 'c', labels: { l: '1' } } });
      const { code, body } = await send(t, 'bob', {
        data: { z: '2', a: '2', m: '2' },
        metadata: { name: 'c', labels: { l: '2' } },
      });
      assert.equal(code, 409);
      assert.equal(
        body['message'],
        'Apply failed with 4 conflicts: conflicts with "amy":\n- .data.m\n- .metadata.labels.l\nconflicts with "zoe":\n- .data.a\n- .data.z',
      );
      // The order of the managers among the causes is not laid down.
      assert.deepEqual(
        body['details'].causes
          .map(({ message, field }: { message: string; field: string }) => `${message} ${field}`)
          .sort(),
        [
          'conflict with "amy" .data.m',
          'conflict with "amy" .metadata.labels.l',
          'conflict with "zoe" .data.a',
          'conflict with "zoe" .data.z',
        ],
      );
    },
  },
  {
    id: 'apply-conflicts/same-value-is-shared',
    title: 'Applying the value that is there is no conflict: both own it',
    source:
      'docs: reference/using-api/server-side-apply, "Conflicts" (become shared manager); kubernetes/test/integration/apiserver/apply, TestApplyUpdateApplyConflictForced',
    mutation: {
      file: APPLY,
      find: 'fields: intersection(owner.fields, taken) }))',
      replace: 'fields: intersection(owner.fields, union(taken, wanted)) }))',
    },
    run: async (t) => {
      await applied(t, 'one', { data: { k: 'v' } });
      const body = await applied(t, 'two', { data: { k: 'v' } });
      assert.deepEqual(
        [owned(body, 'one'), owned(body, 'two')],
        [{ 'f:data': { 'f:k': {} } }, { 'f:data': { 'f:k': {} } }],
      );
    },
  },
  {
    id: 'apply-conflicts/force',
    title: 'force=true takes the field over from everybody who owned it',
    source: docs,
    mutation: {
      file: 'lab/kube/apiserver/operations/options.ts',
      find: "return asked !== undefined && asked !== 'false' && asked !== '0';",
      replace: "return asked === 'force';",
    },
    run: async (t) => {
      await applied(t, 'one', { data: { k: 'v', l: 'w' } });
      await applied(t, 'two', { data: { k: 'v' } });
      assert.equal((await send(t, 'three', { data: { k: 'x' } }, '&force=false')).code, 409);
      const body = await applied(t, 'three', { data: { k: 'x' } }, '&force=true');
      assert.equal(body['data'].k, 'x');
      assert.deepEqual(owned(body, 'one'), { 'f:data': { 'f:l': {} } });
      assert.equal(ownerOf(body, 'two'), undefined);
      assert.deepEqual(owned(body, 'three'), { 'f:data': { 'f:k': {} } });
    },
  },
  {
    id: 'apply-conflicts/one-manager-two-operations',
    title: 'The same name applies and updates as two managers',
    source: 'docs: reference/using-api/server-side-apply, "Managers"',
    mutation: {
      file: APPLY,
      find: 'recorded.filter((owner) => ownerKey(owner) !== ownerKey(self))',
      replace: 'recorded.filter((owner) => owner.manager !== self.manager)',
    },
    run: async (t) => {
      await made(t, 'same', { data: { k: 'v' } });
      const refused = await send(t, 'same', { data: { k: 'w' } });
      assert.equal(refused.body['message'], 'Apply failed with 1 conflict: conflict with "same" using v1: .data.k');
      const body = await applied(t, 'same', { data: { k: 'w' } }, '&force=true');
      assert.deepEqual(
        body['metadata'].managedFields.map(({ operation, fieldsV1 }: { operation: string; fieldsV1: object }) => [
          operation,
          fieldsV1,
        ]),
        [
          ['Apply', { 'f:data': { 'f:k': {} } }],
          ['Update', { 'f:data': {} }],
        ],
      );
    },
  },
  {
    id: 'apply-conflicts/updates-do-not-conflict',
    title:
      'An update changes what an applier owns without asking; the applier then conflicts, until it applies the new value',
    source:
      'docs: reference/using-api/server-side-apply, "Field management"; kubernetes/test/integration/apiserver/apply, TestApplyUpdateApplyConflictForced',
    mutation: {
      file: 'lab/kube/apiserver/apply/ownership.ts',
      find: 'const others = losers(recorded, changes);',
      replace:
        "const others = recorded.filter((owner) => owner.operation === 'Apply' || losers([owner], changes).length > 0);",
    },
    run: async (t) => {
      await applied(t, 'one', { data: { k: 'v', l: 'w' } });
      const path = `${t.core}/configmaps/c?fieldManager=editor`;
      const changed = await t.http.patch('merge', path, { data: { k: 'changed' } });
      assert.deepEqual(owned(changed.body, 'one'), { 'f:data': { 'f:l': {} } });
      assert.equal(
        (await send(t, 'one', { data: { k: 'v', l: 'w' } })).body['message'],
        'Apply failed with 1 conflict: conflict with "editor" using v1: .data.k',
      );
      const agreed = await applied(t, 'one', { data: { k: 'changed', l: 'w' } });
      assert.deepEqual(owned(agreed, 'one'), { 'f:data': { 'f:k': {}, 'f:l': {} } });
      assert.deepEqual(owned(agreed, 'editor'), { 'f:data': { 'f:k': {} } });
    },
  },
  {
    id: 'apply-conflicts/giving-up-a-field',
    title: 'A manager that stops applying a contested field leaves it to the other',
    source:
      'docs: reference/using-api/server-side-apply, "Conflicts" (don\'t overwrite value, give up management claim)',
    mutation: { file: APPLY, find: 'difference(all, union(bare, named(claimed)))', replace: 'difference(all, bare)' },
    run: async (t) => {
      await applied(t, 'one', { data: { k: 'v', l: 'w' } });
      await t.http.patch('merge', `${t.core}/configmaps/c?fieldManager=editor`, { data: { k: 'changed' } });
      const body = await applied(t, 'one', { data: { l: 'w' } });
      assert.deepEqual(body['data'], { k: 'changed', l: 'w' });
      assert.deepEqual(owned(body, 'one'), { 'f:data': { 'f:l': {} } });
    },
  },
  {
    id: 'apply-conflicts/keyed-items',
    title: 'A conflict inside a keyed list names the item by its key; other items do not conflict',
    source: 'source: structured-merge-diff/v4/fieldpath/element.go, String',
    mutation: {
      file: 'lab/kube/apiserver/apply/field-set.ts',
      find: '`${name}=${JSON.stringify(value)}`',
      replace: '`${name}=${String(value)}`',
    },
    run: async (t) => {
      const apply = (manager: string, containers: readonly object[]): Promise<Answer> =>
        t.http.patch('apply', `${t.apps}/deployments/d?fieldManager=${manager}`, {
          apiVersion: 'apps/v1',
          kind: 'Deployment',
          metadata: { name: 'd' },
          spec: {
            replicas: 0,
            selector: { matchLabels: { app: 'd' } },
            template: { metadata: { labels: { app: 'd' } }, spec: { containers } },
          },
        });
      await apply('one', [
        { name: 'a', image: 'registry.example/a:1', ports: [{ containerPort: 80, protocol: 'TCP', name: 'web' }] },
      ]);
      const other = await apply('two', [{ name: 'b', image: 'registry.example/b:1' }]);
      assert.equal(other.code, 200, other.text);
      const { code, body } = await apply('two', [
        { name: 'a', ports: [{ containerPort: 80, protocol: 'TCP', name: 'http' }] },
        { name: 'b', image: 'registry.example/b:2' },
      ]);
      assert.equal(code, 409);
      assert.equal(
        body['message'],
        'Apply failed with 1 conflict: conflict with "one": .spec.template.spec.containers[name="a"].ports[containerPort=80,protocol="TCP"].name',
      );
    },
  },
  {
    id: 'apply-conflicts/atomic-values',
    title: 'What is atomic conflicts as a whole',
    source: 'docs: reference/using-api/server-side-apply, "Merge strategy"',
    mutation: {
      file: 'lab/kube/apiserver/schema/schema.ts',
      find: "return listType !== 'map' && listType !== 'set';",
      replace: "return listType === 'atomic';",
    },
    run: async (t) => {
      const apply = (manager: string, keys: readonly string[]): Promise<Answer> =>
        t.http.patch('apply', `${t.core}/endpoints/e?fieldManager=${manager}`, {
          apiVersion: 'v1',
          kind: 'Endpoints',
          metadata: { name: 'e' },
          subsets: [{ addresses: keys.map((ip) => ({ ip })), ports: [{ port: 80 }] }],
        });
      assert.equal((await apply('one', ['192.0.2.1'])).code, 201);
      const { code, body } = await apply('two', ['192.0.2.1', '192.0.2.2']);
      assert.equal(code, 409);
      assert.equal(body['message'], 'Apply failed with 1 conflict: conflict with "one": .subsets');
    },
  },
  {
    id: 'apply-conflicts/from-client-side-apply',
    title:
      'The manager kubectl takes over what client-side apply recorded, without force, and keeps its annotation up to date',
    source:
      'docs: reference/using-api/server-side-apply, "Migrating between client-side and server-side apply"; source: lastappliedmanager.go',
    mutation: {
      file: 'lab/kube/apiserver/apply/last-applied.ts',
      find: "if (applied === undefined || applied['apiVersion'] !== live.apiVersion) return undefined;",
      replace: 'if (applied !== undefined) return undefined;\n  if (applied === undefined) return undefined;',
    },
    run: async (t) => {
      const annotation = 'kubectl.kubernetes.io/last-applied-configuration';
      const configuration = {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { annotations: {}, name: 'c', namespace: t.namespace },
        data: { k: 'v' },
      };
      await made(t, 'kubectl-client-side-apply', {
        metadata: { name: 'c', annotations: { [annotation]: `${JSON.stringify(configuration)}\n` } },
        data: { k: 'v', other: '1' },
      });
      const other = await send(t, 'other', { data: { k: 'w' } });
      assert.equal(
        other.body['message'],
        'Apply failed with 1 conflict: conflict with "kubectl-client-side-apply" using v1: .data.k',
      );
      const unrecorded = await send(t, 'kubectl', { data: { k: 'w', other: '2' } });
      assert.equal(
        unrecorded.body['message'],
        'Apply failed with 1 conflict: conflict with "kubectl-client-side-apply" using v1: .data.other',
      );
      const body = await applied(t, 'kubectl', { data: { k: 'w' } });
      assert.deepEqual(owned(body, 'kubectl'), { 'f:data': { 'f:k': {} } });
      assert.equal(
        body['metadata'].annotations[annotation],
        '{"apiVersion":"v1","data":{"k":"w"},"kind":"ConfigMap","metadata":{"name":"c"}}\n',
      );
    },
  },
  {
    id: 'apply-conflicts/with-a-subresource',
    title: 'A conflict with a writer of a subresource names the subresource',
    source: `${source}, printManager; docs: reference/using-api/server-side-apply`,
    since: '1.22',
    mutation: { file: CONFLICTS, find: '` with subresource ${JSON.stringify(subresource)}`', replace: "''" },
    run: async (t) => {
      const deployment = {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'd' },
        spec: {
          replicas: 0,
          paused: true,
          selector: { matchLabels: { app: 'd' } },
          template: {
            metadata: { labels: { app: 'd' } },
            spec: { containers: [{ name: 'a', image: 'registry.example/a:1' }] },
          },
        },
      };
      const path = `${t.apps}/deployments`;
      await t.http.ok('POST', `${path}?fieldManager=maker`, deployment);
      const scaled = await t.http.patch('merge', `${path}/d/scale?fieldManager=scaler`, { spec: { replicas: 1 } });
      assert.equal(scaled.code, 200, scaled.text);
      const { code, body } = await t.http.patch('apply', `${path}/d?fieldManager=one`, {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'd' },
        spec: { replicas: 2 },
      });
      assert.equal(code, 409);
      assert.equal(
        body['message'],
        'Apply failed with 1 conflict: conflict with "scaler" with subresource "scale" using apps/v1: .spec.replicas',
      );
    },
  },
];
