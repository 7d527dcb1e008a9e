// Strategic merge patch: merge patch that knows which lists are merged by a key, with kubectl's `$` directives.
import type { JsonObject } from '../json.ts';
import { cloneJson, equalJson, isObject, setOwn } from '../json.ts';
import type { Schema } from '../schema/schema.ts';
import { memberSchema } from '../schema/schema.ts';
import { badRequest, StatusError } from '../status.ts';
import { goMap } from './go-map.ts';

const DIRECTIVE = '$patch';
const RETAIN_KEYS = '$retainKeys';
const DELETE_PRIMITIVES = '$deleteFromPrimitiveList';
const ELEMENT_ORDER = '$setElementOrder';

/** The document with a patch merged in. Lists without a merge key in the schema are replaced. Throws 400 or 500 for a faulty directive, as a real server does. */
export function applyStrategicMerge(document: unknown, patch: JsonObject, schema: Schema): JsonObject {
  return mergeMap(isObject(document) ? cloneJson(document) : {}, cloneJson(patch), schema);
}

/** What a real server answers to directives it did not foresee. */
const failure = (message: string): StatusError => new StatusError(500, '', message);
const badDirective = (directive: unknown, patch: JsonObject): StatusError =>
  failure(`unknown patch type: ${goMap(directive)} in map: ${goMap(patch)}`);
const noMergeKey = (item: unknown, key: string): StatusError =>
  failure(`map: ${goMap(item)} does not contain declared merge key: ${key}`);

/** Changes and returns `live`; both are the merge's own copies. */
function mergeMap(live: JsonObject, patch: JsonObject, schema: Schema | undefined): JsonObject {
  if (Object.hasOwn(patch, DIRECTIVE)) {
    const { [DIRECTIVE]: directive, ...rest } = patch;
    if (directive === 'replace') return rest;
    if (directive === 'delete') return {};
    throw badDirective(directive, patch);
  }
  const { [RETAIN_KEYS]: retained, ...changes } = patch;
  if (retained !== undefined) dropOthers(live, changes, retained);
  const ordered = mergeOrdered(live, changes, schema);
  for (const [name, value] of Object.entries(changes)) {
    if (ordered.has(name)) continue;
    if (name.startsWith(DELETE_PRIMITIVES)) deletePrimitives(live, fieldOf(name, DELETE_PRIMITIVES), value);
    else mergeMember(live, name, value, memberSchema(schema, name));
  }
  return live;
}

function mergeMember(live: JsonObject, name: string, value: unknown, schema: Schema | undefined): void {
  const current = Object.hasOwn(live, name) ? live[name] : undefined;
  if (value === null) delete live[name];
  else if (isObject(current) && isObject(value)) {
    const whole = schema?.['x-kubernetes-patch-strategy'] === 'replace';
    setOwn(live, name, whole ? value : mergeMap(current, value, schema));
  } else if (Array.isArray(current) && Array.isArray(value)) setOwn(live, name, mergeList(current, value, schema));
  else {
    const kept = withoutDirectives(withoutNulls(value));
    if (kept === undefined) delete live[name];
    else setOwn(live, name, kept);
  }
}

/** `$retainKeys`: members that it does not name go; the patch may set no others. */
function dropOthers(live: JsonObject, changes: JsonObject, retained: unknown): void {
  if (!Array.isArray(retained)) throw badRequest('invalid patch format of retainKeys');
  for (const [name, value] of Object.entries(changes)) {
    const exempt = value === null || name.startsWith(DELETE_PRIMITIVES) || name.startsWith(ELEMENT_ORDER);
    if (!exempt && !retained.includes(name)) throw badRequest('invalid patch format of retainKeys');
  }
  for (const name of Object.keys(live)) if (!retained.includes(name)) delete live[name];
}

function fieldOf(name: string, directive: string): string {
  if (name.startsWith(`${directive}/`)) return name.slice(directive.length + 1);
  throw badRequest(
    directive === DELETE_PRIMITIVES
      ? 'invalid patch format of primitive list'
      : 'invalid patch format of setElementOrder list',
  );
}

function deletePrimitives(live: JsonObject, name: string, value: unknown): void {
  const current = live[name];
  if (value === null) delete live[name];
  else if (Array.isArray(current) && Array.isArray(value)) live[name] = current.filter((item) => !value.includes(item));
}

/** `$setElementOrder`: merges the lists that have one, in that order; tells which members of the patch are done with. */
function mergeOrdered(live: JsonObject, changes: JsonObject, schema: Schema | undefined): Set<string> {
  const done = new Set<string>();
  for (const [directive, order] of Object.entries(changes)) {
    if (!directive.startsWith(ELEMENT_ORDER)) continue;
    done.add(directive);
    if (!Array.isArray(order)) throw failure(`expected a []interface {}, but received a ${goTypeOf(order)}`);
    const name = fieldOf(directive, ELEMENT_ORDER);
    const described = memberSchema(schema, name);
    const key = described?.['x-kubernetes-patch-merge-key'];
    const [current, change] = [listOrNone(live[name]), listOrNone(changes[name])];
    checkOrder(change ?? [], order, key);
    if (current === undefined && change === undefined) continue;
    const merged =
      current === undefined
        ? (listOrNone(withoutDirectives(change)) ?? [])
        : change === undefined
          ? current
          : mergeList(current, change, described);
    setOwn(live, name, inOrder(merged, order, current ?? [], key));
    done.add(name);
  }
  return done;
}

