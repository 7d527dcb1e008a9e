// The status and scale subresources of custom resources.
import assert from 'node:assert/strict';
import type { ParityCase } from '../parity-case.ts';
import { anything, changed, create, definition, served, servedWith } from './crd-support.ts';

export const crdSubresourceCases: readonly ParityCase[] = [
  {
    id: 'crd-versions/scale',
    title:
      'The scale subresource reads and writes the fields it names; without the replicas it is a fault of the server',
    source: 'docs: tasks/extend-kubernetes/custom-resources/custom-resource-definitions, "Scale subresource"',
    mutation: {
      file: 'lab/kube/apiserver/custom/scale-faults.ts',
      find: "if (value < 0) return [invalidValue(field, value, 'should be a non-negative integer')];",
      replace: 'if (value < 0) return [];',
    },
    run: async (t) => {
      const more = {
        subresources: {
          status: {},
          scale: {
            specReplicasPath: '.spec.replicas',
            statusReplicasPath: '.status.replicas',
            labelSelectorPath: '.status.selector',
          },
        },
      };
      const schema = { type: 'object', properties: { spec: anything, status: anything } };
      const gadgets = await served(t, definition(t, [{ name: 'v1', schema, more }]));
      const path = `${gadgets.objects()}/x`;
      await create(t, gadgets, 'x', {});
      const none = await t.http.get(`${path}/scale`);
      assert.deepEqual(
        [none.code, none.body['message']],
        [500, 'Internal error occurred: the spec replicas field ".spec.replicas" does not exist'],
      );
      await t.http.ok(
        'PATCH',
        path,
        { spec: { replicas: 1 } },
        { headers: { 'content-type': 'application/merge-patch+json' } },
      );
      await t.http.patch('merge', `${path}/status`, {
        status: { replicas: 2, selector: 'a=b' },
        spec: { replicas: 9 },
      });
      const scale = await t.http.ok('GET', `${path}/scale`);
      assert.deepEqual(
        [scale['kind'], scale['spec'], scale['status']],
        ['Scale', { replicas: 1 }, { replicas: 2, selector: 'a=b' }],
      );
      const scaled = await t.http.patch('merge', `${path}/scale`, { spec: { replicas: 5 } });
      assert.deepEqual([scaled.code, scaled.body['spec']], [200, { replicas: 5 }]);
      assert.deepEqual((await t.http.ok('GET', path))['spec'], { replicas: 5 });
      const negative = await t.http.patch('merge', path, { spec: { replicas: -1 } });
      assert.deepEqual(
        [negative.code, negative.body['message']],
        [
          422,
          `Gadget.${gadgets.group} "x" is invalid: .spec.replicas: Invalid value: -1: should be a non-negative integer`,
        ],
      );
    },
  },
  {
    id: 'crd-versions/status',
    title: 'With a status subresource the two halves are written apart; without one its path does not find the object',
    source: 'docs: tasks/extend-kubernetes/custom-resources/custom-resource-definitions, "Status subresource"',
    mutation: {
      file: 'lab/kube/apiserver/http/request-scope.ts',
      find: 'if (definition.custom) throw notFound(definition, path.name);',
      replace: "if (definition.custom && path.name === '') throw notFound(definition, path.name);",
    },
    run: async (t) => {
      const status = { type: 'object', properties: { phase: { type: 'string', minLength: 2 } } };
      const schema = { type: 'object', properties: { spec: anything, status } };
      const gadgets = await served(t, definition(t, [{ name: 'v1', schema, more: { subresources: { status: {} } } }]));
      const path = `${gadgets.objects()}/x`;
      const made = await t.http.ok(
        'POST',
        gadgets.objects(),
        gadgets.object('x', { a: 1 }, { status: { phase: 'Up' } }),
      );
      assert.deepEqual([made['status'], made['metadata'].generation], [undefined, 1]);
      const first = await t.http.patch('merge', `${path}/status`, {
        spec: { a: 2 },
        status: { phase: 'Up' },
        metadata: { labels: { a: 'b' } },
      });
      assert.deepEqual(
        [first.body['spec'], first.body['status'], first.body['metadata'].generation, first.body['metadata'].labels],
        [{ a: 1 }, { phase: 'Up' }, 1, undefined],
      );
      const second = await t.http.patch('merge', path, { spec: { a: 2 }, status: { phase: 'Down' } });
      assert.deepEqual(
        [second.body['spec'], second.body['status'], second.body['metadata'].generation],
        [{ a: 2 }, { phase: 'Up' }, 2],
      );
      const without = await servedWith(t, {});
      await create(t, without, 'y', {});
      const missing = await t.http.get(`${without.objects()}/y/status`);
      assert.deepEqual([missing.code, missing.body['message']], [404, `gadgets.${without.group} "y" not found`]);
    },
  },
  {
    id: 'crd-versions/status-is-validated-alone',
    title: 'A write of the status validates the status alone, and its messages name places inside of it',
    source: 'apiextensions-apiserver, pkg/registry/customresource/validator.go (ValidateStatusUpdate)',
    mutation: {
      file: 'lab/kube/apiserver/custom/validation.ts',
      find: ": validateValue(object['status'], schema, '', { base: 'status', old: old?.['status'] });",
      replace: ": validateValue(object['status'], schema, 'status', { old: old?.['status'] });",
    },
    since: '1.30',
    run: async (t) => {
      const status = { type: 'object', properties: { phase: { type: 'string', minLength: 2 } } };
      const schema = { type: 'object', properties: { spec: anything, status } };
      const gadgets = await served(t, definition(t, [{ name: 'v1', schema, more: { subresources: { status: {} } } }]));
      await create(t, gadgets, 'x', {});
      const refused = await t.http.patch('merge', `${gadgets.objects()}/x/status`, { status: { phase: 'x' } });
      assert.deepEqual(
        [refused.code, refused.body['message']],
        [
          422,
          `Gadget.${gadgets.group} "x" is invalid: status.phase: Invalid value: "x": phase in body should be at least 2 chars long`,
        ],
      );
    },
  },
  {
    id: 'crd-versions/unchanged-faults-are-forgiven',
    title: 'What was invalid before a schema became stricter may stay as it is, as long as it is not changed',
    source:
      'docs: tasks/extend-kubernetes/custom-resources/custom-resource-definitions, "Validation ratcheting" (beta in 1.30)',
    mutation: {
      file: 'lab/kube/apiserver/schema/validate.ts',
      find: 'if (result.clean || before === undefined || !isUnchanged(value, before)) return result;',
      replace: 'if (result.clean || before === undefined || isUnchanged(value, before)) return result;',
    },
    since: '1.30',
    run: async (t) => {
      const item = {
        type: 'object',
        required: ['name'],
        properties: { name: { type: 'string' }, size: { type: 'integer' } },
      };
      const map = {
        type: 'array',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['name'],
        items: item,
      };
      const gadgets = await servedWith(t, {
        properties: { size: { type: 'integer' }, map, list: { type: 'array', items: { type: 'string' } } },
      });
      const path = `${gadgets.objects()}/old`;
      await create(t, gadgets, 'old', { size: 0, map: [{ name: 'a', size: 0 }], list: ['x'] });
      const properties = '/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties';
      await changed(
        t,
        gadgets,
        [
          { op: 'add', path: `${properties}/size/minimum`, value: 1 },
          { op: 'add', path: `${properties}/map/items/properties/size/minimum`, value: 1 },
          { op: 'add', path: `${properties}/list/items/minLength`, value: 2 },
        ],
        async () => (await create(t, gadgets, 'probe', { size: 0 })).code === 422,
      );
      const touched = await t.http.patch('merge', path, { metadata: { labels: { a: 'b' } } });
      assert.equal(touched.code, 200, touched.text);
      const beside = await t.http.patch('merge', path, {
        spec: {
          map: [
            { name: 'b', size: 1 },
            { name: 'a', size: 0 },
          ],
        },
      });
      assert.equal(beside.code, 200, beside.text);
      const field = async (spec: object): Promise<unknown> => {
        const { code, body } = await t.http.patch('merge', path, { spec });
        return [code, body['details']?.causes.map((cause: { field: string }) => cause.field)];
      };
      assert.deepEqual(await field({ size: -1 }), [422, ['spec.size']]);
      assert.deepEqual(await field({ map: [{ name: 'a', size: -1 }] }), [422, ['spec.map[0].size']]);
      assert.deepEqual(await field({ list: ['x', 'yy'] }), [422, ['spec.list[0]']]);
    },
  },
];
