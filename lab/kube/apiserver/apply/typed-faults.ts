// What structured-merge-diff finds wrong with an applied configuration before it merges anything, in its words.
import type { JsonObject } from '../json.ts';
import { isObject } from '../json.ts';
import type { Schema } from '../schema/schema.ts';
import { isStructField, memberSchema } from '../schema/schema.ts';
import { printedStep } from './field-set.ts';
import { itemStep } from './walk.ts';

/** The text of the error about an applied object, or `undefined` when its form is sound (typed/validate.go). */
export function typedFault(value: unknown, schema: Schema): string | undefined {
  const faults: string[] = [];
  visit(value, schema, '', faults);
  if (faults.length <= 1) return faults[0];
  return ['errors:', ...faults.map((fault) => `  ${fault}`)].join('\n');
}

type Faults = string[];

const fault = (path: string, text: string): string => (path === '' ? text : `${path}: ${text}`);

function visit(value: unknown, schema: Schema | undefined, path: string, faults: Faults): void {
  if (value === null || value === undefined || schema === undefined) return;
  if (schema['x-kubernetes-int-or-string'] === true) {
    if (isObject(value) || Array.isArray(value)) faults.push(fault(path, `expected any scalar, got ${shown(value)}`));
    return;
  }
  switch (schema.type) {
    case 'object':
      if (isObject(value)) visitMap(value, schema, path, faults);
      else faults.push(fault(path, `expected map, got ${shown(value)}`));
      return;
    case 'array':
      if (Array.isArray(value)) visitList(value, schema, path, faults);
      else faults.push(fault(path, `expected list, got ${shown(value)}`));
      return;
    case 'integer':
    case 'number':
      if (typeof value !== 'number') faults.push(fault(path, `expected numeric (int or float), got ${goType(value)}`));
      return;
    case 'string':
      if (typeof value !== 'string') faults.push(fault(path, `expected string, got ${shown(value)}`));
      return;
    case 'boolean':
      if (typeof value !== 'boolean') faults.push(fault(path, `expected boolean, got ${shown(value)}`));
      return;
    case undefined:
      return;
  }
}

function visitMap(value: JsonObject, schema: Schema, path: string, faults: Faults): void {
  const open =
    schema['x-kubernetes-preserve-unknown-fields'] === true ||
    schema['x-kubernetes-embedded-resource'] === true ||
    schema.additionalProperties === true ||
    (schema.properties === undefined && schema.additionalProperties === undefined);
  for (const [name, member] of Object.entries(value)) {
    const described = memberSchema(schema, name);
    if (described === undefined && !open && !isStructField(schema, name)) {
      faults.push(fault(`${path}.${name}`, 'field not declared in schema'));
      return;
    }
    visit(member, described, `${path}.${name}`, faults);
  }
}

function visitList(value: readonly unknown[], schema: Schema, path: string, faults: Faults): void {
  const listType = schema['x-kubernetes-list-type'];
  const seen = new Set<string>();
  for (const [index, item] of value.entries()) {
    let step = `i:${index}`;
    if (listType === 'map' || listType === 'set') {
      const wrong = unkeyed(item, schema);
      if (wrong !== undefined) {
        faults.push(fault(path, `element ${index}: ${wrong}`));
        return;
      }
      step = itemStep(item, schema);
      if (seen.has(step)) faults.push(fault(path, `duplicate entries for key ${printedStep(step)}`));
      seen.add(step);
    }
    visit(item, schema.items, path + printedStep(step), faults);
  }
}

function unkeyed(item: unknown, schema: Schema): string | undefined {
  if (schema['x-kubernetes-list-type'] === 'set') return undefined;
  if (item === null) return 'associative list with keys may not have a null element';
  if (!isObject(item)) return 'associative list with keys may not have non-map elements';
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  const given = keys.some((key) => item[key] !== undefined || memberSchema(schema.items, key)?.default !== undefined);
  if (given) return undefined;
  const names = keys.map((key) => JSON.stringify(key)).join(' ');
  return `associative list with keys has an element that omits all key fields [${names}] (and doesn't have default values for any key fields)`;
}

const goType = (value: unknown): string => {
  if (Array.isArray(value)) return '[]interface {}';
  if (typeof value === 'boolean') return 'bool';
  return typeof value === 'string' ? 'string' : 'map[string]interface {}';
};

/** A value as Go's %v prints it through structured-merge-diff. */
function shown(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(shown).join(' ')}]`;
  if (!isObject(value)) return typeof value === 'string' ? value : JSON.stringify(value);
  return `map[${Object.keys(value)
    .sort()
    .map((name) => `${name}:${shown(value[name])}`)
    .join(' ')}]`;
}
