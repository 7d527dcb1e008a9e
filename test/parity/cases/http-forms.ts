// The forms of answers and bodies: media types, conversions, compression.
import assert from 'node:assert/strict';
import { gunzipSync } from 'node:zlib';
import { parse } from 'yaml';
import type { Answer } from '../drivers/http.ts';
import type { ParityContext } from '../context.ts';
import type { ParityCase } from '../parity-case.ts';

const accept = (value: string): { headers: { accept: string } } => ({ headers: { accept: value } });
const metadataAs = (kind: string, version = 'v1'): string => `application/json;as=${kind};g=meta.k8s.io;v=${version}`;
const typeOf = (answer: Answer): string => (answer.headers['content-type'] ?? '').split(';')[0] ?? '';
const negotiation = 'apiserver/pkg/endpoints/handlers/negotiation: NegotiateMediaTypeOptions';

/** The bytes of an answer, for encodings. */
async function bytesOf(
  t: ParityContext,
  path: string,
  encoding: string,
): Promise<{ encoding: string | undefined; bytes: Buffer }> {
  const response = await t.http.open('GET', path, undefined, { headers: { 'accept-encoding': encoding } });
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return { encoding: response.headers['content-encoding'], bytes: Buffer.concat(chunks) };
}

export const formCases: readonly ParityCase[] = [
  {
    id: 'http/yaml-answers',
    title: 'Objects, lists and errors are written as YAML for who accepts that',
    source: 'docs: reference/using-api/api-concepts, "Alternate representations of resources"',
    mutation: {
      file: 'lab/kube/apiserver/http/reply.ts',
      find: "if (form.media === 'yaml') return writeYaml(JSON.parse(json));",
      replace: '',
    },
    run: async (t) => {
      await t.http.ok('POST', `${t.core}/configmaps`, {
        metadata: { name: 'y' },
        data: { on: 'off', n: '1', l: 'a\nb\n' },
      });
      const object = await t.http.get(`${t.core}/configmaps/y`, accept('application/yaml'));
      assert.deepEqual([object.code, typeOf(object)], [200, 'application/yaml']);
      assert.match(object.text, /^apiVersion: v1\ndata:\n/);
      assert.deepEqual(parse(object.text, { version: '1.1' }).data, { on: 'off', n: '1', l: 'a\nb\n' });
      const list = await t.http.get(`${t.core}/configmaps`, accept('application/yaml'));
      assert.equal(parse(list.text).kind, 'ConfigMapList');
      const missing = await t.http.get(`${t.core}/configmaps/missing`, accept('application/yaml'));
      assert.deepEqual([missing.code, typeOf(missing)], [404, 'application/yaml']);
      assert.equal(parse(missing.text).reason, 'NotFound');
    },
  },
  {
    id: 'http/yaml-bodies',
    title: 'A YAML body is read as YAML 1.1 without times, and only its first document counts',
    source: 'sigs.k8s.io/yaml: YAMLToJSON',
    mutation: {
      file: 'lab/kube/apiserver/http/yaml-text.ts',
      find: "error.code !== 'MULTIPLE_DOCS'",
      replace: "error.code !== 'NONE'",
    },
    run: async (t) => {
      const yaml = { headers: { 'content-type': 'application/yaml' } };
      const text = [
        'apiVersion: v1',
        'kind: ConfigMap',
        'metadata: {name: first}',
        'immutable: yes',
        'data: {time: 1:30, day: 2024-01-01, multi: |',
        '    x',
        '  }',
      ];
      // A flow mapping cannot hold a block scalar: the reader must refuse it rather than guess.
      assert.equal((await t.http.call('POST', `${t.core}/configmaps`, text.join('\n'), yaml)).code, 400);
      const good = [...text.slice(0, 4), 'data: {time: 1:30, day: 2024-01-01}', '---', 'kind: Ignored', ''].join('\n');
      const made = await t.http.call('POST', `${t.core}/configmaps`, good, yaml);
      assert.equal(made.code, 201, made.text);
      assert.deepEqual(made.body['data'], { time: '1:30', day: '2024-01-01' });
      assert.equal(made.body['immutable'], true);
    },
  },
  {
    id: 'http/accept-preferences',
    title:
      'The first acceptable form wins: by quality, then precise before wild, then in order; what is unknown is passed over',
    source: negotiation,
    mutation: {
      file: 'lab/kube/apiserver/http/accept.ts',
      find: 'right.quality - left.quality ||',
      replace: '0 * (right.quality - left.quality) ||',
    },
    run: async (t) => {
      for (const [header, expected] of [
        ['application/json', 'application/json'],
        ['*/*', 'application/json'],
        ['text/html, application/yaml', 'application/yaml'],
        ['application/json;q=0.5, application/yaml;q=0.9', 'application/yaml'],
        ['application/yaml;q=0.1, */*', 'application/json'],
        ['*/*, application/yaml', 'application/yaml'],
        ['application/json; charset=utf-8', 'application/json'],
      ] as const) {
        const answer = await t.http.get('/api/v1/namespaces/default', accept(header));
        assert.deepEqual([answer.code, typeOf(answer)], [200, expected], header);
      }
    },
  },
  {
    id: 'http/not-acceptable',
    title: 'Who accepts nothing that can be written gets a 406 Status',
    source: 'apiserver/pkg/endpoints/handlers/negotiation: NewNotAcceptableError',
    mutation: {
      file: 'lab/kube/apiserver/http/negotiation.ts',
      find: "new StatusError(406, 'NotAcceptable', message)",
      replace: "new StatusError(406, 'BadRequest', message)",
    },
    run: async (t) => {
      for (const header of ['text/html', metadataAs('Nothing'), metadataAs('Table', 'v9')]) {
        const answer = await t.http.get(`${t.core}/pods`, accept(header));
        assert.deepEqual(
          [answer.code, answer.body['reason'], answer.body['kind']],
          [406, 'NotAcceptable', 'Status'],
          header,
        );
      }
      // A watch has no YAML form.
      const watch = await t.http.get(`${t.core}/pods?watch=1&timeoutSeconds=1`, accept('application/yaml'));
      assert.equal(watch.code, 406);
      assert.match(watch.text, /application\/json;stream=watch/);
    },
  },
  {
    id: 'http/metadata-only',
    title: 'An object and a list can be had as metadata alone, in both versions of meta.k8s.io',
    source:
      'docs: reference/using-api/api-concepts, "Metadata-only fetches"; handlers/response.go: asPartialObjectMetadata',
    mutation: {
      file: 'lab/kube/apiserver/http/partial-metadata.ts',
      find: "kind: 'PartialObjectMetadataList',\n  apiVersion: `meta.k8s.io/${version}`",
      replace: "kind: 'PartialObjectMetadataList',\n  apiVersion: 'meta.k8s.io/v1'",
    },
    run: async (t) => {
      await t.http.ok('POST', `${t.core}/configmaps`, {
        metadata: { name: 'm', labels: { case: 'm' } },
        data: { a: 'b' },
      });
      const one = await t.http.get(`${t.core}/configmaps/m`, accept(metadataAs('PartialObjectMetadata')));
      assert.deepEqual([one.body['kind'], one.body['apiVersion']], ['PartialObjectMetadata', 'meta.k8s.io/v1']);
      assert.deepEqual(Object.keys(one.body).sort(), ['apiVersion', 'kind', 'metadata']);
      const path = `${t.core}/configmaps?labelSelector=case%3Dm`;
      const list = await t.http.get(path, accept(metadataAs('PartialObjectMetadataList', 'v1beta1')));
      assert.deepEqual(
        [list.body['kind'], list.body['apiVersion']],
        ['PartialObjectMetadataList', 'meta.k8s.io/v1beta1'],
      );
      assert.deepEqual(
        list.body['items'].map((item: Answer['body']) => [item['kind'], item['metadata'].name, item['data']]),
        [['PartialObjectMetadata', 'm', undefined]],
      );
      const swapped = await t.http.get(path, accept(metadataAs('PartialObjectMetadata')));
      assert.deepEqual(
        [swapped.code, swapped.body['message']],
        [406, 'you requested PartialObjectMetadata, but the requested object is a list (*core.ConfigMapList)'],
      );
    },
  },
  {
    id: 'http/tables-in-both-versions',
    title: 'A Table comes in the version that was asked for, and falls back to JSON as kubectl asks for it',
    source: 'docs: reference/using-api/api-concepts, "Receiving resources as Tables"',
    mutation: {
      file: 'lab/kube/apiserver/http/object-reply.ts',
      find: "form.metaVersion === 'v1' ? made : inOldVersion(made)",
      replace: 'made',
    },
    run: async (t) => {
      await t.http.ok('POST', `${t.core}/configmaps`, { metadata: { name: 'row' } });
      for (const version of ['v1', 'v1beta1']) {
        const header = `${metadataAs('Table', version)},application/json`;
        const { body } = await t.http.get(`${t.core}/configmaps/row`, accept(header));
        assert.deepEqual([body['kind'], body['apiVersion']], ['Table', `meta.k8s.io/${version}`]);
        assert.deepEqual(
          [body['rows'][0].cells[0], body['rows'][0].object.apiVersion],
          ['row', `meta.k8s.io/${version}`],
        );
      }
      const version = await t.http.get('/version', accept(`${metadataAs('Table')},application/json`));
      assert.equal(version.code, 200);
      const bad = await t.http.get(`${t.core}/configmaps?includeObject=Some`, accept(metadataAs('Table')));
      assert.deepEqual(
        [bad.code, bad.body['message']],
        [
          400,
          "Unable to convert to Table as requested: includeObject: Invalid value: \"Some\": must be 'Metadata', 'Object', 'None', or empty",
        ],
      );
    },
  },
  {
    id: 'http/gzip',
    title: 'Answers over 128 KiB are gzipped for clients that take it, smaller ones never',
    source: 'apiserver/pkg/endpoints/handlers/responsewriters/writers.go: defaultGzipThresholdBytes',
    mutation: {
      file: 'lab/kube/apiserver/http/reply.ts',
      find: 'GZIP_FROM_BYTES = 128 * 1024',
      replace: 'GZIP_FROM_BYTES = 1024 * 1024',
    },
    run: async (t) => {
      const path = `${t.core}/configmaps`;
      await t.http.ok('POST', path, { metadata: { name: 'large' }, data: { text: 'words '.repeat(30_000) } });
      await t.http.ok('POST', path, { metadata: { name: 'small' }, data: { text: 'words' } });
      const zipped = await bytesOf(t, `${path}/large`, 'gzip');
      assert.equal(zipped.encoding, 'gzip');
      assert.equal(JSON.parse(gunzipSync(zipped.bytes).toString('utf8')).metadata.name, 'large');
      assert.equal((await bytesOf(t, `${path}/large`, 'deflate, gzip')).encoding, 'gzip');
      assert.equal((await bytesOf(t, `${path}/large`, 'identity')).encoding, undefined);
      assert.equal((await bytesOf(t, `${path}/small`, 'gzip')).encoding, undefined);
    },
  },
  {
    id: 'http/pretty',
    title: 'JSON comes with line breaks for people: with ?pretty, and for browsers and curl unless they say otherwise',
    source: 'apiserver/pkg/endpoints/handlers/negotiation: isPrettyPrint',
    mutation: {
      file: 'lab/kube/apiserver/http/negotiation.ts',
      find: '/^(curl|Wget|Mozilla\\/5\\.0)/',
      replace: '/^(Wget|Mozilla\\/5\\.0)/',
    },
    run: async (t) => {
      const curl = { headers: { 'user-agent': 'curl/8.0' } };
      const path = '/api/v1/namespaces/default';
      assert.match((await t.http.get(`${path}?pretty=true`)).text, /^\{\n {2}"kind"/);
      assert.match((await t.http.get(path, curl)).text, /^\{\n {2}"kind"/);
      assert.match((await t.http.get(`${path}?pretty=false`, curl)).text, /^\{"kind"/);
      assert.match((await t.http.get(path)).text, /^\{"kind"/);
    },
  },
];
