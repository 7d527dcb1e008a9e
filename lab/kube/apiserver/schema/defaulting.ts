// Defaults written in a schema, filled in wherever an object that is present lacks the member; and nulls that a schema does not allow.
import { cloneJson, isObject } from '../json.ts';
import { createMemberPlans, visitPlanned } from './member-plans.ts';
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

/**
 * Fills defaults into `value` in place; `value` must be a draft that nobody else holds.
 * A null that the schema does not allow counts as absent (apiextensions, "Defaulting and Nullable").
 */
export function applyDefaults(value: unknown, schema: Schema): void {
  if (Array.isArray(value)) {
    const { items } = schema;
    if (items === undefined) return;
    value.forEach((item, index) => {
      if (isForbiddenNull(item, items)) value[index] = defaultOf(items) ?? null;
      applyDefaults(value[index], items);
    });
    return;
  }
  if (!isObject(value)) return;
  const { properties = {} } = schema;
  // Kinds have many members and few defaults: looked for without making lists of them.
  for (const name in properties) {
    const described = properties[name];
    if (described?.default === undefined) continue;
    const lacks = value[name] === undefined || isForbiddenNull(value[name], described);
    if (lacks && hasDefault(described)) value[name] = defaultOf(described);
  }
  const { additionalProperties } = schema;
  for (const name of Object.keys(value)) {
    const described = memberSchema(schema, name);
    if (described === undefined) continue;
    if (described === additionalProperties && isForbiddenNull(value[name], described))
      value[name] = defaultOf(described) ?? null;
    applyDefaults(value[name], described);
  }
}

/** As `applyDefaults` for built-in kinds, whose defaults are plain values, with what depends on schemas worked out once. */
export function createDefaulter(): (value: unknown, schema: Schema) => void {
  const planOf = createMemberPlans((schema) => {
    const found = Object.entries(schema.properties ?? {}).filter(([, described]) => hasDefault(described));
    return found.length === 0 ? undefined : found;
  });
  const fill = (value: Record<string, unknown>, defaulted: readonly (readonly [string, Schema])[]): void => {
    for (const [name, described] of defaulted)
      if (value[name] === undefined || isForbiddenNull(value[name], described)) value[name] = defaultOf(described);
  };
  return (value, schema) => visitPlanned(value, schema, planOf, fill);
}

/**
 * Removes members that are null where the schema allows none and has no default, in place. Null items of lists stay.
 * Runs after pruning and before defaulting.
 */
export function dropForbiddenNulls(value: unknown, schema: Schema | undefined): void {
  if (Array.isArray(value)) {
    for (const item of value) dropForbiddenNulls(item, schema?.items);
    return;
  }
  if (!isObject(value)) return;
  for (const [name, member] of Object.entries(value)) {
    const described = memberSchema(schema, name);
    if (described !== undefined && isForbiddenNull(member, described) && !hasDefault(described)) delete value[name];
    else dropForbiddenNulls(member, described);
  }
}

const isForbiddenNull = (value: unknown, schema: Schema): boolean => value === null && schema.nullable !== true;

/** A default of null is none. */
const hasDefault = (schema: Schema): boolean => schema.default !== undefined && schema.default !== null;

const defaultOf = (schema: Schema): unknown => cloneJson(schema.default);
