// OpenAPI v3: what kubectl needs to explain kinds and to know that the server validates fields itself.
import type { JsonObject } from '../json.ts';
import type { Definition } from '../registry/definition.ts';
import { apiVersionOf } from '../registry/definition.ts';
import type { Registry } from '../registry/registry.ts';
import type { Schema } from '../schema/schema.ts';

/** Every group and version with a document: `api/v1`, `apis/apps/v1`. */
export const openApiPaths = (registry: Registry): readonly string[] => [
  ...new Set(
    registry.list().map((one) => (one.group === '' ? `api/${one.version}` : `apis/${one.group}/${one.version}`)),
  ),
];

/** The OpenAPI v3 document of a group and version; `undefined` when nothing is served there. */
export function openApiGroupVersion(registry: Registry, group: string, version: string): JsonObject | undefined {
  const served = registry.list().filter((definition) => definition.group === group && definition.version === version);
  if (served.length === 0) return undefined;
  const { schemas, paths } = openApiParts(registry, served, '#/components/schemas/');
  return { openapi: '3.0.0', info: { title: 'Kubernetes', version: 'v1.30.14' }, paths, components: { schemas } };
}

interface Parts {
  readonly schemas: JsonObject;
  readonly paths: JsonObject;
}

/** The schemas and paths of kinds; references begin with `root`. */
export function openApiParts(registry: Registry, served: readonly Definition[], root: string): Parts {
  const schemas: JsonObject = {};
  const paths: JsonObject = {};
  const core = coreTypes(registry);
  for (const definition of served) {
    const nameOf = (type: string): string => builtInName(type, core.has(type) ? '' : definition.group);
    const name = definition.custom ? customName(definition) : builtInName(definition.kind, definition.group);
    schemas[name] = {
      ...component(definition.schema, { schemas, nameOf, root }, true),
      'x-kubernetes-group-version-kind': [gvk(definition)],
    };
    for (const [path, item] of Object.entries(pathItems(definition, name))) paths[path] = item;
  }
  return { schemas, paths };
}

const gvk = ({ group, version, kind }: Definition): JsonObject => ({ group, version, kind });

const customName = ({ group, version, kind }: Definition): string =>
  [...group.split('.').reverse(), version, kind].join('.');

/** Types of apimachinery, which all groups share. */
const META_TYPES = [
  'ObjectMeta',
  'OwnerReference',
  'ManagedFieldsEntry',
  'LabelSelector',
  'LabelSelectorRequirement',
  'Condition',
  'ListMeta',
];

/** The name that a type has in a real server's documents. */
function builtInName(type: string, group: string): string {
  if (META_TYPES.includes(type)) return `io.k8s.apimachinery.pkg.apis.meta.v1.${type}`;
  return `io.k8s.api.${group === '' ? 'core' : group.split('.')[0]}.v1.${type}`;
}

/** Of the core group though none of its served kinds has it: workloads borrow it. */
const BORROWED = ['PodTemplateSpec'];

/** Types that kinds of the core group are made of; other groups borrow them. */
function coreTypes(registry: Registry): ReadonlySet<string> {
  const found = new Set<string>(BORROWED);
  const visit = (schema: Schema): void => {
    const type = schema['x-type'];
    if (type !== undefined && found.has(type)) return;
    if (type !== undefined) found.add(type);
    for (const member of Object.values(schema.properties ?? {})) visit(member);
    if (schema.items !== undefined) visit(schema.items);
    if (typeof schema.additionalProperties === 'object') visit(schema.additionalProperties);
  };
  for (const definition of registry.list()) if (definition.group === '' && !definition.custom) visit(definition.schema);
  return found;
}

interface Components {
  readonly schemas: JsonObject;
  readonly nameOf: (type: string) => string;
  readonly root: string;
}

/** A schema as OpenAPI shows it: built-in structs become components that are referred to, which also ends recursion. */
function component(schema: Schema, into: Components, top = false): JsonObject {
  const { schemas, nameOf, root } = into;
  const type = schema['x-type'];
  if (type !== undefined && !top) {
    const name = nameOf(type);
    if (schemas[name] === undefined) {
      schemas[name] = {};
      schemas[name] = component(schema, into, true);
    }
    return {
      allOf: [{ $ref: `${root}${name}` }],
      ...(schema.default === undefined ? { default: {} } : { default: schema.default }),
    };
  }
  const { 'x-type': _type, properties, items, additionalProperties, ...rest } = schema;
  const shown: JsonObject = { ...rest };
  if (schema['x-kubernetes-int-or-string'] === true && schema.type === undefined) {
    shown['oneOf'] = [{ type: 'string' }, { type: 'number' }];
    delete shown['x-kubernetes-int-or-string'];
  }
  if (Array.isArray(shown['required']) && shown['required'].length === 0) delete shown['required'];
  if (properties !== undefined)
    shown['properties'] = Object.fromEntries(
      Object.entries(properties).map(([name, member]) => [name, component(member, into)]),
    );
  if (items !== undefined) shown['items'] = component(items, into);
  if (typeof additionalProperties === 'object') shown['additionalProperties'] = component(additionalProperties, into);
  return shown;
}

function pathItems(definition: Definition, name: string): JsonObject {
  const root = definition.group === '' ? `/api/${definition.version}` : `/apis/${apiVersionOf(definition)}`;
  const collection = definition.namespaced
    ? `${root}/namespaces/{namespace}/${definition.plural}`
    : `${root}/${definition.plural}`;
  const content = { 'application/json': { schema: { $ref: `#/components/schemas/${name}` } } };
  const operation = (action: string, parameters: readonly string[]): JsonObject => ({
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': gvk(definition),
    parameters: parameters.map((parameter) => ({
      name: parameter,
      in: 'query',
      schema: { type: 'string', uniqueItems: true },
    })),
    responses: { '200': { description: 'OK', content } },
  });
  const writes = ['dryRun', 'fieldManager', 'fieldValidation'];
  // Strategic merge is deliberately not among the content types: clients then use their own knowledge of built-in kinds.
  const patchBody = {
    content: {
      'application/json-patch+json': {},
      'application/merge-patch+json': {},
      'application/apply-patch+yaml': {},
    },
  };
  return {
    [collection]: {
      get: operation('list', ['labelSelector', 'fieldSelector', 'limit', 'continue']),
      post: operation('post', writes),
    },
    [`${collection}/{name}`]: {
      get: operation('get', []),
      put: operation('put', writes),
      patch: { ...operation('patch', [...writes, 'force']), requestBody: patchBody },
      delete: operation('delete', ['dryRun', 'gracePeriodSeconds', 'propagationPolicy']),
    },
  };
}
