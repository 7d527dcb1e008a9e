// What the scale subresource demands of the fields that it reads.
import type { FieldError } from '../field-error.ts';
import { invalidValue } from '../field-error.ts';
import type { ApiObject } from '../json.ts';
import { plainText, valueAt } from '../json.ts';
import type { ScalePaths } from '../registry/definition.ts';
import { typeName } from '../schema/validate.ts';

const MAX_REPLICAS = 2_147_483_647;

/** Faults of the replicas in spec (unless only the status is written) and status, and of the selector. */
export function scaleFaults(object: ApiObject, scale: ScalePaths | undefined, statusOnly: boolean): FieldError[] {
  if (scale === undefined) return [];
  return [
    ...(statusOnly ? [] : replicaFaults(object, scale.specReplicas)),
    ...replicaFaults(object, scale.statusReplicas),
    ...(scale.selector === undefined ? [] : typeFaults(object, scale.selector, 'string', 'string', '')),
  ];
}

function replicaFaults(object: ApiObject, path: readonly string[]): FieldError[] {
  const value = valueAt(object, ...path);
  const field = `.${path.join('.')}`;
  const wrong = typeFaults(object, path, 'integer', 'int64', 0);
  if (wrong.length > 0 || typeof value !== 'number') return wrong;
  if (value < 0) return [invalidValue(field, value, 'should be a non-negative integer')];
  return value > MAX_REPLICAS ? [invalidValue(field, value, `should be less than or equal to ${MAX_REPLICAS}`)] : [];
}

function typeFaults(
  object: ApiObject,
  path: readonly string[],
  type: string,
  expected: string,
  shown: unknown,
): FieldError[] {
  const value = valueAt(object, ...path);
  if (value === undefined || typeName(value) === type) return [];
  const place = `.${path.join('.')}`;
  const detail = `${place} accessor error: ${goText(value)} is of the type ${goTypeName(value)}, expected ${expected}`;
  return [invalidValue(place, shown, detail)];
}

const goText = (value: unknown): string => (value === null ? '<nil>' : plainText(value));

function goTypeName(value: unknown): string {
  if (value === null) return '<nil>';
  if (Array.isArray(value)) return '[]interface {}';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64';
  if (typeof value === 'boolean') return 'bool';
  return typeof value === 'string' ? 'string' : 'map[string]interface {}';
}
