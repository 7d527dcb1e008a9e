// OpenAPI v3: what kubectl needs to explain kinds and to know that the server validates fields itself.
import type { JsonObject } from '../json.ts';
import type { Definition } from '../registry/definition.ts';
import { apiVersionOf } from '../registry/definition.ts';
import type { Registry } from '../registry/registry.ts';
import type { Schema } from '../schema/schema.ts';

/** `/openapi/v3`. The hash in each address changes with the set of kinds. */
export function openApiIndex(registry: Registry): JsonObject {
  const paths: JsonObject = {};
  for (const definition of registry.list()) {
    const path =
      definition.group === '' ? `api/${definition.version}` : `apis/${definition.group}/${definition.version}`;
    paths[path] = { serverRelativeURL: `/openapi/v3/${path}?hash=${registry.generation}` };
  }
  return { paths };
}

/** `/openapi/v3/apis/GROUP/VERSION`; `undefined` when nothing is served there. */
export function openApiGroupVersion(registry: Registry, group: string, version: string): JsonObject | undefined {
  const served = registry.list().filter((definition) => definition.group === group && definition.version === version);
  if (served.length === 0) return undefined;
  const schemas: JsonObject = {};
  const paths: JsonObject = {};
  for (const definition of served) {
    const name = componentName(definition);
    schemas[name] = {
      ...component(definition.schema, schemas, true),
      'x-kubernetes-group-version-kind': [gvk(definition)],
    };
    for (const [path, item] of Object.entries(pathItems(definition, name))) paths[path] = item;
  }
  return { openapi: '3.0.0', info: { title: 'Kubernetes', version: 'v1.30.14' }, paths, components: { schemas } };
}

const gvk = ({ group, version, kind }: Definition): JsonObject => ({ group, version, kind });

function componentName(definition: Definition): string {
  if (!definition.custom) return builtInName(definition.kind);
  return [...definition.group.split('.').reverse(), definition.version, definition.kind].join('.');
}

const builtInName = (type: string): string => `io.k8s.api.${type}`;

/** A schema as OpenAPI shows it: built-in structs become components that are referred to, which also ends recursion. */
function component(schema: Schema, schemas: JsonObject, top = false): JsonObject {
  const type = schema['x-type'];
  if (type !== undefined && !top) {
    const name = builtInName(type);
    if (schemas[name] === undefined) {
      schemas[name] = {};
      schemas[name] = component(schema, schemas, true);
    }
    return {
      allOf: [{ $ref: `#/components/schemas/${name}` }],
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
      Object.entries(properties).map(([name, member]) => [name, component(member, schemas)]),
    );
  if (items !== undefined) shown['items'] = component(items, schemas);
  if (typeof additionalProperties === 'object')
    shown['additionalProperties'] = component(additionalProperties, schemas);
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
