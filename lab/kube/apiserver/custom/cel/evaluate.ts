// Evaluates the tree of a CEL expression over JSON values.
import { equalJson, isObject } from '../../json.ts';
import { compilePattern } from '../../schema/patterns.ts';
import type { Expression } from './parser.ts';

/** A member that is absent, values of types that do not go together, and the like. */
export class CelEvaluationError extends Error {}

export type Variables = Readonly<Record<string, unknown>>;

/** Called `x.f(...)`. */
export const METHODS: Readonly<Record<string, (target: unknown, args: readonly unknown[]) => unknown>> = {
  size: (target) => sizeOf(target),
  startsWith: (target, [prefix]) => text(target).startsWith(text(prefix)),
  endsWith: (target, [suffix]) => text(target).endsWith(text(suffix)),
  contains: (target, [part]) => text(target).includes(text(part)),
  matches: (target, [pattern]) => matches(text(target), text(pattern)),
  lowerAscii: (target) => text(target).toLowerCase(),
  upperAscii: (target) => text(target).toUpperCase(),
};
/** Called `f(x)`. */
export const FUNCTIONS: Readonly<Record<string, (value: unknown) => unknown>> = {
  size: sizeOf,
  string: (value) => String(value),
  int: (value) => Math.trunc(Number(value)),
  double: (value) => Number(value),
};
/** Calls whose first argument names a variable. */
export const MACROS = ['all', 'exists', 'exists_one', 'filter', 'map'];

/** The value of an expression. Throws CelEvaluationError. */
export function evaluate(expression: Expression, variables: Variables): unknown {
  switch (expression.kind) {
    case 'literal':
      return expression.value;
    case 'name':
      if (!Object.hasOwn(variables, expression.name))
        throw new CelEvaluationError(`undeclared reference to '${expression.name}'`);
      return variables[expression.name];
    case 'select':
      return member(evaluate(expression.of, variables), expression.member);
    case 'index': {
      const owner = evaluate(expression.of, variables);
      const at = evaluate(expression.at, variables);
      if (!Array.isArray(owner)) return member(owner, text(at));
      if (typeof at !== 'number' || at < 0 || at >= owner.length)
        throw new CelEvaluationError(`index out of bounds: ${String(at)}`);
      return owner[at] as unknown;
    }
    case 'list':
      return expression.items.map((item) => evaluate(item, variables));
    case 'unary': {
      const operand = evaluate(expression.operand, variables);
      return expression.operator === '!' ? !truth(operand) : -numeric(operand);
    }
    case 'binary':
      return binary(expression.operator, expression.left, expression.right, variables);
    case 'choice':
      return truth(evaluate(expression.condition, variables))
        ? evaluate(expression.yes, variables)
        : evaluate(expression.no, variables);
    case 'call':
      return call(expression, variables);
  }
}

function member(owner: unknown, name: string): unknown {
  if (!isObject(owner) || owner[name] === undefined) throw new CelEvaluationError(`no such key: ${name}`);
  return owner[name];
}

/** An error on one side does not count when the other side decides. */
function logical(left: Expression, right: Expression, deciding: boolean, variables: Variables): boolean {
  let failure: unknown;
  for (const side of [left, right]) {
    try {
      if (truth(evaluate(side, variables)) === deciding) return deciding;
    } catch (error) {
      failure ??= error;
    }
  }
  if (failure !== undefined) throw failure;
  return !deciding;
}

function binary(operator: string, left: Expression, right: Expression, variables: Variables): unknown {
  if (operator === '&&') return logical(left, right, false, variables);
  if (operator === '||') return logical(left, right, true, variables);
  const one = evaluate(left, variables);
  const two = evaluate(right, variables);
  switch (operator) {
    case '==':
      return equalJson(one, two);
    case '!=':
      return !equalJson(one, two);
    case 'in':
      if (Array.isArray(two)) return two.some((item) => equalJson(item, one));
      return isObject(two) && two[text(one)] !== undefined;
    case '+':
      if (typeof one === 'string') return one + text(two);
      return Array.isArray(one) && Array.isArray(two)
        ? [...(one as unknown[]), ...(two as unknown[])]
        : numeric(one) + numeric(two);
    case '-':
      return numeric(one) - numeric(two);
    case '*':
      return numeric(one) * numeric(two);
    case '/':
      return divided(numeric(one), numeric(two));
    case '%':
      return numeric(one) % numeric(two);
    default:
      return ordered(operator, one, two);
  }
}

function divided(one: number, two: number): number {
  const whole = Number.isInteger(one) && Number.isInteger(two);
  if (whole && two === 0) throw new CelEvaluationError('division by zero');
  return whole ? Math.trunc(one / two) : one / two;
}

function ordered(operator: string, one: unknown, two: unknown): boolean {
  const comparable =
    (typeof one === 'number' && typeof two === 'number') || (typeof one === 'string' && typeof two === 'string');
  if (!comparable) throw new CelEvaluationError('no such overload');
  switch (operator) {
    case '<':
      return one < two;
    case '<=':
      return one <= two;
    case '>':
      return one > two;
    default:
      return one >= two;
  }
}

function call(expression: Extract<Expression, { kind: 'call' }>, variables: Variables): unknown {
  const { name, target, args } = expression;
  const [first, second] = args;
  if (target === undefined) {
    if (name === 'has' && first?.kind === 'select') {
      const owner = evaluate(first.of, variables);
      return isObject(owner) && owner[first.member] !== undefined;
    }
    const apply = FUNCTIONS[name];
    if (apply === undefined || first === undefined) throw new CelEvaluationError(`undeclared reference to '${name}'`);
    return apply(evaluate(first, variables));
  }
  const owner = evaluate(target, variables);
  if (MACROS.includes(name) && first?.kind === 'name' && second !== undefined)
    return macro(name, owner, first.name, second, variables);
  const method = METHODS[name];
  if (method === undefined) throw new CelEvaluationError(`undeclared reference to '${name}'`);
  return method(
    owner,
    args.map((argument) => evaluate(argument, variables)),
  );
}

function macro(name: string, owner: unknown, variable: string, body: Expression, variables: Variables): unknown {
  const items: readonly unknown[] = Array.isArray(owner) ? owner : isObject(owner) ? Object.keys(owner) : [];
  const each = (item: unknown): unknown => evaluate(body, { ...variables, [variable]: item });
  switch (name) {
    case 'all':
      return items.every((item) => truth(each(item)));
    case 'exists':
      return items.some((item) => truth(each(item)));
    case 'exists_one':
      return items.filter((item) => truth(each(item))).length === 1;
    case 'filter':
      return items.filter((item) => truth(each(item)));
    default:
      return items.map(each);
  }
}

function truth(value: unknown): boolean {
  if (typeof value !== 'boolean') throw new CelEvaluationError('no such overload: a condition must be true or false');
  return value;
}

function numeric(value: unknown): number {
  if (typeof value !== 'number') throw new CelEvaluationError('no such overload: a number is needed');
  return value;
}

function text(value: unknown): string {
  if (typeof value !== 'string') throw new CelEvaluationError('no such overload: a string is needed');
  return value;
}

function matches(value: string, pattern: string): boolean {
  const compiled = compilePattern(pattern);
  if (compiled === undefined) throw new CelEvaluationError(`not a regular expression: ${pattern}`);
  return compiled.test(value);
}

function sizeOf(value: unknown): number {
  if (typeof value === 'string') return Array.from(value).length;
  if (Array.isArray(value)) return value.length;
  if (isObject(value)) return Object.keys(value).length;
  throw new CelEvaluationError('no such overload: size');
}
