// Parity cases of the official JavaScript client: its Watch and its informer, which the lab's own controllers use.
import assert from 'node:assert/strict';
import type { KubernetesListObject, V1ConfigMap } from '@kubernetes/client-node';
import type { ParityContext } from '../context.ts';
import type { ParityCase } from '../parity-case.ts';
import { definePaint } from './javascript-client-paint.ts';

/** Everything the informer tells, in order: `add red`, `update red`, `delete red`, `error 410`. */
async function openInformer(
  t: ParityContext,
  path: string,
  list: () => Promise<KubernetesListObject<V1ConfigMap>>,
  labelSelector?: string,
): Promise<{ readonly told: string[]; names(): string[] }> {
  const { makeInformer } = await import('@kubernetes/client-node');
  const { config } = await t.javascriptClient();
  const informer = makeInformer(config, path, list, labelSelector);
  const told: string[] = [];
  for (const verb of ['add', 'update', 'delete'] as const)
    informer.on(verb, ({ metadata }) => void told.push(`${verb} ${metadata?.name}`));
  informer.on('error', (error: unknown) => void told.push(`error ${String(error)}`));
  t.defer(() => informer.stop());
  await informer.start();
  return {
    told,
    names: () =>
      informer
        .list(t.namespace)
        .map(({ metadata }) => metadata?.name ?? '')
        .sort(),
  };
}

const told = (t: ParityContext, informer: { readonly told: string[] }, wanted: readonly string[]): Promise<unknown> =>
  t.until(`${wanted.join(', ')} instead of ${informer.told.join(', ')}`, () =>
    Promise.resolve(informer.told.length >= wanted.length ? true : undefined),
  );

