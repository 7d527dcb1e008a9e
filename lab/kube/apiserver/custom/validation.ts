// Validation of custom resources on write; built-in kinds have rules of their own.
import type { FieldError } from '../field-error.ts';
import { invalidValue } from '../field-error.ts';
import type { ApiObject } from '../json.ts';
import type { Definition } from '../registry/definition.ts';
import { validateValue } from '../schema/validate.ts';
import { embeddedFaults } from './embedded-resources.ts';
import { listTypeFaults } from './list-types.ts';
import { ruleFaults } from './rules-check.ts';
import { scaleFaults } from './scale-faults.ts';

/** Faults after which rules are not run: they assume values of the right types and sizes. */
const BLOCKING: ReadonlySet<FieldError['type']> = new Set([
  'NotSupported',
  'Required',
  'TooLong',
  'TooMany',
  'TypeInvalid',
]);

/**
 * Faults of a custom object against its schema, its list types and its rules; none for built-in kinds. `old` is absent on create.
 * A write of the status validates the status alone, with messages that name places inside of it. Rules that fail where nothing
 * changed are only warned of.
 */
export function customFaults(
  definition: Definition,
  object: ApiObject,
  old: ApiObject | undefined,
  statusOnly = false,
  warn: (message: string) => void = () => undefined,
): FieldError[] {
  const { objects, scale, validations } = definition;
  if (objects === undefined) return [];
  const { schema } = objects;
  const faults = [
    ...(statusOnly ? statusFaults(object, old, definition) : validateValue(object, schema, '', { old })),
    ...scaleFaults(object, scale, statusOnly),
    ...(statusOnly ? [] : embeddedFaults(object, schema)),
    // What was wrong before may stay wrong: old objects can be older than the rule.
    ...(old !== undefined && listTypeFaults(old, schema).length > 0 ? [] : listTypeFaults(object, schema)),
  ];
  if (validations === undefined || validations.size === 0) return faults;
  if (faults.some((fault) => BLOCKING.has(fault.type)))
    return [
      ...faults,
      invalidValue(
        '',
        null,
        'some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
      ),
    ];
  return [...faults, ...ruleFaults(validations, object, old, definition.schema, warn)];
}

function statusFaults(object: ApiObject, old: ApiObject | undefined, definition: Definition): FieldError[] {
  const schema = definition.objects?.schema.properties?.['status'];
  return object['status'] === undefined || schema === undefined
    ? []
    : validateValue(object['status'], schema, '', { base: 'status', old: old?.['status'] });
}
