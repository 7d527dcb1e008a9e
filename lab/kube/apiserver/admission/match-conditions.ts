// matchConditions: expressions that decide whether a webhook or a policy is asked at all.
import type { Activation } from '../cel/evaluate.ts';
import type { Compilation } from '../cel/program.ts';
import { compileExpression } from '../cel/program.ts';
import type { JsonObject } from '../json.ts';
import { objectsAt, stringAt } from '../json.ts';
import type { Extras } from './expression-variables.ts';
import { admissionVariables } from './expression-variables.ts';

export interface MatchCondition {
  readonly name: string;
  readonly expression: string;
  readonly compiled: Compilation;
}

/** What all conditions of one webhook may cost for one write. */
const BUDGET = 2_500_000;
const OUT_OF_BUDGET = 'validation failed due to running out of cost budget, no further validation rules will be run';

/** The conditions of a webhook or a policy, ready to run. */
export function readMatchConditions(owner: JsonObject, extras: Pick<Extras, 'params'>): readonly MatchCondition[] {
  return objectsAt(owner, 'matchConditions').map((condition) => {
    const expression = stringAt(condition, 'expression') ?? '';
    return {
      name: stringAt(condition, 'name') ?? '',
      expression,
      compiled: compileExpression(expression.trim(), admissionVariables({ ...extras, authorizer: true })),
    };
  });
}

/** Whether to ask. `error`: no condition said no, and some could not be decided. */
export type ConditionsOutcome = { readonly matches: boolean } | { readonly error: string };

/** One condition that is false settles it, whatever the others are. */
export function decideConditions(conditions: readonly MatchCondition[], activation: Activation): ConditionsOutcome {
  const errors: string[] = [];
  let budget = BUDGET;
  for (const { expression, compiled } of conditions) {
    if (!compiled.ok) {
      errors.push(`compilation error: compilation failed: ${compiled.text}`);
      continue;
    }
    const outcome = compiled.program.run(activation);
    if (outcome.cost > budget) return { error: OUT_OF_BUDGET };
    budget -= outcome.cost;
    if (!outcome.ok) errors.push(`expression '${expression.trim()}' resulted in error: ${outcome.message}`);
    else if (outcome.value !== true) return { matches: false };
  }
  if (errors.length === 0) return { matches: true };
  const unique = [...new Set(errors)];
  return { error: unique.length === 1 ? (unique[0] ?? '') : `[${unique.join(', ')}]` };
}