export const javascriptClientWatchCases: readonly ParityCase[] = [
  {
    id: 'javascript-client/watch',
    title: "The client's Watch tells changes after the list's version: ADDED, MODIFIED, DELETED with the last state",
    source:
      '@kubernetes/client-node, src/watch.ts; docs: reference/using-api/api-concepts, "Efficient detection of changes"',
    mutation: {
      file: 'lab/kube/apiserver/operations/watch.ts',
      find: "return { type: 'DELETED', entry: event.type === 'DELETED' ? event.current : lastSeen(event) };",
      replace: 'return undefined;',
    },
    run: async (t) => {
      const { Watch } = await import('@kubernetes/client-node');
      const { config, core } = await t.javascriptClient();
      const { namespace } = t;
      const before = await core.createNamespacedConfigMap({
        namespace,
        body: { metadata: { name: 'before', labels: { seen: 'yes' } } },
      });
      const { metadata } = await core.listNamespacedConfigMap({ namespace });
      const events: { readonly phase: string; readonly object: V1ConfigMap }[] = [];
      let ended: unknown = 'open';
      const controller = await new Watch(config).watch(
        `${t.core}/configmaps`,
        { resourceVersion: metadata?.resourceVersion, labelSelector: 'seen=yes' },
        (phase, object: V1ConfigMap) => void events.push({ phase, object }),
        (error: unknown) => (ended = error),
      );
      t.defer(() => Promise.resolve(controller.abort()));
      const body = { metadata: { name: 'after', labels: { seen: 'yes' } } };
      await core.createNamespacedConfigMap({ namespace, body });
      await core.replaceNamespacedConfigMap({ namespace, name: 'after', body: { ...body, data: { colour: 'red' } } });
      await core.deleteNamespacedConfigMap({ namespace, name: 'after' });
      await core.replaceNamespacedConfigMap({
        namespace,
        name: 'before',
        body: { metadata: { name: 'before', labels: {} } },
      });
      await t.until('four events', () => Promise.resolve(events.length >= 4 ? true : undefined));
      assert.deepEqual(
        events.map(({ phase, object }) => `${phase} ${object.metadata?.name} ${object.data?.['colour'] ?? ''}`),
        ['ADDED after ', 'MODIFIED after red', 'DELETED after red', 'DELETED before '],
      );
      // What left the selector is shown as it was, at the version of the change.
      const gone = events[3]?.object.metadata;
      assert.deepEqual(gone?.labels, { seen: 'yes' });
      assert.notEqual(gone?.resourceVersion, before.metadata?.resourceVersion);
      assert.equal(ended, 'open');
    },
  },
  {
    id: 'javascript-client/refused-watch',
    title: "A watch that is refused ends at once with the code on the client's error",
    source: '@kubernetes/client-node, src/watch.ts: an answer other than 200 is an Error with statusCode',
    mutation: {
      file: 'lab/kube/apiserver/selection/parse-labels.ts',
      find: "if (after.type !== ',') throw",
      replace: "if (after.type === 'end') throw",
    },
    run: async (t) => {
      const { Watch } = await import('@kubernetes/client-node');
      const { config } = await t.javascriptClient();
      const codes: unknown[] = [];
      for (const query of [{ labelSelector: 'a=b=c' }, { fieldSelector: 'data.colour=red' }])
        await new Watch(config).watch(
          `${t.core}/configmaps`,
          query,
          assert.fail,
          (error: unknown) => void codes.push((error as { statusCode?: unknown }).statusCode),
        );
      assert.deepEqual(codes, [400, 400]);
    },
  },
  {
    id: 'javascript-client/informer',
    title: 'An informer lists, then follows: what comes into its selector is added, what leaves it is deleted',
    source: '@kubernetes/client-node, src/cache.ts (ListWatch)',
    mutation: {
      file: 'lab/kube/apiserver/operations/watch.ts',
      find: "return { type: before ? 'MODIFIED' : 'ADDED', entry: event.current };",
      replace: "return { type: 'BOOKMARK', revision: event.revision, initialEnd: false };",
    },
    run: async (t) => {
      const { core } = await t.javascriptClient();
      const { namespace } = t;
      const make = (name: string, seen: string): Promise<unknown> =>
        core.createNamespacedConfigMap({ namespace, body: { metadata: { name, labels: { seen } } } });
      const label = (name: string, seen: string): Promise<unknown> =>
        core.replaceNamespacedConfigMap({ namespace, name, body: { metadata: { name, labels: { seen } } } });
      await make('red', 'yes');
      await make('blue', 'no');
      const selector = 'seen=yes';
      const informer = await openInformer(
        t,
        `${t.core}/configmaps`,
        () => core.listNamespacedConfigMap({ namespace, labelSelector: selector }),
        selector,
      );
      assert.deepEqual(informer.told, ['add red']);
      await label('blue', 'yes');
      await label('red', 'no');
      await make('green', 'yes');
      await core.deleteNamespacedConfigMap({ namespace, name: 'blue' });
      const wanted = ['add red', 'add blue', 'delete red', 'add green', 'delete blue'];
      await told(t, informer, wanted);
      assert.deepEqual(informer.told, wanted);
      assert.deepEqual(informer.names(), ['green']);
    },
  },
  {
    id: 'javascript-client/informer-starts-over',
    title:
      'An informer whose version the server no longer knows is told 410 inside the stream, lists again and goes on',
    source: 'docs: reference/using-api/api-concepts, "410 Gone responses"; @kubernetes/client-node, src/cache.ts',
    mutation: {
      file: 'lab/kube/apiserver/operations/watch.ts',
      find: 'if (missed === undefined)',
      replace: 'if (missed === null)',
    },
    run: async (t) => {
      // A kind of its own: a server keeps the history of a kind from when the kind was defined.
      const paint = await definePaint(t);
      const create = (name: string): Promise<unknown> =>
        t.http.ok('POST', paint.path, { ...paint.type, metadata: { name } });
      await create('red');
      let lists = 0;
      const list = async (): Promise<KubernetesListObject<V1ConfigMap>> => {
        lists += 1;
        const answer = await t.http.ok('GET', paint.path);
        const { items, metadata } = answer as KubernetesListObject<V1ConfigMap>;
        // The first list is as if it had been made long ago.
        return lists === 1
          ? { items, metadata: { resourceVersion: '1' } }
          : { items, ...(metadata === undefined ? {} : { metadata }) };
      };
      const informer = await openInformer(t, paint.path, list);
      await t.until('a second list', () => Promise.resolve(lists > 1 ? true : undefined));
      await create('blue');
      await t.until('blue in the cache', () => Promise.resolve(informer.names().includes('blue') ? true : undefined));
      assert.deepEqual(informer.names(), ['blue', 'red']);
      assert.equal(lists, 2);
      assert.deepEqual(
        informer.told.filter((event) => !event.startsWith('update')),
        ['add red', 'add blue'],
      );
    },
  },
];
