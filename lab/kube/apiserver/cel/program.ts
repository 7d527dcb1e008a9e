// An expression made ready to run: parsed, checked, and bounded in what one run may cost.
import type { Annotations, Declarations } from './check.ts';
import { checkExpression } from './check.ts';
import type { Activation } from './evaluate.ts';
import { CostExceeded, Evaluation } from './evaluate.ts';
import type { Expression } from './expression.ts';
import type { Issue } from './issues.ts';
import { formatIssues } from './issues.ts';
import { kubernetesFunctions } from './library/index.ts';
import { badPattern } from './literal-arguments.ts';
import { parseExpression } from './parse.ts';
import type { CelType } from './types.ts';
import type { Value } from './values.ts';
import { CelError } from './values.ts';

/** What one run of one expression may cost. */
export const PER_CALL_LIMIT = 1_000_000;

export type Outcome =
  | { readonly ok: true; readonly value: Value; readonly cost: number }
  /** `isLimit`: the run was cut off at its limit. */
  | { readonly ok: false; readonly message: string; readonly isLimit: boolean; readonly cost: number };

export interface Program {
  readonly source: string;
  readonly type: CelType;
  readonly expression: Expression;
  readonly annotations: Annotations;
  /** Variables that the expression names. */
  readonly references: ReadonlySet<string>;
  /** Never throws for what an expression or its values can do. */
  run(activation: Activation, limit?: number): Outcome;
}

export type Compilation =
  | { readonly ok: true; readonly program: Program }
  /** `instantiation`: it is well typed, but no program can be made of it. `text` is cel-go's. */
  | { readonly ok: false; readonly text: string; readonly stage: 'compilation' | 'instantiation' };

/** Makes an expression ready, over variables and Kubernetes' functions. */
export function compileExpression(source: string, variables: Declarations['variables']): Compilation {
  const failed = (issues: readonly Issue[]): Compilation => ({
    ok: false,
    text: formatIssues(source, issues),
    stage: 'compilation',
  });
  const parsed = parseExpression(source);
  if (!parsed.ok) return failed(parsed.issues);
  const { expression } = parsed;
  const checked = checkExpression(expression, { variables, functions: kubernetesFunctions });
  if (!checked.ok) return failed(checked.issues);
  const pattern = badPattern(expression);
  if (pattern !== undefined) return { ok: false, text: pattern, stage: 'instantiation' };
  const { annotations, references, type } = checked;
  return {
    ok: true,
    program: {
      source,
      type,
      expression,
      annotations,
      references,
      run(activation, limit = PER_CALL_LIMIT) {
        const evaluation = new Evaluation(annotations, activation, limit);
        try {
          return { ok: true, value: evaluation.run(expression), cost: evaluation.cost };
        } catch (error) {
          if (!(error instanceof CelError || error instanceof CostExceeded)) throw error;
          const isLimit = error instanceof CostExceeded;
          return { ok: false, message: error.message, isLimit, cost: evaluation.cost };
        }
      },
    },
  };
}
