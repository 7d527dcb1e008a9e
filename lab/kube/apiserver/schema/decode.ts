// Decoding against a schema: drops what the kind does not know (and tells its path), and refuses wrong types as Go's decoder does.
import type { JsonObject } from '../json.ts';
import { isObject, setOwn } from '../json.ts';
import { illegalBase64At } from './base64.ts';
import { decodeJsonSchema } from './decode-json-schema.ts';
import { canonicalQuantity } from './quantity.ts';
import type { Schema } from './schema.ts';
import { isStructField, memberSchema } from './schema.ts';

export interface Decoded {
  readonly value: unknown;
  /** Paths of members that were dropped, e.g. `spec.containers[0].imagee`. */
  readonly unknown: readonly string[];
}

/** A value of the wrong JSON type for a built-in field; `message` is worded as encoding/json words it. */
export class DecodeError extends Error {}

/**
 * Built-in kinds: unknown fields, nulls and empty lists and maps are dropped, quantities are made canonical.
 * Throws DecodeError for a wrong type.
 */
export function decodeBuiltIn(value: unknown, schema: Schema): Decoded {
  const unknown: string[] = [];
  const owner = schema['x-type'] ?? '';
  return { value: builtIn(value, schema, { path: '', goPath: '', owner, unknown }), unknown };
}

interface Place {
  readonly path: string;
  /** Without list indexes, as encoding/json names places. */
  readonly goPath: string;
  readonly owner: string;
  readonly unknown: string[];
}

const child = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`);

function builtIn(value: unknown, schema: Schema, place: Place): unknown {
  if (schema.format === 'json-schema') {
    const { path, unknown } = place;
    return decodeJsonSchema(value, {
      path,
      unknown,
      mismatch: (found, expected, at) => mismatch(found, expected, { ...place, goPath: at.replaceAll(/\[\d+\]/g, '') }),
    });
  }
  if (schema['x-kubernetes-preserve-unknown-fields'] === true) return value;
  if (schema['x-kubernetes-int-or-string'] === true) {
    if (schema.format === 'quantity') return quantity(value, place);
    if (typeof value === 'string' || (typeof value === 'number' && Number.isInteger(value))) return value;
    throw mismatch(value, 'intstr.IntOrString', place);
  }
  switch (schema.type) {
    case 'object':
      if (!isObject(value)) throw mismatch(value, goType(schema), place);
      return schema.properties === undefined ? builtInMap(value, schema, place) : builtInStruct(value, schema, place);
    case 'array':
      if (!Array.isArray(value)) throw mismatch(value, goType(schema), place);
      return builtInList(value, schema.items ?? {}, place);
    case 'string':
      if (typeof value !== 'string') throw mismatch(value, 'string', place);
      if (schema.format === 'byte') checkBase64(value);
      return value;
    case 'boolean':
      if (typeof value !== 'boolean') throw mismatch(value, 'bool', place);
      return value;
    case 'integer':
      if (typeof value !== 'number' || !Number.isInteger(value)) throw mismatch(value, goType(schema), place);
      return value;
    case 'number':
      if (typeof value !== 'number') throw mismatch(value, 'float64', place);
      return value;
    case undefined:
      return value;
  }
}

function checkBase64(text: string): void {
  const illegal = illegalBase64At(text);
  if (illegal !== undefined) throw new DecodeError(`illegal base64 data at input byte ${illegal}`);
}

function builtInList(value: readonly unknown[], items: Schema, place: Place): unknown[] {
  return value.map((item, index) => {
    if (item === null && items.type === 'object') return {};
    return builtIn(item, items, { ...place, path: `${place.path}[${index}]` });
  });
}

function builtInStruct(value: JsonObject, schema: Schema, place: Place): JsonObject {
  const made: JsonObject = {};
  const owner = schema['x-type'] ?? place.owner;
  for (const [name, member] of Object.entries(value)) {
    const described = isStructField(schema, name) ? memberSchema(schema, name) : undefined;
    if (described === undefined) {
      place.unknown.push(child(place.path, name));
      continue;
    }
    if (member === null) continue;
    const decoded = builtIn(member, described, {
      path: child(place.path, name),
      goPath: child(place.goPath, name),
      owner,
      unknown: place.unknown,
    });
    if (!isDroppedEmpty(decoded, described)) made[name] = decoded;
  }
  return made;
}

function builtInMap(value: JsonObject, schema: Schema, place: Place): JsonObject {
  const made: JsonObject = {};
  const described = typeof schema.additionalProperties === 'object' ? schema.additionalProperties : {};
  for (const [name, member] of Object.entries(value)) {
    // A null in a map of strings is the empty string to Go.
    const given = member === null && described.type === 'string' ? '' : member;
    setOwn(
      made,
      name,
      builtIn(given, described, { ...place, path: child(place.path, name), goPath: child(place.goPath, name) }),
    );
  }
  return made;
}

/** What `omitempty` leaves out: empty lists and maps, but not empty structs (`emptyDir: {}` means something). */
function isDroppedEmpty(value: unknown, schema: Schema): boolean {
  if (Array.isArray(value)) return value.length === 0;
  return (
    schema.type === 'object' && schema.properties === undefined && isObject(value) && Object.keys(value).length === 0
  );
}

function quantity(value: unknown, place: Place): string {
  const text = typeof value === 'number' ? String(value) : value;
  const canonical = typeof text === 'string' ? canonicalQuantity(text) : undefined;
  if (canonical === undefined)
    throw new DecodeError(
      `quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$' (${place.path}: ${JSON.stringify(value)})`,
    );
  return canonical;
}

function mismatch(value: unknown, expected: string, place: Place): DecodeError {
  return new DecodeError(
    `json: cannot unmarshal ${jsonType(value)} into Go struct field ${place.owner}.${place.goPath} of type ${expected}`,
  );
}

function jsonType(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'number' : `number ${value}`;
  if (typeof value === 'boolean') return 'bool';
  return typeof value === 'string' ? 'string' : 'object';
}

function goType(schema: Schema): string {
  const { type = 'any' } = schema;
  switch (type) {
    case 'array':
      return `[]${goType(schema.items ?? {})}`;
    case 'object':
      if (schema.properties !== undefined) return `v1.${schema['x-type'] ?? 'Object'}`;
      return `map[string]${goType(typeof schema.additionalProperties === 'object' ? schema.additionalProperties : {})}`;
    case 'integer':
      return schema.format ?? 'int64';
    case 'boolean':
      return 'bool';
    case 'number':
      return 'float64';
    case 'string':
      return 'string';
    case 'any':
      return 'interface {}';
  }
}
