// Watching: the stream itself, bookmarks, time limits, and the forms that events come in.
import assert from 'node:assert/strict';
import type { ParityContext } from '../context.ts';
import type { Watch } from '../drivers/http.ts';
import type { ParityCase } from '../parity-case.ts';

const LINES = 'lab/kube/apiserver/http/watch-lines.ts';
const STREAM = 'lab/kube/apiserver/http/watch-stream.ts';
const OPTIONS = 'lab/kube/apiserver/operations/list-options.ts';
const WATCH = 'lab/kube/apiserver/operations/watch.ts';
const STREAMING_LISTS = 'docs: reference/using-api/api-concepts, "Streaming lists"';

async function create(t: ParityContext, name: string): Promise<string> {
  const made = await t.http.ok('POST', `${t.core}/configmaps`, {
    metadata: { name, labels: { case: 'forms' } },
    data: { x: '1' },
  });
  return made['metadata'].resourceVersion;
}

async function watching(t: ParityContext, query: string, accept = 'application/json'): Promise<Watch> {
  const watch = await t.http.watch(`${t.core}/configmaps?watch=true&${query}`, { headers: { accept } });
  t.defer(() => Promise.resolve(watch.close()));
  return watch;
}

const ours = 'labelSelector=case%3Dforms';
const as = (what: string): string => `application/json;as=${what};g=meta.k8s.io;v=v1,application/json`;

/** Servers that can stream lists may have it switched off, and then say so in these words. */
async function streamsLists(t: ParityContext): Promise<boolean> {
  const { code, body } = await t.http.get(
    `${t.core}/configmaps?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&timeoutSeconds=1`,
  );
  if (code === 200) return true;
  const forbidden =
    'sendInitialEvents: Forbidden: sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled';
  assert.equal(body['message'], `ListOptions.meta.k8s.io "" is invalid: ${forbidden}`);
  return t.server.kind === 'embedded';
}

