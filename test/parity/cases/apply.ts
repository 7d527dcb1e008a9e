// Parity cases: server-side apply, and what managedFields record of every write.
import assert from 'node:assert/strict';
import { owned, ownerOf } from './apply-owners.ts';
import type { ParityContext } from '../context.ts';
import type { Answer } from '../drivers/http.ts';
import type { ParityCase } from '../parity-case.ts';
import { managedFieldsCases } from './apply-managed-fields.ts';
import { applyRefusalCases } from './apply-refusals.ts';

const docs = 'docs: reference/using-api/server-side-apply';
const APPLY = 'lab/kube/apiserver/apply/server-side-apply.ts';
const PATCH = 'lab/kube/apiserver/operations/patch.ts';

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

const serviceOf = (ports: readonly object[]): object => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 's' },
  spec: { clusterIP: 'None', ports },
});

export const applyCases: readonly ParityCase[] = [
  {
    id: 'apply/creates-then-updates',
    title: 'Apply creates what is not there (201), changes what is (200), and owns exactly what it says',
    source: `${docs}; kubernetes/test/integration/apiserver/apply, TestApplyAlsoCreates`,
    mutation: {
      file: PATCH,
      find: 'stored: await createObject(core, scope, draft, owners), created: true',
      replace: 'stored: await createObject(core, scope, draft, owners), created: false',
    },
    run: async (t) => {
      const created = await send(t, 'one', { data: { k: 'v', l: 'w' } });
      assert.equal(created.code, 201);
      assert.deepEqual(owned(created.body, 'one'), { 'f:data': { 'f:k': {}, 'f:l': {} } });
      const changed = await send(t, 'one', { data: { k: 'x', l: 'w' } });
      assert.equal(changed.code, 200);
      assert.equal(changed.body['data'].k, 'x');
    },
  },
  {
    id: 'apply/removes-what-is-no-longer-applied',
    title: 'What its manager no longer applies is removed; what others made stays',
    source: `${docs}, "Field management"; kubernetes/test/integration/apiserver/apply, TestApplyRemovesFields`,
    mutation: {
      file: APPLY,
      find: 'previous === undefined ? merged : withoutDropped(',
      replace: 'true ? merged : withoutDropped(',
    },
    run: async (t) => {
      await applied(t, 'one', { data: { k: 'v', l: 'w' } });
      await t.http.ok(
        'PATCH',
        `${t.core}/configmaps/c?fieldManager=editor`,
        { data: { mine: '1' } },
        { headers: { 'content-type': 'application/merge-patch+json' } },
      );
      const body = await applied(t, 'one', { data: { k: 'v' } });
      assert.deepEqual(body['data'], { k: 'v', mine: '1' });
    },
  },
  {
    id: 'apply/shared-fields-stay',
    title: 'A field that two managers applied goes when both have given it up',
    source: `${docs}, "Conflicts" (shared ownership)`,
    mutation: { file: APPLY, find: 'difference(all, union(bare, named(claimed)))', replace: 'difference(all, bare)' },
    run: async (t) => {
      await applied(t, 'one', { data: { k: 'v', l: 'w' } });
      await applied(t, 'two', { data: { k: 'v' } });
      assert.deepEqual((await applied(t, 'one', { data: { l: 'w' } }))['data'], { k: 'v', l: 'w' });
      const gone = await applied(t, 'two', {});
      assert.deepEqual(gone['data'], { l: 'w' });
      assert.equal(ownerOf(gone, 'two'), undefined);
    },
  },
  {
    id: 'apply/keyed-list-items',
    title: 'Items of a keyed list are applied and removed one by one; a key that is left out counts with its default',
    source: `${docs}, "Merge strategy"; source: k8s.io/api/core/v1/types.go, ServiceSpec.ports (listMapKey port, protocol)`,
    mutation: {
      file: 'lab/kube/apiserver/apply/walk.ts',
      find: 'source[key] ?? memberSchema(schema.items, key)?.default',
      replace: 'source[key]',
    },
    since: '1.21',
    run: async (t) => {
      const apply = async (manager: string, ports: readonly object[]): Promise<Answer['body']> => {
        const answer = await t.http.patch('apply', `${t.core}/services/s?fieldManager=${manager}`, serviceOf(ports));
        assert.ok(answer.code < 300, answer.text);
        return answer.body;
      };
      const first = await apply('one', [{ name: 'http', port: 80 }]);
      assert.deepEqual(owned(first, 'one'), {
        'f:spec': {
          'f:clusterIP': {},
          'f:ports': { 'k:{"port":80,"protocol":"TCP"}': { '.': {}, 'f:name': {}, 'f:port': {} } },
        },
      });
      const both = await apply('two', [{ name: 'dns', port: 53, protocol: 'UDP' }]);
      const ports = (body: Answer['body']): string[] =>
        body['spec'].ports.map(({ port, protocol }: { port: number; protocol: string }) => `${port}/${protocol}`);
      assert.deepEqual(ports(both), ['80/TCP', '53/UDP']);
      assert.deepEqual(ports(await apply('one', [{ name: 'alt', port: 8080, protocol: 'TCP' }])), [
        '53/UDP',
        '8080/TCP',
      ]);
    },
  },
  {
    id: 'apply/order-of-keyed-lists',
    title: 'Applied items keep the order in which they are applied, between those of others',
    source: 'source: structured-merge-diff/v4/typed/merge.go, visitListItems',
    mutation: {
      file: 'lab/kube/apiserver/apply/merge.ts',
      find: 'if (right.values.has(mine) && shared.length > 0 && shared[0] !== mine)',
      replace: 'if (mine === theirs)',
    },
    since: '1.27',
    run: async (t) => {
      const owner = (name: string): object => ({ apiVersion: 'example.com/v1', kind: 'Owner', name, uid: name });
      const order = (body: Answer['body']): string[] =>
        body['metadata'].ownerReferences.map(({ name }: { name: string }) => name);
      const apply = (manager: string, ...names: readonly string[]): Promise<Answer['body']> =>
        applied(t, manager, { metadata: { name: 'c', ownerReferences: names.map(owner) } }, '&dryRun=All');
      await t.http.ok('POST', `${t.core}/configmaps`, {
        metadata: { name: 'c', finalizers: ['a.b/keep'], ownerReferences: ['a', 'b', 'c', 'd'].map(owner) },
      });
      t.defer(() => t.http.patch('merge', `${t.core}/configmaps/c`, { metadata: { finalizers: null } }));
      assert.deepEqual(order(await apply('one', 'd', 'b', 'e')), ['a', 'c', 'd', 'b', 'e']);
    },
  },
  {
    id: 'apply/sets',
    title: 'Finalizers are a set: managers own single words of it',
    source: `${docs}, "Merge strategy" (listType=set)`,
    mutation: {
      file: 'lab/kube/apiserver/builtin/types/meta.ts',
      find: 'finalizers []string set',
      replace: 'finalizers []string',
    },
    run: async (t) => {
      t.defer(() => t.http.patch('merge', `${t.core}/configmaps/c`, { metadata: { finalizers: null } }));
      const body = (finalizers: readonly string[]): object => ({ metadata: { name: 'c', finalizers } });
      await applied(t, 'one', body(['a.b/one', 'a.b/old']));
      const both = await applied(t, 'two', body(['a.b/two']));
      assert.deepEqual(both['metadata'].finalizers, ['a.b/one', 'a.b/old', 'a.b/two']);
      assert.deepEqual(owned(both, 'two'), { 'f:metadata': { 'f:finalizers': { 'v:"a.b/two"': {} } } });
      const less = await applied(t, 'one', body(['a.b/one']));
      assert.deepEqual(less['metadata'].finalizers, ['a.b/one', 'a.b/two']);
    },
  },
  {
    id: 'apply/atomic-lists-and-structs',
    title: 'A selector and a list without keys are owned as a whole',
    source: `${docs}, "Merge strategy" (atomic); source: k8s.io/apimachinery/pkg/apis/meta/v1/types.go, LabelSelector (structType=atomic)`,
    mutation: {
      file: 'lab/kube/apiserver/builtin/types/meta.ts',
      find: 'LabelSelector atomic',
      replace: 'LabelSelector',
    },
    run: async (t) => {
      const { code, body, text } = await t.http.patch('apply', `${t.apps}/deployments/d?fieldManager=one`, {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'd' },
        spec: {
          replicas: 0,
          selector: { matchLabels: { app: 'd' } },
          template: {
            metadata: { labels: { app: 'd' } },
            spec: {
              containers: [{ name: 'a', image: 'registry.example/a', args: ['1'] }],
              tolerations: [{ operator: 'Exists' }],
            },
          },
        },
      });
      assert.equal(code, 201, text);
      assert.deepEqual(owned(body, 'one'), {
        'f:spec': {
          'f:replicas': {},
          'f:selector': {},
          'f:template': {
            'f:metadata': { 'f:labels': { 'f:app': {} } },
            'f:spec': {
              'f:containers': { 'k:{"name":"a"}': { '.': {}, 'f:args': {}, 'f:image': {}, 'f:name': {} } },
              'f:tolerations': {},
            },
          },
        },
      });
      assert.equal(body['spec'].revisionHistoryLimit, 10, 'defaults are filled in, and nobody owns them');
    },
  },
  {
    id: 'apply/same-again-writes-nothing',
    title: 'Applying the same again changes neither resourceVersion nor time',
    source: 'kubernetes/test/integration/apiserver/apply, TestNoSemanticUpdateApplySameResourceVersion',
    mutation: {
      file: 'lab/kube/apiserver/operations/update.ts',
      find: 'if (equalJson(next, old) && equalJson(',
      replace: 'if (next.kind === "" && equalJson(',
    },
    run: async (t) => {
      const first = await applied(t, 'one', { data: { k: 'v' } });
      // Times are whole seconds: only another one would show.
      const second = Math.floor(Date.now() / 1000);
      await t.until('the next second', () =>
        Promise.resolve(Math.floor(Date.now() / 1000) > second ? true : undefined),
      );
      const again = await applied(t, 'one', { data: { k: 'v' } });
      assert.deepEqual(again, first);
    },
  },
  {
    id: 'apply/yaml-body',
    title: 'The configuration may be YAML, with comments',
    source: docs,
    mutation: {
      file: 'lab/kube/apiserver/http/body.ts',
      find: "type === 'application/yaml' || type.endsWith('+yaml')",
      replace: "type === 'application/yaml'",
    },
    run: async (t) => {
      const text =
        '# a comment\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c\ndata:\n  k: "1"\n  l: |\n    two\n    lines\n';
      const { code, body } = await t.http.patch('apply', `${t.core}/configmaps/c?fieldManager=one`, text);
      assert.equal(code, 201);
      assert.deepEqual(body['data'], { k: '1', l: 'two\nlines\n' });
    },
  },
  {
    id: 'apply/dry-run',
    title: 'With dryRun=All an apply creates and changes nothing, and answers as if it had',
    source: 'docs: reference/using-api/api-concepts, "Dry-run"',
    mutation: {
      file: 'lab/kube/apiserver/operations/create.ts',
      find: 'return new Stored(object, texts);',
      replace: '',
    },
    run: async (t) => {
      const answer = await send(t, 'one', { data: { k: 'v' } }, '&dryRun=All');
      assert.equal(answer.code, 201);
      assert.deepEqual(owned(answer.body, 'one'), { 'f:data': { 'f:k': {} } });
      assert.equal((await t.http.get(`${t.core}/configmaps/c`)).code, 404);
    },
  },
  ...applyRefusalCases,
  ...managedFieldsCases,
];
