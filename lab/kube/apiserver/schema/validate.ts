// Validation of custom resources against their structural schema, with the wording and the order of kube-openapi's validator.
import type { FieldError } from '../field-error.ts';
import { invalidValue, notSupported, required, tooMany, typeInvalid } from '../field-error.ts';
import type { JsonObject } from '../json.ts';
import { equalJson, isObject } from '../json.ts';
import { combinationFindings } from './combinations.ts';
import type { Correlation } from './correlation.ts';
import { isUnchanged, oldItem, oldMember } from './correlation.ts';
import { Findings } from './findings.ts';
import { effectiveFormat } from './formats.ts';
import { shownJson } from './go-json.ts';
import { numberFindings, stringFindings } from './scalars.ts';
import type { Schema } from './schema.ts';

interface ValidateOptions {
  /** Put before the field of each fault, but not into its message: `status` is validated on its own. */
  readonly base?: string;
  /** What the value replaces: faults of parts that did not change are forgiven. */
  readonly old?: unknown;
}

/**
 * All faults of `value` at `path`. CEL rules, list types and embedded metadata are checked elsewhere. With `old` as a server with
 * CRDValidationRatcheting (on since 1.30).
 */
export function validateValue(
  value: unknown,
  schema: Schema,
  path = '',
  { base = '', old }: ValidateOptions = {},
): FieldError[] {
  const before = old === undefined ? undefined : { old, schema };
  const errors = findingsOf(value, schema, path, before).list.map((finding) => finding.error);
  return base === '' ? errors : errors.map((error) => ({ ...error, field: joined(base, error.field) }));
}

const joined = (base: string, field: string): string => (field === '' ? base : `${base}.${field}`);

/** The JSON type as messages name it. */
export function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

/** Validates a value; one that has faults but did not change has none. */
function findingsOf(value: unknown, schema: Schema, path: string, before: Correlation | undefined): Findings {
  const result = nodeFindings(value, schema, path, before);
  if (result.clean || before === undefined || !isUnchanged(value, before)) return result;
  const forgiven = new Findings();
  forgiven.matched = result.matched;
  return forgiven;
}

/** Validates a value, whose parts alone may be forgiven. */
function nodeFindings(value: unknown, schema: Schema, path: string, before: Correlation | undefined): Findings {
  const result = new Findings();
  if (value === null) {
    if (!allowsNull(schema)) addType(result, path, typesOf(schema).join(','), 'null');
    result.merge(enumFindings(value, schema, path));
    return result;
  }
  const step = (found: Findings | undefined): void => {
    result.merge(found);
    result.matched += 1;
  };
  if (typesOf(schema).length > 0 || effectiveFormat(schema) !== undefined) step(typeFindings(value, schema, path));
  step(combinationFindings(schema, path, (part) => nodeFindings(value, part, path, before)));
  if (typeof value === 'string') step(stringFindings(value, schema, path));
  if (typeof value === 'number') step(numberFindings(value, schema, path));
  if (Array.isArray(value)) step(listFindings(value, schema, path, before));
  step(enumFindings(value, schema, path));
  if (isObject(value)) step(objectFindings(value, schema, path, before));
  result.matched += 1;
  return result;
}

const allowsNull = (schema: Schema): boolean => schema.nullable === true || typesOf(schema).length === 0;

function typesOf(schema: Schema): readonly string[] {
  if (schema['x-kubernetes-int-or-string'] === true) return ['integer', 'string'];
  return schema.type === undefined ? [] : [schema.type];
}

function addType(result: Findings, path: string, expected: string, given: string): void {
  const message = `${path} in body must be of type ${expected}: ${JSON.stringify(given)}`;
  result.add(message, typeInvalid(path, given, message));
}

function typeFindings(value: unknown, schema: Schema, path: string): Findings {
  const result = new Findings();
  const types = typesOf(schema);
  const given = typeName(value);
  const format = effectiveFormat(schema) ?? '';
  const matches = types.includes(given) || (given === 'integer' && types.includes('number'));
  const isText = typeof value === 'string' || Array.isArray(value);
  if (!isText && format !== '' && !matches && goFormat(value) !== format) {
    addType(result, path, format, goFormat(value));
    return result;
  }
  const numeric = types.includes('number') || types.includes('integer');
  // A format stands for the type of a text, and is checked by itself.
  if (!matches && (numeric || format === '' || !isText)) addType(result, path, types.join(','), given);
  else result.matched += 1;
  return result;
}

/** The format that a decoded number has by itself. */
const goFormat = (value: unknown): string =>
  typeof value === 'number' ? (Number.isInteger(value) ? 'int64' : 'float64') : '';

function enumFindings(value: unknown, schema: Schema, path: string): Findings | undefined {
  const allowed = schema.enum ?? [];
  // No null is ever equal to one of the listed values.
  if (allowed.length === 0 || (value !== null && allowed.some((one) => equalJson(one, value)))) return undefined;
  const result = new Findings();
  const names = allowed.map((one) => (typeof one === 'string' ? one : JSON.stringify(one)));
  result.add(`${path} in body should be one of`, notSupported(path, shownJson(value), names));
  return result;
}

function listFindings(
  value: readonly unknown[],
  schema: Schema,
  path: string,
  before: Correlation | undefined,
): Findings {
  const result = new Findings();
  const { items, minItems, maxItems } = schema;
  if (items !== undefined)
    value.forEach((item, index) => result.merge(findingsOf(item, items, `${path}[${index}]`, oldItem(before, item))));
  if (minItems !== undefined && value.length < minItems) {
    const message = `${path} in body should have at least ${minItems} items`;
    result.add(message, invalidValue(path, value.length, message));
  }
  if (maxItems !== undefined && value.length > maxItems)
    result.add(`${path} in body should have at most ${maxItems} items`, tooMany(path, value.length, maxItems));
  result.matched += 1;
  return result;
}

function objectFindings(value: JsonObject, schema: Schema, path: string, before: Correlation | undefined): Findings {
  const result = new Findings();
  const { properties = {}, additionalProperties, minProperties, maxProperties } = schema;
  const at = (name: string): string => (path === '' ? name : `${path}.${name}`);
  // What an object is must be right whatever it was.
  const beforeOf = (name: string): Correlation | undefined =>
    path === '' && (name === 'apiVersion' || name === 'kind') ? undefined : oldMember(before, name);
  const names = Object.keys(value).filter((name) => value[name] !== undefined);
  if (minProperties !== undefined && names.length < minProperties) {
    const message = `${path} in body should have at least ${minProperties} properties`;
    result.add(message, invalidValue(path, names.length, message));
  }
  if (maxProperties !== undefined && names.length > maxProperties) {
    const message = `${path} in body should have at most ${maxProperties} properties`;
    result.add(message, tooMany(path, names.length, maxProperties));
  }
  for (const name of names) {
    if (Object.hasOwn(properties, name)) continue;
    if (typeof additionalProperties === 'object')
      result.merge(findingsOf(value[name], additionalProperties, at(name), beforeOf(name)));
    else if (additionalProperties === false) {
      const message = `${path}.${name} in body is a forbidden property`;
      result.add(message, invalidValue(path, name, message));
    }
  }
  for (const [name, described] of Object.entries(properties))
    if (Object.hasOwn(value, name) && value[name] !== undefined)
      result.merge(findingsOf(value[name], described, at(name), beforeOf(name)));
  for (const name of schema.required ?? [])
    if (!Object.hasOwn(value, name) || value[name] === undefined)
      result.add(`${at(name)} in body is required`, required(at(name)));
  return result;
}
