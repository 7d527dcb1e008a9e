// Decoding of an object that is to be created, where what is known of its series need not be worked out again.
import type { Scope } from '../core.ts';
import type { ApiObject } from '../json.ts';
import { isObject } from '../json.ts';
import type { Series, Template } from '../registry/series.ts';
import { notedDuplicates } from '../schema/duplicate-fields.ts';
import type { FieldValidation } from './decode-object.ts';
import { decodeObject, decodeWithFindings } from './decode-object.ts';

/**
 * As `decodeObject`. The spec may be frozen, because others of its series share it: see `withOwnSpec`. Throws as
 * `decodeObject` does.
 */
export function decodeNew(
  scope: Pick<Scope, 'definition' | 'warn'>,
  body: unknown,
  validation: FieldValidation,
): ApiObject {
  const { series } = scope.definition;
  // Findings about the words of a body are told about all of it at once.
  if (series === undefined || !isObject(body) || !isObject(body['spec']) || notedDuplicates(body).length > 0)
    return decodeObject(scope, body, validation);
  const { spec, ...rest } = body;
  const text = JSON.stringify(spec);
  const known = series.decoded(text);
  if (known === undefined) return decodeFirst(series, text, () => decodeWithFindings(scope, body, validation));
  const draft = decodeObject(scope, rest, validation);
  draft['spec'] = known;
  return draft;
}

function decodeFirst(series: Series, text: string, decode: () => ReturnType<typeof decodeWithFindings>): ApiObject {
  const { object, findings } = decode();
  const { spec } = object;
  if (findings.length === 0 && isObject(spec)) series.wasDecoded(text, spec);
  return object;
}

/**
 * Gives the draft a spec whose members may be replaced, though what is in them stays shared. Returns the template that it was,
 * if any.
 */
export function withOwnSpec(draft: ApiObject): Template | undefined {
  const { spec } = draft;
  if (!isObject(spec) || !Object.isFrozen(spec)) return undefined;
  draft['spec'] = { ...spec };
  return spec;
}
