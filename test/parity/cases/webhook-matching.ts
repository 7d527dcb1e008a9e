// Parity cases: which writes a webhook is asked about.
import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import type { ParityContext } from '../context.ts';
import type { ParityCase } from '../parity-case.ts';
import {
  allow,
  configurationPath,
  configure,
  createConfigMap,
  onConfigMaps,
  ruleOf as rule,
} from './webhook-configurations.ts';

const needs = ['local-webhooks'] as const;
const docs = 'docs: reference/access-authn-authz/extensible-admission-controllers';

const pod = (name: string): object => ({ metadata: { name }, spec: { containers: [{ name: 'c', image: 'i' }] } });

async function createPod(t: ParityContext, name: string): Promise<void> {
  await t.http.ok('POST', `${t.core}/pods`, pod(name));
}

export const webhookMatchingCases: readonly ParityCase[] = [
  {
    id: 'webhooks/rules-name-operations-and-resources',
    title:
      'A webhook sees the operations and resources of its rules; a resource without a subresource means the object alone',
    source: `${docs}, "Matching requests: rules"`,
    needs,
    mutation: {
      file: 'lab/kube/apiserver/admission/matching.ts',
      find: "if (wantedSubresource === undefined) return subresource === '';",
      replace: 'if (wantedSubresource === undefined) return true;',
    },
    run: async (t) => {
      const { requests } = await configure(t, 'validating', allow, {
        rules: [rule(['UPDATE'], ['pods', 'configmaps']), rule(['DELETE'], ['configmaps'])],
      });
      await createPod(t, 'p');
      await createConfigMap(t, 'm');
      await t.http.patch('merge', `${t.core}/pods/p/status`, { status: { phase: 'Running' } });
      await t.http.patch('merge', `${t.core}/pods/p`, { metadata: { labels: { a: 'b' } } });
      await t.http.call('DELETE', `${t.core}/configmaps/m`);
      // A patch may be tried again on a newer object, and is asked about again then.
      const seen = new Set(
        requests().map((request) =>
          [request['operation'], request['resource'].resource, request['subResource'], request['name']].join(' '),
        ),
      );
      assert.deepEqual([...seen], ['UPDATE pods  p', 'DELETE configmaps  m']);
    },
  },
  {
    id: 'webhooks/subresources-have-kinds-of-their-own',
    title: 'status, binding, scale and token are reviewed as what is sent to them',
    source: `${docs}, "Request" (subResource, kind)`,
    needs,
    mutation: {
      file: 'lab/kube/apiserver/admission/admission-view.ts',
      find: "scale: { group: 'autoscaling', version: 'v1', kind: 'Scale' },",
      replace: "scale: { group: 'apps', version: 'v1', kind: 'Deployment' },",
    },
    run: async (t) => {
      const { requests } = await configure(t, 'validating', allow, {
        rules: [
          onConfigMaps('CREATE'),
          rule(['*'], ['pods/binding', 'pods/status', 'serviceaccounts/token']),
          { apiGroups: ['apps'], apiVersions: ['v1'], operations: ['*'], resources: ['*/scale'] },
        ],
      });
      await createPod(t, 'p');
      await t.http.ok('POST', `${t.apps}/deployments`, {
        metadata: { name: 'd' },
        spec: {
          replicas: 0,
          selector: { matchLabels: { a: 'b' } },
          template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
        },
      });
      await t.http.patch('merge', `${t.apps}/deployments/d/scale`, { spec: { replicas: 1 } });
      await t.http.ok('POST', `${t.core}/serviceaccounts/default/token`, { spec: { expirationSeconds: 3600 } });
      await t.http.ok('POST', `${t.core}/pods/p/binding`, {
        metadata: { name: 'p' },
        target: { kind: 'Node', name: 'nowhere' },
      });
      const own = requests().filter(
        (request) => request['userInfo'].username !== 'system:kube-scheduler' && request['subResource'] !== 'status',
      );
      // A patch may be tried again on a newer object, and is asked about again then.
      const seen = own.map((request) => [
        request['operation'],
        request['kind'],
        request['resource'].resource,
        request['subResource'],
        request['object'].kind,
        request['name'],
      ]);
      assert.deepEqual(
        seen.filter((row, index) => !isDeepStrictEqual(row, seen[index - 1])),
        [
          ['UPDATE', { group: 'autoscaling', version: 'v1', kind: 'Scale' }, 'deployments', 'scale', 'Scale', 'd'],
          [
            'CREATE',
            { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' },
            'serviceaccounts',
            'token',
            'TokenRequest',
            'default',
          ],
          ['CREATE', { group: '', version: 'v1', kind: 'Binding' }, 'pods', 'binding', 'Binding', 'p'],
        ],
      );
      assert.deepEqual([own[0]?.['object'].spec.replicas, own[0]?.['oldObject'].spec?.replicas ?? 0], [1, 0]);
    },
  },
  {
    id: 'webhooks/object-selector-takes-either-object',
    title: 'An object selector matches when the new or the old object has the labels',
    source: `${docs}, "Matching requests: objectSelector"`,
    needs,
    mutation: {
      file: 'lab/kube/apiserver/admission/matching.ts',
      find: 'return [object, oldObject].some(',
      replace: 'return [object].some(',
    },
    run: async (t) => {
      const { requests } = await configure(t, 'validating', allow, {
        rules: [onConfigMaps('CREATE', 'UPDATE', 'DELETE')],
        objectSelector: { matchExpressions: [{ key: 'watched', operator: 'Exists' }] },
      });
      // A server that starts from a stale copy asks once more, so that what counts is who was asked, not how often.
      const askedBy = async (step: Promise<unknown>): Promise<unknown[]> => {
        const before = requests().length;
        await step;
        return [
          ...new Set(
            requests()
              .slice(before)
              .map((request) => request['operation']),
          ),
        ];
      };
      const label = (value: string | null): Promise<unknown> =>
        t.http.patch('merge', `${t.core}/configmaps/m`, { metadata: { labels: { watched: value } } });
      assert.deepEqual(await askedBy(createConfigMap(t, 'm')), []);
      assert.deepEqual(await askedBy(label('yes')), ['UPDATE']);
      assert.deepEqual(await askedBy(label(null)), ['UPDATE']);
      assert.deepEqual(await askedBy(label('again')), ['UPDATE']);
      assert.deepEqual(await askedBy(t.http.call('DELETE', `${t.core}/configmaps/m`)), ['DELETE']);
    },
  },
  {
    id: 'webhooks/namespaces-select-themselves',
    title:
      'A namespace selector looks at the labels of a Namespace that is written, as they will be, and leaves cluster-scoped objects in',
    source: `${docs}, "Matching requests: namespaceSelector"`,
    needs,
    mutation: {
      file: 'lab/kube/apiserver/admission/matching.ts',
      find: "if (view.namespace === '') return true;",
      replace: "if (view.namespace === '') return false;",
    },
    run: async (t) => {
      const [name, role] = [t.unique('ns'), t.unique('role')];
      const { requests } = await configure(t, 'validating', allow, {
        rules: [
          onConfigMaps('CREATE'),
          rule(['CREATE'], ['namespaces'], { scope: 'Cluster' }),
          {
            apiGroups: ['rbac.authorization.k8s.io'],
            apiVersions: ['*'],
            operations: ['CREATE'],
            resources: ['clusterroles'],
          },
        ],
      });
      t.defer(() => t.http.call('DELETE', `/api/v1/namespaces/${name}`));
      t.defer(() => t.http.call('DELETE', `/apis/rbac.authorization.k8s.io/v1/clusterroles/${role}`));
      await t.http.ok('POST', '/api/v1/namespaces', { metadata: { name: `${name}-plain` } });
      t.defer(() => t.http.call('DELETE', `/api/v1/namespaces/${name}-plain`));
      await t.http.ok('POST', '/api/v1/namespaces', { metadata: { name, labels: { 'parity-case': t.namespace } } });
      await t.http.ok('POST', '/apis/rbac.authorization.k8s.io/v1/clusterroles', {
        metadata: { name: role },
        rules: [],
      });
      const seen = requests().filter((request) => [name, `${name}-plain`, role].includes(request['name']));
      assert.deepEqual(
        seen.map((request) => [request['name'], request['namespace']]),
        [
          [name, name],
          [role, undefined],
        ],
      );
    },
  },
  {
    id: 'webhooks/match-policy-equivalent',
    title:
      'With matchPolicy Equivalent a webhook is asked about other versions of its resource, shown in its own; with Exact it is not',
    source: `${docs}, "Matching requests: matchPolicy"`,
    needs,
    mutation: {
      file: 'lab/kube/apiserver/admission/matching.ts',
      find: "if (matchPolicy !== 'Equivalent' || rules.length === 0) return undefined;",
      replace: 'return undefined;',
    },
    run: async (t) => {
      const group = `${t.unique('match')}.example.com`;
      const version = (name: string, storage: boolean): object => ({
        name,
        served: true,
        storage,
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      });
      const crds = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
      await t.http.ok('POST', crds, {
        metadata: { name: `things.${group}` },
        spec: {
          group,
          scope: 'Namespaced',
          names: { plural: 'things', kind: 'Thing' },
          versions: [version('v1', true), version('v2', false)],
        },
      });
      t.defer(() => t.http.call('DELETE', `${crds}/things.${group}`));
      const rules = [
        onConfigMaps('CREATE'),
        { apiGroups: [group], apiVersions: ['v1'], operations: ['CREATE'], resources: ['things'] },
      ];
      const equivalent = await configure(t, 'validating', allow, { rules });
      const exact = await configure(t, 'validating', allow, { rules, matchPolicy: 'Exact' });
      const path = `/apis/${group}/v2/namespaces/${t.namespace}/things`;
      await t.until('the custom resource to be served', async () => {
        const { code } = await t.http.call('POST', path, {
          apiVersion: `${group}/v2`,
          kind: 'Thing',
          metadata: { generateName: 'x-' },
        });
        return code === 201 ? true : undefined;
      });
      const [request] = equivalent.requests();
      assert.deepEqual(
        [
          request?.['resource'],
          request?.['requestResource'],
          request?.['kind'].version,
          request?.['requestKind'].version,
          request?.['object'].apiVersion,
        ],
        [
          { group, version: 'v1', resource: 'things' },
          { group, version: 'v2', resource: 'things' },
          'v1',
          'v2',
          `${group}/v1`,
        ],
      );
      assert.equal(exact.requests().length, 0);
    },
  },
  {
    id: 'webhooks/configurations-are-exempt',
    title: 'No webhook is asked about webhook configurations: a broken one must not lock out its own repair',
    source: `${docs}; apiserver/pkg/admission/plugin/webhook/predicates/rules: IsWebhookConfigurationResource`,
    needs,
    mutation: {
      file: 'lab/kube/apiserver/admission/matching.ts',
      find: "  request.scope.definition.group === 'admissionregistration.k8s.io' &&",
      replace: "  request.scope.definition.group === 'none' &&",
    },
    run: async (t) => {
      const everything = {
        apiGroups: ['admissionregistration.k8s.io'],
        apiVersions: ['*'],
        operations: ['*'],
        resources: ['*'],
      };
      const { name, requests } = await configure(t, 'validating', () => ({ allowed: false }), {
        rules: [onConfigMaps('CREATE'), everything],
      });
      const path = `${configurationPath('validating')}/${name}`;
      const patched = await t.http.patch('merge', path, { metadata: { labels: { touched: 'yes' } } });
      assert.equal(patched.code, 200);
      assert.equal((await t.http.call('DELETE', path)).code, 200);
      assert.equal(requests().length, 0);
    },
  },
];
