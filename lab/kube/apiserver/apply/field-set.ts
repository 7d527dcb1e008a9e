// Sets of fields of an object, as managedFields records them: a tree whose steps are `f:name`, `k:{...}`, `v:...`.
import type { JsonObject } from '../json.ts';
import { isObject, setOwn } from '../json.ts';
import type { Schema } from '../schema/schema.ts';
import { isStructField, memberSchema } from '../schema/schema.ts';
import { compareSteps } from './step-order.ts';

/** A set of field paths. `member`: the path up to here is itself in the set. Never changed once built. */
export interface FieldSet {
  readonly member: boolean;
  readonly children: ReadonlyMap<string, FieldSet>;
}

export const emptySet: FieldSet = { member: false, children: new Map() };
export const leaf: FieldSet = { member: true, children: new Map() };

/** A node of a set; empty when there is nothing in it. */
export const node = (member: boolean, children: ReadonlyMap<string, FieldSet>): FieldSet =>
  !member && children.size === 0 ? emptySet : { member, children };

export const isEmptySet = (set: FieldSet): boolean => !set.member && set.children.size === 0;

/** Reads FieldsV1. Anything unreadable is an empty set. */
export function parseFieldSet(fields: unknown): FieldSet {
  if (!isObject(fields)) return emptySet;
  return node(Object.hasOwn(fields, '.'), parseChildren(fields));
}

function parseChildren(fields: JsonObject): Map<string, FieldSet> {
  const children = new Map<string, FieldSet>();
  for (const [step, value] of Object.entries(fields)) {
    if (step === '.' || !isObject(value)) continue;
    children.set(step, Object.keys(value).length === 0 ? leaf : parseFieldSet(value));
  }
  return children;
}

/** Writes FieldsV1, steps in the order of structured-merge-diff, which clients compare byte for byte. */
export function formatFieldSet(set: FieldSet): JsonObject {
  const fields: JsonObject = {};
  if (set.member && set.children.size > 0) fields['.'] = {};
  for (const [step, child] of ordered(set))
    setOwn(fields, step, child.children.size === 0 ? {} : formatFieldSet(child));
  return fields;
}

const ordered = (set: FieldSet): [string, FieldSet][] =>
  [...set.children].sort(([left], [right]) => compareSteps(left, right));

/** Paths in either. */
export function union(left: FieldSet, right: FieldSet): FieldSet {
  if (isEmptySet(left)) return right;
  if (isEmptySet(right)) return left;
  const children = new Map(left.children);
  for (const [step, child] of right.children) children.set(step, union(children.get(step) ?? emptySet, child));
  return node(left.member || right.member, children);
}

/** Paths in `left` that are not in `right`. */
export function difference(left: FieldSet, right: FieldSet): FieldSet {
  if (isEmptySet(right) || isEmptySet(left)) return left;
  const children = new Map<string, FieldSet>();
  for (const [step, child] of left.children) {
    const rest = difference(child, right.children.get(step) ?? emptySet);
    if (!isEmptySet(rest)) children.set(step, rest);
  }
  return node(left.member && !right.member, children);
}

/** Paths in both. */
export function intersection(left: FieldSet, right: FieldSet): FieldSet {
  const children = new Map<string, FieldSet>();
  for (const [step, child] of left.children) {
    const other = right.children.get(step);
    const common = other === undefined ? emptySet : intersection(child, other);
    if (!isEmptySet(common)) children.set(step, common);
  }
  return node(left.member && right.member, children);
}

/** `set` without everything below the paths in `roots`, and the paths themselves. */
export function withoutSubtrees(set: FieldSet, roots: FieldSet): FieldSet {
  if (roots.member) return emptySet;
  if (roots.children.size === 0) return set;
  const children = new Map<string, FieldSet>();
  for (const [step, child] of set.children) {
    const rest = withoutSubtrees(child, roots.children.get(step) ?? emptySet);
    if (!isEmptySet(rest)) children.set(step, rest);
  }
  return node(set.member, children);
}

export function equalSets(left: FieldSet, right: FieldSet): boolean {
  if (left.member !== right.member || left.children.size !== right.children.size) return false;
  for (const [step, child] of left.children) {
    const other = right.children.get(step);
    if (other === undefined || !equalSets(child, other)) return false;
  }
  return true;
}

/** `set` with a member at every described field of a struct that has something below it. */
export function withNamedMembers(set: FieldSet, schema: Schema | undefined): FieldSet {
  const children = new Map<string, FieldSet>();
  for (const [step, child] of set.children) {
    const inner = withNamedMembers(child, stepSchema(step, schema));
    const named = step.startsWith('f:') && child.children.size > 0 && isStructField(schema, step.slice(2));
    children.set(step, named ? node(true, inner.children) : inner);
  }
  return node(set.member, children);
}

/** The schema behind a step below a schema. */
export function stepSchema(step: string, schema: Schema | undefined): Schema | undefined {
  return step.startsWith('f:') ? memberSchema(schema, step.slice(2)) : schema?.items;
}

/** The paths as messages print them (`.spec.containers[name="app"].image`), in the order of structured-merge-diff: those that end here before those that go on. */
export function printedPaths(set: FieldSet, prefix = ''): string[] {
  const steps = ordered(set);
  return [
    ...steps.filter(([, child]) => child.member).map(([step]) => prefix + printedStep(step)),
    ...steps.flatMap(([step, child]) => printedPaths(child, prefix + printedStep(step))),
  ];
}

/** A step as messages print it. */
export function printedStep(step: string): string {
  const body = step.slice(2);
  if (step.startsWith('f:')) return `.${body}`;
  if (step.startsWith('v:')) return `[=${body}]`;
  if (step.startsWith('i:')) return `[${body}]`;
  const keys: unknown = JSON.parse(body);
  const pairs = isObject(keys) ? Object.entries(keys).map(([name, value]) => `${name}=${JSON.stringify(value)}`) : [];
  return `[${pairs.join(',')}]`;
}
