// Pruning of custom resources: what the structural schema does not describe is dropped, unless the schema says to preserve it.
import type { JsonObject } from '../json.ts';
import { isObject, setOwn } from '../json.ts';
import type { Schema } from './schema.ts';
import { memberSchema } from './schema.ts';

/** Members that every resource has, at the root and where a resource is embedded; its schema need not list them. */
const META_MEMBERS = ['apiVersion', 'kind', 'metadata'];

/**
 * A pruned copy of a whole custom resource (apiextensions, "Field pruning"). Values of the wrong type stay, for validation to refuse.
 * `unknown` gets the paths that were dropped, sorted as the server reports them (`spec.list[0].extra`).
 */
export function pruneResource(value: JsonObject, schema: Schema, unknown: string[]): JsonObject {
  const found: string[] = [];
  const pruned = pruneValue(value, { ...schema, 'x-kubernetes-embedded-resource': true }, found, '');
  unknown.push(...found.sort());
  return isObject(pruned) ? pruned : {};
}

/** A pruned copy of any value that `schema` describes; an embedded resource keeps its metadata. */
export function prune(value: unknown, schema: Schema): unknown {
  return pruneValue(value, schema, [], '');
}

function pruneValue(value: unknown, schema: Schema | undefined, unknown: string[], path: string): unknown {
  const preserves = schema?.['x-kubernetes-preserve-unknown-fields'] === true;
  if (Array.isArray(value)) {
    const items = preserves ? preserving(schema.items) : schema?.items;
    return value.map((item, index) => pruneValue(item, items, unknown, `${path}[${index}]`));
  }
  if (!isObject(value)) return value;
  const made: JsonObject = {};
  for (const [name, member] of Object.entries(value)) {
    const place = path === '' ? name : `${path}.${name}`;
    if (schema?.['x-kubernetes-embedded-resource'] === true && META_MEMBERS.includes(name)) {
      setOwn(made, name, member);
    } else if (isDescribed(schema, name)) {
      setOwn(made, name, pruneValue(member, memberSchema(schema, name), unknown, place));
    } else if (preserves) setOwn(made, name, member);
    else unknown.push(place);
  }
  return made;
}

/** Items of a preserved list preserve as well. */
const preserving = (items: Schema | undefined): Schema => ({ ...items, 'x-kubernetes-preserve-unknown-fields': true });

/** `additionalProperties: true` keeps the keys of a map, and nothing inside their values. */
function isDescribed(schema: Schema | undefined, name: string): boolean {
  if (schema === undefined) return false;
  if (schema.properties !== undefined && Object.hasOwn(schema.properties, name)) return true;
  return schema.additionalProperties !== undefined;
}
