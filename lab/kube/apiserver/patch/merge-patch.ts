// JSON Merge Patch (RFC 7386).
import type { JsonObject } from '../json.ts';
import { cloneJson, isObject, setOwn } from '../json.ts';

/** The document with a patch merged in; shares unchanged parts with `document`. */
export function applyMergePatch(document: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return Array.isArray(patch) ? patch.map(withoutNulls) : cloneJson(patch);
  const merged: JsonObject = isObject(document) ? { ...document } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete merged[name];
    else setOwn(merged, name, applyMergePatch(Object.hasOwn(merged, name) ? merged[name] : undefined, value));
  }
  return merged;
}

/** In what is put in whole, members that are null are left out as well, also inside lists; items that are null stay. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  return isObject(value) ? applyMergePatch(undefined, value) : value;
}
