// Label selectors: the query string form (`a=b,c in (d,e),!f`) and the LabelSelector object form.
import type { JsonObject } from '../json.ts';
import { objectsAt, stringAt, stringMapAt, stringsAt } from '../json.ts';
import { badRequest } from '../status.ts';

export interface Requirement {
  readonly key: string;
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist' | 'Gt' | 'Lt';
  readonly values: readonly string[];
}

/** All requirements must hold; none at all matches everything. */
export type Selector = readonly Requirement[];

/** Does a set of labels satisfy every requirement? */
export function matchesLabels(selector: Selector, labels: Readonly<Record<string, string>>): boolean {
  return selector.every((requirement) => holds(requirement, labels));
}

function holds({ key, operator, values }: Requirement, labels: Readonly<Record<string, string>>): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
      return value !== undefined && Number(value) > Number(values[0]);
    case 'Lt':
      return value !== undefined && Number(value) < Number(values[0]);
  }
}

/** The `labelSelector` query parameter. Throws 400 with the faulty part. */
export function parseLabelSelector(text: string): Selector {
  return splitTopLevel(text)
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map(parseRequirement);
}

const KEY = /^[A-Za-z0-9]([-A-Za-z0-9_./]*[A-Za-z0-9])?$/;

function parseRequirement(part: string): Requirement {
  const set = /^(\S+)\s+(in|notin)\s*\(([^)]*)\)$/.exec(part) ?? /^([^\s(]+)\s+(in|notin)\((.*)\)$/.exec(part);
  if (set !== null) {
    return checked(part, {
      key: set[1] ?? '',
      operator: set[2] === 'in' ? 'In' : 'NotIn',
      values: (set[3] ?? '').split(',').map((value) => value.trim()),
    });
  }
  if (part.startsWith('!')) return checked(part, { key: part.slice(1).trim(), operator: 'DoesNotExist', values: [] });
  const pair = /^([^=!<>\s]+)\s*(==|=|!=|>|<)\s*(.*)$/.exec(part);
  if (pair === null) return checked(part, { key: part, operator: 'Exists', values: [] });
  const operators = { '=': 'In', '==': 'In', '!=': 'NotIn', '>': 'Gt', '<': 'Lt' } as const;
  return checked(part, {
    key: pair[1] ?? '',
    operator: operators[pair[2] as keyof typeof operators],
    values: [pair[3] ?? ''],
  });
}

function checked(part: string, requirement: Requirement): Requirement {
  if (!KEY.test(requirement.key))
    throw badRequest(`unable to parse requirement: found '${part}', expected: identifier`);
  const bad = requirement.values.find((value) => !/^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/.test(value));
  if (bad !== undefined)
    throw badRequest(
      `unable to parse requirement: values[0][${requirement.key}]: Invalid value: "${bad}": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character`,
    );
  return requirement;
}

/** Commas inside parentheses do not separate. */
function splitTopLevel(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let index = 0; index < text.length; index += 1) {
    if (text[index] === '(') depth += 1;
    if (text[index] === ')') depth -= 1;
    if (text[index] === ',' && depth === 0) {
      parts.push(text.slice(start, index));
      start = index + 1;
    }
  }
  parts.push(text.slice(start));
  return parts;
}

const isOperator = (operator: string): operator is 'In' | 'NotIn' | 'Exists' | 'DoesNotExist' =>
  operator === 'In' || operator === 'NotIn' || operator === 'Exists' || operator === 'DoesNotExist';

/** A LabelSelector object; an empty one matches everything. Entries with unknown operators match nothing (validation refuses them). */
export function selectorFromObject(selector: JsonObject): Selector {
  const equal = Object.entries(stringMapAt(selector, 'matchLabels')).map(
    ([key, value]): Requirement => ({ key, operator: 'In', values: [value] }),
  );
  const expressions = objectsAt(selector, 'matchExpressions').map((expression): Requirement => {
    const operator = stringAt(expression, 'operator') ?? '';
    const key = stringAt(expression, 'key') ?? '';
    if (!isOperator(operator)) return { key, operator: 'In', values: [] };
    return { key, operator, values: stringsAt(expression, 'values') };
  });
  return [...equal, ...expressions];
}

/** The query string form of a LabelSelector object, as `status.selector` of a Scale and printed tables show it. */
export function formatSelector(selector: Selector): string {
  return selector
    .map(({ key, operator, values }) => {
      switch (operator) {
        case 'In':
          return values.length === 1 ? `${key}=${values[0]}` : `${key} in (${values.join(',')})`;
        case 'NotIn':
          return values.length === 1 ? `${key}!=${values[0]}` : `${key} notin (${values.join(',')})`;
        case 'Exists':
          return key;
        case 'DoesNotExist':
          return `!${key}`;
        case 'Gt':
          return `${key}>${values[0]}`;
        case 'Lt':
          return `${key}<${values[0]}`;
      }
    })
    .join(',');
}
