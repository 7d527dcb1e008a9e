// What an expression calls and names, so that a rule that cannot be evaluated is refused before it is stored.
import { FUNCTIONS, MACROS, METHODS } from './evaluate.ts';
import type { Expression } from './parser.ts';

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
      return [
        ...(known ? [] : [name]),
        ...(target === undefined ? [] : unknownCalls(target)),
        ...args.flatMap(unknownCalls),
      ];
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
