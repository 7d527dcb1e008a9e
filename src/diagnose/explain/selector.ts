// A selector of a policy in the field's own short form, and the first thing of it that a set of labels lacks. Pure.
import { compileSelector, type Labels, type SelectorInput } from '../../api/label-selector.ts';

type Expression = NonNullable<SelectorInput['matchExpressions']>[number];

/** As `kubectl get -l` would write it; `everything` for `{}`. */
export function selectorText(selector: SelectorInput): string {
  const parts = [
    ...Object.entries(selector.matchLabels ?? {}).map(([key, value]) => `${key}=${value}`),
    ...(selector.matchExpressions ?? []).map(expressionText),
  ];
  return parts.length === 0 ? 'everything' : parts.join(',');
}

function expressionText({ key, operator, values = [] }: Expression): string {
  switch (operator) {
    case 'In':
      return `${key} in (${values.join(',')})`;
    case 'NotIn':
      return `${key} notin (${values.join(',')})`;
    case 'Exists':
      return key;
    case 'DoesNotExist':
      return `!${key}`;
  }
}

/** What the labels lack, in words; undefined when the selector matches them. A selector that cannot be compiled lacks its problem. */
export function selectorMiss(selector: SelectorInput, labels: Labels): string | undefined {
  const compiled = compileSelector(selector);
  if (!compiled.ok) return `${compiled.problems[0]?.path ?? ''}: ${compiled.problems[0]?.message ?? 'not accepted'}`;
  if (compiled.matches(labels)) return undefined;
  for (const [key, value] of Object.entries(selector.matchLabels ?? {}))
    if (labels[key] !== value) return `${key}=${value} is asked, ${has(labels, key)}`;
  const failed = (selector.matchExpressions ?? []).find((expression) => {
    const one = compileSelector({ matchExpressions: [expression] });
    return one.ok && !one.matches(labels);
  });
  return failed === undefined ? 'it does not match' : `${expressionText(failed)} is asked, ${has(labels, failed.key)}`;
}

const has = (labels: Labels, key: string): string =>
  labels[key] === undefined ? `there is no label ${key}` : `it is ${key}=${labels[key]}`;
