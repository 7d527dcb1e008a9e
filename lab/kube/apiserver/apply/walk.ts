// Which fields an object has, and which differ between two, in the terms of server-side apply.
import type { JsonObject } from '../json.ts';
import { equalJson, isObject } from '../json.ts';
import type { Schema } from '../schema/schema.ts';
import { isAtomic, isStructField, memberSchema } from '../schema/schema.ts';
import type { FieldSet } from './field-set.ts';
import { emptySet, isEmptySet, leaf, node } from './field-set.ts';

/** The step that names an item of a `set` or `map` list. */
export function itemStep(item: unknown, schema: Schema | undefined): string {
  if (schema?.['x-kubernetes-list-type'] !== 'map') return `v:${JSON.stringify(item)}`;
  const source = isObject(item) ? item : {};
  const identity: JsonObject = {};
  for (const key of [...(schema['x-kubernetes-list-map-keys'] ?? [])].sort()) {
    const value = source[key] ?? memberSchema(schema.items, key)?.default;
    if (value !== undefined) identity[key] = value;
  }
  return `k:${JSON.stringify(identity)}`;
}

/** Items of a `set` or `map` list by their step, in order. */
export function itemsByStep(list: readonly unknown[], schema: Schema | undefined): Map<string, unknown> {
  return new Map(list.map((item) => [itemStep(item, schema), item]));
}

const isLeafValue = (value: unknown, schema: Schema | undefined): boolean =>
  (!isObject(value) && !Array.isArray(value)) || isAtomic(schema, value) || isEmptyContainer(value);

function isEmptyContainer(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  return isObject(value) && Object.keys(value).length === 0;
}

/** Every field that an applied configuration speaks of. */
export function fieldsOf(value: unknown, schema: Schema | undefined): FieldSet {
  if (isLeafValue(value, schema)) return leaf;
  const children = new Map<string, FieldSet>();
  if (Array.isArray(value)) {
    for (const [step, item] of itemsByStep(value, schema)) {
      const inner =
        schema?.['x-kubernetes-list-type'] === 'map'
          ? fieldsOf(item, schema.items).children
          : new Map<string, FieldSet>();
      children.set(step, node(true, inner));
    }
  } else if (isObject(value)) {
    for (const [name, member] of Object.entries(value)) {
      const inner = fieldsOf(member, memberSchema(schema, name));
      children.set(`f:${name}`, node(inner.member || !isStructField(schema, name), inner.children));
    }
  }
  return node(false, children);
}

export interface Comparison {
  readonly added: FieldSet;
  readonly modified: FieldSet;
  readonly removed: FieldSet;
}

const same: Comparison = { added: emptySet, modified: emptySet, removed: emptySet };

/** What changed from `before` to `after`; `undefined` means absent. */
export function compareFields(before: unknown, after: unknown, schema: Schema | undefined): Comparison {
  if (before === after) return same;
  if (before === undefined) return { ...same, added: everything(after, schema) };
  if (after === undefined) return { ...same, removed: everything(before, schema) };
  const bothObjects = isObject(before) && isObject(after);
  const bothLists = Array.isArray(before) && Array.isArray(after);
  const emptied = isEmptyContainer(before) && isEmptyContainer(after);
  if ((!bothObjects && !bothLists) || isAtomic(schema, after) || emptied)
    return equalJson(before, after) ? same : { ...same, modified: leaf };
  const left = children(before, schema);
  const right = children(after, schema);
  const parts: [string, Comparison][] = [];
  for (const step of new Set([...left.keys(), ...right.keys()])) {
    const inner = stepSchema(step, schema);
    parts.push([step, compareFields(left.get(step), right.get(step), inner)]);
  }
  return {
    added: gather(parts, (part) => part.added),
    modified: gather(parts, (part) => part.modified),
    removed: gather(parts, (part) => part.removed),
  };
}

/** A container that appears or goes brings its own path besides those of its members. */
function everything(value: unknown, schema: Schema | undefined): FieldSet {
  const inner = fieldsOf(value, schema);
  const parts = new Map<string, FieldSet>();
  for (const [step, child] of inner.children) {
    const member = children(value, schema).get(step);
    parts.set(step, isObject(member) || Array.isArray(member) ? everything(member, stepSchema(step, schema)) : child);
  }
  return node(true, parts);
}

function children(value: unknown, schema: Schema | undefined): Map<string, unknown> {
  if (Array.isArray(value)) return itemsByStep(value, schema);
  return new Map(
    isObject(value)
      ? Object.entries(value)
          .filter(([, member]) => member !== undefined)
          .map(([name, member]) => [`f:${name}`, member])
      : [],
  );
}

/** The schema behind a step below a schema. */
export function stepSchema(step: string, schema: Schema | undefined): Schema | undefined {
  return step.startsWith('f:') ? memberSchema(schema, step.slice(2)) : schema?.items;
}

function gather(parts: readonly [string, Comparison][], pick: (part: Comparison) => FieldSet): FieldSet {
  const found = new Map<string, FieldSet>();
  for (const [step, part] of parts) {
    const set = pick(part);
    if (!isEmptySet(set)) found.set(step, set);
  }
  return node(false, found);
}
