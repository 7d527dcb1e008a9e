// JSON Merge Patch (RFC 7386).
import type { JsonObject } from '../json.ts';
import { cloneJson, isObject, setOwn } from '../json.ts';

/** The document with a patch merged in; shares unchanged parts with `document`. */
export function applyMergePatch(document: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return cloneJson(patch);
  const merged: JsonObject = isObject(document) ? { ...document } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete merged[name];
    else setOwn(merged, name, applyMergePatch(Object.hasOwn(merged, name) ? merged[name] : undefined, value));
  }
  return merged;
}
