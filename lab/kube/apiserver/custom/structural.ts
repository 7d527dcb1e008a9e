// Checks that a schema is structural, so that pruning, defaulting and merging are defined everywhere in it.
import type { FieldError } from '../field-error.ts';
import { forbiddenField, invalidValue, notSupported, required } from '../field-error.ts';
import type { JsonObject } from '../json.ts';
import { isObject, listAt, objectAt, objectsAt, stringAt, stringsAt } from '../json.ts';
import { compilePattern } from '../schema/patterns.ts';
import { compileRule } from './cel/compile.ts';

const TYPES = ['array', 'boolean', 'integer', 'number', 'object', 'string'];
const UNSUPPORTED = ['$ref', 'definitions', 'dependencies', 'patternProperties', 'additionalItems', 'id', '$schema'];

/** Faults of a version's schema at `path`. */
export function structuralFaults(schema: JsonObject, path: string): FieldError[] {
  const type = stringAt(schema, 'type');
  const root = type === 'object' ? [] : [invalidValue(`${path}.type`, type ?? '', 'must be object at the root')];
  return [...root, ...nodeFaults(schema, path)];
}

function nodeFaults(schema: JsonObject, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const type = stringAt(schema, 'type');
  const open = schema['x-kubernetes-int-or-string'] === true || schema['x-kubernetes-preserve-unknown-fields'] === true;
  for (const name of UNSUPPORTED)
    if (schema[name] !== undefined) errors.push(forbiddenField(`${path}.${name}`, `${name} is not supported`));
  if (type === undefined && !open)
    errors.push(required(`${path}.type`, 'must not be empty for specified object fields'));
  if (type !== undefined && !TYPES.includes(type)) errors.push(notSupported(`${path}.type`, type, TYPES));
  if (schema['uniqueItems'] === true)
    errors.push(
      forbiddenField(
        `${path}.uniqueItems`,
        'uniqueItems cannot be set to true since the runtime complexity becomes quadratic',
      ),
    );
  if (isObject(schema['properties']) && isObject(schema['additionalProperties']))
    errors.push(
      forbiddenField(`${path}.additionalProperties`, 'additionalProperties and properties are mutual exclusive'),
    );
  if (schema['additionalProperties'] === false)
    errors.push(forbiddenField(`${path}.additionalProperties`, 'additionalProperties cannot be set to false'));
  if (type === 'array' && !isObject(schema['items'])) errors.push(required(`${path}.items`, 'must be specified'));
  errors.push(...patternFaults(schema, path), ...listTypeFaults(schema, path), ...ruleFaults(schema, path));
  for (const [name, member] of Object.entries(objectAt(schema, 'properties')))
    if (isObject(member)) errors.push(...nodeFaults(member, `${path}.properties[${name}]`));
  if (isObject(schema['items'])) errors.push(...nodeFaults(schema['items'], `${path}.items`));
  if (isObject(schema['additionalProperties']))
    errors.push(...nodeFaults(schema['additionalProperties'], `${path}.additionalProperties`));
  return errors;
}

function patternFaults(schema: JsonObject, path: string): FieldError[] {
  const pattern = stringAt(schema, 'pattern');
  if (pattern === undefined) return [];
  return compilePattern(pattern) === undefined
    ? [invalidValue(`${path}.pattern`, pattern, 'must be a valid regular expression')]
    : [];
}

function listTypeFaults(schema: JsonObject, path: string): FieldError[] {
  const listType = stringAt(schema, 'x-kubernetes-list-type');
  if (listType === undefined) return [];
  const at = `${path}.x-kubernetes-list-type`;
  if (!['atomic', 'set', 'map'].includes(listType)) return [notSupported(at, listType, ['atomic', 'set', 'map'])];
  if (schema['type'] !== 'array')
    return [invalidValue(`${path}.type`, schema['type'] ?? '', 'must be array if x-kubernetes-list-type is specified')];
  if (listType !== 'map') return [];
  const keys = stringsAt(schema, 'x-kubernetes-list-map-keys');
  if (keys.length === 0)
    return [required(`${path}.x-kubernetes-list-map-keys`, 'must not be empty if x-kubernetes-list-type is map')];
  const items = objectAt(schema, 'items');
  return keys.flatMap((key) => {
    if (objectAt(items, 'properties')[key] === undefined)
      return [invalidValue(`${path}.x-kubernetes-list-map-keys`, key, 'entries must all be names of item properties')];
    const described =
      listAt(items, 'required').includes(key) || objectAt(items, 'properties', key)['default'] !== undefined;
    return described
      ? []
      : [
          required(
            `${path}.items.properties[${key}].default`,
            'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property',
          ),
        ];
  });
}

/** A rule that cannot be evaluated is refused: it must never be skipped in silence. */
function ruleFaults(schema: JsonObject, path: string): FieldError[] {
  return objectsAt(schema, 'x-kubernetes-validations').flatMap((entry, index) => {
    const rule = stringAt(entry, 'rule') ?? '';
    const at = `${path}.x-kubernetes-validations[${index}].rule`;
    if (rule === '') return [required(at, 'rule is not specified')];
    const compiled = compileRule(rule);
    if (!compiled.ok) return [invalidValue(at, rule, `compilation failed: ${compiled.reason}`)];
    return entry['messageExpression'] === undefined
      ? []
      : [
          forbiddenField(
            `${path}.x-kubernetes-validations[${index}].messageExpression`,
            'is not implemented by the embedded API server; use message',
          ),
        ];
  });
}
