// The tree of an expression, macros included, with cel-go's names of operators and places of nodes.
import type { Value } from './values.ts';

interface Placed {
  /** UTF-16 offset that messages about the node point to. */
  readonly at: number;
}

export interface Fold extends Placed {
  readonly kind: 'fold';
  readonly macro: 'all' | 'exists' | 'exists_one' | 'map' | 'filter';
  readonly range: Expression;
  readonly variable: string;
  /** What the macro asks of each item; absent for a `map` without one. */
  readonly predicate: Expression | undefined;
  /** What `map` makes of each item. */
  readonly transform: Expression | undefined;
}

export type Expression =
  | (Placed & { readonly kind: 'literal'; readonly value: Value })
  | (Placed & { readonly kind: 'ident'; readonly name: string })
  | (Placed & {
      readonly kind: 'select';
      readonly operand: Expression;
      readonly field: string;
      /** `a.?b` */
      readonly optional: boolean;
      /** `has(a.b)` */
      readonly testOnly: boolean;
    })
  | (Placed & {
      readonly kind: 'call';
      /** `size`, `_==_`, `@in` ... */
      readonly name: string;
      readonly target: Expression | undefined;
      readonly args: readonly Expression[];
    })
  | (Placed & { readonly kind: 'list'; readonly items: readonly Expression[] })
  | (Placed & { readonly kind: 'map'; readonly entries: readonly (readonly [Expression, Expression])[] })
  | Fold
  /** `a.optMap(x, f)` and `a.optFlatMap(x, f)`. */
  | (Placed & {
      readonly kind: 'optionalMap';
      readonly flat: boolean;
      readonly operand: Expression;
      readonly variable: string;
      readonly transform: Expression;
    });

/** `a.b.c` as a dotted name, for names of variables and functions that have dots in them; otherwise `undefined`. */
export function dottedName(expression: Expression): string | undefined {
  if (expression.kind === 'ident') return expression.name;
  if (expression.kind !== 'select' || expression.optional || expression.testOnly) return undefined;
  const operand = dottedName(expression.operand);
  return operand === undefined ? undefined : `${operand}.${expression.field}`;
}
