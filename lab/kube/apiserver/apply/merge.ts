// Merging an applied configuration into the live object, and taking out fields of a set.
import type { JsonObject } from '../json.ts';
import { isObject, setOwn } from '../json.ts';
import type { Schema } from '../schema/schema.ts';
import { isAtomic, memberSchema } from '../schema/schema.ts';
import type { FieldSet } from './field-set.ts';
import { emptySet, isEmptySet, stepSchema } from './field-set.ts';
import { itemListsByStep, itemStep } from './walk.ts';

/** The live value with the applied one laid over it. */
export function mergeApplied(live: unknown, applied: unknown, schema: Schema | undefined): unknown {
  if (isObject(applied) && isObject(live) && !isAtomic(schema, applied)) {
    const merged: JsonObject = { ...live };
    for (const [name, value] of Object.entries(applied)) {
      const before = Object.hasOwn(live, name) ? live[name] : undefined;
      setOwn(merged, name, mergeApplied(before, value, memberSchema(schema, name)));
    }
    return merged;
  }
  if (Array.isArray(applied) && Array.isArray(live) && !isAtomic(schema, applied))
    return mergeLists(live, applied, schema);
  return applied;
}

interface Side {
  readonly steps: readonly string[];
  readonly values: ReadonlyMap<string, unknown>;
}

function sideOf(list: readonly unknown[], schema: Schema | undefined): Side {
  const values = new Map<string, unknown>();
  // What is there more than once is not merged with the applied item.
  for (const [step, items] of itemListsByStep(list, schema)) values.set(step, items.length > 1 ? undefined : items[0]);
  return { steps: list.map((item) => itemStep(item, schema)), values };
}

/**
 * The order of the applied items is kept; live items of others stay where they are between those that both sides have
 * (structured-merge-diff, typed/merge.go, visitListItems).
 */
function mergeLists(live: readonly unknown[], applied: readonly unknown[], schema: Schema | undefined): unknown[] {
  const left = sideOf(live, schema);
  const right = sideOf(applied, schema);
  const shared = right.steps.filter((step) => left.values.has(step));
  const done = new Set<string>();
  const result: unknown[] = [];
  const take = (step: string): void => {
    const before = left.values.get(step);
    const after = right.values.get(step);
    result.push(before === undefined ? after : mergeApplied(before, after, schema?.items));
    done.add(step);
    if (shared[0] === step) shared.shift();
  };
  let [from, to] = [0, 0];
  while (from < left.steps.length || to < right.steps.length) {
    const mine = left.steps[from];
    const theirs = right.steps[to];
    if (mine !== undefined && theirs !== undefined) {
      if (mine === theirs) {
        take(mine);
        from += 1;
        to += 1;
        continue;
      }
      if (right.values.has(mine) && shared.length > 0 && shared[0] !== mine) {
        from += 1;
        continue;
      }
    }
    if (mine !== undefined) {
      if (!right.values.has(mine)) {
        result.push(live[from]);
        from += 1;
        continue;
      }
      if (done.has(mine)) from += 1;
    }
    if (theirs !== undefined) {
      take(theirs);
      to += 1;
    }
  }
  return result;
}

/** `value` without the fields of `gone`; `undefined` when nothing is left. What is atomic goes with everything in it. */
export function removeFields(value: unknown, gone: FieldSet, schema: Schema | undefined): unknown {
  if (isEmptySet(gone)) return value;
  if (!isObject(value) && !Array.isArray(value)) return value;
  if (isAtomic(schema, value)) return undefined;
  if (Array.isArray(value)) {
    const items = value.flatMap((item) => {
      const left = withoutStep(item, itemStep(item, schema), gone, schema);
      return left === undefined ? [] : [left];
    });
    return items.length === 0 ? undefined : items;
  }
  const made: JsonObject = {};
  for (const [name, member] of Object.entries(value)) {
    const left = withoutStep(member, `f:${name}`, gone, schema);
    if (left !== undefined) setOwn(made, name, left);
  }
  return Object.keys(made).length === 0 ? undefined : made;
}

function withoutStep(value: unknown, step: string, gone: FieldSet, schema: Schema | undefined): unknown {
  const inner = gone.children.get(step) ?? emptySet;
  return inner.member ? undefined : removeFields(value, inner, stepSchema(step, schema));
}
