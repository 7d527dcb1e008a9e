// Is a schema structural: is everything that pruning, defaulting and merging rest on said outside of anyOf, oneOf, allOf and not?
import type { FieldError } from '../field-error.ts';
import { fieldErrorText, forbiddenField, invalidValue, required } from '../field-error.ts';
import type { JsonObject } from '../json.ts';
import { equalJson, isObject, objectAt, objectsAt, stringAt } from '../json.ts';
import { patternFault } from '../schema/patterns.ts';
import { completenessFaults } from './schema-completeness.ts';

/** Faults of a version's schema at `path`, sorted by their text (apiextensions, apiserver/schema/validation.go). */
export function structureFaults(schema: JsonObject, path: string): FieldError[] {
  const faults = [...nodeFaults(schema, 'root', path), ...completenessFaults(schema, path)];
  return faults
    .map((fault) => ({ fault, text: fieldErrorText(fault) }))
    .sort((left, right) => (left.text < right.text ? -1 : left.text > right.text ? 1 : 0))
    .map(({ fault }) => fault);
}

type Level = 'root' | 'item' | 'field';

const nameless: Record<Level, string> = {
  root: 'must not be empty at the root',
  item: 'must not be empty for specified array items',
  field: 'must not be empty for specified object fields',
};

function nodeFaults(schema: JsonObject, level: Level, path: string): FieldError[] {
  const { items, additionalProperties } = schema;
  return [
    ...(schema['type'] === 'array' && !isObject(items) ? [required(`${path}.items`, 'must be specified')] : []),
    ...(isObject(items) ? nodeFaults(items, 'item', `${path}.items`) : []),
    ...members(schema).flatMap(([name, member]) => nodeFaults(member, 'field', `${path}.properties[${name}]`)),
    ...(additionalProperties !== undefined && level === 'root'
      ? [forbiddenField(`${path}.additionalProperties`, 'must not be used at the root')]
      : []),
    ...(isObject(additionalProperties)
      ? nodeFaults(additionalProperties, 'field', `${path}.additionalProperties`)
      : []),
    ...extensionFaults(schema, path),
    ...valueFaults(schema, path, intOrStringForm(schema)),
    ...typeFaults(schema, level, path),
    ...metadataFaults(schema, level, path),
  ];
}

const members = (schema: JsonObject): readonly (readonly [string, JsonObject])[] =>
  Object.entries(objectAt(schema, 'properties')).flatMap(([name, member]) =>
    isObject(member) ? [[name, member] as const] : [],
  );

function extensionFaults(schema: JsonObject, path: string): FieldError[] {
  if (schema['x-kubernetes-int-or-string'] !== true) return [];
  return ['x-kubernetes-preserve-unknown-fields', 'x-kubernetes-embedded-resource'].flatMap((name) =>
    schema[name] === true
      ? [invalidValue(`${path}.${name}`, true, 'must be false if x-kubernetes-int-or-string is true')]
      : [],
  );
}

function typeFaults(schema: JsonObject, level: Level, path: string): FieldError[] {
  const type = stringAt(schema, 'type') ?? '';
  const embedded = schema['x-kubernetes-embedded-resource'] === true;
  const preserves = schema['x-kubernetes-preserve-unknown-fields'] === true;
  const faults: FieldError[] = [];
  const place = `${path}.type`;
  if (embedded && type !== 'object') {
    const detail = 'must be object if x-kubernetes-embedded-resource is true';
    faults.push(type === '' ? required(place, detail) : invalidValue(place, type, detail));
  } else if (type === '' && schema['x-kubernetes-int-or-string'] !== true && !preserves)
    faults.push(required(place, nameless[level]));
  if (embedded && schema['additionalProperties'] !== undefined)
    faults.push(
      forbiddenField(`${path}.additionalProperties`, 'must not be used if x-kubernetes-embedded-resource is set'),
    );
  if (level === 'root' && type !== '' && type !== 'object')
    faults.push(invalidValue(place, type, 'must be object at the root'));
  if (embedded && !preserves && members(schema).length === 0)
    faults.push(
      required(
        `${path}.properties`,
        'must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields',
      ),
    );
  return faults;
}

