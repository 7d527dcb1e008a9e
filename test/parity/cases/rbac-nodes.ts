// What a kubelet may do: read what its Pods refer to, keep its own node and lease, mirror its own Pods.
import assert from 'node:assert/strict';
import type { ParityContext } from '../context.ts';
import type { ParityCase } from '../parity-case.ts';
import type { TestUser } from './rbac-users.ts';
import { userNamed } from './rbac-users.ts';

const AUTHORIZER = 'lab/kube/apiserver/access/node-authorizer.ts';
const RESTRICTION = 'lab/kube/apiserver/admission-plugins/node-restriction.ts';
const DOCS = 'docs: reference/access-authn-authz/node';

const nodeUser = (t: ParityContext, name: string): TestUser => userNamed(t, `system:node:${name}`, ['system:nodes']);

async function makeNode(t: ParityContext, name: string): Promise<string> {
  const { metadata } = await t.http.ok('POST', '/api/v1/nodes', { metadata: { name } });
  t.defer(() => t.http.call('DELETE', `/api/v1/nodes/${name}`));
  return metadata.uid;
}

export const rbacNodeCases: readonly ParityCase[] = [
  {
    id: 'rbac/node-reads-what-its-pods-refer-to',
    title: 'A node reads the Secrets and ConfigMaps of its Pods and no others, and only by name',
    source: `${DOCS}, "Overview"; source: plugin/pkg/auth/authorizer/node/node_authorizer.go`,
    mutation: {
      file: AUTHORIZER,
      find: "stringAt(pod, 'spec', 'nodeName') === node && podReferences(pod)",
      replace: 'podReferences(pod)',
    },
    run: async (t) => {
      const [mine, other] = [t.unique('node'), t.unique('node')];
      await makeNode(t, mine);
      await makeNode(t, other);
      for (const name of ['wanted', 'unwanted']) await t.http.ok('POST', `${t.core}/secrets`, { metadata: { name } });
      await t.http.ok('POST', `${t.core}/pods`, {
        metadata: { name: 'a' },
        spec: {
          nodeName: mine,
          containers: [
            {
              name: 'app',
              image: 'example.com/app',
              env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'wanted', key: 'a' } } }],
            },
          ],
        },
      });
      t.defer(() => t.http.call('DELETE', `${t.core}/pods/a?gracePeriodSeconds=0`));
      const user = nodeUser(t, mine);
      await t.until('the Pod to count', async () =>
        (await user.call('GET', `${t.core}/secrets/wanted`)).code === 200 ? true : undefined,
      );
      const refused = await user.call('GET', `${t.core}/secrets/unwanted`);
      assert.equal(
        refused.body['message'],
        `secrets "unwanted" is forbidden: User "system:node:${mine}" cannot get resource "secrets" in API group "" in the namespace "${t.namespace}": no relationship found between node '${mine}' and this object`,
      );
      assert.equal((await nodeUser(t, other).call('GET', `${t.core}/secrets/wanted`)).code, 403);
      const list = await user.call('GET', `${t.core}/secrets`);
      assert.equal(
        list.body['message'],
        `secrets is forbidden: User "system:node:${mine}" cannot list resource "secrets" in API group "" in the namespace "${t.namespace}": No Object name found`,
      );
      assert.equal((await user.call('GET', `${t.core}/secrets?fieldSelector=metadata.name%3Dwanted`)).code, 200);
      assert.equal((await user.call('GET', '/api/v1/pods')).code, 200);
    },
  },
  {
    id: 'rbac/node-changes-itself-only',
    title: 'A node registers and changes itself, within the labels of its machine, and no other node',
    source: 'docs: reference/access-authn-authz/admission-controllers, "NodeRestriction"',
    mutation: {
      file: 'lab/kube/apiserver/admission-plugins/node-labels.ts',
      find: 'if (isIn(domain, RESTRICTED)) return true;',
      replace: 'if (isIn(domain, RESTRICTED)) return false;',
    },
    run: async (t) => {
      const [mine, other] = [t.unique('node'), t.unique('node')];
      const user = nodeUser(t, mine);
      const make = (name: string, labels: object = {}): ReturnType<typeof user.call> =>
        user.call('POST', '/api/v1/nodes', { metadata: { name, labels } });
      const another = await make(other);
      assert.deepEqual(
        [another.code, another.body['message']],
        [403, `nodes "${other}" is forbidden: node "${mine}" is not allowed to modify node "${other}"`],
      );
      const labels = {
        'node-restriction.kubernetes.io/zone': 'a',
        'example.k8s.io/x': 'y',
        'kubernetes.io/hostname': mine,
        'example.com/free': 'yes',
      };
      assert.equal(
        (await make(mine, labels)).body['message'],
        `nodes "${mine}" is forbidden: node "${mine}" is not allowed to set the following labels: example.k8s.io/x, node-restriction.kubernetes.io/zone`,
      );
      assert.equal((await make(mine, { 'kubernetes.io/hostname': mine, 'example.com/free': 'yes' })).code, 201);
      t.defer(() => t.http.call('DELETE', `/api/v1/nodes/${mine}`));
      const patch = (body: object): ReturnType<typeof user.call> =>
        user.call('PATCH', `/api/v1/nodes/${mine}`, body, { 'content-type': 'application/merge-patch+json' });
      assert.equal(
        (await patch({ metadata: { labels: { 'node-restriction.kubernetes.io/zone': 'a' } } })).body['message'],
        `nodes "${mine}" is forbidden: is not allowed to modify labels: node-restriction.kubernetes.io/zone`,
      );
      assert.equal(
        (await patch({ spec: { taints: [{ key: 'a', effect: 'NoExecute' }] } })).body['message'],
        `nodes "${mine}" is forbidden: node "${mine}" is not allowed to modify taints`,
      );
      assert.equal((await patch({ metadata: { annotations: { a: 'b' } } })).code, 200);
    },
  },
  {
    id: 'rbac/node-pods',
    title: 'A node creates mirror Pods of its own only, and deletes Pods that are bound to it only',
    source: 'source: plugin/pkg/admission/noderestriction/admission.go, admitPod',
    mutation: {
      file: RESTRICTION,
      find: 'return onNode(old) ? undefined : `node ${quoted} can only delete pods with spec.nodeName set to itself`;',
      replace: 'return undefined;',
    },
    run: async (t) => {
      const mine = t.unique('node');
      const uid = await makeNode(t, mine);
      const user = nodeUser(t, mine);
      const spec = { nodeName: mine, containers: [{ name: 'app', image: 'example.com/app' }] };
      const create = async (metadata: object): Promise<unknown[]> => {
        const { code, body } = await user.call('POST', `${t.core}/pods`, {
          metadata: { name: 'a', ...metadata },
          spec,
        });
        return [code, body['message']];
      };
      assert.deepEqual(await create({}), [
        403,
        `pods "a" is forbidden: pod does not have "kubernetes.io/config.mirror" annotation, node "${mine}" can only create mirror pods`,
      ]);
      const annotations = { 'kubernetes.io/config.mirror': 'x' };
      assert.deepEqual(await create({ annotations }), [
        403,
        `pods "a" is forbidden: node "${mine}" can only create pods with an owner reference set to itself`,
      ]);
      const ownerReferences = [{ apiVersion: 'v1', kind: 'Node', name: mine, uid, controller: true }];
      assert.equal((await create({ annotations, ownerReferences }))[0], 201);
      await t.http.ok('POST', `${t.core}/pods`, {
        metadata: { name: 'b' },
        spec: { ...spec, nodeName: t.unique('other') },
      });
      t.defer(() => t.http.call('DELETE', `${t.core}/pods/b?gracePeriodSeconds=0`));
      const foreign = await user.call('DELETE', `${t.core}/pods/b`);
      assert.deepEqual(
        [foreign.code, foreign.body['message']],
        [403, `pods "b" is forbidden: node "${mine}" can only delete pods with spec.nodeName set to itself`],
      );
      assert.equal((await user.call('DELETE', `${t.core}/pods/a?gracePeriodSeconds=0`)).code, 200);
    },
  },
  {
    id: 'rbac/node-lease',
    title: 'A node keeps the lease of its name and no other',
    source: 'source: plugin/pkg/auth/authorizer/node/node_authorizer.go, authorizeLease',
    mutation: {
      file: AUTHORIZER,
      find: "return asked.verb === 'create' || asked.name === node",
      replace: "return asked.verb !== '' || asked.name === node",
    },
    run: async (t) => {
      const [mine, other] = [t.unique('node'), t.unique('node')];
      const user = nodeUser(t, mine);
      const leases = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases';
      const about = 'can only access node lease with the same name as the requesting node';
      assert.equal(
        (await user.call('GET', `${leases}/${other}`)).body['message'],
        `leases.coordination.k8s.io "${other}" is forbidden: User "system:node:${mine}" cannot get resource "leases" in API group "coordination.k8s.io" in the namespace "kube-node-lease": ${about}`,
      );
      assert.equal(
        (await user.call('POST', leases, { metadata: { name: other } })).body['message'],
        `leases.coordination.k8s.io "${other}" is forbidden: ${about}`,
      );
      assert.equal((await user.call('POST', leases, { metadata: { name: mine } })).code, 201);
      assert.equal((await user.call('DELETE', `${leases}/${mine}`)).code, 200);
      assert.equal(
        (await user.call('GET', `/apis/coordination.k8s.io/v1/namespaces/${t.namespace}/leases/${mine}`)).code,
        403,
      );
    },
  },
];
