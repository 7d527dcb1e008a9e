// Who somebody is: nobody, the bearer of a certificate, or another whom one acts as.
import assert from 'node:assert/strict';
import { createServingCertificates } from '../../../lab/kube/apiserver/access/certificates.ts';
import type { ParityContext } from '../context.ts';
import type { CallOptions } from '../drivers/http.ts';
import type { ParityCase } from '../parity-case.ts';
import { newUser, RBAC } from './rbac-users.ts';

const IMPERSONATION = 'lab/kube/apiserver/access/impersonation.ts';
const IMPERSONATION_DOCS = 'docs: reference/access-authn-authz/authentication, "User impersonation"';

/** Who the server takes the caller for, as far as a refusal tells. */
async function nameOf(t: ParityContext, options: CallOptions): Promise<string> {
  const { code, body } = await t.http.get('/api/v1/nodes', options);
  assert.equal(code, 403, JSON.stringify(body));
  return /User "(.*?)" cannot/.exec(body['message'])?.[1] ?? '';
}

const as = (user: string, more: Record<string, string> = {}): CallOptions => ({
  headers: { 'impersonate-user': user, ...more },
});

/** Whether the caller is in a group, as a binding to the group tells. */
async function bindGroup(t: ParityContext, group: string): Promise<void> {
  const name = t.unique('group');
  const root = `${RBAC}/namespaces/${t.namespace}`;
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name };
  await t.http.ok('POST', `${root}/roles`, {
    metadata: { name },
    rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['list'] }],
  });
  const subjects = [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: group }];
  await t.http.ok('POST', `${root}/rolebindings`, { metadata: { name }, roleRef, subjects });
  const spec = {
    groups: [group],
    resourceAttributes: { namespace: t.namespace, verb: 'list', resource: 'configmaps' },
  };
  await t.until('the binding to count', async () => {
    const { body } = await t.http.call('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', { spec });
    return body['status'].allowed === true ? true : undefined;
  });
}

