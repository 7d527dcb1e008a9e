// Watching: from which version, what is told, and in what order.
import assert from 'node:assert/strict';
import type { ParityContext } from '../context.ts';
import type { Watch } from '../drivers/http.ts';
import type { ParityCase } from '../parity-case.ts';
import { watchFormCases } from './watch-forms.ts';

const DETECTING = 'docs: reference/using-api/api-concepts, "Efficient detection of changes"';
const WATCH = 'lab/kube/apiserver/operations/watch.ts';

/** `TYPE name` of the next events. */
async function told(watch: Watch, count: number): Promise<string[]> {
  const events: string[] = [];
  while (events.length < count) {
    const { type, object } = await watch.next();
    events.push(`${type} ${object['metadata'].name}`);
  }
  return events;
}

async function create(t: ParityContext, name: string, labels: Record<string, string> = {}): Promise<string> {
  const made = await t.http.ok('POST', `${t.core}/configmaps`, {
    metadata: { name, labels: { case: 'watch', ...labels } },
  });
  return made['metadata'].resourceVersion;
}

async function watching(t: ParityContext, query: string, path = `${t.core}/configmaps`): Promise<Watch> {
  const watch = await t.http.watch(`${path}?watch=true&${query}`);
  t.defer(() => Promise.resolve(watch.close()));
  return watch;
}

const ours = 'labelSelector=case%3Dwatch';

