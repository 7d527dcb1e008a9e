// Writing roles and bindings: nobody hands on what they do not have; roles gather others; some things cannot be changed.
import assert from 'node:assert/strict';
import type { ParityCase } from '../parity-case.ts';
import { newUser, RBAC } from './rbac-users.ts';

const ESCALATION = 'lab/kube/apiserver/access/escalation.ts';
const RULE = 'lab/kube/apiserver/access/policy-rule.ts';
const DOCS = 'docs: reference/access-authn-authz/rbac, "Privilege escalation prevention and bootstrapping"';
const GROUP = 'rbac.authorization.k8s.io';

const writers = {
  apiGroups: [GROUP],
  resources: ['roles', 'rolebindings', 'clusterroles'],
  verbs: ['create', 'update', 'patch', 'get'],
};
const readPods = { apiGroups: [''], resources: ['pods'], verbs: ['get'] };

export const rbacRoleCases: readonly ParityCase[] = [
  {
    id: 'rbac/escalation-of-roles',
    title: 'A role is refused that gives more than its writer has, with the rest written rule by rule',
    source: `${DOCS}; source: pkg/registry/rbac/validation/rule.go, ConfirmNoEscalation`,
    mutation: { file: RULE, find: '...before, verbs: [...before.verbs, ...rule.verbs] }', replace: '...before }' },
    run: async (t) => {
      const user = newUser(t);
      await user.grant([readPods, writers]);
      const roles = `${RBAC}/namespaces/${t.namespace}/roles`;
      const rules = [
        { apiGroups: [''], resources: ['pods', 'secrets'], verbs: ['get', 'list'] },
        { apiGroups: ['apps'], resources: ['deployments'], resourceNames: ['a'], verbs: ['*'] },
      ];
      const refused = await user.call('POST', roles, { metadata: { name: 'more' }, rules });
      assert.equal(refused.code, 403);
      assert.equal(
        refused.body['message'],
        `roles.rbac.authorization.k8s.io "more" is forbidden: user "${user.name}" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n` +
          '{APIGroups:[""], Resources:["pods"], Verbs:["list"]}\n' +
          '{APIGroups:[""], Resources:["secrets"], Verbs:["get" "list"]}\n' +
          '{APIGroups:["apps"], Resources:["deployments"], ResourceNames:["a"], Verbs:["*"]}',
      );
      assert.equal((await user.call('POST', roles, { metadata: { name: 'same' }, rules: [readPods] })).code, 201);
      const grown = await user.call(
        'PATCH',
        `${roles}/same`,
        { rules },
        { 'content-type': 'application/merge-patch+json' },
      );
      assert.equal(grown.code, 403);
      const narrower = { ...readPods, resourceNames: ['a'] };
      assert.equal((await user.call('POST', roles, { metadata: { name: 'less' }, rules: [narrower] })).code, 201);
    },
  },
  {
    id: 'rbac/escalate-verb',
    title: 'Who may `escalate` a role may write any rules into it',
    source: `${DOCS}, "Restrictions on role creation or update"`,
    mutation: {
      file: ESCALATION,
      find: "if (mayDo(authorizer, user, 'escalate', plural, namespace, requestName)) return;",
      replace: '',
    },
    run: async (t) => {
      const user = newUser(t);
      await user.grant([writers, { apiGroups: [GROUP], resources: ['roles'], verbs: ['escalate'] }]);
      const rules = [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }];
      const made = await user.call('POST', `${RBAC}/namespaces/${t.namespace}/roles`, {
        metadata: { name: 'all' },
        rules,
      });
      assert.equal(made.code, 201);
    },
  },
  {
    id: 'rbac/escalation-of-bindings',
    title:
      'A binding to a role is refused to whom lacks what the role gives, and to anybody when there is no such role',
    source: `${DOCS}, "Restrictions on role binding creation or update"`,
    mutation: {
      file: ESCALATION,
      find: 'confirm(authorizer, write, referredRules(authorizer, roleRef, namespace));',
      replace: 'void referredRules;',
    },
    run: async (t) => {
      const user = newUser(t);
      await user.grant([readPods, writers]);
      const root = `${RBAC}/namespaces/${t.namespace}`;
      await t.http.ok('POST', `${root}/roles`, {
        metadata: { name: 'maps' },
        rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get'] }],
      });
      await t.http.ok('POST', `${root}/roles`, { metadata: { name: 'pods' }, rules: [readPods] });
      const bind = (name: string, role: string): ReturnType<typeof user.call> =>
        user.call('POST', `${root}/rolebindings`, {
          metadata: { name },
          roleRef: { apiGroup: GROUP, kind: 'Role', name: role },
          subjects: [user.subject],
        });
      const refused = await bind('a', 'maps');
      assert.equal(
        refused.body['message'],
        `rolebindings.rbac.authorization.k8s.io "a" is forbidden: user "${user.name}" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n{APIGroups:[""], Resources:["configmaps"], Verbs:["get"]}`,
      );
      const absent = await bind('a', 'nowhere');
      assert.deepEqual(
        [absent.code, absent.body['message']],
        [404, 'roles.rbac.authorization.k8s.io "nowhere" not found'],
      );
      assert.equal((await bind('a', 'pods')).code, 201);
    },
  },
  {
    id: 'rbac/bind-verb',
    title: 'Who may `bind` a role by name may bind it without having what it gives',
    source: `${DOCS}, "Restrictions on role binding creation or update"`,
    mutation: {
      file: ESCALATION,
      find: "if (mayDo(authorizer, user, 'bind', resource, namespace, name)) return;",
      replace: '',
    },
    run: async (t) => {
      const user = newUser(t);
      await user.grant([
        writers,
        { apiGroups: [GROUP], resources: ['clusterroles'], resourceNames: ['view'], verbs: ['bind'] },
      ]);
      const root = `${RBAC}/namespaces/${t.namespace}/rolebindings`;
      const bind = (name: string): ReturnType<typeof user.call> =>
        user.call('POST', root, {
          metadata: { name },
          roleRef: { apiGroup: GROUP, kind: 'ClusterRole', name },
          subjects: [user.subject],
        });
      assert.equal((await bind('view')).code, 201);
      assert.equal((await bind('cluster-admin')).code, 403);
    },
  },
  {
    id: 'rbac/paths-escalate-too',
    title: 'Rules about paths are handed on only by who has them',
    source: 'source: staging/src/k8s.io/component-helpers/auth/rbac/validation/policy_comparator.go, Covers',
    mutation: {
      file: RULE,
      find: '...NOTHING, nonResourceURLs: [url], verbs: [verb] })',
      replace: '...NOTHING, nonResourceURLs: [url], verbs: rule.verbs })',
    },
    run: async (t) => {
      const user = newUser(t);
      await user.grantEverywhere([writers, { nonResourceURLs: ['/logs/*'], verbs: ['get'] }]);
      const name = t.unique('paths');
      const make = (nonResourceURLs: string[], verbs: string[]): ReturnType<typeof user.call> =>
        user.call('POST', `${RBAC}/clusterroles`, { metadata: { name }, rules: [{ nonResourceURLs, verbs }] });
      t.defer(() => t.http.call('DELETE', `${RBAC}/clusterroles/${name}`));
      assert.equal(
        (await make(['/logs/*', '/metrics'], ['get', 'post'])).body['message'],
        `clusterroles.rbac.authorization.k8s.io "${name}" is forbidden: user "${user.name}" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n` +
          '{NonResourceURLs:["/logs/*"], Verbs:["post"]}\n{NonResourceURLs:["/metrics"], Verbs:["get"]}\n{NonResourceURLs:["/metrics"], Verbs:["post"]}',
      );
      assert.equal((await make(['/logs/some'], ['get'])).code, 201);
    },
  },
  {
    id: 'rbac/aggregation-needs-everything',
    title: 'Only who may do everything writes a role that gathers others',
    source: 'source: pkg/registry/rbac/clusterrole/policybased/storage.go',
    mutation: {
      file: ESCALATION,
      find: 'if (missing(authorizer, user, namespace, everything).length > 0)',
      replace: 'if (missing(authorizer, user, namespace, everything).length < 0)',
    },
    run: async (t) => {
      const user = newUser(t);
      await user.grantEverywhere([writers]);
      const name = t.unique('gathering');
      const aggregationRule = { clusterRoleSelectors: [{ matchLabels: { nobody: 'has-this' } }] };
      const { code, body } = await user.call('POST', `${RBAC}/clusterroles`, {
        metadata: { name },
        aggregationRule,
        rules: [],
      });
      assert.deepEqual(
        [code, body['message']],
        [
          403,
          `clusterroles.rbac.authorization.k8s.io "${name}" is forbidden: must have cluster-admin privileges to use the aggregationRule`,
        ],
      );
    },
  },
  {
    id: 'rbac/aggregated-roles',
    title: 'An aggregated ClusterRole has the rules of the roles with its labels, as they come and change',
    source: 'docs: reference/access-authn-authz/rbac, "Aggregated ClusterRoles"',
    needs: ['controllers'],
    mutation: {
      file: 'lab/kube/controllers/clusterroles/aggregate.ts',
      find: 'if (!rules.some((known) => isDeepStrictEqual(known, rule))) rules.push(rule);',
      replace: 'rules.push(rule);',
    },
    run: async (t) => {
      const [label, name] = [t.unique('label'), t.unique('gathering')];
      const root = `${RBAC}/clusterroles`;
      const make = async (role: string, body: object): Promise<void> => {
        await t.http.ok('POST', root, { metadata: { name: role, labels: { [label]: 'yes' } }, ...body });
        t.defer(() => t.http.call('DELETE', `${root}/${role}`));
      };
      const [one, two] = [readPods, { apiGroups: [''], resources: ['secrets'], verbs: ['list'] }];
      await make(`${name}-b`, { rules: [two, one] });
      await make(`${name}-a`, { rules: [one] });
      await t.http.ok('POST', root, {
        metadata: { name },
        aggregationRule: { clusterRoleSelectors: [{ matchLabels: { [label]: 'yes' } }] },
        rules: [{ apiGroups: ['*'], resources: ['overwritten'], verbs: ['*'] }],
      });
      t.defer(() => t.http.call('DELETE', `${root}/${name}`));
      const rules = (): Promise<unknown[]> => t.http.ok('GET', `${root}/${name}`).then((role) => role['rules']);
      await t.until('the rules', async () => (JSON.stringify(await rules()).includes('secrets') ? true : undefined));
      const plain = (rule: { apiGroups: string[]; resources: string[]; verbs: string[] }): object => rule;
      assert.deepEqual(await rules(), [plain(one), plain(two)]);
      await t.http.patch('merge', `${root}/${name}-a`, { rules: [{ ...one, verbs: ['watch'] }] });
      await t.until('the change', async () => (JSON.stringify(await rules()).includes('watch') ? true : undefined));
    },
  },
  {
    id: 'rbac/default-roles-aggregate',
    title: 'The roles admin, edit and view take in what others label for them',
    source: 'docs: reference/access-authn-authz/rbac, "User-facing roles"',
    needs: ['controllers'],
    mutation: {
      file: 'lab/kube/apiserver/builtin/default-roles.ts',
      find: "view: { gathers: 'view', joins: 'edit' },",
      replace: "view: { gathers: 'view' },",
    },
    run: async (t) => {
      const name = t.unique('widgets-view');
      const rule = { apiGroups: ['widgets.example.com'], resources: [name], verbs: ['get'] };
      await t.http.ok('POST', `${RBAC}/clusterroles`, {
        metadata: { name, labels: { 'rbac.authorization.k8s.io/aggregate-to-view': 'true' } },
        rules: [rule],
      });
      t.defer(() => t.http.call('DELETE', `${RBAC}/clusterroles/${name}`));
      for (const role of ['view', 'edit', 'admin'])
        await t.until(`${role} to have the rule`, async () =>
          JSON.stringify((await t.http.ok('GET', `${RBAC}/clusterroles/${role}`))['rules']).includes(name)
            ? true
            : undefined,
        );
      const view = await t.http.ok('GET', `${RBAC}/clusterroles/view`);
      assert.deepEqual(view['metadata'].labels, {
        'kubernetes.io/bootstrapping': 'rbac-defaults',
        'rbac.authorization.k8s.io/aggregate-to-edit': 'true',
      });
      assert.equal(JSON.stringify(view['rules']).includes('"secrets"'), false);
    },
  },
  {
    id: 'rbac/role-ref-stays',
    title: 'The role that a binding refers to cannot be changed; its subjects can',
    source: 'docs: reference/access-authn-authz/rbac, "RoleBinding and ClusterRoleBinding"',
    mutation: {
      file: 'lab/kube/apiserver/builtin/rules/small-kinds.ts',
      find: "'cannot change roleRef'",
      replace: "'field is immutable'",
    },
    run: async (t) => {
      const path = `${RBAC}/namespaces/${t.namespace}/rolebindings`;
      const roleRef = { apiGroup: GROUP, kind: 'Role', name: 'one' };
      const made = await t.http.ok('POST', path, { metadata: { name: 'a' }, roleRef, subjects: [] });
      const { code, body } = await t.http.call('PUT', `${path}/a`, { ...made, roleRef: { ...roleRef, name: 'two' } });
      assert.equal(code, 422);
      assert.equal(
        body['message'],
        'RoleBinding.rbac.authorization.k8s.io "a" is invalid: roleRef: Invalid value: rbac.RoleRef{APIGroup:"rbac.authorization.k8s.io", Kind:"Role", Name:"two"}: cannot change roleRef',
      );
      const subjects = [{ kind: 'Group', apiGroup: GROUP, name: 'everybody' }];
      assert.deepEqual((await t.http.ok('PUT', `${path}/a`, { ...made, subjects }))['subjects'], subjects);
    },
  },
];
