// Definitions of custom resources: versions, names, conditions, changes and deletion.
import assert from 'node:assert/strict';
import type { ParityCase } from '../parity-case.ts';
import { anything, changed, create, definition, definitionsPath, served, untilListed } from './crd-support.ts';
import { crdLifeCases } from './crd-life.ts';
import { crdSchemaCases } from './crd-schemas.ts';
import { crdSubresourceCases } from './crd-subresources.ts';

const docs = 'docs: tasks/extend-kubernetes/custom-resources/custom-resource-definition-versioning';
const objects = 'lab/kube/apiserver/custom/custom-object.ts';
const rules = 'lab/kube/apiserver/custom/definition-rules.ts';

const versions: readonly ParityCase[] = [
  {
    id: 'crd-versions/every-served-version',
    title:
      'An object is read and written in every served version, and each answer carries the version that was asked for',
    source: docs,
    mutation: {
      file: objects,
      find: 'const result = from === version ? current : converted(current, version);',
      replace: 'const result = current;',
    },
    run: async (t) => {
      const gadgets = await served(t, definition(t, [{ name: 'v1' }, { name: 'v2' }, { name: 'v3', served: false }]));
      await create(t, gadgets, 'x', { a: 1 });
      const second = await t.http.ok('GET', `${gadgets.objects('v2')}/x`);
      assert.deepEqual([second['apiVersion'], second['spec']], [`${gadgets.group}/v2`, { a: 1 }]);
      const list = await t.http.ok('GET', gadgets.objects('v2'));
      assert.deepEqual([list['apiVersion'], list['kind']], [`${gadgets.group}/v2`, 'GadgetList']);
      assert.deepEqual(
        list['items'].map((item: { apiVersion: string }) => item.apiVersion),
        [`${gadgets.group}/v2`],
      );
      const patched = await t.http.patch('merge', `${gadgets.objects('v2')}/x`, { spec: { b: 2 } });
      assert.deepEqual([patched.code, patched.body['apiVersion']], [200, `${gadgets.group}/v2`]);
      const first = await t.http.ok('GET', `${gadgets.objects()}/x`);
      assert.deepEqual([first['apiVersion'], first['spec']], [`${gadgets.group}/v1`, { a: 1, b: 2 }]);
      assert.equal((await t.http.get(gadgets.objects('v3'))).code, 404);
    },
  },
  {
    id: 'crd-versions/watches',
    title: 'A watch shows objects in its own version, whichever version they were written in',
    source: docs,
    mutation: { file: objects, find: 'return equalJson(result, stored) ? stored : result;', replace: 'return stored;' },
    run: async (t) => {
      const gadgets = await served(t, definition(t, [{ name: 'v1' }, { name: 'v2' }]));
      const watch = await t.http.watch(`${gadgets.objects('v2')}?watch=true`);
      t.defer(() => Promise.resolve(watch.close()));
      await create(t, gadgets, 'x', { a: 1 });
      const added = await watch.next();
      assert.deepEqual(
        [added.type, added.object['apiVersion'], added.object['spec']],
        ['ADDED', `${gadgets.group}/v2`, { a: 1 }],
      );
      await t.http.ok('DELETE', `${gadgets.objects()}/x`);
      const deleted = await watch.next();
      assert.deepEqual([deleted.type, deleted.object['apiVersion']], ['DELETED', `${gadgets.group}/v2`]);
    },
  },
  {
    id: 'crd-versions/conversion-prunes',
    title: 'Without a conversion webhook a field survives only where the stored version has it too',
    source: `${docs}, "Specify multiple versions"; apiextensions-apiserver, test/integration/conversion/conversion_test.go`,
    mutation: {
      file: objects,
      find: '      return object.apiVersion === `${group}/${storage}` ? object : converted(object, storage);',
      replace: '      return object;',
    },
    run: async (t) => {
      const field = (name: string): Record<string, unknown> => ({
        type: 'object',
        properties: { both: { type: 'string' }, [name]: { type: 'string' } },
      });
      const gadgets = await served(
        t,
        definition(t, [
          { name: 'v1', spec: field('first') },
          { name: 'v2', spec: field('second') },
        ]),
      );
      const spec = { both: 'x', first: 'x', second: 'x' };
      const made = await t.http.ok('POST', gadgets.objects('v2'), {
        ...gadgets.object('x', spec),
        apiVersion: `${gadgets.group}/v2`,
      });
      assert.deepEqual([made['apiVersion'], made['spec']], [`${gadgets.group}/v2`, { both: 'x' }]);
      await create(t, gadgets, 'y', spec);
      assert.deepEqual((await t.http.ok('GET', `${gadgets.objects()}/y`))['spec'], { both: 'x', first: 'x' });
      assert.deepEqual((await t.http.ok('GET', `${gadgets.objects('v2')}/y`))['spec'], { both: 'x' });
    },
  },
  {
    id: 'crd-versions/stored-versions',
    title:
      'Every version that was ever the storage version is in status.storedVersions, and cannot leave the spec before it leaves there',
    source: `${docs}, "Upgrade existing objects to a new stored version"`,
    mutation: {
      file: rules,
      find: "return [...new Set([...stringsAt(old, 'status', 'storedVersions'), ...(name === undefined ? [] : [name])])];",
      replace: 'return name === undefined ? [] : [name];',
    },
    run: async (t) => {
      const gadgets = await served(t, definition(t, [{ name: 'v1' }, { name: 'v2' }]));
      const moved = await t.http.patch('json', gadgets.path, [
        { op: 'replace', path: '/spec/versions/0/storage', value: false },
        { op: 'replace', path: '/spec/versions/1/storage', value: true },
      ]);
      assert.deepEqual([moved.code, moved.body['status'].storedVersions], [200, ['v1', 'v2']]);
      const refused = await t.http.patch('json', gadgets.path, [{ op: 'remove', path: '/spec/versions/0' }]);
      assert.deepEqual(
        [refused.code, refused.body['reason'], refused.body['details'].causes.length],
        [422, 'Invalid', 1],
      );
      assert.equal(refused.body['details'].causes[0].field, 'status.storedVersions[0]');
      const forgotten = await t.http.patch('merge', `${gadgets.path}/status`, { status: { storedVersions: ['v2'] } });
      assert.deepEqual([forgotten.code, forgotten.body['status'].storedVersions], [200, ['v2']]);
      const removed = await t.http.patch('json', gadgets.path, [{ op: 'remove', path: '/spec/versions/0' }]);
      assert.deepEqual([removed.code, removed.body['spec'].versions.length], [200, 1]);
    },
  },
  {
    id: 'crd-versions/missing-stored-version',
    title: 'The refusal says how a stored version is got rid of',
    source:
      'apiextensions-apiserver, pkg/apis/apiextensions/validation/validation.go (ValidateCustomResourceDefinitionStoredVersions)',
    mutation: {
      file: rules,
      find: 'missing from spec.versions; ${name} was previously',
      replace: 'gone from spec.versions; ${name} was previously',
    },
    since: '1.28',
    run: async (t) => {
      const gadgets = await served(t, definition(t, [{ name: 'v1' }]));
      const { code, body } = await t.http.patch('json', gadgets.path, [
        { op: 'replace', path: '/spec/versions/0/name', value: 'v2' },
      ]);
      assert.deepEqual(
        [code, body['message']],
        [
          422,
          `CustomResourceDefinition.apiextensions.k8s.io "${gadgets.name}" is invalid: status.storedVersions[0]: Invalid value: "v1": ` +
            'missing from spec.versions; v1 was previously a storage version, and must remain in spec.versions until a storage migration ' +
            'ensures no data remains persisted in v1 and removes v1 from status.storedVersions',
        ],
      );
    },
  },
  {
    id: 'crd-versions/storage-migration',
    title: 'Writing an object unchanged moves it to the storage version of today; once it is there, nothing happens',
    source: `${docs}, "Upgrade existing objects to a new stored version"`,
    mutation: {
      file: 'lab/kube/apiserver/operations/update.ts',
      find: 'if (equalJson(next, old) && equalJson(definition.view?.toStored(next) ?? next, entry.object)) return entry;',
      replace: 'if (equalJson(next, old)) return entry;',
    },
    run: async (t) => {
      const gadgets = await served(t, definition(t, [{ name: 'v1' }, { name: 'v2' }]));
      const path = `${gadgets.objects()}/x`;
      const { body: made } = await create(t, gadgets, 'x', { a: 1 });
      const same = await t.http.ok('PUT', path, made);
      assert.equal(same['metadata'].resourceVersion, made['metadata'].resourceVersion);
      await t.http.patch('json', gadgets.path, [
        { op: 'replace', path: '/spec/versions/0/storage', value: false },
        { op: 'replace', path: '/spec/versions/1/storage', value: true },
      ]);
      // The server may still store under the version of before for a moment.
      const moved = await t.until('the object to be stored anew', async () => {
        const next = await t.http.ok('PUT', path, await t.http.ok('GET', path));
        return next['metadata'].resourceVersion === made['metadata'].resourceVersion ? undefined : next;
      });
      assert.equal(moved['metadata'].generation, made['metadata'].generation);
      const again = await t.http.ok('PUT', path, moved);
      assert.equal(again['metadata'].resourceVersion, moved['metadata'].resourceVersion);
    },
  },
  {
    id: 'crd-versions/versions-come-and-go',
    title: 'A version that is added is served, and one that is no longer served answers 404, in discovery too',
    source: docs,
    mutation: {
      file: 'lab/kube/apiserver/custom/definitions.ts',
      find: ".filter((version) => version['served'] === true)",
      replace: '.filter(() => true)',
    },
    run: async (t) => {
      const gadgets = await served(t, definition(t, [{ name: 'v1' }, { name: 'v1beta1' }]));
      await changed(
        t,
        gadgets,
        [
          { op: 'replace', path: '/spec/versions/1/served', value: false },
          {
            op: 'add',
            path: '/spec/versions/-',
            value: { name: 'v2', served: true, storage: false, schema: { openAPIV3Schema: anything } },
          },
        ],
        async () => (await t.http.get(gadgets.objects('v1beta1'))).code === 404,
      );
      await untilListed(t, gadgets, 'v2');
      const names = await t.until('discovery', async () => {
        const { code, body } = await t.http.get(`/apis/${gadgets.group}`);
        const found = code === 200 ? body['versions'].map((version: { version: string }) => version.version) : [];
        return found.includes('v1beta1') ? undefined : found;
      });
      assert.deepEqual(names, ['v2', 'v1']);
    },
  },
  {
    id: 'crd-versions/deprecated',
    title: 'Requests to a deprecated version are warned, in the words of the definition or in those of the server',
    source: `${docs}, "Version deprecation"`,
    mutation: {
      file: 'lab/kube/apiserver/custom/definitions.ts',
      find: '.filter((other) => byVersionPriority(other, name) < 0)',
      replace: '.filter((other) => byVersionPriority(other, name) > 0)',
    },
    run: async (t) => {
      const gadgets = await served(
        t,
        definition(t, [
          { name: 'v1' },
          { name: 'v1beta1', more: { deprecated: true } },
          { name: 'v1alpha1', more: { deprecated: true, deprecationWarning: 'use v1' } },
        ]),
      );
      const warning = async (version: string): Promise<unknown> =>
        (await t.http.get(gadgets.objects(version))).headers['warning'];
      assert.equal(await warning('v1'), undefined);
      assert.equal(
        await warning('v1beta1'),
        `299 - "${gadgets.group}/v1beta1 Gadget is deprecated; use ${gadgets.group}/v1 Gadget"`,
      );
      assert.equal(await warning('v1alpha1'), '299 - "use v1"');
    },
  },
  {
    id: 'crd-versions/one-storage-version',
    title: 'Exactly one version is the storage version, and no two have one name',
    source: 'apiextensions-apiserver, pkg/apis/apiextensions/validation/validation.go',
    mutation: {
      file: 'lab/kube/apiserver/custom/definition-versions.ts',
      find: '...(new Set(names).size < names.length',
      replace: '...(new Set(names).size > names.length',
    },
    run: async (t) => {
      const message = async (...storages: readonly (readonly [string, boolean])[]): Promise<string> => {
        const made = definition(
          t,
          storages.map(([name, storage]) => ({ name, storage })),
        );
        t.defer(() => t.http.call('DELETE', made.path));
        const { code, body } = await t.http.call('POST', definitionsPath, made.body);
        assert.deepEqual([code, body['reason']], [422, 'Invalid']);
        return body['details'].causes
          .map((cause: { field: string; message: string }) => `${cause.field}: ${cause.message}`)
          .join('\n');
      };
      assert.match(
        await message(['v1', true], ['v2', true]),
        /^spec\.versions: .*: must have exactly one version marked as storage version$/m,
      );
      assert.match(
        await message(['v1', false]),
        /^spec\.versions: .*: must have exactly one version marked as storage version$/m,
      );
      assert.match(
        await message(['v1', true], ['v1', false]),
        /^spec\.versions: .*: must contain unique version names$/m,
      );
    },
  },
];

export const crdVersionsCases: readonly ParityCase[] = [
  ...versions,
  ...crdSubresourceCases,
  ...crdSchemaCases,
  ...crdLifeCases,
];
