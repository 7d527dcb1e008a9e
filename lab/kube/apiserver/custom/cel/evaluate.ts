// Evaluates the tree of a CEL expression over JSON values.
import { equalJson, isObject } from '../../json.ts';
import type { Expression } from './parser.ts';

/** A member that is absent, values of types that do not go together, and the like. */
export class CelEvaluationError extends Error {}

export type Variables = Readonly<Record<string, unknown>>;

/** Functions of one value, called `f(x)` or `x.f(...)`. */
const METHODS: Readonly<Record<string, (target: unknown, args: readonly unknown[]) => unknown>> = {
  size: (target) => sizeOf(target),
  startsWith: (target, [prefix]) => text(target).startsWith(text(prefix)),
  endsWith: (target, [suffix]) => text(target).endsWith(text(suffix)),
  contains: (target, [part]) => text(target).includes(text(part)),
  matches: (target, [pattern]) => new RegExp(text(pattern), 'u').test(text(target)),
  lowerAscii: (target) => text(target).toLowerCase(),
  upperAscii: (target) => text(target).toUpperCase(),
};
const FUNCTIONS: Readonly<Record<string, (value: unknown) => unknown>> = {
  size: sizeOf,
  string: (value) => String(value),
  int: (value) => Math.trunc(Number(value)),
  double: (value) => Number(value),
};
const MACROS = ['all', 'exists', 'exists_one', 'filter', 'map'];

/** Names of what an expression calls that cannot be evaluated here. */
export function unknownCalls(expression: Expression): string[] {
  switch (expression.kind) {
    case 'literal':
    case 'name':
      return [];
    case 'select':
      return unknownCalls(expression.of);
    case 'index':
      return [...unknownCalls(expression.of), ...unknownCalls(expression.at)];
    case 'list':
      return expression.items.flatMap(unknownCalls);
    case 'unary':
      return unknownCalls(expression.operand);
    case 'binary':
      return [...unknownCalls(expression.left), ...unknownCalls(expression.right)];
    case 'choice':
      return [expression.condition, expression.yes, expression.no].flatMap(unknownCalls);
    case 'call': {
      const { name, target, args } = expression;
      const known =
        target === undefined
          ? (name === 'has' && args[0]?.kind === 'select') || (Object.hasOwn(FUNCTIONS, name) && args.length === 1)
          : Object.hasOwn(METHODS, name) || (MACROS.includes(name) && args[0]?.kind === 'name' && args.length === 2);
      return [...(known ? [] : [name]), ...(target === undefined ? [] : unknownCalls(target)), ...args.flatMap(unknownCalls)];
    }
  }
}

/** Names that an expression uses and nothing defines. */
export function freeNames(expression: Expression, bound: readonly string[] = []): string[] {
  switch (expression.kind) {
    case 'literal':
      return [];
    case 'name':
      return bound.includes(expression.name) ? [] : [expression.name];
    case 'select':
      return freeNames(expression.of, bound);
    case 'index':
      return [...freeNames(expression.of, bound), ...freeNames(expression.at, bound)];
    case 'list':
      return expression.items.flatMap((item) => freeNames(item, bound));
    case 'unary':
      return freeNames(expression.operand, bound);
    case 'binary':
      return [...freeNames(expression.left, bound), ...freeNames(expression.right, bound)];
    case 'choice':
      return [expression.condition, expression.yes, expression.no].flatMap((part) => freeNames(part, bound));
    case 'call': {
      const [variable, ...rest] = expression.args;
      const target = expression.target === undefined ? [] : freeNames(expression.target, bound);
      if (MACROS.includes(expression.name) && variable?.kind === 'name')
        return [...target, ...rest.flatMap((part) => freeNames(part, [...bound, variable.name]))];
      return [...target, ...expression.args.flatMap((part) => freeNames(part, bound))];
    }
  }
}

/** The value of an expression. Throws CelEvaluationError. */
export function evaluate(expression: Expression, variables: Variables): unknown {
  switch (expression.kind) {
    case 'literal':
      return expression.value;
    case 'name':
      if (!Object.hasOwn(variables, expression.name)) throw new CelEvaluationError(`undeclared reference to '${expression.name}'`);
      return variables[expression.name];
    case 'select':
      return member(evaluate(expression.of, variables), expression.member);
    case 'index': {
      const owner = evaluate(expression.of, variables);
      const at = evaluate(expression.at, variables);
      if (!Array.isArray(owner)) return member(owner, text(at));
      if (typeof at !== 'number' || at < 0 || at >= owner.length) throw new CelEvaluationError(`index out of bounds: ${String(at)}`);
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
      return truth(evaluate(expression.condition, variables)) ? evaluate(expression.yes, variables) : evaluate(expression.no, variables);
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
      return Array.isArray(one) && Array.isArray(two) ? [...(one as unknown[]), ...(two as unknown[])] : numeric(one) + numeric(two);
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
  const comparable = (typeof one === 'number' && typeof two === 'number') || (typeof one === 'string' && typeof two === 'string');
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
  if (MACROS.includes(name) && first?.kind === 'name' && second !== undefined) return macro(name, owner, first.name, second, variables);
  const method = METHODS[name];
  if (method === undefined) throw new CelEvaluationError(`undeclared reference to '${name}'`);
  return method(owner, args.map((argument) => evaluate(argument, variables)));
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

function sizeOf(value: unknown): number {
  if (typeof value === 'string') return [...value].length;
  if (Array.isArray(value)) return value.length;
  if (isObject(value)) return Object.keys(value).length;
  throw new CelEvaluationError('no such overload: size');
}
