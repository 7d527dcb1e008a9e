// A Namespace that is being deleted: nothing new gets in, everything inside goes, and what holds it up is said.
import assert from 'node:assert/strict';
import type { ParityCase } from '../parity-case.ts';

const DOCS = 'docs: concepts/overview/working-with-objects/namespaces';

export const deletionOfNamespacesCases: readonly ParityCase[] = [
  {
    id: 'deletion/namespace-terminates',
    title: 'A deleted Namespace is Terminating, and refuses new content with a cause',
    source: 'source: staging/src/k8s.io/apiserver/pkg/admission/plugin/namespace/lifecycle/admission.go',
    mutation: {
      file: 'lab/kube/apiserver/admission/namespace-lifecycle.ts',
      find: "reason: 'NamespaceTerminating',",
      replace: "reason: 'Terminating',",
    },
    run: async (t) => {
      const name = t.unique('going');
      const path = `/api/v1/namespaces/${name}`;
      await t.http.ok('POST', '/api/v1/namespaces', { metadata: { name } });
      await t.http.ok('POST', `${path}/configmaps`, { metadata: { name: 'keeper', finalizers: ['example.com/keep'] } });
      t.defer(() => t.http.patch('merge', `${path}/configmaps/keeper`, { metadata: { finalizers: null } }));
      const { metadata, status, spec } = await t.http.ok('DELETE', path);
      assert.deepEqual([status.phase, spec.finalizers], ['Terminating', ['kubernetes']]);
      assert.equal(metadata.deletionGracePeriodSeconds, undefined);
      const refused = await t.http.call('POST', `${path}/configmaps`, { metadata: { name: 'late' } });
      assert.equal(refused.code, 403);
      assert.equal(
        refused.body['message'],
        `configmaps "late" is forbidden: unable to create new content in namespace ${name} because it is being terminated`,
      );
      assert.deepEqual(refused.body['details'], {
        name: 'late',
        kind: 'configmaps',
        causes: [
          {
            reason: 'NamespaceTerminating',
            message: `namespace ${name} is being terminated`,
            field: 'metadata.namespace',
          },
        ],
      });
    },
  },
  {
    id: 'deletion/namespace-says-what-holds-it',
    title: 'The conditions of a Namespace say which objects and which finalizers it still waits for',
    source:
      'source: pkg/controller/namespace/deletion/status_condition_utils.go; conformance: NamespaceFinalizersRemaining in test/e2e/apimachinery/namespace.go',
    needs: ['controllers'],
    mutation: {
      file: 'lab/kube/controllers/namespace/conditions.ts',
      find: '.map(([name, count]) => `${name} has ${count} resource instances`)',
      replace: '.map(([name, count]) => `${count} of ${name}`)',
    },
    run: async (t) => {
      const name = t.unique('held');
      const path = `/api/v1/namespaces/${name}`;
      await t.http.ok('POST', '/api/v1/namespaces', { metadata: { name } });
      await t.http.ok('POST', `${path}/configmaps`, { metadata: { name: 'keeper', finalizers: ['example.com/keep'] } });
      const release = (): Promise<unknown> =>
        t.http.patch('merge', `${path}/configmaps/keeper`, { metadata: { finalizers: null } });
      t.defer(release);
      await t.http.ok('DELETE', path);
      const conditions = await t.until('the conditions', async () => {
        const found: { type: string; status: string; reason: string; message: string }[] =
          (await t.http.ok('GET', path))['status'].conditions ?? [];
        return found.some(({ type, status }) => type === 'NamespaceFinalizersRemaining' && status === 'True')
          ? found
          : undefined;
      });
      const told = (type: string): unknown[] => {
        const found = conditions.find((condition) => condition.type === type);
        return [found?.status, found?.reason, found?.message];
      };
      assert.deepEqual(told('NamespaceDeletionDiscoveryFailure'), [
        'False',
        'ResourcesDiscovered',
        'All resources successfully discovered',
      ]);
      assert.deepEqual(told('NamespaceDeletionContentFailure'), [
        'False',
        'ContentDeleted',
        'All content successfully deleted, may be waiting on finalization',
      ]);
      assert.deepEqual(told('NamespaceContentRemaining'), [
        'True',
        'SomeResourcesRemain',
        'Some resources are remaining: configmaps. has 1 resource instances',
      ]);
      assert.deepEqual(told('NamespaceFinalizersRemaining'), [
        'True',
        'SomeFinalizersRemain',
        'Some content in the namespace has finalizers remaining: example.com/keep in 1 resource instances',
      ]);
    },
  },
  {
    id: 'deletion/namespace-takes-custom-resources',
    title: 'A Namespace takes objects of custom kinds with it',
    source: `${DOCS}; source: pkg/controller/namespace/deletion/namespaced_resources_deleter.go`,
    needs: ['controllers'],
    mutation: {
      file: 'lab/kube/controllers/served-resources.ts',
      find: "{ group: '', version: 'v1', path: '/api/v1' },\n    ...groups",
      replace: "{ group: '', version: 'v1', path: '/api/v1' },\n    ...groups.slice(0, 0)",
    },
    run: async (t) => {
      const group = `${t.unique('gone')}.example.com`;
      const definition = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/things.${group}`;
      await t.http.ok('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
        metadata: { name: `things.${group}` },
        spec: {
          group,
          scope: 'Namespaced',
          names: { plural: 'things', kind: 'Thing' },
          versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
        },
      });
      t.defer(() => t.http.call('DELETE', definition));
      const name = t.unique('full');
      await t.http.ok('POST', '/api/v1/namespaces', { metadata: { name } });
      const things = `/apis/${group}/v1/namespaces/${name}/things`;
      await t.until('the custom kind to be served', async () =>
        (await t.http.get(things)).code === 200 ? true : undefined,
      );
      await t.until('the object to be made', async () => {
        const made = await t.http.call('POST', things, {
          apiVersion: `${group}/v1`,
          kind: 'Thing',
          metadata: { name: 'a' },
        });
        return made.code === 201 ? true : undefined;
      });
      const watch = await t.http.watch(`${things}?watch=1&fieldSelector=metadata.name%3Da`);
      t.defer(async () => watch.close());
      await t.http.ok('DELETE', `/api/v1/namespaces/${name}`);
      const seen = [(await watch.next()).type, (await watch.next()).type];
      assert.deepEqual(seen, ['ADDED', 'DELETED']);
      await t.until('the Namespace to go', async () =>
        (await t.http.get(`/api/v1/namespaces/${name}`)).code === 404 ? true : undefined,
      );
    },
  },
  {
    id: 'deletion/namespace-finalize',
    title: 'Only the finalize subresource takes the finalizers of a Namespace’s spec away',
    source: 'source: pkg/registry/core/namespace/strategy.go and storage.go, FinalizeREST',
    mutation: {
      file: 'lab/kube/apiserver/builtin/rules/namespace.ts',
      find: "if (subresource === 'finalize') return;",
      replace: '',
    },
    run: async (t) => {
      const name = t.unique('final');
      const path = `/api/v1/namespaces/${name}`;
      const made = await t.http.ok('POST', '/api/v1/namespaces', { metadata: { name } });
      t.defer(() => t.http.call('DELETE', path));
      const spec = { finalizers: ['kubernetes', 'example.com/mine'] };
      const plain = await t.http.ok('PUT', path, { ...made, spec });
      assert.deepEqual(plain['spec'].finalizers, ['kubernetes']);
      const through = await t.http.ok('PUT', `${path}/finalize`, {
        kind: 'Namespace',
        apiVersion: 'v1',
        metadata: { name },
        spec,
      });
      assert.deepEqual(through['spec'].finalizers, ['kubernetes', 'example.com/mine']);
      await t.http.ok('PUT', `${path}/finalize`, {
        kind: 'Namespace',
        apiVersion: 'v1',
        metadata: { name },
        spec: { finalizers: ['kubernetes'] },
      });
    },
  },
  {
    id: 'deletion/namespaces-that-stay',
    title: 'The Namespaces of the system cannot be deleted, and no Namespaces by collection',
    source:
      'source: staging/src/k8s.io/apiserver/pkg/admission/plugin/namespace/lifecycle/admission.go, immortalNamespaces',
    mutation: {
      file: 'lab/kube/apiserver/builtin/rules/namespace.ts',
      find: "const PERMANENT = ['default', 'kube-system', 'kube-public'];",
      replace: "const PERMANENT = ['default', 'kube-system'];",
    },
    run: async (t) => {
      for (const name of ['default', 'kube-system', 'kube-public']) {
        const { code, body } = await t.http.call('DELETE', `/api/v1/namespaces/${name}`);
        assert.deepEqual(
          [code, body['message']],
          [403, `namespaces "${name}" is forbidden: this namespace may not be deleted`],
        );
      }
      const all = await t.http.call('DELETE', '/api/v1/namespaces?labelSelector=nobody%3Dhas-this');
      assert.deepEqual([all.code, all.body['reason']], [405, 'MethodNotAllowed']);
    },
  },
  {
    id: 'deletion/namespace-precondition',
    title: 'A Namespace words its failed preconditions differently from every other kind',
    source: 'source: pkg/registry/core/namespace/storage/storage.go, Delete',
    mutation: {
      file: 'lab/kube/apiserver/operations/removal.ts',
      find: '    if (isNamespace)',
      replace: "    if (isNamespace && name === '')",
    },
    run: async (t) => {
      const { metadata } = await t.http.ok('GET', `/api/v1/namespaces/${t.namespace}`);
      const { code, body } = await t.http.call('DELETE', `/api/v1/namespaces/${t.namespace}`, {
        preconditions: { uid: 'another' },
      });
      assert.equal(code, 409);
      assert.equal(
        body['message'],
        `Operation cannot be fulfilled on namespaces "${t.namespace}": Precondition failed: UID in precondition: another, UID in object meta: ${metadata.uid}`,
      );
    },
  },
];
