// additionalPrinterColumns of a CustomResourceDefinition as table columns.
import type { JsonObject } from '../json.ts';
import { numberAt, plainText, stringAt } from '../json.ts';
import type { Column } from '../registry/definition.ts';
import { ageColumn, nameColumn } from '../table/columns.ts';
import { ageOf } from '../table/duration.ts';
import { parseJsonPath } from './json-path.ts';

/** Name first, then the given columns; Age when none are given. */
export function printerColumns(given: readonly JsonObject[]): readonly Column[] {
  if (given.length === 0) return [nameColumn, { ...ageColumn, type: 'date' }];
  return [nameColumn, ...given.map(printerColumn)];
}

function printerColumn(column: JsonObject): Column {
  const type = stringAt(column, 'type') ?? 'string';
  const path = parseJsonPath(stringAt(column, 'jsonPath') ?? '');
  return {
    name: stringAt(column, 'name') ?? '',
    type,
    format: stringAt(column, 'format') ?? '',
    description: stringAt(column, 'description') ?? '',
    priority: numberAt(column, 'priority') ?? 0,
    value: (object, now) => cell(path?.evaluate(object)[0], type, now),
  };
}

function cell(value: unknown, type: string, now: Date): unknown {
  if (value === undefined || value === null) return undefined;
  switch (type) {
    case 'date':
      return typeof value === 'string' ? ageOf(value, now) : undefined;
    case 'integer':
    case 'number':
      return typeof value === 'number' ? value : undefined;
    case 'boolean':
      return typeof value === 'boolean' ? value : undefined;
    default:
      return plainText(value);
  }
}
