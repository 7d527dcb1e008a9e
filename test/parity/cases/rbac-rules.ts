// What a rule covers, and how a refusal is worded.
import assert from 'node:assert/strict';
import type { ParityCase } from '../parity-case.ts';
import { newUser, RBAC, userNamed } from './rbac-users.ts';

const RULE = 'lab/kube/apiserver/access/policy-rule.ts';
const ATTRIBUTES = 'lab/kube/apiserver/access/attributes.ts';
const REQUEST = 'lab/kube/apiserver/access/request-attributes.ts';
const DOCS = 'docs: reference/access-authn-authz/rbac';

export const rbacRuleCases: readonly ParityCase[] = [
  {
    id: 'rbac/refusal-words',
    title: 'A refusal names user, verb, resource with subresource, group and scope',
    source: 'source: staging/src/k8s.io/apiserver/pkg/endpoints/handlers/responsewriters/errors.go, forbiddenMessage',
    mutation: { file: ATTRIBUTES, find: "'at the cluster scope'", replace: "'in the cluster'" },
    run: async (t) => {
      const user = newUser(t);
      const message = async (method: string, path: string): Promise<unknown> =>
        (await user.call(method, path, method === 'GET' ? undefined : {})).body['message'];
      const who = `User "${user.name}" cannot`;
      assert.equal(
        await message('GET', '/api/v1/nodes'),
        `nodes is forbidden: ${who} list resource "nodes" in API group "" at the cluster scope`,
      );
      assert.equal(
        await message('GET', `${t.apps}/deployments/web`),
        `deployments.apps "web" is forbidden: ${who} get resource "deployments" in API group "apps" in the namespace "${t.namespace}"`,
      );
      assert.equal(
        await message('PATCH', `${t.core}/pods/a/status`),
        `pods "a" is forbidden: ${who} patch resource "pods/status" in API group "" in the namespace "${t.namespace}"`,
      );
      assert.equal(
        await message('DELETE', `${t.core}/configmaps`),
        `configmaps is forbidden: ${who} deletecollection resource "configmaps" in API group "" in the namespace "${t.namespace}"`,
      );
      const watch = await user.call('GET', `${t.core}/configmaps?watch=true`);
      assert.equal(
        watch.body['message'],
        `configmaps is forbidden: ${who} watch resource "configmaps" in API group "" in the namespace "${t.namespace}"`,
      );
      assert.equal(
        await message('GET', `/api/v1/namespaces/${t.namespace}`),
        `namespaces "${t.namespace}" is forbidden: ${who} get resource "namespaces" in API group "" in the namespace "${t.namespace}"`,
      );
      const { code, body } = await user.call('GET', `${t.apps}/deployments/web`);
      assert.deepEqual([code, body['reason']], [403, 'Forbidden']);
      assert.deepEqual(body['details'], { name: 'web', group: 'apps', kind: 'deployments' });
    },
  },
  {
    id: 'rbac/refusal-is-escaped',
    title: 'What a browser could take for markup is escaped in a refusal',
    source: 'source: staging/src/k8s.io/apiserver/pkg/endpoints/handlers/responsewriters/errors.go, sanitizer',
    mutation: { file: ATTRIBUTES, find: ".replaceAll('<', '&lt;')", replace: '' },
    run: async (t) => {
      const { body } = await userNamed(t, '<b>&').call('GET', '/api/v1/nodes');
      assert.equal(
        body['message'],
        'nodes is forbidden: User "&lt;b&gt;&amp;" cannot list resource "nodes" in API group "" at the cluster scope',
      );
    },
  },
  {
    id: 'rbac/verbs-and-groups',
    title: 'A rule covers its verbs on its resources in its API groups, and nothing else',
    source: `${DOCS}, "Role and ClusterRole"`,
    mutation: { file: RULE, find: 'if (!includes(rule.verbs, attributes.verb)) return false;', replace: '' },
    run: async (t) => {
      const user = newUser(t);
      await user.grant([{ apiGroups: [''], resources: ['configmaps'], verbs: ['list', 'get'] }]);
      const code = async (method: string, path: string, body?: unknown): Promise<number> =>
        (await user.call(method, path, body)).code;
      assert.equal(await code('GET', `${t.core}/configmaps`), 200);
      assert.equal(await code('GET', `${t.core}/configmaps/none`), 404);
      assert.equal(await code('POST', `${t.core}/configmaps`, { metadata: { name: 'a' } }), 403);
      assert.equal(await code('GET', `${t.core}/configmaps?watch=1`), 403);
      assert.equal(await code('GET', `${t.core}/secrets`), 403);
      assert.equal(await code('GET', '/api/v1/configmaps'), 403);
      assert.equal(await code('GET', '/api/v1/namespaces/default/configmaps'), 403);
    },
  },
  {
    id: 'rbac/subresources',
    title: 'A rule about a resource does not cover its subresources; `*/name` covers that subresource of everything',
    source: `${DOCS}, "Referring to resources"; source: pkg/apis/rbac/v1/evaluation_helpers.go, ResourceMatches`,
    mutation: {
      file: RULE,
      find: 'return slash >= 0 && list.includes(`*${wanted.slice(slash)}`);',
      replace: 'return slash >= 0 && list.includes(wanted.slice(0, slash));',
    },
    run: async (t) => {
      const [plain, star] = [newUser(t), newUser(t)];
      await plain.grant([{ apiGroups: ['apps'], resources: ['deployments'], verbs: ['get'] }]);
      await star.grant([{ apiGroups: ['*'], resources: ['*/scale'], verbs: ['get'] }]);
      const path = `${t.apps}/deployments/none`;
      assert.deepEqual(
        [(await plain.call('GET', path)).code, (await plain.call('GET', `${path}/scale`)).code],
        [404, 403],
      );
      assert.deepEqual(
        [(await star.call('GET', path)).code, (await star.call('GET', `${path}/scale`)).code],
        [403, 404],
      );
    },
  },
  {
    id: 'rbac/resource-names',
    title: 'A rule with names covers these objects, and a list or watch that asks for one of them by field selector',
    source: `${DOCS}, "Referring to resources"`,
    mutation: {
      file: REQUEST,
      find: 'name: collectionOfOne ?? path.name,',
      replace: 'name: collectionOfOne === undefined ? path.name : path.name,',
    },
    run: async (t) => {
      const user = newUser(t);
      await user.grant([
        { apiGroups: [''], resources: ['configmaps'], resourceNames: ['mine'], verbs: ['get', 'list', 'watch'] },
      ]);
      const code = async (path: string): Promise<number> => (await user.call('GET', `${t.core}/${path}`)).code;
      assert.equal(await code('configmaps/mine'), 404);
      assert.equal(await code('configmaps/other'), 403);
      assert.equal(await code('configmaps'), 403);
      assert.equal(await code('configmaps?fieldSelector=metadata.name%3Dmine'), 200);
      const other = await user.call('GET', `${t.core}/configmaps?fieldSelector=metadata.name%3Dother`);
      assert.deepEqual(other.body['details'], { name: 'other', kind: 'configmaps' });
    },
  },
  {
    id: 'rbac/paths',
    title: 'Rules about paths cover them exactly, or what begins like them before a star',
    source: `${DOCS}, "ClusterRole example" (nonResourceURLs)`,
    mutation: {
      file: RULE,
      find: "path.startsWith(pattern.replace(/\\*+$/, ''))",
      replace: "path.startsWith(pattern.replace(/\\/\\*+$/, ''))",
    },
    run: async (t) => {
      const user = newUser(t);
      await user.grantEverywhere([{ nonResourceURLs: ['/healthz', '/logs/*'], verbs: ['get'] }]);
      const message = async (path: string): Promise<unknown> => (await user.call('GET', path)).body['message'];
      assert.equal(await message('/logsome'), `forbidden: User "${user.name}" cannot get path "/logsome"`);
      assert.notEqual((await user.call('GET', '/logs/x')).code, 403);
      const post = await user.call('POST', '/logs/x');
      assert.deepEqual([post.code, post.body['details']], [403, {}]);
    },
  },
  {
    id: 'rbac/missing-roles',
    title: 'Bindings to roles that do not exist are named in the refusal, each once',
    source: 'source: plugin/pkg/auth/authorizer/rbac/rbac.go, Authorize',
    mutation: {
      file: 'lab/kube/apiserver/access/rbac.ts',
      find: "if ('error' in grant) errors.add(grant.error);",
      replace: "if ('error' in grant) errors.size.toString();",
    },
    run: async (t) => {
      const user = newUser(t);
      const bind = (name: string): Promise<unknown> =>
        t.http.ok('POST', `${RBAC}/namespaces/${t.namespace}/rolebindings`, {
          metadata: { name },
          roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
          subjects: [user.subject],
        });
      const refusal = `pods is forbidden: User "${user.name}" cannot list resource "pods" in API group "" in the namespace "${t.namespace}"`;
      const told = (text: string): Promise<unknown> =>
        t.until('the bindings to count', async () =>
          (await user.call('GET', `${t.core}/pods`)).body['message'] === text ? true : undefined,
        );
      await bind('nowhere');
      await told(`${refusal}: RBAC: role.rbac.authorization.k8s.io "nowhere" not found`);
      await bind('zip');
      const both = ['nowhere', 'zip'].map((name) => `role.rbac.authorization.k8s.io "${name}" not found`);
      // The order is that of a cache.
      await Promise.any([
        told(`${refusal}: RBAC: [${both.join(', ')}]`),
        told(`${refusal}: RBAC: [${both.reverse().join(', ')}]`),
      ]);
    },
  },
  {
    id: 'rbac/service-account-subjects',
    title: 'A ServiceAccount is bound by name and namespace, and through its groups',
    source: `${DOCS}, "Referring to subjects"`,
    mutation: {
      file: 'lab/kube/apiserver/access/user.ts',
      find: '`system:serviceaccounts:${namespace}`,',
      replace: '`system:serviceaccounts/${namespace}`,',
    },
    run: async (t) => {
      const one = userNamed(t, `system:serviceaccount:${t.namespace}:one`);
      const two = userNamed(t, `system:serviceaccount:${t.namespace}:two`);
      const root = `${RBAC}/namespaces/${t.namespace}`;
      const rules = (resource: string): object[] => [{ apiGroups: [''], resources: [resource], verbs: ['list'] }];
      await t.http.ok('POST', `${root}/roles`, { metadata: { name: 'maps' }, rules: rules('configmaps') });
      await t.http.ok('POST', `${root}/roles`, { metadata: { name: 'pods' }, rules: rules('pods') });
      const roleRef = (name: string): object => ({ apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name });
      const account = { kind: 'ServiceAccount', name: 'one', namespace: t.namespace };
      await t.http.ok('POST', `${root}/rolebindings`, {
        metadata: { name: 'maps' },
        roleRef: roleRef('maps'),
        subjects: [account],
      });
      const group = {
        apiGroup: 'rbac.authorization.k8s.io',
        kind: 'Group',
        name: `system:serviceaccounts:${t.namespace}`,
      };
      await t.http.ok('POST', `${root}/rolebindings`, {
        metadata: { name: 'pods' },
        roleRef: roleRef('pods'),
        subjects: [group],
      });
      await t.until('the group to count', async () =>
        (await two.call('GET', `${t.core}/pods`)).code === 200 ? true : undefined,
      );
      assert.equal((await one.call('GET', `${t.core}/configmaps`)).code, 200);
      assert.equal((await one.call('GET', `${t.core}/pods`)).code, 200);
      assert.equal((await two.call('GET', `${t.core}/configmaps`)).code, 403);
    },
  },
  {
    id: 'rbac/discovery-is-open-to-the-known',
    title: 'Whoever is known may discover, and no more',
    source: `${DOCS}, "API discovery roles"`,
    mutation: {
      file: 'lab/kube/apiserver/builtin/default-roles.ts',
      find: 'get | /api /api/* /apis /apis/* /healthz',
      replace: 'get | /api /api/* /apis /healthz',
    },
    run: async (t) => {
      const user = newUser(t);
      for (const path of ['/api', '/apis', '/apis/apps/v1', '/version', '/openapi/v2'])
        assert.equal((await user.call('GET', path)).code, 200, path);
      assert.equal(
        (await user.call('GET', '/metrics')).body['message'],
        `forbidden: User "${user.name}" cannot get path "/metrics"`,
      );
    },
  },
];
