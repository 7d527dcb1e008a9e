// The rules of `x-kubernetes-list-type`, `x-kubernetes-list-map-keys` and `x-kubernetes-map-type` in a definition's schema.
import type { FieldError } from '../field-error.ts';
import { forbiddenField, invalidValue, notSupported, required } from '../field-error.ts';
import type { JsonObject } from '../json.ts';
import { isObject, objectAt, stringAt, stringsAt } from '../json.ts';
import { goWords } from './go-words.ts';

/** Faults of one node of a schema at `path`. */
export function listTypeDefinitionFaults(schema: JsonObject, path: string): FieldError[] {
  return [
    ...mapTypeFaults(schema, path),
    ...listFaults(schema, path),
    ...keyFaults(schema, path),
    ...keyedItemFaults(schema, path),
  ];
}

function mapTypeFaults(schema: JsonObject, path: string): FieldError[] {
  const mapType = stringAt(schema, 'x-kubernetes-map-type');
  if (mapType === undefined) return [];
  return [
    ...ofType(schema, path, 'object', 'x-kubernetes-map-type'),
    ...(mapType === 'atomic' || mapType === 'granular'
      ? []
      : [notSupported(`${path}.x-kubernetes-map-type`, mapType, ['atomic', 'granular'])]),
  ];
}

function ofType(schema: JsonObject, path: string, wanted: string, extension: string): FieldError[] {
  const type = stringAt(schema, 'type') ?? '';
  const detail = `must be ${wanted} if ${extension} is specified`;
  if (type === wanted) return [];
  return [type === '' ? required(`${path}.type`, detail) : invalidValue(`${path}.type`, type, detail)];
}

function listFaults(schema: JsonObject, path: string): FieldError[] {
  const listType = stringAt(schema, 'x-kubernetes-list-type');
  if (listType === undefined) return [];
  const wrongType = ofType(schema, path, 'array', 'x-kubernetes-list-type');
  return [
    ...(wrongType.length > 0 || listType !== 'set' ? wrongType : setItemFaults(schema, path)),
    ...(['atomic', 'set', 'map'].includes(listType)
      ? []
      : [notSupported(`${path}.x-kubernetes-list-type`, listType, ['atomic', 'set', 'map'])]),
  ];
}

/** Items of a set are compared as a whole. */
function setItemFaults(schema: JsonObject, path: string): FieldError[] {
  const items = objectAt(schema, 'items');
  const detail = 'must be atomic as item of a list with x-kubernetes-list-type=set';
  const listType = stringAt(items, 'x-kubernetes-list-type');
  if (items['type'] === 'array' && listType !== undefined && listType !== 'atomic')
    return [invalidValue(`${path}.items.x-kubernetes-list-type`, listType, detail)];
  if (items['type'] === 'object' && items['x-kubernetes-map-type'] !== 'atomic')
    return [invalidValue(`${path}.items.x-kubernetes-map-type`, null, detail)];
  return [];
}

function keyFaults(schema: JsonObject, path: string): FieldError[] {
  const listType = stringAt(schema, 'x-kubernetes-list-type');
  const keys = stringsAt(schema, 'x-kubernetes-list-map-keys');
  const at = `${path}.x-kubernetes-list-type`;
  const detail = 'must be map if x-kubernetes-list-map-keys is non-empty';
  if (keys.length > 0 && listType === undefined) return [required(at, detail)];
  if (keys.length > 0 && listType !== 'map') return [invalidValue(at, listType, detail)];
  if (listType !== 'map') return [];
  const { items } = schema;
  return [
    ...(keys.length === 0
      ? [required(`${path}.x-kubernetes-list-map-keys`, 'must not be empty if x-kubernetes-list-type is map')]
      : []),
    ...(items === undefined ? [required(`${path}.items`, 'must have a schema if x-kubernetes-list-type is map')] : []),
    ...(isObject(items) ? itemFaults(items, keys, path) : []),
  ];
}

function itemFaults(items: JsonObject, keys: readonly string[], path: string): FieldError[] {
  const type = stringAt(items, 'type') ?? '';
  if (type !== 'object')
    return [invalidValue(`${path}.items.type`, type, "must be object if parent array's x-kubernetes-list-type is map")];
  const at = `${path}.x-kubernetes-list-map-keys`;
  return keys.flatMap((key, index) => {
    const property = objectAt(items, 'properties')[key];
    const keyType = stringAt(property, 'type');
    return [
      ...(property === undefined
        ? [invalidValue(at, goWords(keys), 'entries must all be names of item properties')]
        : keyType === 'array' || keyType === 'object'
          ? [
              invalidValue(
                `${path}.items.properties[${key}].type`,
                type,
                "must be a scalar type if parent array's x-kubernetes-list-type is map",
              ),
            ]
          : []),
      ...(keys.indexOf(key) < index ? [invalidValue(at, goWords(keys), 'must not contain duplicate entries')] : []),
    ];
  });
}

/** Items that are told apart must be there, with everything that tells them apart. */
function keyedItemFaults(schema: JsonObject, path: string): FieldError[] {
  const listType = stringAt(schema, 'x-kubernetes-list-type');
  const { items } = schema;
  if (!isObject(items) || (listType !== 'set' && listType !== 'map')) return [];
  const needed = stringsAt(items, 'required');
  const keys = listType === 'map' ? stringsAt(schema, 'x-kubernetes-list-map-keys') : [];
  return [
    ...(items['nullable'] === true
      ? [forbiddenField(`${path}.items.nullable`, `cannot be nullable when x-kubernetes-list-type is ${listType}`)]
      : []),
    ...keys.flatMap((key) => {
      const property = objectAt(items, 'properties')[key];
      if (!isObject(property)) return [];
      const at = `${path}.items.properties[${key}]`;
      const reason = 'this property is in x-kubernetes-list-map-keys, so it';
      return [
        ...(needed.includes(key) || (property['default'] ?? undefined) !== undefined
          ? []
          : [required(`${at}.default`, `${reason} must have a default or be a required property`)]),
        ...(property['nullable'] === true ? [forbiddenField(`${at}.nullable`, `${reason} cannot be nullable`)] : []),
      ];
    }),
  ];
}
