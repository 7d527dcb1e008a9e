// What a definition must say of itself: names, structural schemas, columns.
import assert from 'node:assert/strict';
import type { ParityContext } from '../context.ts';
import type { ParityCase } from '../parity-case.ts';
import type { Schema } from './crd-support.ts';
import { anything, definition, definitionsPath } from './crd-support.ts';

const structural =
  'docs: tasks/extend-kubernetes/custom-resources/custom-resource-definitions, "Specifying a structural schema"';
const validation = 'apiextensions-apiserver, pkg/apis/apiextensions/validation/validation.go';
const label =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an " +
  "alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";

/** The refusal of a definition, one fault a line. Nothing is stored, whatever the server thinks of it. */
async function faults(t: ParityContext, spec: Schema, more: Schema = {}): Promise<string> {
  const made = definition(t, [{ name: 'v1', schema: { type: 'object', properties: { spec } }, more }]);
  return refusal(t, made.body);
}

async function refusal(t: ParityContext, body: unknown): Promise<string> {
  const answer = await t.http.call('POST', `${definitionsPath}?dryRun=All`, body);
  if (answer.code === 201) return '';
  assert.deepEqual([answer.code, answer.body['reason']], [422, 'Invalid']);
  const causes: readonly { field: string; message: string }[] = answer.body['details'].causes;
  return causes
    .map((cause) => `${cause.field.replace('spec.validation.openAPIV3Schema.properties[spec]', '$')}: ${cause.message}`)
    .join('\n');
}

const mapKey = 'this property is in x-kubernetes-list-map-keys, so it';

