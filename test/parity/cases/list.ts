// Listing: paging, consistency and resourceVersion.
import assert from 'node:assert/strict';
import type { ParityContext } from '../context.ts';
import type { Answer } from '../drivers/http.ts';
import type { ParityCase } from '../parity-case.ts';
import { listParameterCases } from './list-parameters.ts';

const CHUNKS = 'docs: reference/using-api/api-concepts, "Retrieving large results sets in chunks"';
const VERSIONS = 'docs: reference/using-api/api-concepts, "Resource versions"';
const READ = 'lab/kube/apiserver/operations/read.ts';
const TOKEN = 'lab/kube/apiserver/operations/continue-token.ts';

const namesIn = (list: Answer['body']): string[] =>
  list['items'].map((item: { metadata: { name: string } }) => item.metadata.name);

/** ConfigMaps with the label `case=list`, so that those of controllers stay out of sight. */
async function createMaps(t: ParityContext, ...names: readonly string[]): Promise<void> {
  for (const name of names)
    await t.http.ok('POST', `${t.core}/configmaps`, {
      metadata: { name, labels: { case: 'list' } },
      data: { at: 'first' },
    });
}

const EXPIRED_PAGE =
  'The provided continue parameter is too old to display a consistent list result. You can start a new list without the ' +
  'continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with ' +
  'the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the ' +
  'first chunk was returned and now may show up in the list.';

