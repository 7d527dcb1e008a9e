// The two patch formats that know nothing of Kubernetes, with what a strict reading finds superfluous in them.
import type { ApiObject } from '../json.ts';
import { isObject } from '../json.ts';
import { applyJsonPatch } from '../patch/json-patch.ts';
import { applyMergePatch } from '../patch/merge-patch.ts';
import { badRequest, StatusError } from '../status.ts';
import { jsonType } from './patch-type.ts';

/** A real server's limit. */
const MAX_OPERATIONS = 10_000;
const KNOWN = ['op', 'path', 'from', 'value'];

export interface PatchedJson {
  readonly patched: unknown;
  /** What is unknown in the patch itself. */
  readonly strict: readonly string[];
}

/** Applies a patch that `readPatch` has read. Throws 400, 413 or 422. */
export function patchedJson(type: 'json' | 'merge', current: ApiObject, body: unknown): PatchedJson {
  if (type === 'merge') {
    if (body === null) throw badRequest('Invalid JSON Patch');
    return { patched: applyMergePatch(current, body), strict: [] };
  }
  const operations = Array.isArray(body) ? body : [];
  const strict = operations.flatMap((operation, index) => unknownMembers(operation, index));
  if (operations.length > MAX_OPERATIONS)
    throw new StatusError(
      413,
      'RequestEntityTooLarge',
      `Request entity too large: The allowed maximum operations in a JSON patch is ${MAX_OPERATIONS}, got ${operations.length}`,
    );
  return { patched: applyJsonPatch(current, operations), strict };
}

function unknownMembers(operation: unknown, index: number): string[] {
  if (operation === null) return [];
  if (!isObject(operation))
    throw badRequest(
      `error decoding patch: json: cannot unmarshal ${jsonType(operation)} into Go value of type handlers.jsonPatchOp`,
    );
  for (const name of ['op', 'path', 'from'] as const) {
    const value = operation[name];
    if (value !== undefined && value !== null && typeof value !== 'string')
      throw badRequest(
        `error decoding patch: json: cannot unmarshal ${jsonType(value)} into Go struct field jsonPatchOp.${name} of type string`,
      );
  }
  return Object.keys(operation)
    .filter((name) => !KNOWN.includes(name))
    .map((name) => `json patch unknown field "[${index}].${name}"`);
}
