// Refusals by path and method: what is not there, and what may not be done there.
import assert from 'node:assert/strict';
import type { Answer } from '../drivers/http.ts';
import type { ParityCase } from '../parity-case.ts';

const NOT_FOUND = 'the server could not find the requested resource';
const NOT_ALLOWED = 'the server does not allow this method on the requested resource';

/** The parts of a Status that a client acts on. */
const told = ({ code, body }: Answer): unknown[] => [
  code,
  body['code'],
  body['status'],
  body['reason'],
  body['message'],
];
const notFound = [404, 404, 'Failure', 'NotFound', NOT_FOUND];
const notAllowed = [405, 405, 'Failure', 'MethodNotAllowed', NOT_ALLOWED];

const handlers = 'apiserver/pkg/endpoints';

export const pathErrorCases: readonly ParityCase[] = [
  {
    id: 'errors/missing-object',
    title:
      'An object that is not there is a 404 whose details name it by plural, with the group only where there is one',
    source: 'apimachinery/pkg/api/errors: NewNotFound',
    mutation: {
      file: 'lab/kube/apiserver/status.ts',
      find: '  kind: resource.plural,\n});',
      replace: '  kind: resource.plural.toUpperCase(),\n});',
    },
    run: async (t) => {
      const core = await t.http.get(`${t.core}/configmaps/missing`);
      assert.deepEqual(told(core), [404, 404, 'Failure', 'NotFound', 'configmaps "missing" not found']);
      assert.deepEqual(core.body['details'], { name: 'missing', kind: 'configmaps' });
      assert.deepEqual([core.body['kind'], core.body['apiVersion'], core.body['metadata']], ['Status', 'v1', {}]);
      const grouped = await t.http.get(`${t.apps}/deployments/missing`);
      assert.equal(grouped.body['message'], 'deployments.apps "missing" not found');
      assert.deepEqual(grouped.body['details'], { name: 'missing', group: 'apps', kind: 'deployments' });
    },
  },
  {
    id: 'errors/unknown-resource',
    title: 'A resource, version or subresource that a known group does not have is a 404 Status with empty details',
    source: `${handlers}: NewGenericServerResponse of the container's error handler`,
    mutation: {
      file: 'lab/kube/apiserver/status.ts',
      find: "'the server could not find the requested resource', {}",
      replace: "'the server could not find the requested resource'",
    },
    run: async (t) => {
      for (const path of [
        '/api/v1/nothings',
        `${t.core}/nothings/x`,
        `${t.core}/pods/x/nothing`,
        `${t.core}/pods/x/status/more`,
        '/api/v1/pods/x',
        `${t.core}/nodes`,
        '/api/v9/pods',
        '/apis/apps/v9/deployments',
        '/apis/apps/v9',
      ]) {
        const answer = await t.http.get(path);
        assert.deepEqual(told(answer), notFound, path);
        assert.deepEqual(answer.body['details'], {}, path);
      }
    },
  },
  {
    id: 'errors/unknown-group',
    title: 'A group that nobody serves is a 404 in plain text, as the handler of custom resources has it',
    source: 'apiextensions-apiserver/pkg/apiserver: customresource_handler, delegate http.NotFoundHandler',
    mutation: {
      file: 'lab/kube/apiserver/http/request-scope.ts',
      find: "if (path.group !== '' && !isReleaseGroup(path.group)) return undefined;",
      replace: '',
    },
    run: async (t) => {
      const group = `${t.unique('nobody')}.example.com`;
      for (const path of [`/apis/${group}`, `/apis/${group}/v1`, `/apis/${group}/v1/things`]) {
        const answer = await t.http.get(path);
        assert.deepEqual([answer.code, answer.text.trim()], [404, '404 page not found'], path);
        assert.match(answer.headers['content-type'] ?? '', /^text\/plain/);
      }
    },
  },
  {
    id: 'errors/unknown-root-path',
    title: 'A path outside the API is a 404 whose body lists the paths that there are',
    source: 'apiserver/pkg/server/routes/index.go: IndexLister',
    mutation: {
      file: 'lab/kube/apiserver/http/documents.ts',
      find: 'undefined : indexReply(core, 404)',
      replace: 'undefined : undefined',
    },
    run: async (t) => {
      for (const [method, path] of [
        ['GET', '/nothing'],
        ['POST', '/nothing'],
        ['GET', '/API/v1/pods'],
        ['GET', '//api/v1/namespaces'],
        ['GET', '/healthz/nothing'],
      ] as const) {
        const answer = await t.http.call(method, path);
        assert.equal(answer.code, 404, path);
        assert.ok(Array.isArray(answer.body['paths']) && answer.body['paths'].includes('/healthz'), path);
      }
    },
  },
  {
    id: 'errors/method-not-allowed',
    title: 'A method that a path does not have is a 405, whatever the method is called',
    source: `${handlers}/installer.go: the actions of each path`,
    mutation: {
      file: 'lab/kube/apiserver/http/request-scope.ts',
      find: "['POST', 'DELETE', 'PUT', 'PATCH']",
      replace: "['PUT', 'PATCH']",
    },
    run: async (t) => {
      const merge = { headers: { 'content-type': 'application/merge-patch+json' } };
      for (const [method, path] of [
        ['PUT', `${t.core}/configmaps`],
        ['PATCH', `${t.core}/configmaps`],
        ['POST', `${t.core}/configmaps/a`],
        ['POST', '/api/v1/configmaps'],
        ['DELETE', '/api/v1/configmaps'],
        ['DELETE', '/api/v1/namespaces'],
        ['DELETE', `${t.core}/pods/x/status`],
        ['OPTIONS', `${t.core}/configmaps`],
        ['TRACE', `${t.core}/configmaps`],
        ['PROPFIND', `${t.core}/configmaps`],
        ['DELETE', '/api'],
        ['PUT', '/api/v1'],
        ['POST', '/version'],
      ] as const) {
        const answer = await t.http.call(method, path, method === 'POST' || method === 'PUT' ? {} : undefined, merge);
        assert.deepEqual(told(answer), notAllowed, `${method} ${path}`);
        assert.deepEqual(answer.body['details'], {});
      }
    },
  },
  {
    id: 'errors/impossible-name-in-path',
    title: 'A name that cannot be a segment of a path is a 400 that says why',
    source: 'apimachinery/pkg/api/validation/path: IsValidPathSegmentName; registry/generic: NamespaceKeyFunc',
    mutation: {
      file: 'lab/kube/apiserver/http/request-path.ts',
      find: "if (name === '.' || name === '..') return",
      replace: "if (name === '.') return",
    },
    run: async (t) => {
      const parent = await t.http.get(`${t.core}/configmaps/%2e%2e`);
      assert.deepEqual(told(parent), [
        400,
        400,
        'Failure',
        'BadRequest',
        'Name parameter invalid: "..": may not be \'..\'',
      ]);
      const percent = await t.http.get(`${t.core}/configmaps/a%25b`);
      assert.deepEqual(told(percent), [
        400,
        400,
        'Failure',
        'BadRequest',
        'Name parameter invalid: "a%b": may not contain \'%\'',
      ]);
    },
  },
  {
    id: 'errors/unauthorized',
    title: 'A token that nobody issued, and credentials of another scheme, are a 401 Status without details',
    source: 'apiserver/pkg/endpoints/filters/authentication.go: Unauthorized',
    mutation: {
      file: 'lab/kube/apiserver/status.ts',
      find: "new StatusError(401, 'Unauthorized', 'Unauthorized')",
      replace: "new StatusError(401, 'Unauthorized', 'unauthorized')",
    },
    run: async (t) => {
      const expected = [401, 401, 'Failure', 'Unauthorized', 'Unauthorized'];
      const bad = await t.http.get(`${t.core}/pods`, { token: 'nobody-issued-this' });
      assert.deepEqual(told(bad), expected);
      assert.equal(bad.body['details'], undefined);
      const basic = await t.http.get('/api', { token: '', headers: { authorization: 'Basic YTpi' } });
      assert.deepEqual(told(basic), expected);
    },
  },
  {
    id: 'errors/forbidden',
    title: 'A 403 names user, verb, resource, group and namespace, and its details name the resource',
    source: 'apiserver/pkg/endpoints/handlers/responsewriters/errors.go: Forbidden',
    mutation: {
      file: 'lab/kube/apiserver/status.ts',
      find: 'is forbidden: ${why}`',
      replace: 'is refused: ${why}`',
    },
    run: async (t) => {
      const user = t.unique('stranger');
      const as = { headers: { 'impersonate-user': user } };
      const one = await t.http.get(`${t.core}/pods/one`, as);
      assert.deepEqual(told(one), [
        403,
        403,
        'Failure',
        'Forbidden',
        `pods "one" is forbidden: User "${user}" cannot get resource "pods" in API group "" in the namespace "${t.namespace}"`,
      ]);
      assert.deepEqual(one.body['details'], { name: 'one', kind: 'pods' });
      const all = await t.http.get('/apis/apps/v1/deployments', as);
      assert.equal(
        all.body['message'],
        `deployments.apps is forbidden: User "${user}" cannot list resource "deployments" in API group "apps" at the cluster scope`,
      );
      assert.deepEqual(all.body['details'], { group: 'apps', kind: 'deployments' });
      const path = await t.http.get('/metrics', as);
      assert.deepEqual(
        [path.code, path.body['message']],
        [403, `forbidden: User "${user}" cannot get path "/metrics"`],
      );
      assert.deepEqual(path.body['details'], {});
    },
  },
  {
    id: 'errors/forbidden-before-not-found',
    title: 'Who may not look is told 403, also about what is not there',
    source: 'docs: reference/access-authn-authz/authorization, "Request verbs"',
    mutation: {
      file: 'lab/kube/apiserver/http/server.ts',
      find: 'authorize(core.authorizer, user, resourceAttributes(verb, resource, query));',
      replace: '',
    },
    run: async (t) => {
      const as = { headers: { 'impersonate-user': t.unique('stranger') } };
      for (const path of [`${t.core}/configmaps/missing`, `${t.core}/nothings/x`, '/apis/apps/v9/deployments'])
        assert.equal((await t.http.get(path, as)).body['reason'], 'Forbidden', path);
    },
  },
];
