// Literals that a function can never take, found before anything runs: durations, timestamps and regular expressions.
import { compilePattern } from '../schema/patterns.ts';
import type { Expression } from './expression.ts';
import type { Issue } from './issues.ts';
import { patternFault } from './pattern-fault.ts';
import { parseDuration, parseTimestamp, isTimestampSecond } from './time.ts';
import type { CelType } from './types.ts';
import { formatType, isSameType } from './types.ts';
import type { Value } from './values.ts';

const CHECKS: Readonly<Record<string, (value: Value) => boolean>> = {
  duration: (value) => typeof value !== 'string' || parseDuration(value) !== undefined,
  timestamp: (value) =>
    typeof value === 'bigint'
      ? isTimestampSecond(value)
      : typeof value !== 'string' || parseTimestamp(value) !== undefined,
  matches: (value) => typeof value !== 'string' || compilePattern(value) !== undefined,
};

/** The parts of a node, in the order they are written. */
export function childrenOf(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case 'literal':
    case 'ident':
      return [];
    case 'select':
      return [expression.operand];
    case 'call':
      return [...(expression.target === undefined ? [] : [expression.target]), ...expression.args];
    case 'list':
      return expression.items;
    case 'map':
      return expression.entries.flat();
    case 'fold':
      return [expression.range, expression.predicate, expression.transform].filter((part) => part !== undefined);
    case 'optionalMap':
      return [expression.operand, expression.transform];
  }
}

export function literalIssues(expression: Expression): Issue[] {
  const inner = childrenOf(expression).flatMap(literalIssues);
  if (expression.kind !== 'call' || !Object.hasOwn(CHECKS, expression.name)) return inner;
  const text = expression.args.at(-1);
  if (text?.kind !== 'literal') return inner;
  const isGood = CHECKS[expression.name]?.(text.value) ?? true;
  return isGood ? inner : [...inner, { at: text.at, message: `invalid ${expression.name} argument` }];
}

/** Lists and maps whose parts are of different types; those handed to `format` may be. */
export function aggregateIssues(expression: Expression, typeOf: (part: Expression) => CelType): Issue[] {
  if (expression.kind === 'call' && expression.name === 'format') return [];
  const inner = childrenOf(expression).flatMap((child) => aggregateIssues(child, typeOf));
  const mixed = (parts: readonly Expression[]): Issue[] => {
    const [first, ...rest] = parts;
    const other = first && rest.find((part) => !isSameType(typeOf(first), typeOf(part)));
    if (first === undefined || other === undefined) return [];
    const [wanted, found] = [formatType(typeOf(first)), formatType(typeOf(other))];
    return [{ at: other.at, message: `expected type '${wanted}' but found '${found}'` }];
  };
  if (expression.kind === 'list') return [...mixed(expression.items), ...inner];
  if (expression.kind !== 'map') return inner;
  const { entries } = expression;
  return [...mixed(entries.map(([key]) => key)), ...mixed(entries.map(([, value]) => value)), ...inner];
}

/** Why a regular expression of `find` or `findAll` is none; such a program cannot be made at all. */
export function badPattern(expression: Expression): string | undefined {
  if (expression.kind === 'call' && (expression.name === 'find' || expression.name === 'findAll')) {
    const [pattern] = expression.args;
    if (pattern?.kind === 'literal' && typeof pattern.value === 'string' && compilePattern(pattern.value) === undefined)
      return patternFault(pattern.value);
  }
  for (const child of childrenOf(expression)) {
    const found = badPattern(child);
    if (found !== undefined) return found;
  }
  return undefined;
}
