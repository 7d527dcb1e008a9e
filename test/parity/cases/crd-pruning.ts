// Pruning and validation of custom objects against their structural schema.
import assert from 'node:assert/strict';
import type { ParityCase } from '../parity-case.ts';
import { anything, create, definition, served, servedWith } from './crd-support.ts';
import { crdValidationCases } from './crd-validation.ts';

const docs = 'docs: tasks/extend-kubernetes/custom-resources/custom-resource-definitions, "Field pruning"';
const prune = 'lab/kube/apiserver/schema/prune.ts';

const pruning: readonly ParityCase[] = [
  {
    id: 'crd-pruning/nested-fields',
    title: 'Fields that the schema does not name are dropped at every depth, in lists and in maps',
    source: docs,
    mutation: { file: prune, find: '    else unknown.push(place);', replace: '    else setOwn(made, name, member);' },
    run: async (t) => {
      const entry = { type: 'object', properties: { a: { type: 'string' } } };
      const gadgets = await servedWith(t, {
        properties: {
          one: entry,
          list: { type: 'array', items: entry },
          map: { type: 'object', additionalProperties: entry },
          empty: { type: 'object' },
        },
      });
      const { code, body } = await create(t, gadgets, 'pruned', {
        one: { a: 'x', b: 'y' },
        list: [{ a: 'x', b: 'y' }, { b: 'y' }],
        map: { k: { a: 'x', b: 'y' } },
        empty: { b: 'y' },
        other: { a: 'x' },
      });
      assert.equal(code, 201);
      assert.deepEqual(body['spec'], { one: { a: 'x' }, list: [{ a: 'x' }, {}], map: { k: { a: 'x' } }, empty: {} });
      const stored = await t.http.ok('GET', `${gadgets.objects()}/pruned`);
      assert.deepEqual(stored['spec'], body['spec']);
    },
  },
  {
    id: 'crd-pruning/top-level',
    title: 'At the root only apiVersion, kind, metadata and what the schema names are kept',
    source: docs,
    mutation: {
      file: prune,
      find: 'if (schema.properties !== undefined && Object.hasOwn(schema.properties, name)) return true;',
      replace: 'return true;',
    },
    run: async (t) => {
      const gadgets = await servedWith(t, {});
      const answer = await t.http.ok(
        'POST',
        gadgets.objects(),
        gadgets.object('root', {}, { extra: 1, status: { a: 1 } }),
      );
      assert.deepEqual(Object.keys(answer).sort(), ['apiVersion', 'kind', 'metadata', 'spec']);
    },
  },
  {
    id: 'crd-pruning/preserved-with-known-parts',
    title: 'Unknown fields are preserved where the schema says so, and pruned again in the parts that it describes',
    source: `${docs}, "Controlling pruning"`,
    mutation: {
      file: prune,
      find: '    } else if (preserves) setOwn(made, name, member);',
      replace: '    } else if (preserves && false) setOwn(made, name, member);',
    },
    run: async (t) => {
      const gadgets = await servedWith(t, {
        'x-kubernetes-preserve-unknown-fields': true,
        properties: {
          strict: { type: 'object', properties: { a: { type: 'string' } } },
          loose: {
            type: 'object',
            'x-kubernetes-preserve-unknown-fields': true,
            properties: { inner: { type: 'object' } },
          },
        },
      });
      const { body } = await create(t, gadgets, 'mixed', {
        free: { deep: [{ anything: true }] },
        strict: { a: 'x', b: 'y' },
        loose: { b: 'y', inner: { gone: 1 } },
      });
      assert.deepEqual(body['spec'], {
        free: { deep: [{ anything: true }] },
        strict: { a: 'x' },
        loose: { b: 'y', inner: {} },
      });
    },
  },
  {
    id: 'crd-pruning/preserved-lists',
    title: 'Items of a preserved list are preserved as well, except for what their schema describes',
    source:
      'apiextensions-apiserver, pkg/apiserver/schema/pruning/algorithm_test.go, "x-kubernetes-preserve-unknown-fields"',
    mutation: {
      file: prune,
      find: 'const items = preserves ? preserving(schema.items) : schema?.items;',
      replace: 'const items = schema?.items;',
    },
    run: async (t) => {
      const gadgets = await servedWith(t, {
        properties: {
          list: {
            type: 'array',
            'x-kubernetes-preserve-unknown-fields': true,
            items: { type: 'object', properties: { known: { type: 'object' } } },
          },
        },
      });
      const { body } = await create(t, gadgets, 'list', { list: [{ free: { a: 1 }, known: { gone: 1 } }] });
      assert.deepEqual(body['spec'], { list: [{ free: { a: 1 }, known: {} }] });
    },
  },
  {
    id: 'crd-pruning/maps-of-anything',
    title: 'additionalProperties: true keeps the keys of a map, and prunes inside of its values',
    source:
      'apiextensions-apiserver, pkg/apiserver/schema/pruning/algorithm.go (AdditionalProperties without a schema)',
    mutation: {
      file: prune,
      find: 'return schema.additionalProperties !== undefined;',
      replace: "return typeof schema.additionalProperties === 'object';",
    },
    run: async (t) => {
      const gadgets = await servedWith(t, { properties: { map: { type: 'object', additionalProperties: true } } });
      const { body } = await create(t, gadgets, 'map', {
        map: { text: 'a', number: 1, object: { b: 1 }, list: [{ c: 1 }] },
      });
      assert.deepEqual(body['spec'], { map: { text: 'a', number: 1, object: {}, list: [{}] } });
    },
  },
  {
    id: 'crd-pruning/embedded-resources',
    title: 'An embedded resource keeps its apiVersion, kind and metadata; unknown metadata fields are dropped',
    source: 'docs: tasks/extend-kubernetes/custom-resources/custom-resource-definitions, "RawExtension"',
    mutation: {
      file: 'lab/kube/apiserver/custom/embedded-resources.ts',
      find: "resource['metadata'] = decoded.value;",
      replace: "resource['metadata'] = { ...decoded.value, ...Object(resource['metadata']) };",
    },
    run: async (t) => {
      const gadgets = await servedWith(t, {
        properties: {
          raw: { type: 'object', 'x-kubernetes-embedded-resource': true, 'x-kubernetes-preserve-unknown-fields': true },
          part: {
            type: 'object',
            'x-kubernetes-embedded-resource': true,
            properties: { spec: { type: 'object', properties: { a: { type: 'string' } } } },
          },
        },
      });
      const metadata = { name: 'inner', labels: { a: 'b' }, unknown: 1 };
      const { code, body } = await create(t, gadgets, 'outer', {
        raw: { apiVersion: 'v1', kind: 'Pod', metadata, spec: { anything: 1 } },
        part: { apiVersion: 'v1', kind: 'Pod', metadata, spec: { a: 'x', b: 'y' }, other: 1 },
      });
      assert.equal(code, 201);
      const kept = { name: 'inner', labels: { a: 'b' } };
      assert.deepEqual(body['spec'], {
        raw: { apiVersion: 'v1', kind: 'Pod', metadata: kept, spec: { anything: 1 } },
        part: { apiVersion: 'v1', kind: 'Pod', metadata: kept, spec: { a: 'x' } },
      });
    },
  },
  {
    id: 'crd-pruning/embedded-resources-are-validated',
    title: 'An embedded resource needs an apiVersion and a kind, and a name that could be one',
    source: 'apiextensions-apiserver, pkg/apiserver/schema/objectmeta/validation.go',
    mutation: {
      file: 'lab/kube/apiserver/custom/validation.ts',
      find: '    ...(statusOnly ? [] : embeddedFaults(object, schema)),',
      replace: '    ...(statusOnly ? embeddedFaults(object, schema) : []),',
    },
    run: async (t) => {
      const gadgets = await servedWith(t, {
        properties: {
          raw: { type: 'object', 'x-kubernetes-embedded-resource': true, 'x-kubernetes-preserve-unknown-fields': true },
        },
      });
      const empty = await create(t, gadgets, 'empty', { raw: {} });
      assert.deepEqual(
        [empty.code, empty.body['details'].causes.map((cause: { field: string }) => cause.field)],
        [422, ['spec.raw.apiVersion', 'spec.raw.kind']],
      );
      const named = await create(t, gadgets, 'named', {
        raw: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a/b' } },
      });
      assert.deepEqual(
        [named.code, named.body['message']],
        [
          422,
          `Gadget.${gadgets.group} "named" is invalid: spec.raw.metadata.name: Invalid value: "a/b": may not contain '/'`,
        ],
      );
    },
  },
  {
    id: 'crd-pruning/unknown-metadata',
    title: 'Unknown fields of the metadata are dropped, also where everything else is preserved',
    source: 'apiextensions-apiserver, test/integration/objectmeta_test.go',
    mutation: {
      file: 'lab/kube/apiserver/custom/custom-object.ts',
      find: 'const draft = cloneJson(pruned({ ...rest, metadata: decoded.value }, schema, unknown));',
      replace: 'const draft = cloneJson(pruned({ ...rest, metadata }, schema, unknown));',
    },
    run: async (t) => {
      const gadgets = await served(t, definition(t, [{ name: 'v1', schema: anything }]));
      const object = {
        ...gadgets.object('meta'),
        free: { a: 1 },
        metadata: { name: 'meta', unknown: 'x', labels: { a: 'b' } },
      };
      const body = await t.http.ok('POST', gadgets.objects(), object);
      assert.deepEqual(
        [body['metadata'].unknown, body['metadata'].labels, body['free']],
        [undefined, { a: 'b' }, { a: 1 }],
      );
    },
  },
  {
    id: 'crd-pruning/patches-and-updates',
    title: 'Patches and replacements are pruned as creations are, and a patch of unknown fields alone changes nothing',
    source: 'apiextensions-apiserver, test/integration/pruning_test.go (TestPruningPatch, TestPruningUpdate)',
    mutation: { file: prune, find: '    else unknown.push(place);', replace: '    else setOwn(made, name, member);' },
    run: async (t) => {
      const gadgets = await servedWith(t, { properties: { a: { type: 'string' } } });
      const { body: made } = await create(t, gadgets, 'x', { a: '1' });
      const path = `${gadgets.objects()}/x`;
      const patched = await t.http.patch('merge', path, { spec: { b: '2' }, other: 1 });
      assert.deepEqual([patched.code, patched.body['spec']], [200, { a: '1' }]);
      assert.equal(patched.body['metadata'].generation, made['metadata'].generation);
      const json = await t.http.patch('json', path, [{ op: 'add', path: '/spec/c', value: { d: 1 } }]);
      assert.deepEqual([json.code, json.body['spec']], [200, { a: '1' }]);
      const put = await t.http.ok('PUT', path, { ...json.body, spec: { a: '2', b: '3' } });
      assert.deepEqual(put['spec'], { a: '2' });
    },
  },
  {
    id: 'crd-pruning/warns-of-unknown-fields',
    title:
      'Unknown and repeated fields are told in warnings, or refused when validation is strict, or passed over when it ignores',
    source:
      'docs: reference/using-api/api-concepts, "Validation for unknown or duplicate fields"; test/integration/apiserver/field_validation_test.go',
    mutation: {
      file: 'lab/kube/apiserver/operations/decode-object.ts',
      find: '    ...notedDuplicates(body).map(',
      replace: '    ...notedDuplicates(undefined).map(',
    },
    since: '1.25',
    run: async (t) => {
      const gadgets = await servedWith(t, {
        properties: { a: { type: 'string' }, list: { type: 'array', items: { type: 'object' } } },
      });
      const text = (name: string): string =>
        `{"apiVersion":"${gadgets.group}/v1","kind":"Gadget","metadata":{"name":"${name}","mine":1},` +
        '"spec":{"a":"1","a":"2","b":true,"list":[{"c":1}]},"other":1}';
      const faults = [
        'duplicate field "spec.a"',
        'unknown field "metadata.mine"',
        'unknown field "other"',
        'unknown field "spec.b"',
        'unknown field "spec.list[0].c"',
      ];
      const strict = await t.http.call('POST', `${gadgets.objects()}?fieldValidation=Strict`, text('strict'));
      assert.deepEqual(
        [strict.code, strict.body['reason'], strict.body['message']],
        [
          400,
          'BadRequest',
          `Gadget in version "v1" cannot be handled as a Gadget: strict decoding error: ${faults.join(', ')}`,
        ],
      );
      const warned = await t.http.call('POST', gadgets.objects(), text('warned'));
      assert.deepEqual(
        [warned.code, warned.headers['warning'], warned.body['spec']],
        [201, faults.map((fault) => `299 - ${JSON.stringify(fault)}`).join(', '), { a: '2', list: [{}] }],
      );
      const ignored = await t.http.call('POST', `${gadgets.objects()}?fieldValidation=Ignore`, text('ignored'));
      assert.deepEqual([ignored.code, ignored.headers['warning']], [201, undefined]);
    },
  },
];

export const crdPruningCases: readonly ParityCase[] = [...pruning, ...crdValidationCases];
