// Pruning of custom resources: what the structural schema does not describe is dropped, unless it says to preserve it.
import type { JsonObject } from '../json.ts';
import { isObject, setOwn } from '../json.ts';
import type { Schema } from './schema.ts';
import { memberSchema } from './schema.ts';

/** Members of every embedded resource, which its schema need not list. */
const EMBEDDED = ['apiVersion', 'kind', 'metadata'];

/** A pruned copy; `unknown` collects the dropped paths. Values of the wrong type stay for validation to refuse. */
export function prune(value: unknown, schema: Schema, unknown: string[], path = ''): unknown {
  if (Array.isArray(value)) {
    const items = schema.items;
    return items === undefined ? value : value.map((item, index) => prune(item, items, unknown, `${path}[${index}]`));
  }
  if (!isObject(value)) return value;
  const made: JsonObject = {};
  for (const [name, member] of Object.entries(value)) {
    const described = memberSchema(schema, name);
    const place = path === '' ? name : `${path}.${name}`;
    if (described !== undefined) {
      // As a real server: null for a field that is not nullable but has a default is as if it were absent.
      if (member === null && described.nullable !== true && described.default !== undefined) continue;
      setOwn(made, name, prune(member, described, unknown, place));
    } else if (keeps(schema, name)) setOwn(made, name, member);
    else unknown.push(place);
  }
  return made;
}

function keeps(schema: Schema, name: string): boolean {
  if (schema['x-kubernetes-preserve-unknown-fields'] === true || schema.additionalProperties === true) return true;
  if (schema['x-kubernetes-embedded-resource'] === true && EMBEDDED.includes(name)) return true;
  return false;
}