export const watchCases: readonly ParityCase[] = [
  {
    id: 'watch/from-an-exact-version',
    title: 'A watch from the version of a list tells every later change once, in order, and nothing from before',
    source: `${DETECTING}; conformance: "Watchers should receive events on concurrent watches in same order"`,
    mutation: {
      file: WATCH,
      find: ': collection.eventsAfter(start)',
      replace: ': collection.eventsAfter(start - 1)?.slice(1)',
    },
    run: async (t) => {
      await create(t, 'before');
      const version = (await t.http.ok('GET', `${t.core}/configmaps`))['metadata'].resourceVersion;
      await create(t, 'missed');
      const watch = await watching(t, `${ours}&resourceVersion=${version}`);
      await t.http.patch('merge', `${t.core}/configmaps/before`, { data: { x: '1' } });
      await t.http.ok('DELETE', `${t.core}/configmaps/missed`);
      assert.deepEqual(await told(watch, 3), ['ADDED missed', 'MODIFIED before', 'DELETED missed']);
    },
  },
  {
    id: 'watch/unset-begins-with-what-exists',
    title: 'Without a version, and with 0, a watch begins with every existing object as ADDED',
    source: 'docs: reference/using-api/api-concepts, "Semantics for watch": get state and start',
    mutation: { file: WATCH, find: '(asked === 0 && options.sendInitialEvents === undefined)', replace: 'false' },
    run: async (t) => {
      await create(t, 'a');
      await create(t, 'b');
      for (const query of [ours, `${ours}&resourceVersion=0`]) {
        const watch = await watching(t, query);
        assert.deepEqual((await told(watch, 2)).sort(), ['ADDED a', 'ADDED b']);
        await t.http.patch('merge', `${t.core}/configmaps/a`, { data: { x: query } });
        assert.deepEqual(await told(watch, 1), ['MODIFIED a']);
      }
    },
  },
  {
    id: 'watch/too-old',
    title: 'A version from before the history is told as an ERROR event with a 410 Status, and the stream ends',
    source: 'docs: reference/using-api/api-concepts, "410 Gone responses"; kubernetes: cacher/watch_cache.go',
    mutation: { file: WATCH, find: 'if (missed === undefined)', replace: 'if (missed === null)' },
    run: async (t) => {
      const group = `${t.unique('old')}.example.com`;
      const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
      const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
      await t.http.ok('POST', definitions, {
        metadata: { name: `things.${group}` },
        spec: {
          group,
          scope: 'Namespaced',
          names: { plural: 'things', singular: 'thing', kind: 'Thing', listKind: 'ThingList' },
          versions: [{ name: 'v1', served: true, storage: true, schema }],
        },
      });
      t.defer(() => t.http.call('DELETE', `${definitions}/things.${group}`));
      const path = `/apis/${group}/v1/things`;
      await t.until('the definition to be served', async () =>
        (await t.http.get(path)).code === 200 ? true : undefined,
      );
      const watch = await watching(t, 'resourceVersion=1', path);
      const { type, object } = await watch.next();
      assert.equal(type, 'ERROR');
      assert.match(object['message'], /^too old resource version: 1 \(\d+\)$/);
      const { message: _message, ...status } = object;
      assert.deepEqual(status, {
        kind: 'Status',
        apiVersion: 'v1',
        metadata: {},
        status: 'Failure',
        reason: 'Expired',
        code: 410,
      });
      await watch.ended;
    },
  },
  {
    id: 'watch/in-and-out-of-a-selector',
    title:
      'An object that leaves the selector is DELETED as it last matched, with the version of the change; one that enters is ADDED',
    source:
      'conformance: "Watchers should observe an object deletion if it stops meeting the requirements of the selector"',
    mutation: {
      file: WATCH,
      find: 'const object = (event.previous ?? event.current).object;',
      replace: 'const object = event.current.object;',
    },
    run: async (t) => {
      const version = await create(t, 'mover', { side: 'left' });
      const watch = await watching(t, `labelSelector=side%3Dleft&resourceVersion=${version}`);
      const move = async (side: string): Promise<string> => {
        const { body } = await t.http.patch('merge', `${t.core}/configmaps/mover`, { metadata: { labels: { side } } });
        return body['metadata'].resourceVersion;
      };
      const out = await move('right');
      const gone = await watch.next();
      assert.equal(gone.type, 'DELETED');
      assert.equal(gone.object['metadata'].labels.side, 'left');
      assert.equal(gone.object['metadata'].resourceVersion, out);
      await t.http.patch('merge', `${t.core}/configmaps/mover`, { data: { unseen: 'yes' } });
      const back = await move('left');
      const again = await watch.next();
      assert.equal(again.type, 'ADDED');
      assert.equal(again.object['metadata'].resourceVersion, back);
    },
  },
  {
    id: 'watch/one-name',
    title: 'A watch with a field selector on the name tells of that object only, whether or not it exists yet',
    source: 'docs: concepts/overview/working-with-objects/field-selectors',
    mutation: {
      file: 'lab/kube/apiserver/operations/read.ts',
      find: 'matchesFields(fieldSelector, scope.definition.fields, object)',
      replace: 'fieldSelector.length >= 0',
    },
    run: async (t) => {
      const version = await create(t, 'other');
      const watch = await watching(t, `fieldSelector=metadata.name%3Dwanted&resourceVersion=${version}`);
      await create(t, 'another');
      await create(t, 'wanted');
      await t.http.ok('DELETE', `${t.core}/configmaps/other`);
      await t.http.ok('DELETE', `${t.core}/configmaps/wanted`);
      assert.deepEqual(await told(watch, 2), ['ADDED wanted', 'DELETED wanted']);
    },
  },
  {
    id: 'watch/field-moves-out',
    title: 'A Pod whose status leaves a field selector is DELETED to the watcher',
    source: 'docs: concepts/overview/working-with-objects/field-selectors (status.phase)',
    mutation: {
      file: WATCH,
      find: "const now = event.type !== 'DELETED' && filter(event.current.object);",
      replace: "const now = event.type !== 'DELETED';",
    },
    run: async (t) => {
      const pod = { metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'i' }] } };
      const made = await t.http.ok('POST', `${t.core}/pods`, pod);
      const version = made['metadata'].resourceVersion;
      const watch = await watching(
        t,
        `fieldSelector=status.phase%3DPending&resourceVersion=${version}`,
        `${t.core}/pods`,
      );
      await t.http.patch('merge', `${t.core}/pods/p/status`, { status: { phase: 'Running' } });
      let gone = await watch.next();
      // Where a scheduler runs, it has its say first.
      while (gone.type === 'MODIFIED' && gone.object['status'].phase === 'Pending') gone = await watch.next();
      assert.equal(gone.type, 'DELETED');
      assert.equal(gone.object['status'].phase, 'Pending');
    },
  },
  {
    id: 'watch/deleted-state',
    title: 'A DELETED event shows the last state with the version of the deletion',
    source: 'kubernetes: staging/src/k8s.io/apiserver/pkg/storage/etcd3/watcher.go, transform',
    mutation: {
      file: 'lab/kube/apiserver/storage/collection.ts',
      find: 'const current = atRevision(last, revision);',
      replace: 'const current = expected;',
    },
    run: async (t) => {
      const version = await create(t, 'a');
      const { body } = await t.http.patch('merge', `${t.core}/configmaps/a`, { data: { last: 'words' } });
      const changed = Number(body['metadata'].resourceVersion);
      const watch = await watching(t, `${ours}&resourceVersion=${version}`);
      await t.http.ok('DELETE', `${t.core}/configmaps/a`);
      assert.equal((await watch.next()).type, 'MODIFIED');
      const { type, object } = await watch.next();
      assert.equal(type, 'DELETED');
      assert.deepEqual(object['data'], { last: 'words' });
      assert.ok(Number(object['metadata'].resourceVersion) > changed);
      const after = await watching(t, `${ours}&resourceVersion=${object['metadata'].resourceVersion}`);
      await create(t, 'b');
      assert.deepEqual(await told(after, 1), ['ADDED b']);
    },
  },
  {
    id: 'watch/nothing-from-a-change-that-changes-nothing',
    title: 'An update that changes nothing is no event',
    source: 'kubernetes: staging/src/k8s.io/apiserver/pkg/storage/etcd3/store.go, GuaranteedUpdate',
    mutation: { file: 'lab/kube/apiserver/operations/update.ts', find: '(equalJson(', replace: '(!equalJson(' },
    run: async (t) => {
      const version = await create(t, 'a');
      const watch = await watching(t, `${ours}&resourceVersion=${version}`);
      const same = await t.http.patch('merge', `${t.core}/configmaps/a`, { metadata: { labels: { case: 'watch' } } });
      assert.equal(same.body['metadata'].resourceVersion, version);
      await t.http.patch('merge', `${t.core}/configmaps/a`, { data: { x: '1' } });
      const { object } = await watch.next();
      assert.deepEqual(object['data'], { x: '1' });
    },
  },
  {
    id: 'watch/namespaces-apart',
    title: 'A watch of a namespace tells of that namespace only; one of all namespaces of each',
    source: DETECTING,
    mutation: { file: WATCH, find: '(prefix === undefined || event.key.startsWith(prefix))', replace: 'true' },
    run: async (t) => {
      const other = t.unique('other');
      await t.http.ok('POST', '/api/v1/namespaces', { metadata: { name: other } });
      t.defer(() => t.http.call('DELETE', `/api/v1/namespaces/${other}`));
      const version = await create(t, 'first');
      const label = t.unique('label');
      const query = `labelSelector=label%3D${label}&resourceVersion=${version}`;
      const here = await watching(t, query);
      const everywhere = await watching(t, query, '/api/v1/configmaps');
      await t.http.ok('POST', `/api/v1/namespaces/${other}/configmaps`, {
        metadata: { name: 'there', labels: { label } },
      });
      await create(t, 'here', { label });
      assert.deepEqual(await told(here, 1), ['ADDED here']);
      assert.deepEqual(await told(everywhere, 2), ['ADDED there', 'ADDED here']);
    },
  },
  {
    id: 'watch/from-the-future',
    title: 'A watch from a version that has not happened yet is accepted and silent until then',
    source: 'kubernetes: staging/src/k8s.io/apiserver/pkg/storage/cacher/cacher.go, Watch',
    mutation: { file: WATCH, find: 'event.revision > start && (', replace: '(' },
    run: async (t) => {
      const watch = await watching(t, `${ours}&resourceVersion=4000000000000&timeoutSeconds=1`);
      await create(t, 'a');
      await assert.rejects(watch.next(), /the watch ended/);
    },
  },
  ...watchFormCases,
];