export const listCases: readonly ParityCase[] = [
  {
    id: 'list/pages-with-continue',
    title: 'A list with limit gives pages in the order of names, all of one resourceVersion',
    source: CHUNKS,
    mutation: { file: TOKEN, find: 'start: `${lastKey}\\0`', replace: 'start: lastKey' },
    run: async (t) => {
      await createMaps(t, 'c', 'a', 'b');
      const path = `${t.core}/configmaps?limit=2&labelSelector=case%3Dlist`;
      const first = await t.http.ok('GET', path);
      assert.deepEqual(namesIn(first), ['a', 'b']);
      const second = await t.http.ok('GET', `${path}&continue=${first['metadata'].continue}`);
      assert.deepEqual(namesIn(second), ['c']);
      assert.equal(second['metadata'].resourceVersion, first['metadata'].resourceVersion);
    },
  },
  {
    id: 'list/pages-are-of-one-moment',
    title:
      'Later pages show what was there at the first one: nothing new, and what was deleted or changed since as it was',
    source: `${CHUNKS}; conformance: "Servers with support for API chunking should return chunks of results for list calls"`,
    mutation: { file: READ, find: 'const exact = point.revision !== NEWEST;', replace: 'const exact = false;' },
    run: async (t) => {
      await createMaps(t, 'a', 'b', 'c', 'd');
      const path = `${t.core}/configmaps?limit=1&labelSelector=case%3Dlist`;
      const first = await t.http.ok('GET', path);
      await createMaps(t, 'aa');
      await t.http.ok('DELETE', `${t.core}/configmaps/b`);
      await t.http.patch('merge', `${t.core}/configmaps/c`, { data: { at: 'second' } });
      const rest = await t.http.ok(
        'GET',
        `${path.replace('limit=1', 'limit=500')}&continue=${first['metadata'].continue}`,
      );
      assert.deepEqual(namesIn(rest), ['b', 'c', 'd']);
      assert.deepEqual(rest['items'][1].data, { at: 'first' });
      assert.equal(rest['metadata'].resourceVersion, first['metadata'].resourceVersion);
    },
  },
  {
    id: 'list/remaining-item-count',
    title: 'remainingItemCount counts what follows, and is absent with a selector and on the last page',
    source: 'docs: reference/kubernetes-api/common-definitions/list-meta, remainingItemCount',
    mutation: { file: READ, find: 'remaining: filter === undefined ? left : undefined', replace: 'remaining: left' },
    run: async (t) => {
      for (const name of ['a', 'b', 'c'])
        await t.http.ok('POST', `${t.core}/secrets`, { metadata: { name, labels: { x: 'y' } } });
      const all = namesIn(await t.http.ok('GET', `${t.core}/secrets`));
      const path = `${t.core}/secrets?limit=2`;
      const first = await t.http.ok('GET', path);
      assert.equal(first['metadata'].remainingItemCount, all.length - 2);
      const rest = await t.http.ok('GET', `${path}0&continue=${first['metadata'].continue}`);
      assert.deepEqual(namesIn(rest), all.slice(2));
      assert.deepEqual(Object.keys(rest['metadata']).sort(), ['resourceVersion']);
      const selected = await t.http.ok('GET', `${path}&labelSelector=x%3Dy`);
      assert.deepEqual(Object.keys(selected['metadata']).sort(), ['continue', 'resourceVersion']);
    },
  },
  {
    id: 'list/page-after-the-last-match',
    title: 'With a selector a page that is full is followed by a token, even when nothing that follows matches',
    source: 'kubernetes: staging/src/k8s.io/apiserver/pkg/storage/etcd3/store.go, List',
    mutation: {
      file: READ,
      find: 'items.length !== limit || left === 0',
      replace: 'items.length <= limit || left === 0',
    },
    run: async (t) => {
      await createMaps(t, 'a', 'b', 'z');
      await t.http.patch('merge', `${t.core}/configmaps/z`, { metadata: { labels: { case: 'other' } } });
      const path = `${t.core}/configmaps?limit=2&labelSelector=case%3Dlist`;
      const full = await t.http.ok('GET', path);
      assert.deepEqual(namesIn(full), ['a', 'b']);
      assert.equal(typeof full['metadata'].continue, 'string');
      const empty = await t.http.ok('GET', `${path}&continue=${full['metadata'].continue}`);
      assert.deepEqual(empty['items'], []);
      assert.equal(empty['metadata'].continue, undefined);
    },
  },
  {
    id: 'list/token-tells-version-and-key',
    until: '1.36',
    title: 'A continue token is base64url of the format, the resourceVersion and the key to go on from',
    source: 'kubernetes: staging/src/k8s.io/apiserver/pkg/storage/etcd3/store.go, encodeContinue',
    mutation: {
      file: READ,
      find: 'objectKey(namespace, name).slice(prefix.length)',
      replace: 'objectKey(namespace, name)',
    },
    run: async (t) => {
      await createMaps(t, 'a', 'b');
      const { metadata } = await t.http.ok('GET', `${t.core}/configmaps?limit=1`);
      assert.deepEqual(JSON.parse(Buffer.from(metadata.continue, 'base64url').toString('utf8')), {
        v: 'meta.k8s.io/v1',
        rv: Number(metadata.resourceVersion),
        start: 'a\0',
      });
    },
  },
  {
    id: 'list/page-of-a-forgotten-version',
    until: '1.34',
    title:
      'A page whose version was compacted away is a 410 that carries a token to go on, inconsistently, with what is newest',
    source:
      'kubernetes: staging/src/k8s.io/apiserver/pkg/storage/etcd3/errors.go; conformance: "should support continue listing from the last key if the original version has been compacted away, though the list is inconsistent"',
    mutation: { file: TOKEN, find: 'rv < 0 ? NEWEST : rv', replace: 'Math.abs(rv)' },
    needs: ['compaction'],
    run: async (t) => {
      await createMaps(t, 'a', 'b', 'c');
      const path = `${t.core}/configmaps?labelSelector=case%3Dlist`;
      const first = await t.http.ok('GET', `${path}&limit=1`);
      await createMaps(t, 'd');
      await t.server.compact?.();
      const { code, body } = await t.http.get(`${path}&limit=1&continue=${first['metadata'].continue}`);
      assert.deepEqual([code, body['reason'], body['message']], [410, 'Expired', EXPIRED_PAGE]);
      const rest = await t.http.ok('GET', `${path}&continue=${body['metadata'].continue}`);
      assert.deepEqual(namesIn(rest), ['b', 'c', 'd']);
      assert.ok(Number(rest['metadata'].resourceVersion) > Number(first['metadata'].resourceVersion));
    },
  },
  {
    id: 'list/exactly-one-version',
    title: 'resourceVersionMatch=Exact shows a list as it was at an old version',
    source: VERSIONS,
    mutation: { file: READ, find: "match !== 'Exact' && !paged", replace: '!paged' },
    run: async (t) => {
      await createMaps(t, 'a', 'b');
      const then = await t.http.ok('GET', `${t.core}/configmaps?labelSelector=case%3Dlist`);
      const version = then['metadata'].resourceVersion;
      await t.http.ok('DELETE', `${t.core}/configmaps/a`);
      await createMaps(t, 'c');
      const again = await t.http.ok(
        'GET',
        `${t.core}/configmaps?labelSelector=case%3Dlist&resourceVersion=${version}&resourceVersionMatch=Exact`,
      );
      assert.deepEqual(again, then);
    },
  },
  {
    id: 'list/version-with-limit-is-exact',
    title:
      'A resourceVersion with a limit and no match means exactly that version; without a limit it means any that is not older',
    source: `${VERSIONS}, table of list semantics`,
    mutation: {
      file: READ,
      find: "if (match === 'NotOlderThan' || asked === 0) {",
      replace: "if (match !== 'Exact') {",
    },
    run: async (t) => {
      await createMaps(t, 'a');
      const then = await t.http.ok('GET', `${t.core}/configmaps?labelSelector=case%3Dlist`);
      const version = then['metadata'].resourceVersion;
      await createMaps(t, 'b');
      const path = `${t.core}/configmaps?labelSelector=case%3Dlist&resourceVersion=${version}`;
      assert.deepEqual(namesIn(await t.http.ok('GET', `${path}&limit=10`)), ['a']);
      const notOlder = await t.http.ok('GET', `${path}&limit=10&resourceVersionMatch=NotOlderThan`);
      assert.deepEqual(namesIn(notOlder), ['a', 'b']);
      assert.ok(Number(notOlder['metadata'].resourceVersion) > Number(version));
    },
  },
  {
    id: 'list/version-zero-ignores-limit',
    title: 'resourceVersion=0 gives everything at once, whatever the limit',
    source: 'docs: reference/using-api/api-concepts, "Semantics for get and list", and issue kubernetes#108003',
    mutation: {
      file: READ,
      find: "options.resourceVersion === '0' && options.continueToken",
      replace: "options.resourceVersion === '-' && options.continueToken",
    },
    // Newer releases page from their cache.
    until: '1.34',
    run: async (t) => {
      await createMaps(t, 'a', 'b', 'c');
      const version = (await t.http.ok('GET', `${t.core}/configmaps`))['metadata'].resourceVersion;
      // A cache may lag behind; asked for this version it has caught up.
      await t.http.ok('GET', `${t.core}/configmaps?resourceVersion=${version}`);
      const list = await t.http.ok('GET', `${t.core}/configmaps?limit=1&resourceVersion=0&labelSelector=case%3Dlist`);
      assert.deepEqual(namesIn(list).sort(), ['a', 'b', 'c']);
      assert.equal(list['metadata'].continue, undefined);
    },
  },
  {
    id: 'list/forgotten-version',
    until: '1.34',
    title: 'A list at a version that was compacted away is a 410',
    source: 'kubernetes: staging/src/k8s.io/apiserver/pkg/storage/etcd3/errors.go',
    mutation: {
      file: READ,
      find: "expired('The resourceVersion for the provided list is too old.')",
      replace: "badRequest('')",
    },
    needs: ['compaction'],
    run: async (t) => {
      await createMaps(t, 'a');
      const version = (await t.http.ok('GET', `${t.core}/configmaps`))['metadata'].resourceVersion;
      await createMaps(t, 'b');
      await t.server.compact?.();
      const { code, body } = await t.http.get(
        `${t.core}/configmaps?resourceVersion=${version}&resourceVersionMatch=Exact`,
      );
      assert.equal(code, 410);
      assert.equal(body['reason'], 'Expired');
      assert.equal(body['message'], 'The resourceVersion for the provided list is too old.');
    },
  },
  {
    id: 'list/items-without-kind',
    title: 'Items of a list of a built-in kind carry neither kind nor apiVersion; an empty list has an empty array',
    source: 'kubernetes: staging/src/k8s.io/apimachinery/pkg/runtime (items are encoded as members of their list)',
    mutation: {
      file: 'lab/kube/apiserver/http/list-body.ts',
      find: 'if (definition.custom) return',
      replace: 'if (true) return',
    },
    run: async (t) => {
      await createMaps(t, 'a');
      const list = await t.http.ok('GET', `${t.core}/configmaps?labelSelector=case%3Dlist`);
      assert.equal(list['kind'], 'ConfigMapList');
      assert.equal(list['apiVersion'], 'v1');
      assert.deepEqual(Object.keys(list['items'][0]).sort(), ['data', 'metadata']);
      const { text } = await t.http.get(`${t.core}/configmaps?labelSelector=case%3Dnothing`);
      assert.match(text, /"items":\[\]\}\n$/);
    },
  },
  {
    id: 'list/all-namespaces-in-order',
    title: 'A list over all namespaces is ordered by namespace and name, and pages across namespaces',
    source: CHUNKS,
    mutation: {
      file: 'lab/kube/apiserver/storage/sorted-keys.ts',
      find: 'if (keys[index] !== key) keys.splice(index, 0, key);',
      replace: 'keys.push(key);',
    },
    run: async (t) => {
      const other = t.unique('a-first');
      await t.http.ok('POST', '/api/v1/namespaces', { metadata: { name: other } });
      t.defer(() => t.http.call('DELETE', `/api/v1/namespaces/${other}`));
      const label = t.unique('case');
      for (const [namespace, name] of [
        [t.namespace, 'b'],
        [other, 'z'],
        [t.namespace, 'a'],
      ])
        await t.http.ok('POST', `/api/v1/namespaces/${namespace}/configmaps`, {
          metadata: { name, labels: { label } },
        });
      const seen: string[] = [];
      let token = '';
      do {
        const page = await t.http.ok(
          'GET',
          `/api/v1/configmaps?limit=1&labelSelector=label%3D${label}&continue=${token}`,
        );
        seen.push(...namesIn(page));
        token = page['metadata'].continue ?? '';
      } while (token !== '');
      assert.deepEqual(seen, ['z', 'a', 'b']);
    },
  },
  ...listParameterCases,
];