export const authenticationIdentityCases: readonly ParityCase[] = [
  {
    id: 'authentication/nobody',
    title: 'Without credentials, and with credentials that are none, everything is refused with 401',
    source: 'docs: reference/access-authn-authz/authentication, "Anonymous requests" (--anonymous-auth=false)',
    mutation: {
      file: 'lab/kube/apiserver/access/authentication.ts',
      find: 'if (user === undefined) throw unauthorized();',
      replace:
        "if (user === undefined && token !== undefined) throw unauthorized();\n  if (user === undefined) return { name: 'system:anonymous', groups: [] };",
    },
    run: async (t) => {
      const refused = {
        kind: 'Status',
        apiVersion: 'v1',
        metadata: {},
        status: 'Failure',
        message: 'Unauthorized',
        reason: 'Unauthorized',
        code: 401,
      };
      const attempts: readonly CallOptions[] = [
        { token: '' },
        { token: 'nobody-has-this' },
        { token: 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.' },
        { token: '', headers: { authorization: 'Basic YWRtaW46YWRtaW4=' } },
        { token: '', headers: { authorization: 'Bearer' } },
      ];
      for (const options of attempts)
        for (const path of ['/api/v1/namespaces', '/healthz']) {
          const { code, body } = await t.http.get(path, options);
          assert.equal(code, 401, JSON.stringify(options));
          assert.deepEqual(body, refused);
        }
    },
  },
  {
    id: 'authentication/client-certificates',
    title: 'A client certificate is its CN, in the groups of its O',
    source: 'docs: reference/access-authn-authz/authentication, "X509 client certificates"',
    needs: ['certificates'],
    mutation: {
      file: 'lab/kube/apiserver/access/client-certificate.ts',
      find: "groups: values('O') };",
      replace: 'groups: [] };',
    },
    run: async (t) => {
      const [user, group] = [t.unique('system:some:user'), t.unique('some group, Inc.')];
      const issue = async (
        name: string,
        groups: readonly string[],
      ): Promise<NonNullable<CallOptions['certificate']>> => {
        const issued = await t.server.issueClientCertificate?.(name, groups);
        assert.ok(issued);
        return issued;
      };
      const certificate = await issue(user, ['first', group]);
      assert.equal(await nameOf(t, { certificate }), user);
      const maps = `${t.core}/configmaps`;
      assert.equal((await t.http.get(maps, { certificate })).code, 403);
      await bindGroup(t, group);
      assert.equal((await t.http.get(maps, { certificate })).code, 200);
      const masters = await issue('anybody', ['system:masters']);
      assert.equal((await t.http.get('/api/v1/nodes', { certificate: masters })).code, 200);
    },
  },
  {
    id: 'authentication/foreign-certificates',
    title: 'A certificate of somebody else’s authority is refused; a good token beside it still counts',
    source: 'source: staging/src/k8s.io/apiserver/pkg/authentication/request/x509/x509.go',
    needs: ['certificates'],
    mutation: {
      file: 'lab/kube/apiserver/access/client-certificate.ts',
      find: "if (!socket.authorized) return 'refused';",
      replace: 'void socket.authorized;',
    },
    run: async (t) => {
      const foreign = await createServingCertificates(new Date(), ['localhost']);
      const certificate = await foreign.issueClient('system:admin', ['system:masters']);
      assert.equal((await t.http.get('/api/v1/nodes', { certificate })).code, 401);
      const headers = { authorization: `Bearer ${t.server.token}` };
      assert.equal((await t.http.get('/api/v1/nodes', { certificate, headers })).code, 200);
    },
  },
  {
    id: 'authentication/impersonation',
    title: 'Acting as another gives that user’s name and permissions, and the group of the known',
    source: IMPERSONATION_DOCS,
    mutation: { file: IMPERSONATION, find: 'return [...given, AUTHENTICATED];', replace: 'return given;' },
    run: async (t) => {
      const name = t.unique('somebody');
      assert.equal(await nameOf(t, as(name)), name);
      assert.equal((await t.http.get('/apis', as(name))).code, 200);
      const { code } = await t.http.get('/api/v1/nodes', as(name, { 'impersonate-group': 'system:masters' }));
      assert.equal(code, 200);
    },
  },
  {
    id: 'authentication/impersonated-service-accounts',
    title: 'Acting as a ServiceAccount brings its groups, unless others are asked for',
    source: 'source: staging/src/k8s.io/apiserver/pkg/endpoints/filters/impersonation.go',
    mutation: {
      file: IMPERSONATION,
      find: 'const given = groups.length === 0 && account !== undefined ? serviceAccountGroups(account.namespace) : groups;',
      replace: 'void account;\n  void serviceAccountGroups;\n  const given = groups;',
    },
    run: async (t) => {
      await bindGroup(t, `system:serviceaccounts:${t.namespace}`);
      const name = `system:serviceaccount:${t.namespace}:anybody`;
      assert.equal((await t.http.get(`${t.core}/configmaps`, as(name))).code, 200);
      assert.equal((await t.http.get(`${t.core}/configmaps`, as(name, { 'impersonate-group': 'others' }))).code, 403);
    },
  },
  {
    id: 'authentication/impersonation-needs-permission',
    title: 'Each part of an impersonation needs its own permission: user, group, ServiceAccount, extra',
    source: IMPERSONATION_DOCS,
    mutation: {
      file: IMPERSONATION,
      find: "for (const group of wanted.groups) check('', 'groups', group);",
      replace: '',
    },
    run: async (t) => {
      const user = newUser(t);
      // Two identities cannot be given in one request, so the actor is a ServiceAccount with a token of its own.
      await t.http.ok('POST', `${t.core}/serviceaccounts`, { metadata: { name: 'actor' } });
      const { status } = await t.http.ok('POST', `${t.core}/serviceaccounts/actor/token`, { spec: {} });
      const actor = `system:serviceaccount:${t.namespace}:actor`;
      const role = t.unique('actor');
      await t.http.ok('POST', `${RBAC}/clusterroles`, {
        metadata: { name: role },
        rules: [{ apiGroups: [''], resources: ['users'], resourceNames: [user.name], verbs: ['impersonate'] }],
      });
      t.defer(() => t.http.call('DELETE', `${RBAC}/clusterroles/${role}`));
      await t.http.ok('POST', `${RBAC}/clusterrolebindings`, {
        metadata: { name: role },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
        subjects: [{ kind: 'ServiceAccount', name: 'actor', namespace: t.namespace }],
      });
      t.defer(() => t.http.call('DELETE', `${RBAC}/clusterrolebindings/${role}`));
      const call = (name: string, more: Record<string, string> = {}): ReturnType<typeof t.http.get> =>
        t.http.get('/api/v1/nodes', { token: status.token, headers: { 'impersonate-user': name, ...more } });
      await t.until('the binding to count', async () =>
        (await call(user.name)).body['message'].includes(`User "${user.name}" cannot list`) ? true : undefined,
      );
      const other = await call('other');
      assert.equal(
        other.body['message'],
        `users "other" is forbidden: User "${actor}" cannot impersonate resource "users" in API group "" at the cluster scope`,
      );
      const group = await call(user.name, { 'impersonate-group': 'system:masters' });
      assert.equal(
        group.body['message'],
        `groups "system:masters" is forbidden: User "${actor}" cannot impersonate resource "groups" in API group "" at the cluster scope`,
      );
      const account = await call('system:serviceaccount:default:default');
      assert.equal(
        account.body['message'],
        `serviceaccounts "default" is forbidden: User "${actor}" cannot impersonate resource "serviceaccounts" in API group "" in the namespace "default"`,
      );
      const extra = await call(user.name, { 'impersonate-extra-scopes': 'view' });
      assert.equal(
        extra.body['message'],
        `userextras.authentication.k8s.io "view" is forbidden: User "${actor}" cannot impersonate resource "userextras/scopes" in API group "authentication.k8s.io" at the cluster scope`,
      );
    },
  },
  {
    id: 'authentication/impersonation-without-user',
    title: 'Headers that impersonate groups and no user are an internal error in plain text',
    source: 'source: staging/src/k8s.io/apiserver/pkg/endpoints/filters/impersonation.go, buildImpersonationRequests',
    mutation: { file: IMPERSONATION, find: 'super(`requested [', replace: 'super(`asked for [' },
    run: async (t) => {
      const { code, text } = await t.http.get('/api/v1/nodes', { headers: { 'impersonate-group': 'some' } });
      assert.deepEqual(
        [code, text],
        [500, 'Internal Server Error: "/api/v1/nodes": requested [{Group  some    }] without impersonating a user\n'],
      );
    },
  },
  {
    id: 'authentication/whoami',
    title: 'A SelfSubjectReview tells name, groups, uid and extra of whoever asks',
    source:
      'docs: reference/access-authn-authz/authentication, "API access to authentication information for a client"',
    since: '1.28',
    mutation: {
      file: 'lab/kube/apiserver/http/reviews.ts',
      find: 'status: { userInfo: userInfo(user) },',
      replace: 'status: { userInfo: { username: user.name } },',
    },
    run: async (t) => {
      const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
      const { code, body } = await t.http.call(
        'POST',
        path,
        {},
        as('somebody', { 'impersonate-uid': 'u-1', 'impersonate-extra-scopes': 'view' }),
      );
      assert.equal(code, 201);
      assert.deepEqual(body['status'].userInfo, {
        username: 'somebody',
        uid: 'u-1',
        groups: ['system:authenticated'],
        extra: { scopes: ['view'] },
      });
    },
  },
];
