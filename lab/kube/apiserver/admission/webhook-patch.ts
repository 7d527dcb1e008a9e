// The patch of a mutating webhook, applied to what the webhook saw.
import type { ApiObject, JsonObject } from '../json.ts';
import { applyJsonPatch, JsonPatchError } from '../patch/json-patch.ts';
import { internalError } from '../status.ts';

/** The patched object. Throws 500 for a patch that does not fit: its author's fault, whatever the failure policy. */
export function applyWebhookPatch(object: ApiObject, patch: readonly JsonObject[]): ApiObject {
  let current: unknown = object;
  for (const operation of patch) {
    try {
      current = applyJsonPatch(current, [operation]);
    } catch (error) {
      if (!(error instanceof JsonPatchError)) throw error;
      const op = typeof operation['op'] === 'string' ? `${operation['op']} ` : '';
      throw internalError(error.why.startsWith('operation does not apply') ? `${op}${error.why}` : error.why);
    }
  }
  return current as ApiObject;
}
