// Decoding of the schemas inside CustomResourceDefinitions: their keywords are fields like any others, their values are not.
import type { JsonObject } from '../json.ts';
import { isObject, setOwn } from '../json.ts';

type Kind =
  | 'string'
  | 'bool'
  | 'setBool'
  | 'number'
  | 'integer'
  | 'strings'
  | 'json'
  | 'values'
  | 'schema'
  | 'schemas'
  | 'schemaMap'
  | 'schemaOrBool'
  | 'schemaOrList'
  | 'docs'
  | 'rules'
  | 'dependencies';

/** JSONSchemaProps of apiextensions.k8s.io/v1. */
const KEYWORDS: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  ['id', 'string'],
  ['$schema', 'string'],
  ['$ref', 'string'],
  ['description', 'string'],
  ['type', 'string'],
  ['format', 'string'],
  ['title', 'string'],
  ['default', 'json'],
  ['maximum', 'number'],
  ['exclusiveMaximum', 'bool'],
  ['minimum', 'number'],
  ['exclusiveMinimum', 'bool'],
  ['maxLength', 'integer'],
  ['minLength', 'integer'],
  ['pattern', 'string'],
  ['maxItems', 'integer'],
  ['minItems', 'integer'],
  ['uniqueItems', 'bool'],
  ['multipleOf', 'number'],
  ['enum', 'values'],
  ['maxProperties', 'integer'],
  ['minProperties', 'integer'],
  ['required', 'strings'],
  ['items', 'schemaOrList'],
  ['allOf', 'schemas'],
  ['oneOf', 'schemas'],
  ['anyOf', 'schemas'],
  ['not', 'schema'],
  ['properties', 'schemaMap'],
  ['additionalProperties', 'schemaOrBool'],
  ['patternProperties', 'schemaMap'],
  ['dependencies', 'dependencies'],
  ['additionalItems', 'schemaOrBool'],
  ['definitions', 'schemaMap'],
  ['externalDocs', 'docs'],
  ['example', 'json'],
  ['nullable', 'bool'],
  ['x-kubernetes-preserve-unknown-fields', 'setBool'],
  ['x-kubernetes-embedded-resource', 'bool'],
  ['x-kubernetes-int-or-string', 'bool'],
  ['x-kubernetes-list-map-keys', 'strings'],
  ['x-kubernetes-list-type', 'string'],
  ['x-kubernetes-map-type', 'string'],
  ['x-kubernetes-validations', 'rules'],
]);

export interface SchemaPlace {
  readonly path: string;
  /** Gets the paths of keywords that are dropped because there are none of that name. */
  readonly unknown: string[];
  /** Makes the error of a value of the wrong type. */
  readonly mismatch: (value: unknown, expected: string, path: string) => Error;
}

/** A schema as it is stored: without unknown keywords, nulls, and what says as much as nothing. Throws what `mismatch` makes. */
export function decodeJsonSchema(value: unknown, place: SchemaPlace): JsonObject {
  if (!isObject(value)) throw place.mismatch(value, 'v1.JSONSchemaProps', place.path);
  const made: JsonObject = {};
  for (const [name, member] of Object.entries(value)) {
    const kind = KEYWORDS.get(name);
    const path = `${place.path}.${name}`;
    if (kind === undefined) place.unknown.push(path);
    else if (member !== null) {
      const decoded = decodeKeyword(member, kind, { ...place, path });
      if (!saysNothing(decoded, kind)) made[name] = decoded;
    }
  }
  return made;
}

function decodeKeyword(value: unknown, kind: Kind, place: SchemaPlace): unknown {
  const demand = (fits: boolean, expected: string): unknown => {
    if (!fits) throw place.mismatch(value, expected, place.path);
    return value;
  };
  switch (kind) {
    case 'string':
      return demand(typeof value === 'string', 'string');
    case 'bool':
    case 'setBool':
      return demand(typeof value === 'boolean', 'bool');
    case 'number':
      return demand(typeof value === 'number', 'float64');
    case 'integer':
      return demand(typeof value === 'number' && Number.isInteger(value), 'int64');
    case 'strings':
      return demand(Array.isArray(value) && value.every((item) => typeof item === 'string'), '[]string');
    case 'values':
    case 'rules':
      return demand(Array.isArray(value), '[]v1.JSON');
    case 'json':
    case 'docs':
    case 'dependencies':
      return value;
    case 'schema':
      return decodeJsonSchema(value, place);
    case 'schemas':
      demand(Array.isArray(value), '[]v1.JSONSchemaProps');
      return decodeList(value, place);
    case 'schemaMap':
      return decodeMap(value, place);
    case 'schemaOrBool':
      return typeof value === 'boolean' ? value : decodeJsonSchema(value, place);
    case 'schemaOrList':
      return Array.isArray(value) ? decodeList(value, place) : decodeJsonSchema(value, place);
  }
}

const decodeList = (value: unknown, place: SchemaPlace): unknown[] =>
  (Array.isArray(value) ? value : []).map((item: unknown, index) =>
    decodeJsonSchema(item ?? {}, { ...place, path: `${place.path}[${index}]` }),
  );

function decodeMap(value: unknown, place: SchemaPlace): JsonObject {
  if (!isObject(value)) throw place.mismatch(value, 'map[string]v1.JSONSchemaProps', place.path);
  const made: JsonObject = {};
  for (const [name, member] of Object.entries(value))
    setOwn(made, name, decodeJsonSchema(member ?? {}, { ...place, path: `${place.path}.${name}` }));
  return made;
}

/** What Go leaves out when it is empty. */
function saysNothing(value: unknown, kind: Kind): boolean {
  switch (kind) {
    case 'string':
      return value === '';
    case 'bool':
      return value === false;
    case 'strings':
    case 'values':
    case 'rules':
    case 'schemas':
      return Array.isArray(value) && value.length === 0;
    case 'schemaMap':
      return isObject(value) && Object.keys(value).length === 0;
    case 'setBool':
    case 'number':
    case 'integer':
    case 'json':
    case 'docs':
    case 'dependencies':
    case 'schema':
    case 'schemaOrBool':
    case 'schemaOrList':
      return false;
  }
}
