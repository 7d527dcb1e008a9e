// Strategic merge patch: merge patch that knows which lists are merged by a key, with kubectl's `$` directives.
import type { JsonObject } from '../json.ts';
import { cloneJson, equalJson, isObject, setOwn } from '../json.ts';
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
  if (directive !== undefined && directive !== 'merge') throw badRequest(`unknown $patch directive ${JSON.stringify(directive)}`);
  const merged: JsonObject = retained(live, patch['$retainKeys']);
  for (const [name, value] of Object.entries(patch)) {
    if (name.startsWith('$')) continue;
    const described = memberSchema(schema, name);
    const current = Object.hasOwn(merged, name) ? merged[name] : undefined;
    if (value === null) delete merged[name];
    else if (isObject(value)) {
      if (value['$patch'] === 'delete') delete merged[name];
      else setOwn(merged, name, mergeObject(isObject(current) ? current : {}, value, described));
    } else if (Array.isArray(value)) setOwn(merged, name, mergeList(Array.isArray(current) ? current : [], value, described));
    else merged[name] = value;
  }
  applyListDirectives(merged, patch, schema);
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

const isPrimitiveSet = (schema: Schema | undefined): boolean => schema?.['x-kubernetes-patch-strategy'] === 'merge' && schema.items?.type !== 'object';

function mergeList(live: readonly unknown[], patch: readonly unknown[], schema: Schema | undefined): unknown[] {
  const key = schema?.['x-kubernetes-patch-merge-key'];
  if (isPrimitiveSet(schema)) return [...live, ...patch.filter((item) => !live.includes(item))];
  if (key === undefined) return patch.filter((item) => !(isObject(item) && '$patch' in item)).map(cloneJson);
  if (patch.some((item) => isObject(item) && item['$patch'] === 'replace'))
    return patch.filter((item) => !(isObject(item) && item['$patch'] === 'replace' && !(key in item))).map((item) => (isObject(item) ? withoutDirectives(item) : item));
  const merged = [...live];
  for (const item of patch) {
    if (!isObject(item) || item[key] === undefined) throw badRequest(`map: ${JSON.stringify(item)} does not contain declared merge key: ${key}`);
    const index = merged.findIndex((other) => isObject(other) && equalJson(other[key], item[key]));
    const current = merged[index];
    if (item['$patch'] === 'delete') {
      if (index >= 0) merged.splice(index, 1);
    } else if (index >= 0) merged[index] = mergeObject(isObject(current) ? current : {}, item, schema?.items);
    else merged.push(mergeObject({}, item, schema?.items));
  }
  return merged;
}

function applyListDirectives(merged: JsonObject, patch: JsonObject, schema: Schema | undefined): void {
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
      if (Array.isArray(current)) merged[field] = ordered(current, value, key);
    }
  }
}

/** Items named in `order` take that order; others keep their place relative to the item before them. */
function ordered(items: readonly unknown[], order: readonly unknown[], key: string | undefined): unknown[] {
  const identity = (item: unknown): unknown => (key !== undefined && isObject(item) ? item[key] : item);
  const rank = (item: unknown): number => order.findIndex((entry) => equalJson(identity(entry), identity(item)));
  const named = items.filter((item) => rank(item) >= 0).sort((left, right) => rank(left) - rank(right));
  const result = [...named];
  items.forEach((item, index) => {
    if (rank(item) >= 0) return;
    const before = index === 0 ? -1 : result.indexOf(items[index - 1]);
    result.splice(before + 1, 0, item);
  });
  return result;
}
