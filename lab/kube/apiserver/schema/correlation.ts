// What a value was before an update: members by name, items of keyed lists by their keys, nothing else.
import { equalJson, isObject } from '../json.ts';
import type { Schema } from './schema.ts';
import { memberSchema } from './schema.ts';

/** A value that was there before, with the schema it stands under. */
export interface Correlation {
  readonly old: unknown;
  readonly schema: Schema;
}

/** The old value of member `name`; `undefined` when there was none or nothing describes it. */
export function oldMember(before: Correlation | undefined, name: string): Correlation | undefined {
  if (before === undefined || !isObject(before.old) || before.old[name] === undefined) return undefined;
  const schema = memberSchema(before.schema, name);
  return schema === undefined ? undefined : { old: before.old[name], schema };
}

/** The old item with the keys of `item`; only lists of type map have such. */
export function oldItem(before: Correlation | undefined, item: unknown): Correlation | undefined {
  if (before === undefined || !Array.isArray(before.old) || before.schema['x-kubernetes-list-type'] !== 'map')
    return undefined;
  const { items, 'x-kubernetes-list-map-keys': keys = [] } = before.schema;
  const found: unknown = before.old.find((old: unknown) =>
    keys.every((key) => equalJson(keyed(old, key), keyed(item, key))),
  );
  return found === undefined || items === undefined ? undefined : { old: found, schema: items };
}

const keyed = (item: unknown, key: string): unknown => (isObject(item) ? item[key] : undefined);

/** Is a value what it was? Items of keyed lists may have changed places. */
export function isUnchanged(value: unknown, before: Correlation): boolean {
  const { old } = before;
  if (Array.isArray(value)) {
    if (!Array.isArray(old) || old.length !== value.length) return false;
    if (before.schema['x-kubernetes-list-type'] !== 'map') return equalJson(value, old);
    return value.every((item: unknown) => {
      const one = oldItem(before, item);
      return one !== undefined && isUnchanged(item, one);
    });
  }
  if (!isObject(value) || !isObject(old)) return equalJson(value, old);
  const names = Object.keys(value);
  return (
    names.length === Object.keys(old).length &&
    names.every((name) => {
      const one = oldMember(before, name);
      // What no schema describes can only be compared as it is.
      return one === undefined
        ? Object.hasOwn(old, name) && equalJson(value[name], old[name])
        : isUnchanged(value[name], one);
    })
  );
}
