// Resources inside of custom resources (`x-kubernetes-embedded-resource`): their metadata is decoded and checked like any other.
import type { FieldError } from '../field-error.ts';
import { fieldErrorText, invalidValue, required } from '../field-error.ts';
import type { JsonObject, Metadata } from '../json.ts';
import { isObject } from '../json.ts';
import { dns1035NameFault, metadataFaults, pathSegmentFault } from '../names.ts';
import { DecodeError, decodeBuiltIn } from '../schema/decode.ts';
import { shownJson } from '../schema/go-json.ts';
import type { Schema } from '../schema/schema.ts';

/** Where unknown and malformed metadata is told. */
export interface Coercion {
  readonly objectMeta: Schema;
  /** Gets the paths of unknown metadata fields. */
  readonly unknown: string[];
  /** Drop what is malformed instead of throwing, as for objects that are stored already. */
  readonly lenient: boolean;
}

/**
 * Decodes the metadata of every embedded resource in place. Throws DecodeError for malformed metadata, apiVersion or kind
 * (apiextensions, schema/objectmeta).
 */
export function coerceEmbedded(value: unknown, schema: Schema | undefined, coercion: Coercion, path = ''): void {
  if (schema === undefined) return;
  if (Array.isArray(value)) {
    value.forEach((item: unknown, index) => coerceEmbedded(item, schema.items, coercion, `${path}[${index}]`));
    return;
  }
  if (!isObject(value)) return;
  if (schema['x-kubernetes-embedded-resource'] === true) coerceResource(value, coercion, path);
  for (const [described, member, place] of describedMembers(value, schema, path))
    coerceEmbedded(member, described, coercion, place);
}

function coerceResource(resource: JsonObject, { objectMeta, unknown, lenient }: Coercion, path: string): void {
  for (const name of ['apiVersion', 'kind']) {
    if (resource[name] === undefined || typeof resource[name] === 'string') continue;
    if (lenient) delete resource[name];
    else throw fault(invalidValue(child(path, name), shownJson(resource[name]), 'must be a string'));
  }
  if (resource['metadata'] === undefined) return;
  const place = child(path, 'metadata');
  try {
    const decoded = decodeBuiltIn(resource['metadata'] ?? {}, objectMeta);
    resource['metadata'] = decoded.value;
    unknown.push(...decoded.unknown.map((name) => `${place}.${name}`));
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    if (lenient) delete resource['metadata'];
    else throw fault(invalidValue(place, shownJson(resource['metadata']), error.message));
  }
}

const fault = (error: FieldError): DecodeError => new DecodeError(fieldErrorText(error));
const child = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`);

/** Faults of every embedded resource: apiVersion and kind must be there, metadata follows the rules of metadata. */
export function embeddedFaults(value: unknown, schema: Schema | undefined, path = ''): FieldError[] {
  if (schema === undefined) return [];
  if (Array.isArray(value))
    return value.flatMap((item: unknown, index) => embeddedFaults(item, schema.items, `${path}[${index}]`));
  if (!isObject(value)) return [];
  return [
    ...(schema['x-kubernetes-embedded-resource'] === true ? resourceFaults(value, path) : []),
    ...describedMembers(value, schema, path).flatMap(([described, member, place]) =>
      embeddedFaults(member, described, place),
    ),
  ];
}

function resourceFaults(resource: JsonObject, path: string): FieldError[] {
  const { apiVersion, kind, metadata } = resource;
  return [
    ...(apiVersion === undefined ? [required(child(path, 'apiVersion'), 'must not be empty')] : []),
    ...(kind === undefined ? [required(child(path, 'kind'), 'must not be empty')] : []),
    ...textFaults(apiVersion, child(path, 'apiVersion'), apiVersionFault),
    ...textFaults(kind, child(path, 'kind'), kindFault),
    ...(isObject(metadata) ? embeddedMetadataFaults(metadata, child(path, 'metadata')) : []),
  ];
}

function textFaults(value: unknown, field: string, faultOf: (text: string) => string | undefined): FieldError[] {
  if (value === undefined) return [];
  if (typeof value !== 'string') return [invalidValue(field, shownJson(value), 'must be a string')];
  const found = value === '' ? 'must not be empty' : faultOf(value);
  return found === undefined ? [] : [invalidValue(field, value, found)];
}

const apiVersionFault = (text: string): string | undefined =>
  text.split('/').length > 2 ? `unexpected GroupVersion string: ${text}` : undefined;

function kindFault(text: string): string | undefined {
  const found = dns1035NameFault(text.toLowerCase());
  return found === undefined ? undefined : `may have mixed case, but should otherwise match: ${found}`;
}

/** An embedded resource needs no name, and may have a namespace or not. */
function embeddedMetadataFaults(metadata: JsonObject, field: string): FieldError[] {
  const { name } = metadata;
  const named = { ...metadata, name: typeof name === 'string' && name !== '' ? name : 'fakename' } satisfies Metadata;
  return metadataFaults(named, typeof metadata['namespace'] === 'string', pathSegmentFault, field);
}

/** The members that the schema describes, each with its schema and its path. Keys of a map are in brackets. */
function describedMembers(
  value: JsonObject,
  schema: Schema,
  path: string,
): readonly (readonly [Schema, unknown, string])[] {
  const { properties = {}, additionalProperties } = schema;
  return Object.entries(value).flatMap(([name, member]): (readonly [Schema, unknown, string])[] => {
    const described = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (described !== undefined) return [[described, member, child(path, name)]];
    return typeof additionalProperties === 'object' ? [[additionalProperties, member, `${path}[${name}]`]] : [];
  });
}
