// OpenAPI v2: one document for everything, as older clients and code generators read it. JSON alone is written.
import type { JsonObject } from '../json.ts';
import { isObject, objectAt } from '../json.ts';
import type { Registry } from '../registry/registry.ts';
import { openApiParts } from './openapi.ts';

/** `/openapi/v2`. */
export function openApiV2(registry: Registry): JsonObject {
  const { schemas, paths } = openApiParts(registry, registry.list(), '#/definitions/');
  return {
    swagger: '2.0',
    info: { title: 'Kubernetes', version: 'v1.30.14' },
    paths: Object.fromEntries(Object.entries(paths).map(([path, item]) => [path, inSwagger(item)])),
    definitions: inSwagger(schemas),
  };
}

/** What v2 has no words for is left out, and what it says otherwise is said so. */
function inSwagger(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inSwagger);
  if (!isObject(value)) return value;
  const allOf = value['allOf'];
  // A reference stands alone in v2.
  if (Array.isArray(allOf) && allOf.length === 1 && isObject(allOf[0]) && '$ref' in allOf[0]) {
    const description = value['description'];
    return { ...(description === undefined ? {} : { description }), ...allOf[0] };
  }
  if (value['in'] === 'query') return { name: value['name'], in: 'query', ...objectAt(value, 'schema') };
  const { content, requestBody, nullable: _nullable, oneOf, ...rest } = value;
  const members: JsonObject = Object.fromEntries(
    Object.entries(rest).map(([name, member]) => [name, inSwagger(member)]),
  );
  if (isObject(requestBody)) members['consumes'] = Object.keys(objectAt(requestBody, 'content'));
  if (oneOf !== undefined) return { ...members, type: 'string', format: 'int-or-string' };
  const schema = objectAt(content, 'application/json', 'schema');
  if (Object.keys(schema).length === 0) return members;
  return { ...members, schema: { $ref: String(schema['$ref']).replace('#/components/schemas/', '#/definitions/') } };
}