export const watchFormCases: readonly ParityCase[] = [
  {
    id: 'watch/stream-of-lines',
    title: 'A watch is a chunked answer of JSON lines, also to a client that asks for ;stream=watch',
    source: 'docs: reference/using-api/api-concepts, "Efficient detection of changes"',
    mutation: { file: LINES, find: '"object":${object}}\\n', replace: '"object":${object}}' },
    run: async (t) => {
      await create(t, 'a');
      for (const accept of ['application/json', 'application/json;stream=watch', '*/*']) {
        const path = `${t.core}/configmaps?watch=true&${ours}&timeoutSeconds=1`;
        const { code, headers, text } = await t.http.get(path, { headers: { accept } });
        assert.equal(code, 200);
        assert.equal(headers['content-type'], 'application/json');
        assert.equal(headers['transfer-encoding'], 'chunked');
        assert.equal(headers['content-length'], undefined);
        assert.match(text, /^\{"type":"ADDED","object":\{"kind":"ConfigMap","apiVersion":"v1",.*\}\}\n$/);
      }
    },
  },
  {
    id: 'watch/bookmark',
    title: 'A client that asked for bookmarks is told the newest version shortly before its time is over',
    source: 'docs: reference/using-api/api-concepts, "Watch bookmarks"',
    mutation: { file: STREAM, find: 'if (timeoutMs > LAST_BOOKMARK_MS)', replace: 'if (false)' },
    run: async (t) => {
      const version = await create(t, 'a');
      const watch = await watching(
        t,
        `labelSelector=case%3Dnobody&resourceVersion=${version}&allowWatchBookmarks=true&timeoutSeconds=4`,
      );
      const changed = await create(t, 'b');
      const { type, object } = await watch.next();
      assert.equal(type, 'BOOKMARK');
      assert.deepEqual(Object.keys(object), ['kind', 'apiVersion', 'metadata']);
      assert.equal(object['kind'], 'ConfigMap');
      assert.deepEqual(
        Object.keys(object['metadata']).filter((key) => key !== 'creationTimestamp'),
        ['resourceVersion'],
      );
      assert.ok(Number(object['metadata'].resourceVersion) >= Number(changed));
    },
  },
  {
    id: 'watch/no-bookmark-unasked',
    title: 'Without allowWatchBookmarks none is sent, and timeoutSeconds ends the stream in order',
    source: 'docs: reference/using-api/api-concepts, "Watch bookmarks"',
    mutation: { file: STREAM, find: 'if (options.bookmarks) {', replace: 'if (!options.bookmarks) {' },
    run: async (t) => {
      const version = await create(t, 'a');
      const watch = await watching(t, `labelSelector=case%3Dnobody&resourceVersion=${version}&timeoutSeconds=3`);
      await create(t, 'b');
      await assert.rejects(watch.next(), /the watch ended/);
    },
  },
  {
    id: 'watch/time-limit',
    title: 'timeoutSeconds ends the answer completely, so that the client can watch again',
    source: 'docs: reference/kubernetes-api/common-parameters, timeoutSeconds',
    mutation: {
      file: STREAM,
      find: 'core.clock.after(timeoutMs, () => sink.end())',
      replace: 'core.clock.after(timeoutMs, () => response.destroy())',
    },
    run: async (t) => {
      await create(t, 'a');
      const { text } = await t.http.get(`${t.core}/configmaps?watch=true&${ours}&timeoutSeconds=1`);
      assert.equal(text.split('\n').length, 2);
    },
  },
  {
    id: 'watch/as-tables',
    title: 'A watch as Tables sends the columns with the first event only, and one row with metadata each',
    source: 'docs: reference/using-api/api-concepts, "Receiving resources as Tables"',
    mutation: { file: LINES, find: "if (notice.type !== 'ERROR') headers = false;", replace: '' },
    run: async (t) => {
      const version = await create(t, 'a');
      const watch = await watching(t, ours, as('Table'));
      const first = (await watch.next()).object;
      assert.deepEqual([first['kind'], first['apiVersion']], ['Table', 'meta.k8s.io/v1']);
      assert.deepEqual(first['metadata'], { resourceVersion: version });
      assert.deepEqual(
        first['columnDefinitions'].map((column: { name: string }) => column.name),
        ['Name', 'Data', 'Age'],
      );
      assert.deepEqual(first['rows'][0].cells.slice(0, 2), ['a', 1]);
      assert.equal(first['rows'][0].object.kind, 'PartialObjectMetadata');
      await create(t, 'b');
      const second = (await watch.next()).object;
      assert.equal(second['columnDefinitions'], null);
      assert.equal(second['rows'][0].cells[0], 'b');
      await t.http.ok('DELETE', `${t.core}/configmaps/b`);
      const gone = await watch.next();
      assert.equal(gone.type, 'DELETED');
      assert.equal(gone.object['rows'][0].object.metadata.name, 'b');
    },
  },
  {
    id: 'watch/as-metadata',
    title: 'A watch as PartialObjectMetadata sends metadata alone',
    source: 'kubernetes: staging/src/k8s.io/client-go/metadata/metadatainformer; endpoints/handlers/response.go',
    mutation: {
      file: LINES,
      find: "case 'PartialObjectMetadata':\n",
      replace: "case 'PartialObjectMetadata':\n      return { kind: 'object' };\n",
    },
    run: async (t) => {
      const version = await create(t, 'a');
      const watch = await watching(t, ours, as('PartialObjectMetadata'));
      const { type, object } = await watch.next();
      assert.equal(type, 'ADDED');
      assert.deepEqual(Object.keys(object).sort(), ['apiVersion', 'kind', 'metadata']);
      assert.deepEqual([object['kind'], object['apiVersion']], ['PartialObjectMetadata', 'meta.k8s.io/v1']);
      assert.equal(object['metadata'].resourceVersion, version);
      assert.deepEqual(object['metadata'].labels, { case: 'forms' });
    },
  },
  {
    id: 'watch/flag-values',
    title: 'watch is anything but false and 0; those mean a list',
    source: 'kubernetes: staging/src/k8s.io/apimachinery/pkg/runtime/conversion.go, Convert_Slice_string_To_bool',
    mutation: { file: 'lab/kube/apiserver/http/request-path.ts', find: "given !== '0' &&", replace: '' },
    run: async (t) => {
      await create(t, 'a');
      for (const value of ['false', 'FALSE', '0']) {
        const list = await t.http.ok('GET', `${t.core}/configmaps?watch=${value}&${ours}&timeoutSeconds=1`);
        assert.equal(list['kind'], 'ConfigMapList');
      }
      for (const value of ['true', '1', 'yes', '']) {
        const { text } = await t.http.get(`${t.core}/configmaps?watch=${value}&${ours}&timeoutSeconds=1`);
        assert.match(text, /^\{"type":"ADDED"/);
      }
    },
  },
  {
    id: 'watch/old-path',
    title: 'The old path /watch/ is a watch; the parameter on a path with a name is not, and gives the object',
    source:
      'kubernetes: staging/src/k8s.io/apiserver/pkg/endpoints/installer.go (WATCH, WATCHLIST), deprecated since 1.11',
    mutation: {
      file: 'lab/kube/apiserver/http/request-path.ts',
      find: "given[0] === 'watch' && given.length > 1",
      replace: 'false',
    },
    run: async (t) => {
      await create(t, 'a');
      await create(t, 'b');
      const path = `/api/v1/watch/namespaces/${t.namespace}/configmaps/a?timeoutSeconds=1`;
      const lines = (await t.http.get(path)).text.trim().split('\n');
      assert.equal(lines.length, 1);
      assert.match(lines[0] ?? '', /^\{"type":"ADDED".*"name":"a"/);
      const object = await t.http.ok('GET', `${t.core}/configmaps/a?watch=true`);
      assert.equal(object['kind'], 'ConfigMap');
    },
  },
  {
    id: 'watch/parameters-refused',
    title: 'Faulty parameters of a watch are refused before the stream begins',
    source: 'kubernetes: staging/src/k8s.io/apiserver/pkg/endpoints/handlers/get.go, ListResource',
    mutation: {
      file: OPTIONS,
      find: "const timeoutSeconds = wholeNumber(query, 'timeoutSeconds');",
      replace: 'const timeoutSeconds = 1;',
    },
    run: async (t) => {
      const refused = async (query: string): Promise<readonly [number, string]> => {
        const { code, body } = await t.http.get(`${t.core}/configmaps?watch=true&${query}`);
        return [code, body['message']];
      };
      assert.deepEqual(await refused('resourceVersion=abc'), [
        500,
        'resourceVersion: Invalid value: "abc": strconv.ParseUint: parsing "abc": invalid syntax',
      ]);
      assert.deepEqual(await refused('timeoutSeconds=soon'), [400, 'strconv.ParseInt: parsing "soon": invalid syntax']);
    },
  },
  {
    id: 'watch/match-rules',
    title: 'resourceVersionMatch belongs to sendInitialEvents in a watch, and must be NotOlderThan',
    source:
      'kubernetes: staging/src/k8s.io/apimachinery/pkg/apis/meta/internalversion/validation/validation.go, validateWatchOptions',
    mutation: {
      file: OPTIONS,
      find: "if (match !== 'NotOlderThan') faults.push(notSupported",
      replace: "if (match === '') faults.push(notSupported",
    },
    since: '1.27',
    run: async (t) => {
      const { code, body } = await t.http.get(
        `${t.core}/configmaps?watch=true&resourceVersion=1&resourceVersionMatch=Exact`,
      );
      assert.equal(code, 422);
      assert.deepEqual(body['details'].causes, [
        {
          reason: 'FieldValueForbidden',
          message: 'Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
          field: 'resourceVersionMatch',
        },
        {
          reason: 'FieldValueNotSupported',
          message: 'Unsupported value: "Exact": supported values: "NotOlderThan"',
          field: 'resourceVersionMatch',
        },
      ]);
    },
  },
  {
    id: 'watch/streaming-list',
    title: 'sendInitialEvents tells what exists, then a bookmark that says so, then what happens',
    source: STREAMING_LISTS,
    mutation: { file: WATCH, find: 'initialEnd: true', replace: 'initialEnd: false' },
    since: '1.27',
    run: async (t) => {
      if (!(await streamsLists(t))) return;
      await create(t, 'a');
      const version = await create(t, 'b');
      const query = `${ours}&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true`;
      for (const from of ['', '0', version]) {
        const watch = await watching(t, `${query}&resourceVersion=${from}`);
        const first = [await watch.next(), await watch.next()];
        assert.deepEqual(
          first.map(({ type, object }) => `${type} ${object['metadata'].name}`),
          ['ADDED a', 'ADDED b'],
        );
        const { type, object } = await watch.next();
        assert.equal(type, 'BOOKMARK');
        assert.deepEqual(object['metadata'].annotations, { 'k8s.io/initial-events-end': 'true' });
        assert.ok(Number(object['metadata'].resourceVersion) >= Number(version));
        watch.close();
      }
    },
  },
  {
    id: 'watch/streaming-list-switched-off',
    title: 'sendInitialEvents=false begins with nothing, from any version; without a match it is refused',
    source: STREAMING_LISTS,
    mutation: {
      file: WATCH,
      find: 'const streamsList = options.sendInitialEvents === true;',
      replace: 'const streamsList = options.sendInitialEvents !== undefined;',
    },
    since: '1.27',
    run: async (t) => {
      if (!(await streamsLists(t))) return;
      await create(t, 'a');
      const watch = await watching(
        t,
        `${ours}&sendInitialEvents=false&resourceVersionMatch=NotOlderThan&resourceVersion=0`,
      );
      await create(t, 'b');
      assert.equal((await watch.next()).object['metadata'].name, 'b');
      const { code, body } = await t.http.get(`${t.core}/configmaps?watch=true&sendInitialEvents=true`);
      assert.equal(code, 422);
      assert.equal(
        body['details'].causes[0].message,
        'Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
      );
    },
  },
];
