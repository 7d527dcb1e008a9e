// Parity cases of the official JavaScript client: custom resources through KubernetesObjectApi and CustomObjectsApi.
import assert from 'node:assert/strict';
import type { KubernetesObject } from '@kubernetes/client-node';
import type { ParityCase } from '../parity-case.ts';
import { failureOf } from './javascript-client-objects.ts';
import { definePaint } from './javascript-client-paint.ts';

interface PaintObject extends KubernetesObject {
  spec?: { colour?: string; litres?: number };
  status?: { dry?: boolean };
}

export const javascriptClientCustomCases: readonly ParityCase[] = [
  {
    id: 'javascript-client/objects-of-any-kind',
    title:
      'KubernetesObjectApi finds the path of a custom resource by discovery and creates, reads, replaces, lists and deletes it',
    source:
      '@kubernetes/client-node, src/object.ts: the resource of a kind comes from the group version’s APIResourceList',
    mutation: {
      file: 'lab/kube/apiserver/http/discovery-documents.ts',
      find: '    kind: responseKind.kind,',
      replace: '    kind: resource.singular,',
    },
    run: async (t) => {
      const { KubernetesObjectApi } = await import('@kubernetes/client-node');
      const { config } = await t.javascriptClient();
      const paint = await definePaint(t);
      const api = KubernetesObjectApi.makeApiClient(config);
      const { namespace } = t;
      const created = await api.create<PaintObject>({
        ...paint.type,
        metadata: { name: 'red', namespace },
        spec: { colour: 'red', litres: 2 },
      });
      assert.equal(created.metadata?.generation, 1);
      const replaced = await api.replace<PaintObject>({ ...created, spec: { colour: 'red', litres: 3 } });
      assert.deepEqual([replaced.spec, replaced.metadata?.generation], [{ colour: 'red', litres: 3 }, 2]);
      const at = { ...paint.type, metadata: { name: 'red', namespace } };
      assert.deepEqual((await api.read<PaintObject>(at)).spec, { colour: 'red', litres: 3 });
      const list = await api.list<PaintObject>(paint.type.apiVersion, 'Paint', namespace);
      assert.deepEqual([list.kind, list.apiVersion, list.items.length], ['PaintList', paint.type.apiVersion, 1]);
      const deleted = await api.delete(at);
      assert.equal(deleted.status, 'Success');
      const missing = await failureOf(api.read(at));
      assert.deepEqual([missing.code, missing.status['message']], [404, `paints.${paint.group} "red" not found`]);
    },
  },
  {
    id: 'javascript-client/apply',
    title: 'Applying from two managers is a Conflict that names the field and the manager; force takes it over',
    source: 'docs: reference/using-api/server-side-apply, "Conflicts"; @kubernetes/client-node, src/patch.ts',
    mutation: {
      file: 'lab/kube/apiserver/apply/conflicts.ts',
      find: "      reason: 'FieldManagerConflict',",
      replace: "      reason: 'Conflict',",
    },
    run: async (t) => {
      const { KubernetesObjectApi, PatchStrategy } = await import('@kubernetes/client-node');
      const { config } = await t.javascriptClient();
      const paint = await definePaint(t);
      const api = KubernetesObjectApi.makeApiClient(config);
      const apply = (manager: string, spec: NonNullable<PaintObject['spec']>, force: boolean): Promise<PaintObject> =>
        api.patch<PaintObject>(
          { ...paint.type, metadata: { name: 'red', namespace: t.namespace }, spec },
          undefined,
          undefined,
          manager,
          force,
          PatchStrategy.ServerSideApply,
        );
      // Applied into being.
      const first = await apply('painter', { colour: 'red', litres: 2 }, false);
      assert.ok((first.metadata?.uid ?? '') !== '');
      const refused = await failureOf(apply('buyer', { litres: 5 }, false));
      assert.equal(refused.code, 409);
      assert.deepEqual(refused.status['details'], {
        causes: [{ reason: 'FieldManagerConflict', message: 'conflict with "painter"', field: '.spec.litres' }],
      });
      assert.equal(refused.status['message'], 'Apply failed with 1 conflict: conflict with "painter": .spec.litres');
      const forced = await apply('buyer', { litres: 5 }, true);
      assert.deepEqual(forced.spec, { colour: 'red', litres: 5 });
      const owned = Object.fromEntries(
        (forced.metadata?.managedFields ?? []).map(({ manager, fieldsV1 }) => [manager, fieldsV1 as unknown]),
      );
      assert.deepEqual(owned, { buyer: { 'f:spec': { 'f:litres': {} } }, painter: { 'f:spec': { 'f:colour': {} } } });
    },
  },
  {
    id: 'javascript-client/strategic-patch-of-custom',
    title: "KubernetesObjectApi's own patch format is refused for custom resources, with the formats that are accepted",
    source:
      'docs: tasks/manage-kubernetes-objects/update-api-object-kubectl-patch; apiserver pkg/endpoints/handlers/patch.go',
    mutation: {
      file: 'lab/kube/apiserver/operations/patch-type.ts',
      find: "!custom || type !== 'strategic'",
      replace: "type !== 'none'",
    },
    run: async (t) => {
      const { KubernetesObjectApi, PatchStrategy } = await import('@kubernetes/client-node');
      const { config } = await t.javascriptClient();
      const paint = await definePaint(t);
      const api = KubernetesObjectApi.makeApiClient(config);
      const wish: PaintObject = {
        ...paint.type,
        metadata: { name: 'red', namespace: t.namespace },
        spec: { litres: 7 },
      };
      await api.create(wish);
      const refused = await failureOf(api.patch(wish));
      assert.deepEqual([refused.code, refused.status['reason']], [415, 'UnsupportedMediaType']);
      assert.match(
        String(refused.status['message']),
        /^the body of the request was in an unknown format - accepted media types include: application\/json-patch\+json, application\/merge-patch\+json, application\/apply-patch\+yaml/,
      );
      const merged = await api.patch<PaintObject>(
        { ...wish, spec: { colour: 'red' } },
        undefined,
        undefined,
        undefined,
        undefined,
        PatchStrategy.MergePatch,
      );
      assert.deepEqual(merged.spec, { colour: 'red', litres: 7 });
    },
  },
  {
    id: 'javascript-client/custom-objects',
    title:
      'CustomObjectsApi writes the status apart from the spec, and names the faulty field of what the schema refuses',
    source:
      'docs: tasks/extend-kubernetes/custom-resources/custom-resource-definitions, "Status subresource" and "Validation"',
    mutation: {
      file: 'lab/kube/apiserver/schema/scalars.ts',
      find: 'const limit = bound(maximum);',
      replace: 'const limit = bound(maximum + 1);',
    },
    run: async (t) => {
      const { CustomObjectsApi } = await import('@kubernetes/client-node');
      const { config } = await t.javascriptClient();
      const paint = await definePaint(t);
      const api = config.makeApiClient(CustomObjectsApi);
      const at = { group: paint.group, version: 'v1', namespace: t.namespace, plural: 'paints' };
      const red: PaintObject = { ...paint.type, metadata: { name: 'red' }, spec: { litres: 1 }, status: { dry: true } };
      const created = (await api.createNamespacedCustomObject({ ...at, body: red })) as PaintObject;
      assert.equal(created.status, undefined);
      const body = [{ op: 'add', path: '/status', value: { dry: true } }];
      const dried = (await api.patchNamespacedCustomObjectStatus({ ...at, name: 'red', body })) as PaintObject;
      assert.deepEqual([dried.status, dried.spec, dried.metadata?.generation], [{ dry: true }, { litres: 1 }, 1]);
      const refused = await failureOf(
        api.createNamespacedCustomObject({ ...at, body: { ...red, metadata: { name: 'sea' }, spec: { litres: 101 } } }),
      );
      assert.equal(refused.code, 422);
      const message = 'Invalid value: 101: spec.litres in body should be less than or equal to 100';
      assert.deepEqual(refused.status['message'], `Paint.${paint.group} "sea" is invalid: spec.litres: ${message}`);
      assert.deepEqual(refused.status['details'], {
        name: 'sea',
        group: paint.group,
        kind: 'Paint',
        causes: [{ reason: 'FieldValueInvalid', message, field: 'spec.litres' }],
      });
    },
  },
];
