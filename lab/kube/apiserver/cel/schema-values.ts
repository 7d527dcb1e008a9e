// JSON values as their schema says they are: what rules see as `self`.
import type { JsonObject } from '../json.ts';
import { isObject } from '../json.ts';
import type { Schema } from '../schema/schema.ts';
import { plainValue } from './maps.ts';
import { escapeProperty } from './property-names.ts';
import { withIdentity } from './schema-types.ts';
import { parseDuration, parseTimestamp } from './time.ts';
import type { CelMap, ListSemantics, Value } from './values.ts';
import { CelError, CelList, Duration, isMap } from './values.ts';

/** Throws CelError for a value that its schema does not describe; members are looked at when they are asked for. */
export function schemaValue(json: unknown, schema: Schema): Value {
  if (json === null || json === undefined) {
    if (schema.nullable === true) return null;
    throw new CelError('invalid data, got null for schema with nullable=false');
  }
  if (schema['x-kubernetes-int-or-string'] === true) return intOrString(json);
  if (schema.type === undefined) return untypedValue(json, schema);
  switch (schema.type) {
    case 'object':
      if (!isObject(json)) throw new CelError('invalid data, expected a map for the provided schema with type=object');
      return objectValue(json, schema['x-kubernetes-embedded-resource'] === true ? withIdentity(schema) : schema);
    case 'array':
      return listValue(json, schema);
    case 'string':
      if (typeof json !== 'string') throw new CelError(`invalid data, expected string, got ${goType(json)}`);
      return textValue(json, schema.format ?? '');
    case 'number':
      if (typeof json !== 'number') throw new CelError(`invalid data, expected float, got ${goType(json)}`);
      return json;
    case 'integer':
      if (typeof json !== 'number' || !Number.isInteger(json))
        throw new CelError(`invalid data, expected int, got ${goType(json)}`);
      return BigInt(json);
    case 'boolean':
      if (typeof json !== 'boolean') throw new CelError(`invalid data, expected bool, got ${goType(json)}`);
      return json;
  }
}

/** Without a type a value is there for comparisons alone. */
function untypedValue(json: unknown, schema: Schema): Value {
  if (schema['x-kubernetes-preserve-unknown-fields'] === true) return plainValue(json);
  throw new CelError(
    `invalid type, expected object, array, number, integer, boolean or string, or no type with x-kubernetes-int-or-string or x-kubernetes-preserve-unknown-fields is true, got ${String(schema.type)}`,
  );
}

const goType = (json: unknown): string =>
  Array.isArray(json)
    ? '[]interface {}'
    : typeof json === 'object'
      ? 'map[string]interface {}'
      : typeof json === 'boolean'
        ? 'bool'
        : typeof json === 'number'
          ? Number.isInteger(json)
            ? 'int64'
            : 'float64'
          : typeof json;

function intOrString(json: unknown): Value {
  if (typeof json === 'string') return json;
  if (typeof json === 'number' && Number.isInteger(json)) return BigInt(json);
  throw new CelError('invalid data, expected XIntOrString value to be either a string or integer');
}

function textValue(text: string, format: string): Value {
  switch (format) {
    case 'duration': {
      const parsed = parseDuration(text) ?? parseLooseDuration(text);
      if (parsed === undefined) throw new CelError(`Invalid duration ${text}: unable to parse ${text} as duration`);
      return parsed;
    }
    case 'date':
    case 'date-time': {
      const parsed = parseTimestamp(format === 'date' ? `${text}T00:00:00Z` : text.toUpperCase());
      if (parsed === undefined) throw new CelError(`Invalid ${format} formatted string ${text}`);
      return parsed;
    }
    case 'byte':
      return Uint8Array.from(Buffer.from(text, 'base64'));
    default:
      return text;
  }
}

const LOOSE_UNITS: readonly (readonly [RegExp, bigint])[] = [
  [/^(ns|nano|nanosecond)s?$/, 1n],
  [/^(us|µs|micro|microsecond)s?$/, 1_000n],
  [/^(ms|milli|millisecond)s?$/, 1_000_000n],
  [/^(s|sec|second)s?$/, 1_000_000_000n],
  [/^(m|min|minute)s?$/, 60_000_000_000n],
  [/^(h|hr|hour)s?$/, 3_600_000_000_000n],
  [/^(d|day)s?$/, 86_400_000_000_000n],
  [/^(w|week)s?$/, 604_800_000_000_000n],
];

/** `3 weeks`, `1 day`: what the format takes beyond Go's own notation. */
function parseLooseDuration(text: string): Duration | undefined {
  const match = /^\s*([+-]?\d+)\s*([a-zµ]+)\s*$/i.exec(text);
  const unit = LOOSE_UNITS.find(([names]) => names.test((match?.[2] ?? '').toLowerCase()))?.[1];
  return match === null || unit === undefined ? undefined : new Duration(BigInt(match[1] ?? '0') * unit);
}

function listValue(json: unknown, schema: Schema): Value {
  if (!Array.isArray(json))
    throw new CelError('invalid data, expected an array for the provided schema with type=array');
  const { items } = schema;
  if (items === undefined) throw new CelError('invalid array type, expected Items with a non-empty Schema');
  const values = json.map((item: unknown) => schemaValue(item, items));
  return new CelList(values, semanticsOf(schema));
}

function semanticsOf(schema: Schema): ListSemantics | undefined {
  const kind = schema['x-kubernetes-list-type'];
  if (kind === 'set') return { kind, keyOf: (item) => item };
  if (kind !== 'map') return undefined;
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  const keyOf = (item: Value): Value =>
    item !== null && isMap(item) ? new CelList(keys.map((key) => item.get(key) ?? null)) : item;
  return { kind, keyOf };
}

function objectValue(json: JsonObject, schema: Schema): CelMap {
  const isStruct = schema.properties !== undefined;
  const known = new Map<string, Value>();
  const schemaOf = (name: string): Schema | undefined => {
    if (isStruct) return Object.hasOwn(schema.properties ?? {}, name) ? schema.properties?.[name] : undefined;
    return typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined;
  };
  const get = (key: Value): Value | undefined => {
    if (typeof key !== 'string' || !Object.hasOwn(json, key) || json[key] === undefined) return undefined;
    const found = known.get(key);
    if (found !== undefined) return found;
    // A field that is null counts as absent; a map's value does not.
    if (json[key] === null && isStruct) return undefined;
    const described = schemaOf(key);
    // What the schema does not describe takes part in comparisons alone.
    const value = described === undefined ? plainValue(json[key]) : schemaValue(json[key], described);
    known.set(key, value);
    return value;
  };
  const names = new Map(
    isStruct ? Object.keys(schema.properties ?? {}).map((name) => [escapeProperty(name) ?? name, name]) : [],
  );
  const keys = Object.keys(json).filter((key) => json[key] !== undefined && !(isStruct && json[key] === null));
  return {
    isMap: true,
    typeName: isStruct ? 'object' : 'map',
    size: keys.length,
    keys: () => keys,
    get,
    field: (name) => {
      const key = isStruct ? names.get(name) : name;
      return key === undefined ? undefined : get(key);
    },
  };
}
