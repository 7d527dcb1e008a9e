// The rules of additionalPrinterColumns.
import type { FieldError } from '../field-error.ts';
import { invalidValue, required } from '../field-error.ts';
import type { JsonObject } from '../json.ts';
import { stringAt } from '../json.ts';
import { simplePathFaults } from './subresource-faults.ts';

const TYPES = ['boolean', 'date', 'integer', 'number', 'string'];
const FORMATS = ['byte', 'date', 'date-time', 'double', 'float', 'int32', 'int64', 'password'];

/** Faults of one column at `path`. */
export function columnFaults(column: JsonObject, path: string): FieldError[] {
  const type = stringAt(column, 'type') ?? '';
  const format = stringAt(column, 'format') ?? '';
  const jsonPath = stringAt(column, 'jsonPath') ?? '';
  const oneOf = `must be one of ${TYPES.join(',')}`;
  return [
    ...((stringAt(column, 'name') ?? '') === '' ? [required(`${path}.name`)] : []),
    ...(type === '' ? [required(`${path}.type`, oneOf)] : []),
    ...(type !== '' && !TYPES.includes(type) ? [invalidValue(`${path}.type`, type, oneOf)] : []),
    ...(format !== '' && !FORMATS.includes(format)
      ? [invalidValue(`${path}.format`, format, `must be one of ${FORMATS.join(',')}`)]
      : []),
    ...(jsonPath === '' ? [required(`${path}.JSONPath`)] : simplePathFaults(jsonPath, `${path}.JSONPath`)),
  ];
}
