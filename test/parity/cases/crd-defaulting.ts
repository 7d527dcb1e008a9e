// Defaulting of custom objects.
import assert from 'node:assert/strict';
import type { ParityCase } from '../parity-case.ts';
import { changed, create, definition, definitionsPath, served, servedWith } from './crd-support.ts';

const docs = 'docs: tasks/extend-kubernetes/custom-resources/custom-resource-definitions, "Defaulting"';
const defaulting = 'lab/kube/apiserver/schema/defaulting.ts';
const withDefault = (type: string, value: unknown): object => ({ type, default: value });

export const crdDefaultingCases: readonly ParityCase[] = [
  {
    id: 'crd-defaulting/nested',
    title:
      'Defaults are filled in wherever their parent is there, in objects, lists and maps, and into defaults as well',
    source: docs,
    mutation: {
      file: defaulting,
      find: '    applyDefaults(value[name], described);',
      replace: '    if (described.default === undefined) applyDefaults(value[name], described);',
    },
    run: async (t) => {
      const part = { type: 'object', properties: { port: withDefault('integer', 80), name: { type: 'string' } } };
      const gadgets = await servedWith(t, {
        properties: {
          mode: withDefault('string', 'auto'),
          absent: part,
          whole: { ...part, default: { name: 'made' } },
          list: { type: 'array', items: part },
          map: { type: 'object', additionalProperties: part },
          none: { type: 'boolean', default: false },
        },
      });
      const { code, body } = await create(t, gadgets, 'x', {
        list: [{}, { port: 1 }],
        map: { a: {}, b: { name: 'n' } },
      });
      assert.equal(code, 201);
      assert.deepEqual(body['spec'], {
        mode: 'auto',
        whole: { name: 'made', port: 80 },
        list: [{ port: 80 }, { port: 1 }],
        map: { a: { port: 80 }, b: { name: 'n', port: 80 } },
        none: false,
      });
    },
  },
  {
    id: 'crd-defaulting/absent-parents',
    title: 'Without the parent nothing is defaulted: an object without spec gets none',
    source: docs,
    mutation: {
      file: defaulting,
      find: 'if (described?.default === undefined) continue;',
      replace:
        "if (name === 'spec' && !('kind' in properties)) value[name] ??= {}; if (described?.default === undefined) continue;",
    },
    run: async (t) => {
      const gadgets = await servedWith(t, { properties: { mode: withDefault('string', 'auto') } });
      const { spec: _spec, ...bare } = gadgets.object('bare');
      const body = await t.http.ok('POST', gadgets.objects(), bare);
      assert.deepEqual(Object.keys(body).sort(), ['apiVersion', 'kind', 'metadata']);
    },
  },
  {
    id: 'crd-defaulting/nulls',
    title: 'A null that is not allowed is dropped, or defaulted where there is a default; a null that is allowed stays',
    source: 'docs: tasks/extend-kubernetes/custom-resources/custom-resource-definitions, "Defaulting and Nullable"',
    mutation: {
      file: defaulting,
      find: 'const lacks = value[name] === undefined || isForbiddenNull(value[name], described);',
      replace: 'const lacks = value[name] === undefined;',
    },
    run: async (t) => {
      const gadgets = await servedWith(t, {
        properties: {
          a: { type: 'string', nullable: false, default: 'default' },
          b: { type: 'string', nullable: true, default: 'default' },
          c: { type: 'string' },
          d: { type: 'string', nullable: true },
          map: { type: 'object', additionalProperties: { type: 'string' } },
          open: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
        },
      });
      const { code, body } = await create(t, gadgets, 'nulls', {
        a: null,
        b: null,
        c: null,
        d: null,
        map: { k: null, l: 'x' },
        open: { k: null },
      });
      assert.equal(code, 201);
      assert.deepEqual(body['spec'], { a: 'default', b: null, d: null, map: { l: 'x' }, open: { k: null } });
    },
  },
  {
    id: 'crd-defaulting/required',
    title: 'A required field that has a default may be left out: defaults come before validation',
    source: docs,
    mutation: {
      file: 'lab/kube/apiserver/operations/decode-object.ts',
      find: 'applyDefaults(object, definition.objects?.schema ?? definition.schema);',
      replace: 'if (definition.objects === undefined) applyDefaults(object, definition.schema);',
    },
    run: async (t) => {
      const gadgets = await servedWith(t, {
        required: ['mode', 'size'],
        properties: { mode: withDefault('string', 'auto'), size: { type: 'integer' } },
      });
      const { body } = await create(t, gadgets, 'x', { size: 1 });
      assert.deepEqual(body['spec'], { mode: 'auto', size: 1 });
      const refused = await create(t, gadgets, 'y', {});
      assert.deepEqual(
        [refused.code, refused.body['message']],
        [422, `Gadget.${gadgets.group} "y" is invalid: spec.size: Required value`],
      );
    },
  },
  {
    id: 'crd-defaulting/updates-and-patches',
    title: 'Updates and patches are defaulted too, so that removing a field brings its default back',
    source: `${docs}; apiextensions-apiserver, test/integration/defaulting_test.go`,
    mutation: {
      file: defaulting,
      find: '    if (lacks && hasDefault(described)) value[name] = defaultOf(described);',
      replace: "    if (lacks && described.default === 'none') value[name] = defaultOf(described);",
    },
    run: async (t) => {
      const gadgets = await servedWith(t, {
        properties: { mode: withDefault('string', 'auto'), size: { type: 'integer' } },
      });
      const { body: made } = await create(t, gadgets, 'x', { mode: 'manual' });
      assert.equal(made['spec'].mode, 'manual');
      const path = `${gadgets.objects()}/x`;
      const merged = await t.http.patch('merge', path, { spec: { mode: null } });
      assert.deepEqual([merged.code, merged.body['spec']], [200, { mode: 'auto' }]);
      const removed = await t.http.patch('json', path, [{ op: 'replace', path: '/spec', value: { size: 1 } }]);
      assert.deepEqual(removed.body['spec'], { mode: 'auto', size: 1 });
      const put = await t.http.ok('PUT', path, { ...removed.body, spec: { size: 2 } });
      assert.deepEqual(put['spec'], { mode: 'auto', size: 2 });
    },
  },
  {
    id: 'crd-defaulting/old-objects',
    title: 'A default that the definition gets later shows in objects from before, without a new version of them',
    source: 'apiextensions-apiserver, test/integration/defaulting_test.go ("reading from etcd")',
    mutation: {
      file: 'lab/kube/apiserver/custom/custom-object.ts',
      find: '    applyDefaults(current, own);',
      replace: '    applyDefaults({}, own);',
    },
    run: async (t) => {
      const gadgets = await servedWith(t, { properties: { size: { type: 'integer' } } });
      const { body: made } = await create(t, gadgets, 'old', { size: 1 });
      const path = `${gadgets.objects()}/old`;
      const read = (): Promise<Record<string, Record<string, unknown>>> => t.http.ok('GET', path);
      await changed(
        t,
        gadgets,
        [
          {
            op: 'add',
            path: '/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/mode',
            value: withDefault('string', 'auto'),
          },
        ],
        async () => (await read())['spec']?.['mode'] !== undefined,
      );
      const object = await read();
      assert.deepEqual(object['spec'], { size: 1, mode: 'auto' });
      assert.equal(object['metadata']?.['resourceVersion'], made['metadata'].resourceVersion);
      const list = await t.http.ok('GET', gadgets.objects());
      assert.deepEqual(
        list['items'].map((item: { spec: unknown }) => item.spec),
        [{ size: 1, mode: 'auto' }],
      );
    },
  },
  {
    id: 'crd-defaulting/defaults-are-validated',
    title: 'A default that its own schema refuses, or would prune, is refused with the definition',
    source: 'apiextensions-apiserver, pkg/apiserver/schema/defaulting/validation.go',
    mutation: {
      file: 'lab/kube/apiserver/custom/schema-defaults.ts',
      find: "return [...unpruned, ...(embedded.length > 0 ? embedded : validateValue(value, schema, '', { base: at }))];",
      replace: 'return [...unpruned, ...embedded];',
    },
    run: async (t) => {
      const at = 'spec.validation.openAPIV3Schema.properties[spec].properties[a].default';
      const tries: readonly (readonly [object, string])[] = [
        [withDefault('integer', 'x'), `${at}: Invalid value: "string":  in body must be of type integer: "string"`],
        [
          { type: 'integer', minimum: 1, default: 0 },
          `${at}: Invalid value: 0:  in body should be greater than or equal to 1`,
        ],
        [
          { type: 'object', properties: { b: { type: 'string' } }, default: { c: 'x' } },
          `${at}: Invalid value: map[string]interface {}{"c":"x"}: must not have unknown fields`,
        ],
        [
          { type: 'object', required: ['b'], properties: { b: { type: 'string' } }, default: {} },
          `${at}.b: Required value`,
        ],
      ];
      for (const [a, expected] of tries) {
        const made = definition(t, [{ name: 'v1', spec: { type: 'object', properties: { a } } }]);
        t.defer(() => t.http.call('DELETE', made.path));
        const { code, body } = await t.http.call('POST', definitionsPath, made.body);
        assert.deepEqual(
          [code, body['message']],
          [422, `CustomResourceDefinition.apiextensions.k8s.io "${made.name}" is invalid: ${expected}`],
        );
      }
    },
    until: '1.33',
  },
  {
    id: 'crd-defaulting/forbidden-places',
    title: 'No defaults at the root metadata, nor in anyOf, oneOf, allOf and not',
    source: 'docs: tasks/extend-kubernetes/custom-resources/custom-resource-definitions, "Defaulting"',
    mutation: {
      file: 'lab/kube/apiserver/custom/schema-structure.ts',
      find: "  ['default', 'must be undefined to be structural'],",
      replace: '',
    },
    run: async (t) => {
      const root = 'spec.validation.openAPIV3Schema';
      const tries: readonly (readonly [object, string])[] = [
        [
          {
            type: 'object',
            properties: { metadata: { type: 'object', properties: { name: withDefault('string', 'x') } } },
          },
          `${root}.properties[metadata].properties[name].default: Forbidden: must not be set in top-level metadata`,
        ],
        [
          { type: 'object', properties: { a: { type: 'string', anyOf: [{ default: 'x' }] } } },
          `${root}.properties[a].anyOf[0].default: Forbidden: must be undefined to be structural`,
        ],
      ];
      for (const [schema, expected] of tries) {
        const made = definition(t, [{ name: 'v1', schema: { ...schema } }]);
        t.defer(() => t.http.call('DELETE', made.path));
        const { code, body } = await t.http.call('POST', definitionsPath, made.body);
        assert.deepEqual(
          [code, body['message']],
          [422, `CustomResourceDefinition.apiextensions.k8s.io "${made.name}" is invalid: ${expected}`],
        );
      }
    },
  },
  {
    id: 'crd-defaulting/versions',
    title: 'A request is defaulted by its own version, and what is read by the version it is stored in',
    source: docs,
    mutation: {
      file: 'lab/kube/apiserver/custom/custom-object.ts',
      find: 'const own = schemas.get(from) ?? {};',
      replace: 'const own = schemas.get(version) ?? {};',
    },
    run: async (t) => {
      const spec = (mode: string): Record<string, unknown> => ({
        type: 'object',
        properties: { mode: withDefault('string', mode), other: { type: 'string' } },
      });
      const gadgets = await served(
        t,
        definition(t, [
          { name: 'v1', spec: spec('one') },
          { name: 'v2', spec: spec('two') },
        ]),
      );
      const second = { ...gadgets.object('second'), apiVersion: `${gadgets.group}/v2` };
      const made = await t.http.ok('POST', gadgets.objects('v2'), second);
      assert.deepEqual([made['apiVersion'], made['spec']], [`${gadgets.group}/v2`, { mode: 'two' }]);
      const read = await t.http.ok('GET', `${gadgets.objects('v1')}/second`);
      assert.deepEqual([read['apiVersion'], read['spec']], [`${gadgets.group}/v1`, { mode: 'two' }]);
      await changed(
        t,
        gadgets,
        [0, 1].map((index) => ({
          op: 'add',
          path: `/spec/versions/${index}/schema/openAPIV3Schema/properties/spec/properties/late`,
          value: withDefault('string', `stored by v${index + 1}`),
        })),
        async () => (await t.http.ok('GET', `${gadgets.objects('v2')}/second`))['spec'].late !== undefined,
      );
      const late = await t.http.ok('GET', `${gadgets.objects('v2')}/second`);
      assert.equal(late['spec'].late, 'stored by v1');
    },
  },
];
