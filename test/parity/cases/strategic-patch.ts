// Parity cases: strategic merge patch.
import assert from 'node:assert/strict';
import type { ParityCase } from '../parity-case.ts';
import { strategicDirectiveCases } from './strategic-patch-directives.ts';
import { deployment, failsWith, inPod, names, podAfter, send } from './strategic-patch-objects.ts';

const STRATEGIC = 'lab/kube/apiserver/patch/strategic-merge.ts';
const tutorial = 'docs: tasks/manage-kubernetes-objects/update-api-object-kubectl-patch';
const library = 'source: apimachinery/pkg/util/strategicpatch/patch.go';

export const strategicPatchCases: readonly ParityCase[] = [
  {
    id: 'strategic-patch/merges-containers-by-name',
    title: 'A container is found by its name and merged; its lists follow their own rules',
    source: `${tutorial}, "Use a strategic merge patch to update a Deployment"`,
    mutation: {
      file: STRATEGIC,
      find: 'merged[index] = mergeMap(found, change, schema.items);',
      replace: 'merged[index] = change;',
    },
    run: async (t) => {
      const { containers } = await podAfter(t, await deployment(t), {
        containers: [
          {
            name: 'a',
            image: 'registry.example/new',
            args: ['3'],
            env: [
              { name: 'F', value: '2' },
              { name: 'E', value: '9' },
            ],
          },
        ],
      });
      assert.deepEqual(names(containers), ['a', 'b']);
      const [changed] = containers;
      assert.equal(changed.image, 'registry.example/new');
      assert.deepEqual(changed.args, ['3']);
      assert.deepEqual(changed.env, [
        { name: 'F', value: '2' },
        { name: 'E', value: '9' },
      ]);
      assert.deepEqual(changed.ports, [{ containerPort: 80, protocol: 'TCP' }]);
    },
  },
  {
    id: 'strategic-patch/new-items-come-first',
    title: 'What is new in a keyed list is put before what was there',
    source: `${library}, normalizeElementOrder`,
    mutation: {
      file: STRATEGIC,
      find: 'result.push(next >= 0 && other < next ? others.shift() : named.shift());',
      replace: 'result.push(others.shift());',
    },
    run: async (t) => {
      const spec = await podAfter(t, await deployment(t), {
        containers: [{ name: 'c', image: 'registry.example/c' }],
        volumes: [{ name: 'more', emptyDir: {} }],
        imagePullSecrets: [{ name: 'new' }],
      });
      assert.deepEqual(names(spec.containers), ['c', 'a', 'b']);
      assert.deepEqual(names(spec.volumes), ['more', 'data']);
      assert.deepEqual(spec.imagePullSecrets, [{ name: 'new' }]);
    },
  },
  {
    id: 'strategic-patch/merge-keys',
    title: 'Ports merge by containerPort, mounts by mountPath, host aliases by ip, pull secrets by name',
    source: 'source: k8s.io/api/core/v1/types.go (patchMergeKey)',
    mutation: {
      file: 'lab/kube/apiserver/schema/notation.ts',
      find: "'x-kubernetes-patch-strategy': 'merge',\n        ...schema",
      replace: '...schema',
    },
    run: async (t) => {
      const path = await deployment(t, {
        imagePullSecrets: [{ name: 'one' }],
        hostAliases: [{ ip: '192.0.2.1', hostnames: ['one'] }],
      });
      const spec = await podAfter(t, path, {
        containers: [
          { name: 'a', ports: [{ containerPort: 81 }], volumeMounts: [{ name: 'data', mountPath: '/more' }] },
        ],
        imagePullSecrets: [{ name: 'two' }],
        hostAliases: [{ ip: '192.0.2.2', hostnames: ['two'] }],
      });
      const [container] = spec.containers;
      assert.deepEqual(
        container.ports.map((port: { containerPort: number }) => port.containerPort),
        [81, 80],
      );
      assert.deepEqual(
        container.volumeMounts.map((mount: { mountPath: string }) => mount.mountPath),
        ['/more', '/data'],
      );
      assert.deepEqual(names(spec.imagePullSecrets), ['two', 'one']);
      assert.deepEqual(
        spec.hostAliases.map(({ ip }: { ip: string }) => ip),
        ['192.0.2.2', '192.0.2.1'],
      );
    },
  },
  {
    id: 'strategic-patch/lists-without-key-are-replaced',
    title: 'Tolerations, arguments and the taints of a Node have no merge key and are replaced',
    source: `${tutorial}, "Notes on the strategic merge patch"`,
    mutation: {
      file: STRATEGIC,
      find: "schema?.['x-kubernetes-patch-strategy'] !== 'merge' ||",
      replace: "schema?.['x-kubernetes-patch-strategy'] === 'never' ||",
    },
    run: async (t) => {
      const path = await deployment(t, { tolerations: [{ key: 'one', operator: 'Exists' }] });
      const spec = await podAfter(t, path, { tolerations: [{ key: 'two', operator: 'Exists' }] });
      assert.deepEqual(spec.tolerations, [{ key: 'two', operator: 'Exists' }]);
      const name = t.unique('node');
      await t.http.ok('POST', '/api/v1/nodes', {
        metadata: { name },
        spec: { taints: [{ key: 'one', effect: 'NoSchedule' }] },
      });
      t.defer(() => t.http.call('DELETE', `/api/v1/nodes/${name}`));
      const node = await send(t, `/api/v1/nodes/${name}`, { spec: { taints: [{ key: 'two', effect: 'NoExecute' }] } });
      const keys = node.body['spec'].taints.map(({ key }: { key: string }) => key);
      assert.ok(keys.includes('two') && !keys.includes('one'), keys.join());
    },
  },
  {
    id: 'strategic-patch/item-without-key',
    title: 'An item without its merge key is a 500 that names the key',
    source: 'source: apimachinery/pkg/util/mergepatch/errors.go, ErrNoMergeKey',
    mutation: { file: STRATEGIC, find: 'if (item[key] === undefined) throw noMergeKey(item, key);', replace: '' },
    run: async (t) => {
      const patch = inPod({ containers: [{ image: 'registry.example/x' }] });
      await failsWith(
        t,
        await deployment(t),
        patch,
        500,
        'map: map[image:registry.example/x] does not contain declared merge key: name',
      );
    },
  },
  {
    id: 'strategic-patch/owner-references-by-uid',
    title: 'Owner references merge by uid; null takes labels away',
    source: 'source: k8s.io/apimachinery/pkg/apis/meta/v1/types.go, ObjectMeta',
    mutation: {
      file: STRATEGIC,
      find: 'if (value === null) delete live[name];\n  else if (isObject(current)',
      replace: 'if (value === null) return;\n  else if (isObject(current)',
    },
    run: async (t) => {
      const owner = (uid: string): object => ({ apiVersion: 'example.com/v1', kind: 'Owner', name: uid, uid });
      await t.http.ok('POST', `${t.core}/configmaps`, { metadata: { name: 'c', labels: { a: '1', b: '2' } } });
      const path = `${t.core}/configmaps/c`;
      const answer = await send(t, `${path}?dryRun=All`, {
        metadata: { labels: { a: null }, ownerReferences: [owner('u2')] },
      });
      assert.deepEqual(answer.body['metadata'].labels, { b: '2' });
      assert.deepEqual(answer.body['metadata'].ownerReferences, [owner('u2')]);
      const removed = await send(t, `${path}?dryRun=All`, {
        metadata: { ownerReferences: [{ uid: 'u1', $patch: 'delete' }] },
      });
      assert.equal(removed.body['metadata'].ownerReferences, undefined);
    },
  },
  {
    id: 'strategic-patch/conditions-and-addresses',
    title: 'Conditions and addresses of a Node merge by type',
    source: 'source: k8s.io/api/core/v1/types.go, NodeStatus; the kubelet reports its status so',
    mutation: {
      file: 'lab/kube/apiserver/builtin/types/core.ts',
      find: 'addresses []NodeAddress key=type',
      replace: 'addresses []NodeAddress',
    },
    run: async (t) => {
      const name = t.unique('node');
      await t.http.ok('POST', '/api/v1/nodes', {
        metadata: { name },
        status: {
          addresses: [{ type: 'InternalIP', address: '192.0.2.1' }],
          conditions: [{ type: 'Ready', status: 'False' }],
        },
      });
      t.defer(() => t.http.call('DELETE', `/api/v1/nodes/${name}`));
      const { body } = await send(t, `/api/v1/nodes/${name}/status`, {
        status: {
          addresses: [{ type: 'Hostname', address: 'one' }],
          conditions: [
            { type: 'DiskPressure', status: 'False' },
            { type: 'Ready', status: 'True' },
          ],
        },
      });
      assert.deepEqual(body['status'].addresses, [
        { type: 'Hostname', address: 'one' },
        { type: 'InternalIP', address: '192.0.2.1' },
      ]);
      assert.deepEqual(
        body['status'].conditions.map(({ type, status }: { type: string; status: string }) => `${type}=${status}`),
        ['DiskPressure=False', 'Ready=True'],
      );
    },
  },
  {
    id: 'strategic-patch/wrong-type',
    title: 'A patch that leaves a value of another type is a 422 that shows the patch as a Go map',
    source: 'source: staging/src/k8s.io/apiserver/pkg/endpoints/handlers/patch.go, applyPatchToObject',
    mutation: { file: 'lab/kube/apiserver/operations/patch.ts', find: '[], goMap(patch));', replace: "[], '');" },
    run: async (t) => {
      await t.http.ok('POST', `${t.core}/configmaps`, { metadata: { name: 'c' } });
      const { code, body } = await send(t, `${t.core}/configmaps/c`, { data: { k: 1 } });
      assert.equal(code, 422);
      assert.ok(
        body['message'].startsWith(' "" is invalid: patch: Invalid value: "map[data:map[k:1]]": '),
        body['message'],
      );
      assert.equal(body['details'].causes[0].field, 'patch');
    },
  },
  {
    id: 'strategic-patch/kind-is-ignored',
    title: 'apiVersion and kind in a patch change nothing',
    source: 'source: staging/src/k8s.io/apiserver/pkg/endpoints/handlers/patch.go, strategicPatchObject',
    mutation: {
      file: 'lab/kube/apiserver/operations/patch.ts',
      find: '{ ...merged, apiVersion: current.apiVersion, kind: current.kind }',
      replace: 'merged',
    },
    run: async (t) => {
      await t.http.ok('POST', `${t.core}/configmaps`, { metadata: { name: 'c' } });
      const { code, body } = await send(t, `${t.core}/configmaps/c`, {
        apiVersion: 'v2',
        kind: 'Secret',
        data: { k: 'v' },
      });
      assert.equal(code, 200);
      assert.deepEqual([body['apiVersion'], body['kind'], body['data']], ['v1', 'ConfigMap', { k: 'v' }]);
    },
  },
  {
    id: 'strategic-patch/not-for-custom-resources',
    title: 'Custom resources answer 415 to a strategic merge patch, naming what they take',
    source:
      'docs: tasks/manage-kubernetes-objects/update-api-object-kubectl-patch ("not supported for custom resources"); source: apiextensions-apiserver customresource_handler.go',
    mutation: {
      file: 'lab/kube/apiserver/operations/patch-type.ts',
      find: "!custom || type !== 'strategic'",
      replace: "!custom || type !== 'json'",
    },
    run: async (t) => {
      const plural = t.unique('gadgets');
      const group = `${plural}.example.com`;
      await t.http.ok('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
        metadata: { name: `${plural}.${group}` },
        spec: {
          group,
          scope: 'Namespaced',
          names: { plural, kind: 'Gadget' },
          versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
        },
      });
      t.defer(() =>
        t.http.call('DELETE', `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${plural}.${group}`),
      );
      const path = `/apis/${group}/v1/namespaces/${t.namespace}/${plural}`;
      await t.until('the resource to be served', async () =>
        (await t.http.get(path)).code === 200 ? true : undefined,
      );
      await t.http.ok('POST', path, { apiVersion: `${group}/v1`, kind: 'Gadget', metadata: { name: 'g' } });
      const { code, body } = await send(t, `${path}/g`, { metadata: { labels: { a: '1' } } });
      assert.equal(code, 415);
      assert.equal(body['reason'], 'UnsupportedMediaType');
      assert.equal(
        body['message'],
        'the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml',
      );
    },
  },
  ...strategicDirectiveCases,
];
