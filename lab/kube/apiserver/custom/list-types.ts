// Sets without equal items and maps without equal keys: what `x-kubernetes-list-type` promises of a list.
import type { FieldError } from '../field-error.ts';
import { duplicate, invalidValue } from '../field-error.ts';
import type { JsonObject } from '../json.ts';
import { isObject } from '../json.ts';
import { shownJson } from '../schema/go-json.ts';
import type { Schema } from '../schema/schema.ts';

/** Faults of every list in `value` (apiextensions, schema/listtype). An item that comes three times is reported once. */
export function listTypeFaults(value: unknown, schema: Schema | undefined, path = ''): FieldError[] {
  if (schema === undefined) return [];
  if (Array.isArray(value)) {
    return [
      ...typedListFaults(value, schema, path),
      ...value.flatMap((item: unknown, index) => listTypeFaults(item, schema.items, `${path}[${index}]`)),
    ];
  }
  if (!isObject(value)) return [];
  const { properties = {}, additionalProperties } = schema;
  return Object.entries(value).flatMap(([name, member]) => {
    if (typeof additionalProperties === 'object')
      return listTypeFaults(member, additionalProperties, `${path}[${name}]`);
    return Object.hasOwn(properties, name)
      ? listTypeFaults(member, properties[name], path === '' ? name : `${path}.${name}`)
      : [];
  });
}

function typedListFaults(list: readonly unknown[], schema: Schema, path: string): FieldError[] {
  switch (schema['x-kubernetes-list-type']) {
    case 'set':
      return repeated(list).map((index) => duplicate(`${path}[${index}]`, shownJson(list[index])));
    case 'map': {
      const stranger = list.findIndex((item) => item !== null && !isObject(item));
      if (stranger >= 0)
        return [
          invalidValue(
            `${path}[${stranger}]`,
            shownJson(list[stranger]),
            'must be an object for an array of list-type map',
          ),
        ];
      const keys = list.map((item) => keyOf(item, schema['x-kubernetes-list-map-keys'] ?? []));
      return repeated(keys).map((index) => duplicate(`${path}[${index}]`, shownJson(keys[index])));
    }
    case 'atomic':
    case undefined:
    default:
      return [];
  }
}

function keyOf(item: unknown, names: readonly string[]): JsonObject {
  const source = isObject(item) ? item : {};
  return Object.fromEntries(names.filter((name) => source[name] !== undefined).map((name) => [name, source[name]]));
}

/** The places where an item comes for the second time. */
function repeated(items: readonly unknown[]): readonly number[] {
  const times = new Map<string, number>();
  return items.flatMap((item, index) => {
    const text = canonical(item);
    const count = (times.get(text) ?? 0) + 1;
    times.set(text, count);
    return count === 2 ? [index] : [];
  });
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (!isObject(value)) return JSON.stringify(value);
  return `{${Object.keys(value)
    .sort()
    .map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`)
    .join(',')}}`;
}
