// The server's other documents: version, health, metrics, OpenAPI.
import assert from 'node:assert/strict';
import type { Answer } from '../drivers/http.ts';
import type { ParityCase } from '../parity-case.ts';

type Entry = Answer['body'];

export const documentCases: readonly ParityCase[] = [
  {
    id: 'discovery/version',
    title: '/version tells the release in nine texts, written for people',
    source: 'apimachinery/pkg/version: Info; apiserver/pkg/server/routes/version.go',
    mutation: {
      file: 'lab/kube/apiserver/http/version.ts',
      find: "gitTreeState: 'clean',",
      replace: '',
    },
    run: async (t) => {
      const answer = await t.http.get('/version');
      const fields = [
        'major',
        'minor',
        'gitVersion',
        'gitCommit',
        'gitTreeState',
        'buildDate',
        'goVersion',
        'compiler',
        'platform',
      ];
      for (const field of fields) assert.equal(typeof answer.body[field], 'string', field);
      assert.match(String(answer.body['gitVersion']), /^v\d+\.\d+\.\d+/);
      assert.match(answer.text, /^\{\n {2}"major": "1",\n {2}"minor": /);
      assert.deepEqual((await t.http.get('/version/?timeout=32s')).body, answer.body);
      assert.equal((await t.http.call('HEAD', '/version')).code, 405);
    },
  },
  {
    id: 'discovery/health',
    title:
      '/healthz, /livez and /readyz say ok; with verbose each check, with exclude all but some; each check has a path',
    source: 'docs: reference/using-api/health-checks; apiserver/pkg/server/healthz',
    mutation: {
      file: 'lab/kube/apiserver/http/health.ts',
      find: "' excluded:'",
      replace: "' left out:'",
    },
    run: async (t) => {
      for (const root of ['healthz', 'livez', 'readyz']) {
        const short = await t.http.get(`/${root}`);
        assert.deepEqual([short.code, short.text], [200, 'ok']);
        assert.equal(short.headers['content-type'], 'text/plain; charset=utf-8');
        const verbose = await t.http.get(`/${root}?verbose`);
        assert.match(
          verbose.text,
          new RegExp(`^\\[\\+\\]ping ok\\n\\[\\+\\]log ok\\n\\[\\+\\]etcd ok\\n[\\s\\S]*\\n${root} check passed\\n$`),
        );
        const less = await t.http.get(`/${root}?verbose&exclude=etcd&exclude=nothing`);
        assert.match(less.text, /^\[\+\]etcd excluded: ok$/m);
        assert.match(less.text, /no matches for "nothing"$/m);
        assert.equal((await t.http.get(`/${root}/etcd`)).text, 'ok');
        assert.equal((await t.http.get(`/${root}/`)).code, 404);
        assert.equal((await t.http.call('POST', `/${root}`)).text, 'ok');
      }
      assert.match((await t.http.get('/readyz?verbose')).text, /^\[\+\]shutdown ok$/m);
    },
  },
  {
    id: 'discovery/metrics',
    title: '/metrics counts requests by verb, resource and code, in the text form of Prometheus',
    source: 'docs: reference/instrumentation/metrics, apiserver_request_total',
    mutation: {
      file: 'lab/kube/apiserver/http/metrics.ts',
      find: 'counts.set(labels, (counts.get(labels) ?? 0) + 1);',
      replace: 'counts.set(labels, 1);',
    },
    run: async (t) => {
      const count = async (): Promise<number> => {
        const answer = await t.http.get('/metrics');
        assert.match(answer.headers['content-type'] ?? '', /^text\/plain; version=0\.0\.4/);
        assert.match(answer.text, /^# TYPE apiserver_request_total counter$/m);
        const wanted = ['code="200"', 'resource="configmaps"', 'scope="namespace"', 'verb="LIST"', 'version="v1"'];
        return answer.text
          .split('\n')
          .filter(
            (line) => line.startsWith('apiserver_request_total{') && wanted.every((label) => line.includes(label)),
          )
          .reduce((sum, line) => sum + Number(line.split(' ').pop()), 0);
      };
      await t.http.ok('GET', `${t.core}/configmaps`);
      const before = await count();
      for (let times = 0; times < 3; times += 1) await t.http.ok('GET', `${t.core}/configmaps`);
      assert.ok((await count()) >= before + 3);
    },
  },
  {
    id: 'discovery/index',
    title: '/ lists the paths that there are, for any method',
    source: 'apiserver/pkg/server/routes/index.go',
    mutation: {
      file: 'lab/kube/apiserver/http/documents.ts',
      find: "case 'index.html':",
      replace: "case 'index.htm':",
    },
    run: async (t) => {
      for (const [method, path] of [
        ['GET', '/'],
        ['OPTIONS', '/'],
        ['GET', '/index.html'],
      ] as const) {
        const answer = await t.http.call(method, path);
        assert.equal(answer.code, 200);
        for (const expected of [
          '/api',
          '/api/v1',
          '/apis',
          '/apis/apps',
          '/apis/apps/v1',
          '/healthz/ping',
          '/metrics',
          '/version',
        ])
          assert.ok(answer.body['paths'].includes(expected), expected);
      }
    },
  },
  {
    id: 'discovery/openapi-v2',
    title:
      '/openapi/v2 describes kinds as JSON, found by their group, version and kind; with a tag by which it is not sent twice',
    source: 'docs: concepts/overview/kubernetes-api, "OpenAPI V2"',
    mutation: {
      file: 'lab/kube/apiserver/http/openapi-v2.ts',
      find: "swagger: '2.0',",
      replace: "swagger: '3.0',",
    },
    run: async (t) => {
      const answer = await t.http.get('/openapi/v2', { headers: { accept: 'application/json' } });
      assert.deepEqual([answer.code, answer.body['swagger']], [200, '2.0']);
      const definitions: Entry = answer.body['definitions'];
      const pod: Entry = definitions['io.k8s.api.core.v1.Pod'];
      assert.deepEqual(pod['x-kubernetes-group-version-kind'], [{ group: '', version: 'v1', kind: 'Pod' }]);
      assert.equal(pod['properties'].spec.$ref, '#/definitions/io.k8s.api.core.v1.PodSpec');
      assert.equal(pod['properties'].metadata.$ref, '#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta');
      const deployment: Entry = definitions['io.k8s.api.apps.v1.DeploymentSpec'];
      assert.equal(deployment['properties'].template.$ref, '#/definitions/io.k8s.api.core.v1.PodTemplateSpec');
      assert.ok('/api/v1/namespaces/{namespace}/pods/{name}' in answer.body['paths']);
      for (const reference of new Set(answer.text.match(/#\/definitions\/[^"]+/g)))
        assert.ok(reference.slice('#/definitions/'.length) in definitions, reference);
      const tag = answer.headers.etag ?? '';
      const again = await t.http.get('/openapi/v2', { headers: { accept: 'application/json', 'if-none-match': tag } });
      assert.equal(again.code, 304);
    },
  },
  {
    id: 'discovery/openapi-v3',
    title:
      '/openapi/v3 gives an address with a hash for each group and version; with the hash it may be kept for good, with an old one it moves',
    source: 'docs: concepts/overview/kubernetes-api, "OpenAPI V3"; kube-openapi/pkg/handler3',
    since: '1.27',
    mutation: {
      file: 'lab/kube/apiserver/http/openapi-documents.ts',
      find: "KEPT = 'public, immutable'",
      replace: "KEPT = 'no-cache, private'",
    },
    run: async (t) => {
      const index = await t.http.ok('GET', '/openapi/v3');
      const address = String(index['paths']['apis/apps/v1'].serverRelativeURL);
      assert.match(address, /^\/openapi\/v3\/apis\/apps\/v1\?hash=[0-9A-F]{128}$/);
      const document = await t.http.get(address);
      assert.match(String(document.headers['cache-control']), /public, immutable/);
      assert.match(String(document.body['openapi']), /^3\.0/);
      const schemas: Entry = document.body['components'].schemas;
      assert.deepEqual(schemas['io.k8s.api.apps.v1.Deployment']['x-kubernetes-group-version-kind'], [
        { group: 'apps', version: 'v1', kind: 'Deployment' },
      ]);
      assert.equal(document.headers.etag, `"${address.split('=')[1]}"`);
      const known = await t.http.get(address, { headers: { 'if-none-match': document.headers.etag ?? '' } });
      assert.equal(known.code, 304);
      const moved = await t.http.get('/openapi/v3/apis/apps/v1?hash=OLD');
      assert.deepEqual([moved.code, moved.headers.location], [301, address]);
      assert.equal((await t.http.get('/openapi/v3/apis/nobody.example.com/v1')).code, 404);
    },
  },
];
