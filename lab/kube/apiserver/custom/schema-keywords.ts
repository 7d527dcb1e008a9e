// Which keywords of OpenAPI a definition's schema may use, and which values its Kubernetes extensions may have.
import type { FieldError } from '../field-error.ts';
import { forbiddenField, invalidValue, notSupported } from '../field-error.ts';
import type { JsonObject } from '../json.ts';
import { isObject, objectAt, objectsAt, stringAt } from '../json.ts';
import { listTypeDefinitionFaults } from './schema-list-types.ts';

const TYPES = ['array', 'boolean', 'integer', 'number', 'object', 'string'];
const UNSUPPORTED = ['id', 'additionalItems', 'patternProperties', 'definitions', 'dependencies', '$ref'];
const RESOURCE_MEMBERS = ['metadata', 'kind', 'apiVersion'];

interface Place {
  readonly isRoot: boolean;
  /** In the metadata, kind or apiVersion of a resource. */
  readonly insideMeta: boolean;
  /** Why no default may be set here; `undefined` where one may. */
  readonly noDefaults: string | undefined;
}

/** Faults of a version's schema at `path`. CEL rules are checked elsewhere (apiextensions, ValidateCustomResourceDefinitionOpenAPISchema). */
export function keywordFaults(schema: JsonObject, path: string): FieldError[] {
  return nodeFaults(schema, path, { isRoot: true, insideMeta: false, noDefaults: undefined });
}

function nodeFaults(schema: JsonObject, path: string, place: Place): FieldError[] {
  return [
    ...standardFaults(schema, path, place),
    ...(schema['uniqueItems'] === true
      ? [
          forbiddenField(
            `${path}.uniqueItems`,
            'uniqueItems cannot be set to true since the runtime complexity becomes quadratic',
          ),
        ]
      : []),
    ...additionalFaults(schema, path, place),
    ...nestedFaults(schema, path, place),
    ...extensionFaults(schema, path),
    ...listTypeDefinitionFaults(schema, path),
  ];
}

function standardFaults(schema: JsonObject, path: string, place: Place): FieldError[] {
  const type = stringAt(schema, 'type') ?? '';
  const forbidden = (name: string): FieldError[] =>
    isGiven(schema[name]) ? [forbiddenField(`${path}.${name}`, `${name} is not supported`)] : [];
  return [
    ...(type === '' || TYPES.includes(type) ? [] : [notSupported(`${path}.type`, type, TYPES)]),
    ...(schema['default'] === undefined || schema['default'] === null || place.noDefaults === undefined
      ? []
      : [forbiddenField(`${path}.default`, `must not be set ${place.noDefaults}`)]),
    ...UNSUPPORTED.flatMap(forbidden),
    ...(type === 'null'
      ? [forbiddenField(`${path}.type`, 'type cannot be set to null, use nullable as an alternative')]
      : []),
    ...(Array.isArray(schema['items']) && schema['items'].length > 0
      ? [forbiddenField(`${path}.items`, 'items must be a schema object and not an array')]
      : []),
    ...(place.insideMeta && schema['x-kubernetes-embedded-resource'] === true
      ? [forbiddenField(`${path}.x-kubernetes-embedded-resource`, 'must not be used inside of resource meta')]
      : []),
  ];
}

/** Does a schema, or anything in it, use what no structural schema can be made of? Then its structure is not looked at. */
export function isUnstructurable(schema: JsonObject): boolean {
  const { items, not, additionalProperties } = schema;
  const parts = [
    ...Object.values(objectAt(schema, 'properties')),
    ...['allOf', 'oneOf', 'anyOf'].flatMap((name) => objectsAt(schema, name)),
    items,
    not,
    additionalProperties,
  ];
  return (
    UNSUPPORTED.some((name) => isGiven(schema[name])) ||
    (Array.isArray(items) && items.length > 0) ||
    schema['x-kubernetes-preserve-unknown-fields'] === false ||
    parts.some((part) => isObject(part) && isUnstructurable(part))
  );
}

const isGiven = (value: unknown): boolean =>
  value !== undefined && value !== null && value !== '' && !(isObject(value) && Object.keys(value).length === 0);

function additionalFaults(schema: JsonObject, path: string, place: Place): FieldError[] {
  const { additionalProperties } = schema;
  if (additionalProperties === undefined) return [];
  const at = `${path}.additionalProperties`;
  const both = Object.keys(objectAt(schema, 'properties')).length > 0 && additionalProperties !== true;
  const inner: Place = {
    isRoot: false,
    insideMeta: place.insideMeta,
    noDefaults: place.insideMeta ? 'inside additionalProperties applying to object metadata' : place.noDefaults,
  };
  return [
    ...(both ? [forbiddenField(at, 'additionalProperties and properties are mutual exclusive')] : []),
    ...(isObject(additionalProperties) ? nodeFaults(additionalProperties, at, inner) : []),
  ];
}

function nestedFaults(schema: JsonObject, path: string, place: Place): FieldError[] {
  const below: Place = { ...place, isRoot: false };
  const isResource = place.isRoot || schema['x-kubernetes-embedded-resource'] === true;
  const properties = Object.entries(objectAt(schema, 'properties')).flatMap(([name, member]) => {
    if (!isObject(member)) return [];
    const isMeta = isResource && RESOURCE_MEMBERS.includes(name);
    return nodeFaults(member, `${path}.properties[${name}]`, {
      isRoot: false,
      insideMeta: place.insideMeta || isMeta,
      noDefaults: isMeta && place.isRoot ? `in top-level ${name}` : place.noDefaults,
    });
  });
  const single = (name: string): FieldError[] => {
    const part = schema[name];
    return isObject(part) ? nodeFaults(part, `${path}.${name}`, below) : [];
  };
  const several = (name: string): FieldError[] =>
    objectsAt(schema, name).flatMap((part, index) => nodeFaults(part, `${path}.${name}[${index}]`, below));
  return [
    ...properties,
    ...single('not'),
    ...several('allOf'),
    ...several('oneOf'),
    ...several('anyOf'),
    ...single('items'),
  ];
}

function extensionFaults(schema: JsonObject, path: string): FieldError[] {
  return schema['x-kubernetes-preserve-unknown-fields'] === false
    ? [invalidValue(`${path}.x-kubernetes-preserve-unknown-fields`, false, 'must be true or undefined')]
    : [];
}
