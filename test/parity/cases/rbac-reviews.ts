// Asking what one may do: the reviews of authorization.k8s.io.
import assert from 'node:assert/strict';
import type { ParityCase } from '../parity-case.ts';
import { newUser } from './rbac-users.ts';

const REVIEWS = '/apis/authorization.k8s.io/v1';
const FILE = 'lab/kube/apiserver/http/reviews.ts';
const CHECKS = 'lab/kube/apiserver/http/review-validation.ts';
const DOCS = 'docs: reference/access-authn-authz/authorization, "Checking API access"';

export const rbacReviewCases: readonly ParityCase[] = [
  {
    id: 'rbac/access-reviews',
    title:
      'SubjectAccessReviews answer for oneself, for others, and for one namespace, and name the binding that allows',
    source: DOCS,
    mutation: {
      file: 'lab/kube/apiserver/access/rbac.ts',
      find: 'reason: `RBAC: allowed by ${grant.source()}` };',
      replace: "reason: '' };",
    },
    run: async (t) => {
      const user = newUser(t);
      const role = await user.grant([{ apiGroups: ['apps'], resources: ['deployments/scale'], verbs: ['update'] }]);
      const asked = {
        namespace: t.namespace,
        verb: 'update',
        group: 'apps',
        resource: 'deployments',
        subresource: 'scale',
      };
      const spec = { user: user.name, resourceAttributes: asked };
      const reason = `RBAC: allowed by RoleBinding "${role}/${t.namespace}" of Role "${role}" to User "${user.name}"`;
      const self = await user.call('POST', `${REVIEWS}/selfsubjectaccessreviews`, {
        spec: { resourceAttributes: asked },
      });
      assert.deepEqual([self.code, self.body['status']], [201, { allowed: true, reason }]);
      const other = await t.http.ok('POST', `${REVIEWS}/subjectaccessreviews`, { spec });
      assert.deepEqual(other['status'], { allowed: true, reason });
      const local = await t.http.ok('POST', `${REVIEWS}/namespaces/${t.namespace}/localsubjectaccessreviews`, {
        metadata: { namespace: t.namespace },
        spec,
      });
      assert.deepEqual([local['kind'], local['status']], ['LocalSubjectAccessReview', { allowed: true, reason }]);
      const not = { ...asked, verb: 'get' };
      const no = await t.http.ok('POST', `${REVIEWS}/subjectaccessreviews`, {
        spec: { ...spec, resourceAttributes: not },
      });
      assert.deepEqual(no['status'], { allowed: false });
      const path = {
        user: user.name,
        groups: ['system:authenticated'],
        nonResourceAttributes: { path: '/api', verb: 'get' },
      };
      assert.equal(
        (await t.http.ok('POST', `${REVIEWS}/subjectaccessreviews`, { spec: path }))['status'].allowed,
        true,
      );
    },
  },
  {
    id: 'rbac/reviews-that-ask-nothing',
    title: 'A review that asks nothing, too much, or about nobody is invalid, and the message lacks the kind',
    source: 'source: pkg/apis/authorization/validation/validation.go',
    mutation: {
      file: CHECKS,
      find: "'at least one of user or group must be specified'",
      replace: "'a user or group must be specified'",
    },
    run: async (t) => {
      const refused = async (path: string, body: object): Promise<unknown[]> => {
        const { code, body: status } = await t.http.call('POST', `${REVIEWS}/${path}`, body);
        return [code, status['message']];
      };
      const resourceAttributes = { verb: 'get', resource: 'pods', namespace: t.namespace };
      assert.deepEqual(await refused('selfsubjectaccessreviews', { spec: {} }), [
        422,
        '.authorization.k8s.io "" is invalid: spec.resourceAttributes: Invalid value: "null": exactly one of nonResourceAttributes or resourceAttributes must be specified',
      ]);
      assert.deepEqual(
        await refused('selfsubjectaccessreviews', {
          spec: { resourceAttributes, nonResourceAttributes: { path: '/', verb: 'get' } },
        }),
        [
          422,
          '.authorization.k8s.io "" is invalid: spec.nonResourceAttributes: Invalid value: authorization.NonResourceAttributes{Path:"/", Verb:"get"}: cannot be specified in combination with resourceAttributes',
        ],
      );
      assert.deepEqual(await refused('subjectaccessreviews', { spec: { resourceAttributes } }), [
        422,
        '.authorization.k8s.io "" is invalid: spec.user: Invalid value: "": at least one of user or group must be specified',
      ]);
      const local = `namespaces/${t.namespace}/localsubjectaccessreviews`;
      assert.deepEqual(await refused(local, { spec: { user: 'u', resourceAttributes } }), [
        422,
        `.authorization.k8s.io "" is invalid: spec.resourceAttributes.namespace: Invalid value: "${t.namespace}": must match metadata.namespace`,
      ]);
      assert.deepEqual(
        await refused(local, { spec: { user: 'u', resourceAttributes: { verb: 'get', resource: 'pods' } } }),
        [400, `spec.resourceAttributes.namespace must match namespace: ${t.namespace}`],
      );
    },
  },
  {
    id: 'rbac/rules-review',
    title: 'A SelfSubjectRulesReview lists what one may do in a namespace, paths apart, and names missing roles',
    source: DOCS,
    mutation: {
      file: FILE,
      find: '.map(({ verbs, nonResourceURLs }) => ({ verbs, nonResourceURLs }));',
      replace: '.map(({ nonResourceURLs }) => ({ verbs: [], nonResourceURLs }));',
    },
    run: async (t) => {
      const user = newUser(t);
      const [named, plain] = [
        { verbs: ['get'], apiGroups: [''], resources: ['secrets'], resourceNames: ['mine'] },
        { verbs: ['list'], apiGroups: ['apps'], resources: ['deployments'] },
      ];
      await user.grant([named, plain]);
      const asked = await user.call('POST', `${REVIEWS}/selfsubjectrulesreviews`, { spec: { namespace: t.namespace } });
      assert.equal(asked.code, 201);
      const { resourceRules, nonResourceRules, incomplete } = asked.body['status'];
      assert.equal(incomplete, false);
      for (const rule of [named, plain])
        assert.ok(
          resourceRules.some((found: object) => JSON.stringify(found) === JSON.stringify(rule)),
          JSON.stringify(resourceRules),
        );
      const health = nonResourceRules.find((rule: { nonResourceURLs: string[] }) =>
        rule.nonResourceURLs.includes('/apis'),
      );
      assert.deepEqual(health.verbs, ['get']);
      const nowhere = await user.call('POST', `${REVIEWS}/selfsubjectrulesreviews`, { spec: {} });
      assert.deepEqual([nowhere.code, nowhere.body['message']], [400, 'no namespace on request']);
    },
  },
  {
    id: 'rbac/reviews-need-permission',
    title: 'Asking about oneself is open to the known, asking about others is not',
    source: 'docs: reference/access-authn-authz/rbac, "Default roles and role bindings" (system:basic-user)',
    mutation: {
      file: 'lab/kube/apiserver/builtin/default-roles.ts',
      find: 'create | authorization.k8s.io | selfsubjectaccessreviews selfsubjectrulesreviews',
      replace: 'create | authorization.k8s.io | selfsubjectaccessreviews subjectaccessreviews',
    },
    run: async (t) => {
      const user = newUser(t);
      const spec = { user: 'somebody', resourceAttributes: { verb: 'get', resource: 'pods' } };
      const other = await user.call('POST', `${REVIEWS}/subjectaccessreviews`, { spec });
      assert.deepEqual(
        [other.code, other.body['message']],
        [
          403,
          `subjectaccessreviews.authorization.k8s.io is forbidden: User "${user.name}" cannot create resource "subjectaccessreviews" in API group "authorization.k8s.io" at the cluster scope`,
        ],
      );
      assert.equal(
        (await user.call('POST', `${REVIEWS}/selfsubjectrulesreviews`, { spec: { namespace: t.namespace } })).code,
        201,
      );
    },
  },
  {
    id: 'rbac/kubectl-can-i',
    title: 'kubectl auth can-i answers yes and no, by exit code too, and lists',
    source: 'docs: reference/access-authn-authz/authorization, "Checking API access" (kubectl auth can-i)',
    needs: ['kubectl'],
    mutation: {
      file: FILE,
      find: "{ group: authorization, plural: 'selfsubjectrulesreviews', kind: 'SelfSubjectRulesReview', namespaced: false },",
      replace: '',
    },
    run: async (t) => {
      const user = newUser(t);
      await user.grant([{ verbs: ['get'], apiGroups: ['apps'], resources: ['deployments'] }]);
      const ask = (...args: string[]): ReturnType<typeof t.kubectl.run> =>
        t.kubectl.run(['auth', 'can-i', ...args, `--as=${user.name}`]);
      const yes = await ask('get', 'deployments.apps');
      assert.deepEqual([yes.code, yes.stdout.trim()], [0, 'yes']);
      const no = await ask('delete', 'deployments.apps');
      assert.deepEqual([no.code, no.stdout.trim().split(' ')[0]], [1, 'no']);
      const list = await ask('--list');
      assert.match(list.stdout, /deployments\.apps\s+\[\]\s+\[\]\s+\[get\]/);
    },
  },
];
