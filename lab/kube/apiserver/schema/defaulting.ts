// Defaults written in a schema, filled in wherever an object that is present lacks the member.
import type { JsonObject } from '../json.ts';
import { cloneJson, isObject } from '../json.ts';
import type { Schema } from './schema.ts';
import { memberSchema } from './schema.ts';

/** Does any part of the schema carry a default? Lets callers skip the walk. Struct types may recur, hence `seen`. */
export function hasDefaults(schema: Schema, seen: Set<Schema> = new Set()): boolean {
  if (seen.has(schema)) return false;
  seen.add(schema);
  if (schema.default !== undefined) return true;
  const nested = [...Object.values(schema.properties ?? {}), ...(schema.items === undefined ? [] : [schema.items])];
  if (typeof schema.additionalProperties === 'object') nested.push(schema.additionalProperties);
  return nested.some((part) => hasDefaults(part, seen));
}

/** Fills defaults into `value` in place; `value` must be a draft that nobody else holds. */
export function applyDefaults(value: unknown, schema: Schema): void {
  if (Array.isArray(value)) {
    const items = schema.items;
    if (items !== undefined) for (const item of value) applyDefaults(item, items);
    return;
  }
  if (!isObject(value)) return;
  for (const [name, described] of Object.entries(schema.properties ?? {})) fillMember(value, name, described);
  for (const [name, member] of Object.entries(value)) {
    const described = memberSchema(schema, name);
    if (described !== undefined) applyDefaults(member, described);
  }
}

function fillMember(value: JsonObject, name: string, described: Schema): void {
  if (value[name] === undefined && described.default !== undefined) value[name] = cloneJson(described.default);
}
