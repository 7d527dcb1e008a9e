// Validation of custom resources against their structural schema, with Kubernetes' wording.
import type { FieldError } from '../field-error.ts';
import { duplicate, invalidValue, notSupported, required, tooLong, tooMany, typeInvalid } from '../field-error.ts';
import type { JsonObject } from '../json.ts';
import { equalJson, isObject } from '../json.ts';
import { formatFault } from './formats.ts';
import { compilePattern } from './patterns.ts';
import type { Schema } from './schema.ts';
import { memberSchema } from './schema.ts';

/** All faults of `value`, in the order of the schema. CEL rules are checked elsewhere. */
export function validateValue(value: unknown, schema: Schema, path = ''): FieldError[] {
  if (value === null && schema.nullable === true) return [];
  const wrongType = typeFault(value, schema, path);
  if (wrongType !== undefined) return [wrongType];
  const errors: FieldError[] = [];
  if (schema.enum !== undefined && !schema.enum.some((allowed) => equalJson(allowed, value)))
    errors.push(notSupported(path, value, schema.enum.map(String)));
  if (typeof value === 'string') errors.push(...stringFaults(value, schema, path));
  if (typeof value === 'number') errors.push(...numberFaults(value, schema, path));
  if (Array.isArray(value)) errors.push(...listFaults(value, schema, path));
  if (isObject(value)) errors.push(...objectFaults(value, schema, path));
  errors.push(...combinationFaults(value, schema, path));
  return errors;
}

/** The JSON type as messages name it. */
export function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

function typeFault(value: unknown, schema: Schema, path: string): FieldError | undefined {
  const given = typeName(value);
  if (schema['x-kubernetes-int-or-string'] === true) {
    if (given === 'integer' || given === 'string') return undefined;
    return typeInvalid(path, given, `${path} in body must be of type integer,string: ${JSON.stringify(given)}`);
  }
  if (schema.type === undefined || schema.type === given || (schema.type === 'number' && given === 'integer'))
    return undefined;
  return typeInvalid(path, given, `${path} in body must be of type ${schema.type}: ${JSON.stringify(given)}`);
}

function stringFaults(value: string, schema: Schema, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const length = Array.from(value).length;
  if (schema.maxLength !== undefined && length > schema.maxLength) errors.push(tooLong(path, schema.maxLength));
  if (schema.minLength !== undefined && length < schema.minLength)
    errors.push(invalidValue(path, value, `${path} in body should be at least ${schema.minLength} chars long`));
  if (schema.pattern !== undefined && compilePattern(schema.pattern)?.test(value) === false)
    errors.push(invalidValue(path, value, `${path} in body should match '${schema.pattern}'`));
  const format = schema.format === undefined ? undefined : formatFault(schema.format, value);
  if (format !== undefined)
    errors.push(invalidValue(path, value, `${path} in body must be of type ${format}: ${JSON.stringify(value)}`));
  return errors;
}

function numberFaults(value: number, schema: Schema, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const { minimum, maximum, multipleOf } = schema;
  const say = (detail: string): void =>
    void errors.push(invalidValue(path, value, `${path} in body should be ${detail}`));
  if (maximum !== undefined) {
    if (schema.exclusiveMaximum === true && value >= maximum) say(`less than ${maximum}`);
    else if (value > maximum) say(`less than or equal to ${maximum}`);
  }
  if (minimum !== undefined) {
    if (schema.exclusiveMinimum === true && value <= minimum) say(`greater than ${minimum}`);
    else if (value < minimum) say(`greater than or equal to ${minimum}`);
  }
  if (multipleOf !== undefined && value % multipleOf !== 0) say(`a multiple of ${multipleOf}`);
  return errors;
}

function listFaults(value: readonly unknown[], schema: Schema, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (schema.maxItems !== undefined && value.length > schema.maxItems)
    errors.push(tooMany(path, value.length, schema.maxItems));
  if (schema.minItems !== undefined && value.length < schema.minItems)
    errors.push(invalidValue(path, value.length, `${path} in body should have at least ${schema.minItems} items`));
  const { items } = schema;
  if (items !== undefined)
    value.forEach((item, index) => errors.push(...validateValue(item, items, `${path}[${index}]`)));
  errors.push(...duplicateFaults(value, schema, path));
  return errors;
}

function duplicateFaults(value: readonly unknown[], schema: Schema, path: string): FieldError[] {
  const listType = schema['x-kubernetes-list-type'];
  if (listType !== 'set' && listType !== 'map') return [];
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  const identities = value.map((item) => (listType === 'set' ? item : pick(item, keys, schema.items)));
  return identities.flatMap((identity, index) =>
    identities.findIndex((other) => equalJson(other, identity)) < index
      ? [duplicate(`${path}[${index}]`, identity)]
      : [],
  );
}

function pick(item: unknown, keys: readonly string[], schema: Schema | undefined): JsonObject {
  const source = isObject(item) ? item : {};
  return Object.fromEntries(keys.map((key) => [key, source[key] ?? memberSchema(schema, key)?.default]));
}

function objectFaults(value: JsonObject, schema: Schema, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const at = (name: string): string => (path === '' ? name : `${path}.${name}`);
  const count = Object.keys(value).length;
  if (schema.maxProperties !== undefined && count > schema.maxProperties)
    errors.push(tooMany(path, count, schema.maxProperties));
  if (schema.minProperties !== undefined && count < schema.minProperties)
    errors.push(invalidValue(path, count, `${path} in body should have at least ${schema.minProperties} properties`));
  for (const name of schema.required ?? []) if (value[name] === undefined) errors.push(required(at(name)));
  for (const [name, member] of Object.entries(value)) {
    const described = memberSchema(schema, name);
    if (described === undefined || member === undefined) continue;
    const place =
      schema.properties !== undefined && Object.hasOwn(schema.properties, name) ? at(name) : mapPlace(path, name);
    errors.push(...validateValue(member, described, place));
  }
  return errors;
}

function mapPlace(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

function combinationFaults(value: unknown, schema: Schema, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const passes = (part: Schema): boolean => validateValue(value, part, path).length === 0;
  const say = (detail: string): void =>
    void errors.push(invalidValue(path, isObject(value) ? 'object' : value, `${path} in body ${detail}`));
  if (schema.anyOf !== undefined && !schema.anyOf.some(passes)) say('must validate at least one schema (anyOf)');
  if (schema.oneOf !== undefined) {
    const count = schema.oneOf.filter(passes).length;
    if (count !== 1)
      say(
        `must validate one and only one schema (oneOf). ${count === 0 ? 'Found none valid' : `Found ${count} valid alternatives`}`,
      );
  }
  if (schema.allOf !== undefined && !schema.allOf.every(passes)) say('must validate all the schemas (allOf)');
  if (schema.not !== undefined && passes(schema.not)) say('must not validate the schema (not)');
  return errors;
}
