// Validation of custom resources on write; built-in kinds have rules of their own.
import type { FieldError } from '../field-error.ts';
import type { ApiObject } from '../json.ts';
import type { Definition } from '../registry/definition.ts';
import { validateValue } from '../schema/validate.ts';
import { ruleFaults } from './rules-check.ts';

/** Faults of a custom object against its schema and its rules; none for built-in kinds. `old` is absent on create. */
export function customFaults(definition: Definition, object: ApiObject, old: ApiObject | undefined): FieldError[] {
  if (!definition.custom) return [];
  const { metadata: _metadata, ...body } = object;
  const { metadata: _schema, ...properties } = definition.schema.properties ?? {};
  const faults = validateValue(body, { ...definition.schema, properties });
  // Rules assume values of the right types.
  if (faults.length > 0 || definition.validations === undefined) return faults;
  return ruleFaults(definition.validations, object, old, definition.schema);
}
