// additionalPrinterColumns of a CustomResourceDefinition as table columns.
import type { JsonObject } from '../json.ts';
import { numberAt, stringAt } from '../json.ts';
import type { Column } from '../registry/definition.ts';
import { goNumber } from '../schema/go-json.ts';
import { ageColumn, nameColumn } from '../table/columns.ts';
import { ageOf } from '../table/duration.ts';
import { parseJsonPath } from './json-path.ts';

/** Name first, then the given columns; Age when none are given. */
export function printerColumns(given: readonly JsonObject[]): readonly Column[] {
  if (given.length === 0) return [nameColumn, { ...ageColumn, type: 'date' }];
  const columns = given.map(printerColumn);
  // A path that cannot be read ends the columns: those before it are served.
  const end = columns.indexOf(undefined);
  return [nameColumn, ...columns.slice(0, end < 0 ? undefined : end).filter((column) => column !== undefined)];
}

function printerColumn(column: JsonObject): Column | undefined {
  const type = stringAt(column, 'type') ?? 'string';
  const text = stringAt(column, 'jsonPath') ?? '';
  const path = parseJsonPath(text);
  if (path === undefined) return undefined;
  return {
    name: stringAt(column, 'name') ?? '',
    type,
    format: stringAt(column, 'format') ?? '',
    description: stringAt(column, 'description') || `Custom resource definition column (in JSONPath format): ${text}`,
    priority: numberAt(column, 'priority') ?? 0,
    value: (object, now) => cell(path.evaluate(object)[0], type, now),
  };
}

/** A value that is not of the column's type shows as none. */
function cell(value: unknown, type: string, now: Date): unknown {
  if (value === undefined) return undefined;
  if (type === 'string') return printed(value);
  if (value === null) return undefined;
  switch (type) {
    case 'date':
      return typeof value === 'string' ? dateText(value, now) : undefined;
    case 'integer':
      return typeof value === 'number' ? Math.trunc(value) : undefined;
    case 'number':
      return typeof value === 'number' ? value : undefined;
    default:
      return typeof value === 'boolean' ? value : undefined;
  }
}

/** As client-go's jsonpath prints: texts as they are, lists and objects as JSON with sorted names. */
function printed(value: unknown): string {
  if (value === null) return '<no value>';
  if (typeof value === 'string') return value;
  return typeof value === 'number' ? goNumber(value) : JSON.stringify(value, sortedMembers);
}

const sortedMembers = (_name: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1)))
    : value;

const RFC3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/;

function dateText(value: string, now: Date): string {
  if (value === '' || value === 'null') return '<unknown>';
  return RFC3339.test(value) ? ageOf(value, now) : '<invalid>';
}