/** At the root and in embedded resources, apiVersion, kind and metadata mean what they always mean. */
function metadataFaults(schema: JsonObject, level: Level, path: string): FieldError[] {
  const isResource = level === 'root' || schema['x-kubernetes-embedded-resource'] === true;
  const properties = objectAt(schema, 'properties');
  const faults = ['kind', 'apiVersion'].flatMap((name) => {
    const type = stringAt(properties, name, 'type') ?? '';
    return isResource && properties[name] !== undefined && type !== 'string'
      ? [invalidValue(`${path}.properties[${name}].type`, type, 'must be string')]
      : [];
  });
  const { metadata } = properties;
  if (!isObject(metadata)) return faults;
  const place = `${path}.properties[metadata]`;
  const type = stringAt(metadata, 'type') ?? '';
  if (isResource && type !== 'object') faults.push(invalidValue(`${place}.type`, type, 'must be object'));
  if (level === 'root' && !restrictsNamesOnly(metadata))
    faults.push(
      forbiddenField(
        place,
        'must not specify anything other than name and generateName, but metadata is implicitly specified',
      ),
    );
  return faults;
}

function restrictsNamesOnly(metadata: JsonObject): boolean {
  const { type: _type, default: _default, properties, ...rest } = metadata;
  const names = isObject(properties) ? Object.keys(properties) : [];
  return Object.keys(rest).length === 0 && names.every((name) => name === 'name' || name === 'generateName');
}

/** The two ways to spell an integer or a string, in which the types inside of a combination are allowed. */
const INT_OR_STRING: readonly JsonObject[] = [{ type: 'integer' }, { type: 'string' }];

interface IntOrStringForm {
  readonly anyOf: boolean;
  readonly firstOfAllOf: boolean;
}

const intOrStringForm = (schema: JsonObject): IntOrStringForm => ({
  anyOf: equalJson(schema['anyOf'], INT_OR_STRING),
  firstOfAllOf: equalJson(objectsAt(schema, 'allOf')[0]?.['anyOf'], INT_OR_STRING),
});

function valueFaults(schema: JsonObject, path: string, form: IntOrStringForm): FieldError[] {
  const parts = (name: string): readonly (readonly [JsonObject, string])[] =>
    objectsAt(schema, name).map((part, index) => [part, `${path}.${name}[${index}]`] as const);
  const not = schema['not'];
  const pattern = stringAt(schema, 'pattern') ?? '';
  const broken = pattern === '' ? undefined : patternFault(pattern);
  return [
    ...(form.anyOf ? [] : parts('anyOf').flatMap(([part, place]) => nestedFaults(part, place))),
    ...parts('allOf').flatMap(([part, place], index) => nestedFaults(part, place, index === 0 && form.firstOfAllOf)),
    ...parts('oneOf').flatMap(([part, place]) => nestedFaults(part, place)),
    ...(isObject(not) ? nestedFaults(not, `${path}.not`) : []),
    ...(broken === undefined
      ? []
      : [invalidValue(`${path}.pattern`, pattern, `must be a valid regular expression, but isn't: ${broken}`)]),
  ];
}

/** What only the structure may say. */
const STRUCTURE: readonly (readonly [string, string])[] = [
  ['type', 'must be empty to be structural'],
  ['additionalProperties', 'must be undefined to be structural'],
  ['default', 'must be undefined to be structural'],
  ['title', 'must be empty to be structural'],
  ['description', 'must be empty to be structural'],
  ['nullable', 'must be false to be structural'],
  ['x-kubernetes-preserve-unknown-fields', 'must be false to be structural'],
  ['x-kubernetes-embedded-resource', 'must be false to be structural'],
  ['x-kubernetes-int-or-string', 'must be false to be structural'],
  ['x-kubernetes-list-map-keys', 'must be empty to be structural'],
  ['x-kubernetes-list-type', 'must be undefined to be structural'],
  ['x-kubernetes-map-type', 'must be undefined to be structural'],
  ['x-kubernetes-validations', 'must be empty to be structural'],
];

/** Empty values are as if nothing was said. */
const isSaid = (schema: JsonObject, name: string): boolean => {
  const value = schema[name];
  return value !== undefined && value !== null && value !== '' && value !== false && !isEmptyList(value);
};
const isEmptyList = (value: unknown): boolean => Array.isArray(value) && value.length === 0;

function nestedFaults(schema: JsonObject, path: string, skipAnyOf = false): FieldError[] {
  const { items } = schema;
  return [
    ...valueFaults(schema, path, { anyOf: skipAnyOf, firstOfAllOf: false }),
    ...(isObject(items) ? nestedFaults(items, `${path}.items`) : []),
    ...members(schema).flatMap(([name, member]) => nestedFaults(member, `${path}.properties[${name}]`)),
    ...STRUCTURE.flatMap(([name, detail]) => (isSaid(schema, name) ? [forbiddenField(`${path}.${name}`, detail)] : [])),
    ...(objectAt(schema, 'properties')['metadata'] === undefined
      ? []
      : [forbiddenField(`${path}.properties[metadata]`, 'must not be specified in a nested context')]),
  ];
}
