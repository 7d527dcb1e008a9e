// Requests as bytes: paths as they are written, connections, versions and headers of HTTP.
import assert from 'node:assert/strict';
import type { ParityCase } from '../parity-case.ts';
import { codeOf, rawRequest, sendRaw } from './raw-http.ts';

const named = (name: string): string => JSON.stringify({ metadata: { name } });
const go = 'Go net/http: Server';
const json = 'Content-Type: application/json';

export const connectionCases: readonly ParityCase[] = [
  {
    id: 'http/paths-as-written',
    title: 'Doubled slashes and dot segments are not tidied away; escapes are undone, and an escaped slash is a slash',
    source: 'emicklei/go-restful: CurlyRouter; net/url: ParseRequestURI',
    mutation: {
      file: 'lab/kube/apiserver/http/request-path.ts',
      find: "path.slice(start, end).split('/');",
      replace: "path.slice(start, end).split('/').filter((part) => part !== '' && part !== '.');",
    },
    run: async (t) => {
      for (const [path, code] of [
        ['/api/v1/namespaces/', 200],
        ['/api/v1/n%61mespaces/defa%75lt', 200],
        ['http://elsewhere/api/v1/namespaces/default', 200],
        ['/api//v1/namespaces', 404],
        ['/api/v1/namespaces//default', 404],
        ['/api/v1/../v1/namespaces', 404],
        ['/api/v1/./namespaces', 404],
        ['/NAMESPACE/configmaps/a%2Fb', 404],
        ['/api/v1/namespaces/%zz', 400],
      ] as const) {
        const answer = await sendRaw(t, rawRequest(`GET ${path} HTTP/1.1`));
        assert.equal(codeOf(answer), code, `${path}: ${answer.slice(0, 300)}`);
      }
      const space = await t.http.get(`${t.core}/configmaps/a%20b`);
      assert.equal(space.body['message'], 'configmaps "a b" not found');
    },
  },
  {
    id: 'http/pipelining',
    title: 'Requests sent at once are answered in their order',
    source: 'RFC 9112, 9.3.2 Pipelining',
    mutation: {
      file: 'lab/kube/apiserver/http/health.ts',
      find: "if (!query.has('verbose')) return textReply('ok');",
      replace: "if (!query.has('verbose')) return textReply('yes');",
    },
    run: async (t) => {
      const one = (path: string, last = false): string =>
        `GET ${path} HTTP/1.1\r\nHost: server\r\nAuthorization: Bearer TOKEN\r\n${last ? 'Connection: close\r\n' : ''}\r\n`;
      const answers = await sendRaw(t, one('/healthz') + one('/NAMESPACE/pods/none') + one('/livez', true));
      assert.deepEqual(
        [...answers.matchAll(/HTTP\/1\.1 (\d+)/g)].map((match) => match[1]),
        ['200', '404', '200'],
      );
      assert.match(answers, /ok$/);
    },
  },
  {
    id: 'http/half-closed',
    title: 'A client that has ended its side still gets its answer',
    source: go,
    mutation: {
      file: 'lab/kube/apiserver/http/server.ts',
      find: 'if (!request.complete) request.resume();',
      replace: 'response.socket?.destroy();',
    },
    run: async (t) => {
      const answer = await sendRaw(t, rawRequest('GET /version HTTP/1.1'), { half: true });
      assert.equal(codeOf(answer), 200);
      assert.match(answer, /"gitVersion"/);
    },
  },
  {
    id: 'http/expect-and-chunks',
    title: 'A body may be waited for with 100-continue and may come in chunks; any other expectation is a 417',
    source: 'RFC 9110, 10.1.1 Expect; RFC 9112, 7.1 Chunked Transfer Coding',
    mutation: {
      file: 'lab/kube/apiserver/http/body.ts',
      find: 'return only !== undefined && chunks.length === 1 ? only : Buffer.concat(chunks);',
      replace: 'return only ?? Buffer.alloc(0);',
    },
    run: async (t) => {
      const start = 'POST /NAMESPACE/configmaps HTTP/1.1';
      const length = (body: string): string => `Content-Length: ${Buffer.byteLength(body)}`;
      const expected = await sendRaw(
        t,
        rawRequest(start, [json, 'Expect: 100-continue', length(named('expected'))], named('expected')),
      );
      assert.match(expected, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 201 Created\r\n/);
      const body = named('chunked');
      const chunks = Array.from(body)
        .map((letter) => `1\r\n${letter}\r\n`)
        .join('');
      const chunked = await sendRaw(t, rawRequest(start, [json, 'Transfer-Encoding: chunked'], `${chunks}0\r\n\r\n`));
      assert.equal(codeOf(chunked), 201, chunked);
      const other = await sendRaw(t, rawRequest(start, [json, 'Expect: wonders', length(body)], body));
      assert.equal(codeOf(other), 417);
    },
  },
  {
    id: 'http/versions-and-hosts',
    title: 'HTTP/1.0 is served; other versions are a 505, and a 1.1 request without a host is a 400 in plain text',
    source: `${go}, readRequest`,
    mutation: {
      file: 'lab/kube/apiserver/http/protocol-refusal.ts',
      find: "httpVersion !== '1.0' && httpVersion !== '1.1'",
      replace: "httpVersion === 'x'",
    },
    run: async (t) => {
      assert.equal(codeOf(await sendRaw(t, rawRequest('GET /version HTTP/1.0'))), 200);
      assert.match(await sendRaw(t, rawRequest('GET /version HTTP/2.0')), /^HTTP\/1\.1 505 HTTP Version Not Supported/);
      const none = await sendRaw(
        t,
        'GET /version HTTP/1.1\r\nAuthorization: Bearer TOKEN\r\nConnection: close\r\n\r\n',
      );
      assert.match(none, /^HTTP\/1\.1 400 Bad Request[\s\S]*400 Bad Request: missing required Host header$/);
    },
  },
  {
    id: 'http/absurd-headers',
    title: 'Headers of 20 kB and thousands of headers are served; beyond a megabyte the answer is a 431',
    source: `${go}.MaxHeaderBytes`,
    mutation: {
      file: 'lab/kube/apiserver/listener.ts',
      find: 'MAX_HEADER_BYTES = 1024 * 1024 + 4096',
      replace: 'MAX_HEADER_BYTES = 16 * 1024',
    },
    run: async (t) => {
      assert.equal(
        codeOf(await sendRaw(t, rawRequest('GET /version HTTP/1.1', [`X-Long: ${'a'.repeat(20_000)}`]))),
        200,
      );
      const many = Array.from({ length: 2_500 }, (_, index) => `X-Many-${index}: a`);
      assert.equal(codeOf(await sendRaw(t, rawRequest('GET /version HTTP/1.1', many))), 200);
      const huge = await t.http.get('/version', { headers: { 'x-huge': 'a'.repeat(1_200_000) } }).then(
        ({ code }) => code,
        () => 431,
      );
      assert.equal(huge, 431);
    },
  },
  {
    id: 'http/no-http',
    title: 'What is no HTTP gets a 400 and the end of the connection',
    source: `${go}, badRequestError`,
    mutation: {
      file: 'lab/kube/apiserver/http/protocol-refusal.ts',
      find: "return code === 'HPE_INVALID_METHOD' ? methodRefusal : badRequest;",
      replace: "return { status: '500 Internal Server Error' };",
    },
    run: async (t) => {
      for (const text of ['\u0000\u0001\u0002rubbish\r\n\r\n', rawRequest('GET /version HTTP/1.1', ['Bad Header: x'])])
        assert.match(await sendRaw(t, text), /^HTTP\/1\.1 4\d\d /);
      assert.match(
        await sendRaw(t, rawRequest('GET /version HTTP/1.1', ['X: a\u0001b'])),
        /^HTTP\/1\.1 400 Bad Request/,
      );
      // The server has not minded.
      assert.equal((await t.http.get('/healthz')).text, 'ok');
    },
  },
  {
    id: 'http/long-targets',
    title: 'A path or query of 9 kB is read like any other',
    source: go,
    mutation: {
      file: 'lab/kube/apiserver/listener.ts',
      find: 'maxHeaderSize: MAX_HEADER_BYTES,',
      replace: 'maxHeaderSize: 8192,',
    },
    run: async (t) => {
      const name = 'a'.repeat(9_000);
      const missing = await t.http.get(`${t.core}/configmaps/${name}`);
      assert.equal(missing.body['message'], `configmaps "${name}" not found`);
      const selector = await t.http.get(`${t.core}/configmaps?labelSelector=x+in+(${'b,'.repeat(4_500)}c)`);
      assert.equal(selector.code, 200);
    },
  },
  {
    id: 'http/large-refused-body-leaves-the-server-well',
    title: 'A refused large body ends in an answer that reaches the client',
    source: 'apiserver/pkg/endpoints/handlers/rest.go: limitedReadBody',
    mutation: {
      file: 'lab/kube/apiserver/http/body.ts',
      find: "new StatusError(413, 'RequestEntityTooLarge'",
      replace: "new StatusError(400, 'BadRequest'",
    },
    run: async (t) => {
      for (const size of [3_200_000, 5_000_000]) {
        const { code } = await t.http.call('POST', `${t.core}/configmaps`, Buffer.alloc(size, 'x'));
        assert.equal(code, 413);
      }
      assert.equal((await t.http.get('/healthz')).text, 'ok');
    },
  },
];
