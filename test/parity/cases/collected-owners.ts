// Which references count: owners that never were, that are somewhere else, of any kind, served or not.
import assert from 'node:assert/strict';
import type { ParityCase } from '../parity-case.ts';
import { ownedObjects } from './owned-objects.ts';

const REFERENCES = 'lab/kube/controllers/garbage/references.ts';
const COLLECT = 'lab/kube/controllers/garbage/collect.ts';
const INFORMERS = 'lab/kube/controllers/garbage/informers.ts';
const DOCS = 'docs: concepts/overview/working-with-objects/owners-dependents';

export const collectedOwnersCases: readonly ParityCase[] = [
  {
    id: 'garbage-collection/absent-owner',
    title: 'An object whose owner does not exist is collected',
    source: 'source: test/integration/garbagecollector/garbage_collector_test.go, TestCreateWithNonExistentOwner',
    needs: ['controllers'],
    mutation: {
      file: REFERENCES,
      find: 'if (isNotFound(error)) return undefined;',
      replace: "if (isNotFound(error)) return { apiVersion: '', kind: '', metadata: { name: '' } };",
    },
    run: async (t) => {
      const objects = ownedObjects(t);
      await objects.make('child', {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        name: 'nobody',
        uid: 'b5f1e1a7-1c5d-4c4b-9f1c-000000000000',
      });
      await objects.gone('child');
    },
  },
  {
    id: 'garbage-collection/owner-by-uid',
    title: 'An owner of the right name with another uid is not the owner',
    source: `${DOCS}, "Owner references in object specifications"`,
    needs: ['controllers'],
    mutation: {
      file: REFERENCES,
      find: 'return owner.metadata.uid === uid ? owner : undefined;',
      replace: 'return owner.metadata.uid === uid ? owner : owner;',
    },
    run: async (t) => {
      const objects = ownedObjects(t);
      const owner = await objects.make('owner');
      await objects.make('kept', owner.reference);
      await objects.make('child', { ...owner.reference, uid: 'b5f1e1a7-1c5d-4c4b-9f1c-111111111111' });
      await objects.gone('child');
      assert.equal((await objects.get('kept')).code, 200);
    },
  },
  {
    id: 'garbage-collection/owner-in-another-namespace',
    title: 'An owner in another namespace is treated as absent, and an Event says so',
    source: `${DOCS}, note on cross-namespace owner references; source: pkg/controller/garbagecollector/graph_builder.go, reportInvalidNamespaceOwnerRef`,
    needs: ['controllers'],
    mutation: { file: COLLECT, find: "reason: 'OwnerRefInvalidNamespace',", replace: "reason: 'OwnerRefInvalid'," },
    run: async (t) => {
      const objects = ownedObjects(t);
      const elsewhere = t.unique('elsewhere');
      await t.http.ok('POST', '/api/v1/namespaces', { metadata: { name: elsewhere } });
      t.defer(() => t.http.call('DELETE', `/api/v1/namespaces/${elsewhere}`));
      const owner = await t.http.ok('POST', `/api/v1/namespaces/${elsewhere}/configmaps`, {
        metadata: { name: 'owner' },
      });
      const reference = { apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: owner['metadata'].uid };
      // The collector has seen the owner once something that it owns in its own namespace was collected there.
      const watch = await t.http.watch(`${t.core}/events?watch=1&fieldSelector=reason%3DOwnerRefInvalidNamespace`);
      t.defer(async () => watch.close());
      const sign = `/api/v1/namespaces/${elsewhere}/configmaps/sign`;
      await t.http.ok('POST', `/api/v1/namespaces/${elsewhere}/configmaps`, {
        metadata: { name: 'sign', ownerReferences: [{ ...reference, uid: 'nobody' }] },
      });
      await t.until('the collector to act in the other namespace', async () =>
        (await t.http.get(sign)).code === 404 ? true : undefined,
      );
      const child = await objects.make('child', reference);
      await objects.gone('child');
      const { object } = await watch.next();
      assert.deepEqual([object['involvedObject'].uid, object['type']], [child.uid, 'Warning']);
      assert.equal(
        object['message'],
        `ownerRef [v1/ConfigMap, namespace: ${t.namespace}, name: owner, uid: ${reference.uid}] does not exist in namespace "${t.namespace}"`,
      );
    },
  },
  {
    id: 'garbage-collection/cluster-scoped-owner',
    title: 'An object in a namespace may be owned by one that lies in none',
    source: 'source: test/integration/garbagecollector/garbage_collector_test.go, TestClusterScopedOwners',
    needs: ['controllers'],
    mutation: {
      file: REFERENCES,
      find: 'const resource = served.find(apiVersion, kind);',
      replace: 'const resource = [served.find(apiVersion, kind)].find((found) => found?.namespaced);',
    },
    run: async (t) => {
      const objects = ownedObjects(t);
      const name = t.unique('owner');
      const path = `/apis/rbac.authorization.k8s.io/v1/clusterroles/${name}`;
      const { metadata } = await t.http.ok('POST', '/apis/rbac.authorization.k8s.io/v1/clusterroles', {
        metadata: { name },
      });
      t.defer(() => t.http.call('DELETE', path));
      const reference = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', name, uid: metadata.uid };
      await objects.make('child', reference);
      await objects.make('wrong', { ...reference, uid: 'b5f1e1a7-1c5d-4c4b-9f1c-222222222222' });
      await objects.gone('wrong');
      assert.equal((await objects.get('child')).code, 200);
      await t.http.ok('DELETE', path);
      await objects.gone('child');
    },
  },
  {
    id: 'garbage-collection/namespaced-owner-of-cluster-scoped',
    title: 'An object in no namespace that names an owner in one is left alone',
    source: `${DOCS}, note on cluster-scoped dependents; source: pkg/controller/garbagecollector/garbagecollector.go, isDangling`,
    needs: ['controllers'],
    mutation: {
      file: REFERENCES,
      find: 'throw new ImpossibleOwner(',
      replace: 'return undefined && new ImpossibleOwner(',
    },
    run: async (t) => {
      const name = t.unique('misowned');
      const root = '/apis/rbac.authorization.k8s.io/v1/clusterroles';
      const absent = {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        name: 'nobody',
        uid: 'b5f1e1a7-1c5d-4c4b-9f1c-333333333333',
      };
      await t.http.ok('POST', root, { metadata: { name, ownerReferences: [absent] } });
      t.defer(() => t.http.call('DELETE', `${root}/${name}`));
      // Another one of the kind, whose owner can be looked for, goes meanwhile.
      const sign = t.unique('sign');
      const role = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', name: 'nobody', uid: absent.uid };
      await t.http.ok('POST', root, { metadata: { name: sign, ownerReferences: [role] } });
      await t.until('the other role to go', async () =>
        (await t.http.get(`${root}/${sign}`)).code === 404 ? true : undefined,
      );
      assert.equal((await t.http.get(`${root}/${name}`)).code, 200);
    },
  },
  {
    id: 'garbage-collection/custom-resources',
    title: 'Custom resources own and are owned, in kinds that were defined while the collector ran',
    source:
      'conformance: [sig-api-machinery] Garbage collector "should support cascading deletion of custom resources"',
    needs: ['controllers'],
    mutation: {
      file: INFORMERS,
      find: '.filter((resource) => !running.has(idOf(resource)))',
      replace: ".filter((resource) => !running.has(idOf(resource)) && !resource.group.includes('example'))",
    },
    run: async (t) => {
      const objects = ownedObjects(t);
      const group = `${t.unique('owned')}.example.com`;
      const root = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
      await t.http.ok('POST', root, {
        metadata: { name: `things.${group}` },
        spec: {
          group,
          scope: 'Namespaced',
          names: { plural: 'things', kind: 'Thing' },
          versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
        },
      });
      t.defer(() => t.http.call('DELETE', `${root}/things.${group}`));
      const things = `/apis/${group}/v1/namespaces/${t.namespace}/things`;
      const make = (name: string, ownerReferences: object[] = []): Promise<{ uid: string } | undefined> =>
        t.http
          .call('POST', things, { apiVersion: `${group}/v1`, kind: 'Thing', metadata: { name, ownerReferences } })
          .then(({ code, body }) => (code === 201 ? body['metadata'] : undefined));
      const owner = await t.until('the kind to be served', () => make('owner'));
      const reference = { apiVersion: `${group}/v1`, kind: 'Thing', name: 'owner', uid: owner.uid };
      const child = await make('child', [reference]);
      await objects.make('map', { apiVersion: `${group}/v1`, kind: 'Thing', name: 'child', uid: child?.uid ?? '' });
      await t.http.ok('DELETE', `${things}/owner`, { propagationPolicy: 'Background' });
      // A real collector looks for new kinds every 30 s; the wait goes on for longer than that.
      for (let round = 0; round < 4; round += 1)
        if (
          await objects.gone('map').then(
            () => true,
            () => false,
          )
        )
          break;
      assert.equal((await objects.get('map')).code, 404);
      assert.equal((await t.http.get(`${things}/child`)).code, 404);
    },
  },
];
