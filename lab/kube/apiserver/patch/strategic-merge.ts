// Strategic merge patch: merge patch that knows which lists are merged by a key, with kubectl's `$` directives.
import type { JsonObject } from '../json.ts';
import { cloneJson, equalJson, isObject, listAt, setOwn } from '../json.ts';
import type { Schema } from '../schema/schema.ts';
import { memberSchema } from '../schema/schema.ts';
import { badRequest } from '../status.ts';

const DELETE_PRIMITIVES = '$deleteFromPrimitiveList/';
const ELEMENT_ORDER = '$setElementOrder/';

/** The document with a patch merged in. Lists without a merge key in the schema are replaced. Throws 400 for a faulty directive. */
export function applyStrategicMerge(document: unknown, patch: unknown, schema: Schema): unknown {
  if (!isObject(patch)) throw badRequest('a strategic merge patch must be an object');
  return mergeObject(isObject(document) ? document : {}, patch, schema);
}

function mergeObject(live: JsonObject, patch: JsonObject, schema: Schema | undefined): JsonObject {
  const directive = patch['$patch'];
  if (directive === 'replace') return withoutDirectives(patch);
  if (directive === 'delete') return {};
  if (directive !== undefined && directive !== 'merge')
    throw badRequest(`unknown $patch directive ${JSON.stringify(directive)}`);
  const merged: JsonObject = retained(live, patch['$retainKeys']);
  for (const [name, value] of Object.entries(patch)) {
    if (name.startsWith('$')) continue;
    const described = memberSchema(schema, name);
    const current = Object.hasOwn(merged, name) ? merged[name] : undefined;
    if (value === null) delete merged[name];
    else if (isObject(value)) {
      if (value['$patch'] === 'delete') delete merged[name];
      else setOwn(merged, name, mergeObject(isObject(current) ? current : {}, value, described));
    } else if (Array.isArray(value))
      setOwn(merged, name, mergeList(Array.isArray(current) ? current : [], value, described));
    else merged[name] = value;
  }
  applyListDirectives(merged, live, patch, schema);
  return merged;
}

function withoutDirectives(patch: JsonObject): JsonObject {
  const kept = Object.entries(patch).filter(([name, value]) => !name.startsWith('$') && value !== null);
  return cloneJson(Object.fromEntries(kept));
}

function retained(live: JsonObject, keys: unknown): JsonObject {
  if (keys === undefined) return { ...live };
  if (!Array.isArray(keys)) throw badRequest('$retainKeys must be a list');
  return Object.fromEntries(Object.entries(live).filter(([name]) => keys.includes(name)));
}

const isPrimitiveSet = (schema: Schema | undefined): boolean =>
  schema?.['x-kubernetes-patch-strategy'] === 'merge' && schema.items?.type !== 'object';

function mergeList(live: readonly unknown[], patch: readonly unknown[], schema: Schema | undefined): unknown[] {
  const key = schema?.['x-kubernetes-patch-merge-key'];
  if (isPrimitiveSet(schema)) {
    const united = [...live, ...patch.filter((item) => !live.includes(item))];
    return ordered(united, { asked: patch, before: live, key: undefined });
  }
  if (key === undefined) return patch.filter((item) => !(isObject(item) && '$patch' in item)).map(cloneJson);
  if (patch.some((item) => isObject(item) && item['$patch'] === 'replace'))
    return patch
      .filter((item) => !(isObject(item) && item['$patch'] === 'replace' && !(key in item)))
      .map((item) => (isObject(item) ? withoutDirectives(item) : item));
  const merged = [...live];
  for (const item of patch) {
    if (!isObject(item) || item[key] === undefined)
      throw badRequest(`map: ${JSON.stringify(item)} does not contain declared merge key: ${key}`);
    const index = merged.findIndex((other) => isObject(other) && equalJson(other[key], item[key]));
    const current = merged[index];
    if (item['$patch'] === 'delete') {
      if (index >= 0) merged.splice(index, 1);
    } else if (index >= 0) merged[index] = mergeObject(isObject(current) ? current : {}, item, schema?.items);
    else merged.push(mergeObject({}, item, schema?.items));
  }
  return ordered(merged, { asked: patch, before: live, key });
}

function applyListDirectives(
  merged: JsonObject,
  live: JsonObject,
  patch: JsonObject,
  schema: Schema | undefined,
): void {
  for (const [name, value] of Object.entries(patch)) {
    if (name.startsWith(DELETE_PRIMITIVES) && Array.isArray(value)) {
      const field = name.slice(DELETE_PRIMITIVES.length);
      const current = merged[field];
      if (Array.isArray(current)) merged[field] = current.filter((item) => !value.includes(item));
    }
    if (name.startsWith(ELEMENT_ORDER) && Array.isArray(value)) {
      const field = name.slice(ELEMENT_ORDER.length);
      const current = merged[field];
      const key = memberSchema(schema, field)?.['x-kubernetes-patch-merge-key'];
      if (Array.isArray(current)) merged[field] = ordered(current, { asked: value, before: listAt(live, field), key });
    }
  }
}

interface Order {
  /** The order that the patch asks for. */
  readonly asked: readonly unknown[];
  /** The order before the patch. */
  readonly before: readonly unknown[];
  readonly key: string | undefined;
}

/** What the patch names takes the patch's order; other items stay before what they were before, and otherwise follow, as on a real server. */
function ordered(items: readonly unknown[], { asked, before, key }: Order): unknown[] {
  const identity = (item: unknown): unknown => (key !== undefined && isObject(item) ? item[key] : item);
  const rank = (list: readonly unknown[], item: unknown): number =>
    list.findIndex((entry) => equalJson(identity(entry), identity(item)));
  const named = items
    .filter((item) => rank(asked, item) >= 0)
    .sort((left, right) => rank(asked, left) - rank(asked, right));
  const others = items.filter((item) => rank(asked, item) < 0);
  const result: unknown[] = [];
  while (named.length > 0 && others.length > 0) {
    const [other, next] = [rank(before, others[0]), rank(before, named[0])];
    result.push(next >= 0 && other < next ? others.shift() : named.shift());
  }
  return [...result, ...named, ...others];
}
