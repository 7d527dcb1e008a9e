// Are the defaults of a schema values that the schema itself accepts and would not prune?
import type { FieldError } from '../field-error.ts';
import { fieldErrorText, invalidValue } from '../field-error.ts';
import type { JsonObject } from '../json.ts';
import { cloneJson, equalJson, isObject } from '../json.ts';
import { DecodeError } from '../schema/decode.ts';
import { shownJson } from '../schema/go-json.ts';
import { prune } from '../schema/prune.ts';
import type { Schema } from '../schema/schema.ts';
import { validateValue } from '../schema/validate.ts';
import { coerceEmbedded, embeddedFaults } from './embedded-resources.ts';

/** Builds the whole resource around a value that stands at one place of it. */
type Surround = (value: unknown) => unknown;

interface Place {
  /** The resource around, for defaults inside of metadata; its schema. */
  readonly surround: Surround;
  readonly resource: Schema;
  readonly insideMeta: boolean;
}

const identified: Surround = (value) =>
  isObject(value) ? { apiVersion: 'validation/v1', kind: 'Validation', ...value } : value;

/** Faults of all defaults of a structural schema at `path` (apiextensions, schema/defaulting/validation.go). */
export function defaultFaults(schema: JsonObject, path: string, objectMeta: Schema): FieldError[] {
  const resource = { ...schema, 'x-kubernetes-embedded-resource': true } as Schema;
  return nodeFaults(resource, path, { surround: identified, resource, insideMeta: false }, objectMeta);
}

function nodeFaults(schema: Schema, path: string, around: Place, objectMeta: Schema): FieldError[] {
  const isResource = schema['x-kubernetes-embedded-resource'] === true;
  const place: Place = isResource ? { surround: identified, resource: schema, insideMeta: false } : around;
  const { items } = schema;
  return [
    ...ownFaults(schema, `${path}.default`, place, objectMeta),
    ...(items === undefined
      ? []
      : nodeFaults(
          items,
          `${path}.items`,
          inside(place, (value) => [value]),
          objectMeta,
        )),
    ...Object.entries(schema.properties ?? {}).flatMap(([name, member]) => {
      const isMeta = isResource && (name === 'metadata' || name === 'apiVersion' || name === 'kind');
      const inner = inside(place, (value) => ({ [name]: value }));
      return nodeFaults(
        member,
        `${path}.properties[${name}]`,
        isMeta ? { ...inner, insideMeta: true } : inner,
        objectMeta,
      );
    }),
  ];
}

const inside = (place: Place, wrap: Surround): Place => ({
  ...place,
  surround: (value) => place.surround(wrap(value)),
});

function ownFaults(schema: Schema, at: string, place: Place, objectMeta: Schema): FieldError[] {
  const value = schema.default;
  if (value === undefined || value === null) return [];
  if (place.insideMeta) {
    const fault = metadataFault(place, value, objectMeta);
    if (fault !== undefined) return [invalidValue(at, shownJson(value), `must result in valid metadata: ${fault}`)];
    return validateValue(value, schema, '', { base: at });
  }
  const unpruned = equalJson(prune(value, schema), value)
    ? []
    : [invalidValue(at, shownJson(value), 'must not have unknown fields')];
  const copy = cloneJson(value);
  try {
    coerceEmbedded(copy, schema, { objectMeta, unknown: [], lenient: false }, at);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return [...unpruned, invalidValue(at, shownJson(value), error.message)];
  }
  const embedded = embeddedFaults(copy, schema, at);
  return [...unpruned, ...(embedded.length > 0 ? embedded : validateValue(value, schema, '', { base: at }))];
}

/** Why the resource around a default of its metadata would be no valid one. */
function metadataFault({ surround, resource }: Place, value: unknown, objectMeta: Schema): string | undefined {
  const whole = cloneJson(surround(value));
  try {
    coerceEmbedded(whole, resource, { objectMeta, unknown: [], lenient: false });
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return error.message;
  }
  const faults = embeddedFaults(whole, resource).map(fieldErrorText);
  return faults.length === 0 ? undefined : faults.length === 1 ? faults[0] : `[${faults.join(', ')}]`;
}
