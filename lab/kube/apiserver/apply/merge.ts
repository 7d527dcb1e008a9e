// Merging an applied configuration into the live object, and taking out what its manager no longer applies.
import type { JsonObject } from '../json.ts';
import { isObject, setOwn } from '../json.ts';
import type { Schema } from '../schema/schema.ts';
import { isAtomic, memberSchema } from '../schema/schema.ts';
import type { FieldSet } from './field-set.ts';
import { emptySet, isEmptySet } from './field-set.ts';
import { itemsByStep, itemStep, stepSchema } from './walk.ts';

/** The live value with the applied one laid over it. */
export function mergeApplied(live: unknown, applied: unknown, schema: Schema | undefined): unknown {
  if (isObject(applied) && isObject(live) && !isAtomic(schema, applied)) {
    const merged: JsonObject = { ...live };
    for (const [name, value] of Object.entries(applied))
      setOwn(merged, name, mergeApplied(live[name], value, memberSchema(schema, name)));
    return merged;
  }
  if (Array.isArray(applied) && Array.isArray(live) && !isAtomic(schema, applied))
    return mergeLists(live, applied, schema);
  return applied;
}

/** The order is the applied one; items of others keep their place after the item they followed. */
function mergeLists(live: readonly unknown[], applied: readonly unknown[], schema: Schema | undefined): unknown[] {
  const before = itemsByStep(live, schema);
  const wanted = itemsByStep(applied, schema);
  const result = [...wanted].map(([step, item]) =>
    before.has(step) ? mergeApplied(before.get(step), item, schema?.items) : item,
  );
  const order = [...wanted.keys()];
  let previous = -1;
  for (const [step, item] of before) {
    const place = order.indexOf(step);
    if (place >= 0) previous = place;
    else {
      previous += 1;
      order.splice(previous, 0, step);
      result.splice(previous, 0, item);
    }
  }
  return result;
}

/** `value` without the paths in `gone`, except where `kept` (what the appliers and others still own) reaches; `undefined` when nothing is left. */
export function removeFields(value: unknown, gone: FieldSet, kept: FieldSet, schema: Schema | undefined): unknown {
  if (isEmptySet(gone)) return value;
  if (gone.member && isEmptySet(kept)) return undefined;
  if (Array.isArray(value)) {
    if (isAtomic(schema, value)) return value;
    const items = value.flatMap((item) => {
      const step = itemStep(item, schema);
      const left = removeFields(
        item,
        gone.children.get(step) ?? emptySet,
        kept.children.get(step) ?? emptySet,
        schema?.items,
      );
      return left === undefined ? [] : [left];
    });
    return items.length === 0 && value.length > 0 ? undefined : items;
  }
  if (!isObject(value) || isAtomic(schema, value)) return value;
  const made: JsonObject = { ...value };
  for (const [step, child] of gone.children) {
    const name = step.slice(2);
    if (!Object.hasOwn(made, name)) continue;
    const left = removeFields(made[name], child, kept.children.get(step) ?? emptySet, stepSchema(step, schema));
    if (left === undefined) delete made[name];
    else made[name] = left;
  }
  return Object.keys(made).length === 0 && Object.keys(value).length > 0 ? undefined : made;
}
