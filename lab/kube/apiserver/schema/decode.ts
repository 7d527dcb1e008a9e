// Decoding against a schema: drops what the kind does not know (and tells its path), and refuses wrong types as Go's decoder does.
import type { JsonObject } from '../json.ts';
import { cloneJson, isObject, setOwn } from '../json.ts';
import { illegalBase64At } from './base64.ts';
import { decodeJsonSchema } from './decode-json-schema.ts';
import { canonicalQuantity } from './quantity.ts';
import type { Schema } from './schema.ts';

export interface Decoded {
  readonly value: unknown;
  /** Paths of members that were dropped, e.g. `spec.containers[0].imagee`. */
  readonly unknown: readonly string[];
}

/** A value of the wrong JSON type for a built-in field; `message` is worded as encoding/json words it. */
export class DecodeError extends Error {}

/**
 * Built-in kinds: unknown fields, nulls and empty lists and maps are dropped, quantities are made canonical.
 * The result shares nothing with `value`. Throws DecodeError for a wrong type.
 */
export function decodeBuiltIn(value: unknown, schema: Schema): Decoded {
  const unknown: string[] = [];
  const owner = schema['x-type'] ?? '';
  return { value: builtIn(value, schema, { above: undefined, step: '', owner, unknown }), unknown };
}

/** Where a value stands. Paths are put together when somebody asks: hardly any document is at fault. */
interface Place {
  readonly above: Place | undefined;
  /** The name of a member or the index of an item. */
  readonly step: string | number;
  readonly owner: string;
  readonly unknown: string[];
}

const child = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`);

function pathOf({ above, step }: Place): string {
  if (above === undefined) return '';
  return typeof step === 'number' ? `${pathOf(above)}[${step}]` : child(pathOf(above), step);
}

/** Without list indexes, as encoding/json names places. */
function goPathOf({ above, step }: Place): string {
  if (above === undefined) return '';
  return typeof step === 'number' ? goPathOf(above) : child(goPathOf(above), step);
}

function builtIn(value: unknown, schema: Schema, place: Place): unknown {
  if (schema.format === 'json-schema') {
    return cloneJson(
      decodeJsonSchema(value, {
        path: pathOf(place),
        unknown: place.unknown,
        mismatch: (found, expected, at) => mismatchAt(found, expected, place.owner, at.replaceAll(/\[\d+\]/g, '')),
      }),
    );
  }
  if (schema['x-kubernetes-preserve-unknown-fields'] === true) return cloneJson(value);
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
      return cloneJson(value);
  }
}

function checkBase64(text: string): void {
  const illegal = illegalBase64At(text);
  if (illegal !== undefined) throw new DecodeError(`illegal base64 data at input byte ${illegal}`);
}

function builtInList(value: readonly unknown[], items: Schema, above: Place): unknown[] {
  const { owner, unknown } = above;
  return value.map((item, step) => {
    if (item === null && items.type === 'object') return {};
    return builtIn(item, items, { above, step, owner, unknown });
  });
}

function builtInStruct(value: JsonObject, schema: Schema, above: Place): JsonObject {
  const made: JsonObject = {};
  const { unknown } = above;
  const { properties = {} } = schema;
  const owner = schema['x-type'] ?? above.owner;
  for (const step of Object.keys(value)) {
    const described = Object.hasOwn(properties, step) ? properties[step] : undefined;
    if (described === undefined) {
      unknown.push(child(pathOf(above), step));
      continue;
    }
    const member = value[step];
    if (member === null) continue;
    const decoded = builtIn(member, described, { above, step, owner, unknown });
    if (typeof decoded !== 'object' || !isDroppedEmpty(decoded, described)) made[step] = decoded;
  }
  return made;
}

function builtInMap(value: JsonObject, schema: Schema, above: Place): JsonObject {
  const made: JsonObject = {};
  const { owner, unknown } = above;
  const described = typeof schema.additionalProperties === 'object' ? schema.additionalProperties : {};
  for (const step of Object.keys(value)) {
    const member = value[step];
    // A null in a map of strings is the empty string to Go.
    const given = member === null && described.type === 'string' ? '' : member;
    setOwn(made, step, builtIn(given, described, { above, step, owner, unknown }));
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
      `quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$' (${pathOf(place)}: ${JSON.stringify(value)})`,
    );
  return canonical;
}

const mismatch = (value: unknown, expected: string, place: Place): DecodeError =>
  mismatchAt(value, expected, place.owner, goPathOf(place));

const mismatchAt = (value: unknown, expected: string, owner: string, goPath: string): DecodeError =>
  new DecodeError(
    `json: cannot unmarshal ${jsonType(value)} into Go struct field ${owner}.${goPath} of type ${expected}`,
  );

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
