// Which fields an object has, and which differ between two, in the terms of server-side apply.
import type { JsonObject } from '../json.ts';
import { equalJson, isObject } from '../json.ts';
import type { Schema } from '../schema/schema.ts';
import { isAtomic, isStructField, memberSchema } from '../schema/schema.ts';
import type { FieldSet } from './field-set.ts';
import { emptySet, isEmptySet, leaf, node, stepSchema } from './field-set.ts';

/** The step that names an item of a `set` or `map` list; key fields that are absent count with their default. */
export function itemStep(item: unknown, schema: Schema | undefined): string {
  if (schema?.['x-kubernetes-list-type'] !== 'map') return `v:${JSON.stringify(item)}`;
  const source = isObject(item) ? item : {};
  const identity: JsonObject = {};
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  for (const key of keys.length > 1 ? keys.toSorted() : keys) {
    const value = source[key] ?? memberSchema(schema.items, key)?.default;
    if (value !== undefined) identity[key] = value;
  }
  return `k:${JSON.stringify(identity)}`;
}

/** Items of a `set` or `map` list by their step, in order; several under one step when a list has duplicates. */
export function itemListsByStep(list: readonly unknown[], schema: Schema | undefined): Map<string, unknown[]> {
  const items = new Map<string, unknown[]>();
  for (const item of list) {
    const step = itemStep(item, schema);
    const found = items.get(step);
    if (found === undefined) items.set(step, [item]);
    else found.push(item);
  }
  return items;
}

/** As `itemListsByStep`, with the last of duplicates. */
export const itemsByStep = (list: readonly unknown[], schema: Schema | undefined): Map<string, unknown> =>
  new Map(list.map((item) => [itemStep(item, schema), item]));

const isLeafValue = (value: unknown, schema: Schema | undefined): boolean =>
  (!isObject(value) && !Array.isArray(value)) || isAtomic(schema, value);

/** Every field of a value: what an applied configuration speaks of. */
export function fieldsOf(value: unknown, schema: Schema | undefined): FieldSet {
  if (isLeafValue(value, schema)) return leaf;
  const children = new Map<string, FieldSet>();
  if (Array.isArray(value)) {
    for (const [step, items] of itemListsByStep(value, schema))
      children.set(step, items.length > 1 ? leaf : node(true, fieldsOf(items[0], schema?.items).children));
  } else if (isObject(value)) {
    for (const [name, member] of Object.entries(value)) {
      const inner = fieldsOf(member, memberSchema(schema, name));
      const whole = isEmptyMap(member) || !isStructField(schema, name);
      const made = node(inner.member || whole, inner.children);
      if (!isEmptySet(made)) children.set(`f:${name}`, made);
    }
  }
  return node(false, children);
}

const isEmptyMap = (value: unknown): boolean => isObject(value) && Object.keys(value).length === 0;
const isEmptyOrAbsent = (value: unknown): boolean =>
  value === undefined || value === null || (Array.isArray(value) && value.length === 0) || isEmptyMap(value);

export interface Comparison {
  readonly added: FieldSet;
  readonly modified: FieldSet;
  readonly removed: FieldSet;
}

const same: Comparison = { added: emptySet, modified: emptySet, removed: emptySet };

/**
 * What changed from `before` to `after`; `undefined` means absent. A container that appears or goes counts with its own path
 * besides those of its members (structured-merge-diff, typed/compare.go).
 */
export function compareFields(before: unknown, after: unknown, schema: Schema | undefined): Comparison {
  if (before === after) return same;
  if (isWhole(before, after, schema)) {
    if (before === undefined) return { ...same, added: leaf };
    if (after === undefined) return { ...same, removed: leaf };
    return equalJson(before, after) ? same : { ...same, modified: leaf };
  }
  const inner = Array.isArray(before ?? after)
    ? compareLists(listOf(before), listOf(after), schema)
    : compareMaps(mapOf(before), mapOf(after), schema);
  if (before === undefined) return { ...inner, added: node(true, inner.added.children) };
  if (after === undefined) return { ...inner, removed: node(true, inner.removed.children) };
  return inner;
}

/** Compared as one value: scalars, what is atomic, and containers that are empty on both sides. */
function isWhole(before: unknown, after: unknown, schema: Schema | undefined): boolean {
  if (isEmptyOrAbsent(before) && isEmptyOrAbsent(after)) return true;
  const known = [before, after].filter((value) => value !== undefined && value !== null);
  if (known.some((value) => isLeafValue(value, schema))) return true;
  return known.some(Array.isArray) && known.some(isObject);
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const mapOf = (value: unknown): JsonObject => (isObject(value) ? value : {});

function compareMaps(before: JsonObject, after: JsonObject, schema: Schema | undefined): Comparison {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return gathered(
    [...names].map((name) => [
      `f:${name}`,
      compareFields(member(before, name), member(after, name), memberSchema(schema, name)),
    ]),
  );
}

const member = (value: JsonObject, name: string): unknown => (Object.hasOwn(value, name) ? value[name] : undefined);

function compareLists(before: readonly unknown[], after: readonly unknown[], schema: Schema | undefined): Comparison {
  const left = itemListsByStep(before, schema);
  const right = itemListsByStep(after, schema);
  return gathered(
    [...new Set([...left.keys(), ...right.keys()])].map((step) => [
      step,
      compareItems(left.get(step) ?? [], right.get(step) ?? [], stepSchema(step, schema)),
    ]),
  );
}

/** Duplicates count as one value without fields. */
function compareItems(left: readonly unknown[], right: readonly unknown[], schema: Schema | undefined): Comparison {
  if (left.length <= 1 && right.length <= 1) return compareFields(left[0], right[0], schema);
  if (left.length >= 2 && right.length >= 2) return equalJson(left, right) ? same : { ...same, modified: leaf };
  if (left.length >= 2) return { ...compareFields(undefined, right[0], schema), removed: leaf };
  return { ...compareFields(left[0], undefined, schema), added: leaf };
}

function gathered(parts: readonly (readonly [string, Comparison])[]): Comparison {
  const collect = (pick: (part: Comparison) => FieldSet): FieldSet => {
    const found = new Map<string, FieldSet>();
    for (const [step, part] of parts) {
      const set = pick(part);
      if (!isEmptySet(set)) found.set(step, set);
    }
    return node(false, found);
  };
  return {
    added: collect((part) => part.added),
    modified: collect((part) => part.modified),
    removed: collect((part) => part.removed),
  };
}
