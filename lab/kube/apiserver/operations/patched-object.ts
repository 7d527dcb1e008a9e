// From a patched document back to an object of the kind; what does not fit is a fault of the patch.
import type { Scope } from '../core.ts';
import { invalidValue } from '../field-error.ts';
import type { ApiObject } from '../json.ts';
import { invalid, StatusError } from '../status.ts';
import { decodeObject, fieldValidationOf } from './decode-object.ts';

/**
 * A draft of the patched document. Throws 422 with the document or patch as `shown`, for wrong types and (Strict) for unknown
 * fields; `strict` is what is unknown in the patch itself.
 */
export function decodePatched(scope: Scope, patched: unknown, strict: readonly string[], shown: string): ApiObject {
  const validation = fieldValidationOf(scope.query);
  const unknown: string[] = [...strict];
  const refuse = (why: string): StatusError => invalid('', '', '', [invalidValue('patch', shown, why)]);
  let draft: ApiObject;
  try {
    draft = decodeObject({ definition: scope.definition, warn: (text) => unknown.push(text) }, patched, 'Warn');
  } catch (error) {
    throw error instanceof StatusError && error.code === 400 ? refuse(error.message) : error;
  }
  if (unknown.length > 0 && validation === 'Strict') throw refuse(`strict decoding error: ${unknown.join(', ')}`);
  if (validation === 'Warn') for (const text of unknown) scope.warn(text);
  return draft;
}
