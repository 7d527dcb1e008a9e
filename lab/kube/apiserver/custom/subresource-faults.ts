// The rules of the scale subresource's paths.
import type { FieldError } from '../field-error.ts';
import { invalidValue, required } from '../field-error.ts';
import type { JsonObject } from '../json.ts';
import { isObject, stringAt } from '../json.ts';

/** Faults of a path that must be one of members. */
export const simplePathFaults = (path: string, field: string): FieldError[] =>
  path.startsWith('.') ? [] : [invalidValue(field, path, 'must be a simple json path starting with .')];

/** Faults of `subresources` at `path`. */
export function subresourceFaults(subresources: JsonObject, path: string): FieldError[] {
  const { scale } = subresources;
  if (!isObject(scale)) return [];
  const selector = stringAt(scale, 'labelSelectorPath') ?? '';
  return [
    ...replicaPathFaults(stringAt(scale, 'specReplicasPath') ?? '', `${path}.scale.specReplicasPath`, '.spec'),
    ...replicaPathFaults(stringAt(scale, 'statusReplicasPath') ?? '', `${path}.scale.statusReplicasPath`, '.status'),
    ...(selector === '' ? [] : selectorPathFaults(selector, `${path}.scale.labelSelectorPath`)),
  ];
}

function replicaPathFaults(value: string, field: string, under: string): FieldError[] {
  if (value === '') return [required(field)];
  const faults = simplePathFaults(value, field);
  if (faults.length > 0 || value.startsWith(`${under}.`)) return faults;
  return [invalidValue(field, value, `should be a json path under ${under}`)];
}

function selectorPathFaults(value: string, field: string): FieldError[] {
  const faults = simplePathFaults(value, field);
  if (faults.length > 0 || value.startsWith('.spec.') || value.startsWith('.status.')) return faults;
  return [invalidValue(field, value, 'should be a json path under either .spec or .status')];
}
