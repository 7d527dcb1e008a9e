// Rules of x-kubernetes-validations, made ready once: what cannot be evaluated is refused when the kind is defined.
import { errorText } from '../../../../../src/base/errors.ts';
import { freeNames, unknownCalls } from './analyse.ts';
import { evaluate } from './evaluate.ts';
import { parseExpression } from './parser.ts';

export interface CompiledRule {
  readonly ok: true;
  /** Transition rules: they run only when there is an old value. */
  readonly usesOldSelf: boolean;
  /** True when the value passes. Throws CelEvaluationError when the rule cannot be decided. */
  passes(self: unknown, oldSelf: unknown): boolean;
}

export type Compilation = CompiledRule | { readonly ok: false; readonly reason: string };

/** Reads a rule over `self` and `oldSelf`. */
export function compileRule(rule: string): Compilation {
  try {
    const expression = parseExpression(rule);
    const unknown = unknownCalls(expression);
    if (unknown.length > 0)
      return {
        ok: false,
        reason: `the embedded API server does not implement ${[...new Set(unknown)].join(', ')} of CEL`,
      };
    const names = freeNames(expression);
    const foreign = names.find((name) => name !== 'self' && name !== 'oldSelf');
    if (foreign !== undefined) return { ok: false, reason: `undeclared reference to '${foreign}'` };
    return {
      ok: true,
      usesOldSelf: names.includes('oldSelf'),
      passes: (self, oldSelf) => evaluate(expression, { self, oldSelf }) === true,
    };
  } catch (error) {
    return { ok: false, reason: `syntax error: ${errorText(error)}` };
  }
}