function listOrNone(value: unknown): unknown[] | undefined {
  if (value === undefined) return undefined;
  if (!Array.isArray(value)) throw failure(`expected a []interface {}, but received a ${goTypeOf(value)}`);
  return value;
}

/** What the patch sets must come in the order's order. */
function checkOrder(change: readonly unknown[], order: readonly unknown[], key: string | undefined): void {
  if (order.length === 0) return;
  const set = change.filter((item) => !(isObject(item) && Object.hasOwn(item, DIRECTIVE)));
  let next = 0;
  for (const place of order) {
    if (next < set.length && equalJson(identityOf(set[next], key), identityOf(place, key))) next += 1;
  }
  if (next < set.length)
    throw failure(
      `The order in patch list:\n${goMap(change)}\n doesn't match ${ELEMENT_ORDER} list:\n${goMap(order)}\n`,
    );
}

function identityOf(item: unknown, key: string | undefined): unknown {
  if (key === undefined) return item;
  if (!isObject(item)) throw failure(`expected a map[string]interface {}, but received a ${goTypeOf(item)}`);
  if (item[key] === undefined) throw noMergeKey(item, key);
  return item[key];
}

function mergeList(live: unknown[], patch: unknown[], schema: Schema | undefined): unknown[] {
  if (schema?.['x-kubernetes-patch-strategy'] !== 'merge' || (live.length === 0 && patch.length === 0)) return patch;
  if (![...live, ...patch].some(isObject)) {
    const both = [...live, ...patch].filter((item, index, all) => all.indexOf(item) === index);
    return inOrder(both, patch, live, undefined);
  }
  const key = schema['x-kubernetes-patch-merge-key'];
  if (key === undefined) throw failure(`cannot merge lists without merge key for ${schema.items?.['x-type'] ?? ''}`);
  const { base, changes } = afterDirectives(live, patch, key);
  const merged = [...base];
  for (const change of changes) {
    const identity = identityOf(change, key);
    const index = merged.findIndex((item) => isObject(item) && equalJson(item[key], identity));
    const found = merged[index];
    if (isObject(found) && isObject(change)) merged[index] = mergeMap(found, change, schema.items);
    else merged.push(withoutNulls(change));
  }
  return inOrder(merged, changes, base, key);
}

interface Parts {
  readonly base: readonly unknown[];
  readonly changes: readonly unknown[];
}

/** Items that are directives done: `$patch: delete` with the key, `$patch: replace` for the whole list. */
function afterDirectives(live: readonly unknown[], patch: readonly unknown[], key: string): Parts {
  const changes: unknown[] = [];
  let base = [...live];
  let replaces = false;
  for (const item of patch) {
    if (!isObject(item) || !Object.hasOwn(item, DIRECTIVE)) {
      changes.push(item);
      continue;
    }
    const directive = item[DIRECTIVE];
    if (directive === 'delete') {
      const identity = identityOf(item, key);
      base = base.filter((other) => !(isObject(other) && equalJson(other[key], identity)));
    } else if (directive === 'replace') replaces = true;
    else if (directive === 'merge') throw failure('merging lists cannot yet be specified in the patch');
    else throw badDirective(directive, item);
  }
  return replaces ? { base: changes, changes: [] } : { base, changes };
}

/** What the patch names takes the patch's order; other items stay before what they were before, and otherwise follow. */
function inOrder(
  items: readonly unknown[],
  asked: readonly unknown[],
  before: readonly unknown[],
  key: string | undefined,
): unknown[] {
  const rank = (list: readonly unknown[], item: unknown): number =>
    list.findIndex((entry) => equalJson(softIdentity(entry, key), softIdentity(item, key)));
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

const softIdentity = (item: unknown, key: string | undefined): unknown =>
  key !== undefined && isObject(item) ? item[key] : item;

/** A value that is put in whole, without directives in it; `undefined` when it is one itself. */
function withoutDirectives(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutDirectives).filter((item) => item !== undefined);
  if (!isObject(value)) return value;
  if (Object.hasOwn(value, DIRECTIVE)) return undefined;
  const kept: JsonObject = {};
  for (const [name, member] of Object.entries(value)) {
    const inner = withoutDirectives(member);
    if (inner !== undefined) setOwn(kept, name, inner);
  }
  return kept;
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isObject(value)) return value;
  const kept: JsonObject = {};
  for (const [name, member] of Object.entries(value)) if (member !== null) setOwn(kept, name, withoutNulls(member));
  return kept;
}

function goTypeOf(value: unknown): string {
  if (value === null || value === undefined) return '%!s(<nil>)';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64';
  if (typeof value === 'boolean') return 'bool';
  return typeof value === 'string' ? 'string' : Array.isArray(value) ? '[]interface {}' : 'map[string]interface {}';
}
