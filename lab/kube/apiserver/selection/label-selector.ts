// Label selectors: the query string form (`a=b,c in (d,e),!f`) and the LabelSelector object form.
import type { JsonObject } from '../json.ts';
import { objectsAt, stringAt, stringMapAt, stringsAt } from '../json.ts';

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
