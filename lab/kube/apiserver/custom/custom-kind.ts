// Whether a body is of the kind of its custom resource.
import { invalidValue } from '../field-error.ts';
import type { JsonObject } from '../json.ts';
import { plainText, stringAt } from '../json.ts';
import type { Definition } from '../registry/definition.ts';
import { badRequest, invalid } from '../status.ts';

/** How much of a body an answer quotes. */
const QUOTED = 30;

/** Throws 400 for a body without a kind, and 422, as validation does, for one of another kind. */
export function checkCustomKind({ group, kind }: Pick<Definition, 'group' | 'kind'>, body: JsonObject): void {
  const given = stringAt(body, 'kind') ?? '';
  if (given === '') {
    const text = JSON.stringify(body);
    const quoted = text.length > QUOTED ? `${text.slice(0, QUOTED)} ...` : text;
    throw badRequest(
      `the object provided is unrecognized (must be of type ${kind}): Object 'Kind' is missing in '${text}' (${quoted})`,
    );
  }
  if (given !== kind)
    throw invalid(group, given, plainText(stringAt(body, 'metadata', 'name')), [
      invalidValue('kind', given, `must be ${kind}`),
    ]);
}