export const crdSchemaCases: readonly ParityCase[] = [
  {
    id: 'crd-versions/structural-schemas',
    title: 'Every part of a schema has a type, lists have items, and combinations name no types',
    source: structural,
    mutation: {
      file: 'lab/kube/apiserver/custom/schema-structure.ts',
      find: "  ['type', 'must be empty to be structural'],",
      replace: '',
    },
    run: async (t) => {
      const text = { type: 'string' };
      const tries: readonly (readonly [Schema, string])[] = [
        [{}, '$.type: Required value: must not be empty for specified object fields'],
        [{ type: 'array' }, '$.items: Required value: must be specified'],
        [{ type: 'array', items: {} }, '$.items.type: Required value: must not be empty for specified array items'],
        [
          { type: 'object', properties: { a: text }, anyOf: [{ properties: { a: text } }] },
          '$.anyOf[0].properties[a].type: Forbidden: must be empty to be structural',
        ],
        [{ 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] }, ''],
        [
          { type: 'object', 'x-kubernetes-embedded-resource': true },
          '$.properties: Required value: must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields',
        ],
        [
          { 'x-kubernetes-int-or-string': true, 'x-kubernetes-preserve-unknown-fields': true },
          '$.x-kubernetes-preserve-unknown-fields: Invalid value: true: must be false if x-kubernetes-int-or-string is true',
        ],
      ];
      for (const [spec, expected] of tries) assert.equal(await faults(t, spec), expected, JSON.stringify(spec));
    },
  },
  {
    id: 'crd-versions/forbidden-keywords',
    title:
      'What would be ambiguous or slow is not supported: $ref, uniqueItems, patternProperties, items as a list, both kinds of properties',
    source: structural,
    mutation: {
      file: 'lab/kube/apiserver/custom/schema-faults.ts',
      find: 'const shape = isUnstructurable(schema) ? [] : shapeFaults(schema, path, objectMeta);',
      replace: 'const shape = shapeFaults(schema, path, objectMeta);',
    },
    run: async (t) => {
      const text = { type: 'string' };
      const tries: readonly (readonly [Schema, string])[] = [
        [{ $ref: '#/definitions/x' }, '$.$ref: Forbidden: $ref is not supported'],
        [
          { type: 'object', patternProperties: { a: text } },
          '$.patternProperties: Forbidden: patternProperties is not supported',
        ],
        [{ type: 'object', definitions: { a: text } }, '$.definitions: Forbidden: definitions is not supported'],
        [
          { type: 'array', items: text, uniqueItems: true },
          '$.uniqueItems: Forbidden: uniqueItems cannot be set to true since the runtime complexity becomes quadratic',
        ],
        [{ type: 'array', items: [text] }, '$.items: Forbidden: items must be a schema object and not an array'],
        [
          { type: 'object', properties: { a: text }, additionalProperties: text },
          '$.additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive',
        ],
        [{ type: 'object', additionalProperties: false }, ''],
        [
          { type: 'thing' },
          '$.type: Unsupported value: "thing": supported values: "array", "boolean", "integer", "number", "object", "string"',
        ],
        [
          { type: 'string', pattern: '(?=a)' },
          '$.pattern: Invalid value: "(?=a)": must be a valid regular expression, but isn\'t: error parsing regexp: invalid or unsupported Perl syntax: `(?=`',
        ],
        [
          { type: 'object', 'x-kubernetes-preserve-unknown-fields': false },
          '$.x-kubernetes-preserve-unknown-fields: Invalid value: false: must be true or undefined',
        ],
      ];
      for (const [spec, expected] of tries) assert.equal(await faults(t, spec), expected, JSON.stringify(spec));
    },
  },
  {
    id: 'crd-versions/list-type-rules',
    title: 'Keys of a map are scalar properties that are always there, and items of a set are compared as a whole',
    source: `docs: reference/using-api/server-side-apply, "Merge strategy"; ${validation}`,
    mutation: {
      file: 'lab/kube/apiserver/custom/schema-list-types.ts',
      find: "...(needed.includes(key) || (property['default'] ?? undefined) !== undefined",
      replace: "...(!needed.includes(key) || (property['default'] ?? undefined) !== undefined",
    },
    run: async (t) => {
      const map = (items: Schema, ...keys: readonly string[]): Schema => ({
        type: 'array',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': keys,
        items: { type: 'object', ...items },
      });
      const a = { type: 'string' };
      const tries: readonly (readonly [Schema, string])[] = [
        [
          map({ properties: { a } }, 'a'),
          `$.items.properties[a].default: Required value: ${mapKey} must have a default or be a required property`,
        ],
        [
          map({ properties: { a }, required: ['a'] }, 'b'),
          '$.x-kubernetes-list-map-keys: Invalid value: []string{"b"}: entries must all be names of item properties',
        ],
        [map({ properties: { a: { ...a, default: 'x' } } }, 'a'), ''],
        [
          map({ properties: { a }, required: ['a'] }),
          '$.x-kubernetes-list-map-keys: Required value: must not be empty if x-kubernetes-list-type is map',
        ],
        [
          map({ properties: { a: { ...a, nullable: true } }, required: ['a'] }, 'a'),
          `$.items.properties[a].nullable: Forbidden: ${mapKey} cannot be nullable`,
        ],
        [
          { type: 'array', items: a, 'x-kubernetes-list-type': 'bag' },
          '$.x-kubernetes-list-type: Unsupported value: "bag": supported values: "atomic", "set", "map"',
        ],
        [
          { type: 'object', 'x-kubernetes-list-type': 'set' },
          '$.type: Invalid value: "object": must be array if x-kubernetes-list-type is specified',
        ],
        [
          { type: 'string', 'x-kubernetes-map-type': 'atomic' },
          '$.type: Invalid value: "string": must be object if x-kubernetes-map-type is specified',
        ],
      ];
      for (const [spec, expected] of tries) assert.equal(await faults(t, spec), expected, JSON.stringify(spec));
    },
    until: '1.31',
  },
  {
    id: 'crd-versions/root-schema',
    title:
      'The root is an object whose metadata may restrict the name alone, without additionalProperties, and combinations speak of fields that it has',
    source: structural,
    mutation: {
      file: 'lab/kube/apiserver/custom/schema-completeness.ts',
      find: 'if (!isObject(structure)) return [required(path, `because it is defined in ${saidAt}`)];',
      replace: 'if (!isObject(structure)) return [];',
    },
    run: async (t) => {
      const root = async (schema: Schema): Promise<string> =>
        (await refusal(t, definition(t, [{ name: 'v1', schema }]).body)).replaceAll(
          'spec.validation.openAPIV3Schema',
          '$',
        );
      assert.equal(
        await root({
          type: 'object',
          properties: { metadata: { type: 'object', properties: { name: { type: 'string', maxLength: 3 } } } },
        }),
        '',
      );
      assert.equal(
        await root({
          type: 'object',
          properties: { metadata: { type: 'object', properties: { labels: { type: 'object' } } } },
        }),
        '$.properties[metadata]: Forbidden: must not specify anything other than name and generateName, but metadata is implicitly specified',
      );
      assert.equal(
        await root({ type: 'array', items: { type: 'string' } }),
        '$.type: Invalid value: "array": must be object at the root',
      );
      assert.equal(
        await root({ type: 'object', additionalProperties: { type: 'string' } }),
        '$.additionalProperties: Forbidden: must not be used at the root',
      );
      assert.equal(
        await root({ type: 'object', oneOf: [{ properties: { b: { minLength: 1 } } }] }),
        '$.properties[b]: Required value: because it is defined in $.oneOf[0].properties[b]',
      );
      assert.equal(
        await root({ type: 'object', nullable: true }),
        '$.nullable: Forbidden: nullable cannot be true at the root',
      );
    },
  },
  {
    id: 'crd-versions/names',
    title: 'A definition is named by its plural and group, names are labels, and kind and listKind differ',
    source: validation,
    mutation: {
      file: 'lab/kube/apiserver/custom/definition-names.ts',
      find: "...(kind !== '' && kind === names['listKind']",
      replace: "...(kind === '' && kind === names['listKind']",
    },
    run: async (t) => {
      const refused = (names: Schema, more: Schema = {}): Promise<string> => {
        const { body } = definition(t, [{ name: 'v1' }], { names, ...more });
        return refusal(t, body);
      };
      const good = { plural: 'gadgets', kind: 'Gadget' };
      assert.equal(await refused(good), '');
      assert.equal(
        await refused({ ...good, plural: 'widgets' }).then((text) =>
          text.replace(/Invalid value: "[^"]*"/, 'Invalid value'),
        ),
        'metadata.name: Invalid value: must be spec.names.plural+"."+spec.group',
      );
      assert.equal(
        await refused({ ...good, listKind: 'Gadget' }),
        'spec.names.listKind: Invalid value: "Gadget": kind and listKind may not be the same',
      );
      assert.equal(
        await refused({ ...good, shortNames: ['ga', 'G_1'] }),
        `spec.names.shortNames[1]: Invalid value: "G_1": ${label}`,
      );
      assert.equal(
        await refused({ ...good, categories: ['All'] }),
        `spec.names.categories[0]: Invalid value: "All": ${label}`,
      );
      assert.equal(
        await refused(good, { scope: 'Global' }),
        'spec.scope: Unsupported value: "Global": supported values: "Cluster", "Namespaced"',
      );
    },
  },
  {
    id: 'crd-versions/no-schema',
    title: 'Every version needs a schema',
    source: 'docs: reference/using-api/deprecation-guide, "CustomResourceDefinition" (v1.22)',
    mutation: {
      file: 'lab/kube/apiserver/custom/definition-versions.ts',
      find: "'schemas are required'",
      replace: "'a schema is required'",
    },
    until: '1.34',
    run: async (t) => {
      const { body } = definition(t, [{ name: 'v1', more: { schema: {} } }]);
      assert.equal(
        await refusal(t, body),
        'spec.versions[0].schema.openAPIV3Schema: Required value: schemas are required',
      );
    },
  },
  {
    id: 'crd-versions/preserve-unknown-fields',
    title: 'A definition cannot keep unknown fields as a whole; false is the default and is not shown',
    source: 'docs: tasks/extend-kubernetes/custom-resources/custom-resource-definitions, "Field pruning"',
    mutation: {
      file: 'lab/kube/apiserver/custom/definition-rules.ts',
      find: "...(spec['preserveUnknownFields'] === true",
      replace: "...(spec['preserveUnknownFields'] === 1",
    },
    run: async (t) => {
      const made = definition(t, [{ name: 'v1' }], { preserveUnknownFields: false });
      const accepted = await t.http.ok('POST', `${definitionsPath}?dryRun=All`, made.body);
      assert.equal(accepted['spec'].preserveUnknownFields, undefined);
      const text = await refusal(t, definition(t, [{ name: 'v1' }], { preserveUnknownFields: true }).body);
      assert.match(
        text,
        /^spec\.preserveUnknownFields: Invalid value: true: cannot set to true, set x-(kubernetes-)?preserve-unknown-fields to true in spec\.versions\[\*\]\.schema instead$/,
      );
    },
  },
  {
    id: 'crd-versions/columns-and-subresources',
    title:
      'Columns have a name, a known type and format and a path from the object; replicas are read below spec and status',
    source: validation,
    mutation: {
      file: 'lab/kube/apiserver/custom/column-faults.ts',
      find: "...(format !== '' && !FORMATS.includes(format)",
      replace: "...(format === '' && !FORMATS.includes(format)",
    },
    run: async (t) => {
      const column = (more: Schema): Promise<string> =>
        faults(t, anything, { additionalPrinterColumns: [{ name: 'A', type: 'string', jsonPath: '.a', ...more }] });
      assert.equal(await column({}), '');
      assert.equal(await column({ name: '' }), 'spec.additionalPrinterColumns[0].name: Required value');
      assert.equal(
        await column({ type: 'text' }),
        'spec.additionalPrinterColumns[0].type: Invalid value: "text": must be one of boolean,date,integer,number,string',
      );
      assert.equal(
        await column({ format: 'int16' }),
        'spec.additionalPrinterColumns[0].format: Invalid value: "int16": must be one of byte,date,date-time,double,float,int32,int64,password',
      );
      assert.equal(
        await column({ jsonPath: 'a' }),
        'spec.additionalPrinterColumns[0].JSONPath: Invalid value: "a": must be a simple json path starting with .',
      );
      const scale = (more: Schema): Promise<string> =>
        faults(t, anything, {
          subresources: { scale: { specReplicasPath: '.spec.r', statusReplicasPath: '.status.r', ...more } },
        });
      assert.equal(await scale({}), '');
      assert.equal(
        await scale({ specReplicasPath: '.status.r' }),
        'spec.subresources.scale.specReplicasPath: Invalid value: ".status.r": should be a json path under .spec',
      );
      assert.equal(
        await scale({ labelSelectorPath: '.meta.s' }),
        'spec.subresources.scale.labelSelectorPath: Invalid value: ".meta.s": should be a json path under either .spec or .status',
      );
    },
  },
  {
    id: 'crd-versions/protected-groups',
    title: 'Groups of the Kubernetes community need the sign of an approval',
    source:
      'docs: reference/labels-annotations-taints, "api-approved.kubernetes.io"; apiextensions-apiserver, pkg/apihelpers/helpers.go',
    mutation: {
      file: 'lab/kube/apiserver/custom/api-approval.ts',
      find: '/(^|\\.)(k8s|kubernetes)\\.io$/',
      replace: '/(^|\\.)(k8s|kubernetes)\\.com$/',
    },
    run: async (t) => {
      const post = (annotation: string | undefined): Promise<string> => {
        const group = `${t.unique('parity')}.k8s.io`;
        const { body } = definition(t, [{ name: 'v1' }], { group });
        const annotations = annotation === undefined ? {} : { 'api-approved.kubernetes.io': annotation };
        return refusal(t, { ...body, metadata: { name: `gadgets.${group}`, annotations } });
      };
      const must = 'protected groups must have approval annotation "api-approved.kubernetes.io"';
      const see = 'see https://github.com/kubernetes/enhancements/pull/1111';
      const field = 'metadata.annotations[api-approved.kubernetes.io]';
      assert.equal(await post(undefined), `${field}: Required value: ${must}, ${see}`);
      assert.equal(
        await post('yes'),
        `${field}: Invalid value: "yes": ${must} with either a URL or a reason starting with "unapproved", ${see}`,
      );
      assert.equal(await post('unapproved, a test'), '');
      assert.equal(await post('https://github.com/kubernetes/kubernetes/pull/1'), '');
    },
  },
];
