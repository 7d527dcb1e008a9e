// Plain JSON values as the server handles them: narrow views without casts, structural equality and copies.

/** Any JSON object; members are `unknown` until looked at. */
export interface JsonObject {
  [key: string]: unknown;
}

/** ObjectMeta as it travels; unknown members are kept. */
export interface Metadata extends JsonObject {
  name: string;
  namespace?: string;
  generateName?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  finalizers?: string[];
  ownerReferences?: unknown[];
  managedFields?: unknown[];
}

/** A Kubernetes object as JSON. */
export interface ApiObject extends JsonObject {
  apiVersion: string;
  kind: string;
  metadata: Metadata;
}

/** True for objects that are neither null nor arrays. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The object at a path; an empty one when anything on the way is absent or of another type. */
export function objectAt(value: unknown, ...path: readonly string[]): JsonObject {
  const found = valueAt(value, ...path);
  return isObject(found) ? found : {};
}

/** The value at a path of member names, or `undefined`. */
export function valueAt(value: unknown, ...path: readonly string[]): unknown {
  let current = value;
  for (const name of path) {
    if (!isObject(current)) return undefined;
    current = current[name];
  }
  return current;
}

/** The string at a path, or `undefined`. */
export function stringAt(value: unknown, ...path: readonly string[]): string | undefined {
  const found = valueAt(value, ...path);
  return typeof found === 'string' ? found : undefined;
}

/** The number at a path, or `undefined`. */
export function numberAt(value: unknown, ...path: readonly string[]): number | undefined {
  const found = valueAt(value, ...path);
  return typeof found === 'number' ? found : undefined;
}

/** The list at a path; empty when absent. */
export function listAt(value: unknown, ...path: readonly string[]): readonly unknown[] {
  const found = valueAt(value, ...path);
  return Array.isArray(found) ? found : [];
}

/** The objects of the list at a path, in order. */
export function objectsAt(value: unknown, ...path: readonly string[]): readonly JsonObject[] {
  const list = listAt(value, ...path);
  // Nearly always all of them are.
  return list.every(isObject) ? list : list.filter(isObject);
}

/** The strings of the list at a path, in order. */
export function stringsAt(value: unknown, ...path: readonly string[]): readonly string[] {
  return listAt(value, ...path).filter((item) => typeof item === 'string');
}

/** The string members of the object at a path. */
export function stringMapAt(value: unknown, ...path: readonly string[]): Record<string, string> {
  const found: JsonObject = {};
  const source = objectAt(value, ...path);
  for (const name of Object.keys(source)) if (typeof source[name] === 'string') setOwn(found, name, source[name]);
  return found as Record<string, string>;
}

/** The object member `name` of `parent`, made when absent, for drafts that are being filled in. */
export function ensureObject(parent: JsonObject, name: string): JsonObject {
  const found = parent[name];
  if (isObject(found)) return found;
  const made: JsonObject = {};
  parent[name] = made;
  return made;
}

/** A value as plain text: strings as they are, everything else as JSON. */
export function plainText(value: unknown): string {
  if (value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Structural equality of JSON values; a member that is `undefined` counts as absent. */
export function equalJson(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (Array.isArray(left)) {
    return (
      Array.isArray(right) && left.length === right.length && left.every((item, index) => equalJson(item, right[index]))
    );
  }
  if (!isObject(left) || !isObject(right)) return false;
  for (const key of Object.keys(left)) if (!equalJson(left[key], right[key])) return false;
  for (const key of Object.keys(right)) if (right[key] !== undefined && left[key] === undefined) return false;
  return true;
}

/** A deep copy that shares nothing with `value`; drops `undefined` members. */
export function cloneJson<T>(value: T): T {
  return copy(value) as T;
}

function copy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copy);
  if (!isObject(value)) return value;
  const made: JsonObject = {};
  for (const key of Object.keys(value)) {
    if (value[key] !== undefined) setOwn(made, key, copy(value[key]));
  }
  return made;
}

/** The value itself, which nobody can change any more, however deep. */
export function frozenJson<T>(value: T): T {
  if (Array.isArray(value)) value.forEach(frozenJson);
  else if (isObject(value)) Object.values(value).forEach(frozenJson);
  return Object.freeze(value);
}

/** Sets a member by a name that came from outside, so that `__proto__` is an ordinary name. */
export function setOwn(target: JsonObject, key: string, value: unknown): void {
  if (key === '__proto__')
    Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
  else target[key] = value;
}
