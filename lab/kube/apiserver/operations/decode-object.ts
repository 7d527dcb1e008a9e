// From a request's body to an object of the resource: identity checked, unknown fields treated as asked, defaults filled in.
import type { Scope } from '../core.ts';
import type { ApiObject, JsonObject } from '../json.ts';
import { cloneJson, isObject, plainText } from '../json.ts';
import type { Definition } from '../registry/definition.ts';
import { apiVersionOf } from '../registry/definition.ts';
import { DecodeError, decodeBuiltIn } from '../schema/decode.ts';
import { checkCustomKind } from '../custom/custom-kind.ts';
import { applyDefaults } from '../schema/defaulting.ts';
import { notedDuplicates } from '../schema/duplicate-fields.ts';
import { badRequest } from '../status.ts';

export type FieldValidation = 'Strict' | 'Warn' | 'Ignore';

/** The `fieldValidation` parameter, which `checkWriteOptions` has checked; a server's default is Warn. */
export function fieldValidationOf(query: URLSearchParams): FieldValidation {
  const asked = query.get('fieldValidation') ?? '';
  if (asked === '') return 'Warn';
  if (asked === 'Strict' || asked === 'Warn' || asked === 'Ignore') return asked;
  return 'Warn';
}

/** A fresh draft from a body. Throws 400 for another kind, wrong types, or (Strict) unknown fields. */
export function decodeObject(
  scope: Pick<Scope, 'definition' | 'warn'>,
  body: unknown,
  validation: FieldValidation,
): ApiObject {
  return decodeWithFindings(scope, body, validation).object;
}

/** As `decodeObject`, with what a strict decoder finds fault with. */
export function decodeWithFindings(
  scope: Pick<Scope, 'definition' | 'warn'>,
  body: unknown,
  validation: FieldValidation,
): { readonly object: ApiObject; readonly findings: readonly string[] } {
  const { definition } = scope;
  const given = withIdentity(definition, body);
  const { object, unknown } = definition.custom ? decodeCustom(definition, given) : decodeKnown(definition, given);
  const findings = [
    ...notedDuplicates(body).map((path) => `duplicate field ${JSON.stringify(path)}`),
    ...unknown.map((path) => `unknown field ${JSON.stringify(path)}`),
  ];
  if (findings.length > 0 && validation === 'Strict')
    throw badRequest(
      `${definition.kind} in version ${JSON.stringify(definition.version)} cannot be handled as a ${definition.kind}: strict decoding error: ${findings.join(', ')}`,
    );
  if (validation === 'Warn') for (const text of findings) scope.warn(text);
  // An empty list of owners asks for the record to be cleared, and must not get lost with other empty lists.
  const { managedFields } = isObject(given['metadata']) ? given['metadata'] : {};
  if (Array.isArray(managedFields) && managedFields.length === 0) object.metadata.managedFields = [];
  fillDefaults(definition, object);
  return { object, findings };
}

/** A draft of what a webhook or a patch made: as `decodeObject`, silently dropping what is unknown. */
export function redecode(definition: Definition, object: unknown): ApiObject {
  return decodeObject({ definition, warn: () => undefined }, object, 'Ignore');
}

function fillDefaults(definition: Definition, object: ApiObject): void {
  const { walks, schema, rules } = definition;
  if (walks === undefined) applyDefaults(object, definition.objects?.schema ?? definition.schema);
  else walks.applyDefaults(object, schema);
  rules.applyDefaults?.(object);
  walks?.complete(object, schema);
}

function withIdentity(definition: Definition, body: unknown): JsonObject {
  if (!isObject(body)) throw badRequest('the body of the request must be an object');
  const apiVersion = apiVersionOf(definition);
  if (body['apiVersion'] !== undefined && body['apiVersion'] !== '' && body['apiVersion'] !== apiVersion)
    throw badRequest(
      `the API version in the data (${plainText(body['apiVersion'])}) does not match the expected API version (${apiVersion})`,
    );
  if (definition.custom) checkCustomKind(definition, body);
  else if (body['kind'] !== undefined && body['kind'] !== '' && body['kind'] !== definition.kind)
    throw badRequest(
      `the kind in the data (${plainText(body['kind'])}) does not match the expected kind (${definition.kind})`,
    );
  const metadata = isObject(body['metadata']) ? body['metadata'] : {};
  return { ...body, apiVersion, kind: definition.kind, metadata };
}

interface DecodedObject {
  readonly object: ApiObject;
  readonly unknown: readonly string[];
}

function decodeKnown(definition: Definition, given: JsonObject): DecodedObject {
  try {
    const { value, unknown } = decodeBuiltIn(given, definition.schema);
    return { object: value as ApiObject, unknown };
  } catch (error) {
    throw refused(definition, error);
  }
}

function decodeCustom(definition: Definition, given: JsonObject): DecodedObject {
  const unknown: string[] = [];
  try {
    const object = definition.objects?.decode(given, unknown) ?? ownCopy(given);
    return { object, unknown };
  } catch (error) {
    throw refused(definition, error);
  }
}

/** Members marked to be preserved may still be shared with the request; drafts are not. */
function ownCopy(value: unknown): ApiObject {
  return cloneJson(value) as ApiObject;
}

function refused(definition: Definition, error: unknown): unknown {
  if (!(error instanceof DecodeError)) return error;
  return badRequest(
    `${definition.kind} in version ${JSON.stringify(definition.version)} cannot be handled as a ${definition.kind}: ${error.message}`,
  );
}
