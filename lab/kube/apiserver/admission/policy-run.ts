// One policy over one write with one set of parameters: what it decides, within a budget.
import type { Activation } from '../cel/evaluate.ts';
import type { Compilation, Outcome } from '../cel/program.ts';
import type { CelMap, Value } from '../cel/values.ts';
import { CelError } from '../cel/values.ts';
import { decideConditions } from './match-conditions.ts';
import type { PolicyProgram, PolicyValidation, PolicyVariable } from './policy-program.ts';

/** One finding against a write. */
export interface Denial {
  readonly message: string;
  readonly reason: string;
  /** An audit annotation could not be made; such findings count whatever the binding's actions are. */
  readonly always: boolean;
}

/** What all expressions of one run may cost. */
const BUDGET = 10_000_000;
const OUT_OF_BUDGET = 'validation failed due to running out of cost budget, no further validation rules will be run';
/** Longest message that an expression may make, in bytes. */
const MAX_MESSAGE = 5 * 1024;

/** Denials of a policy; none when its conditions keep it out. */
export function runPolicy(policy: PolicyProgram, activation: Activation): readonly Denial[] {
  const fails = policy.failurePolicy !== 'Ignore';
  const failed = (message: string): Denial[] => (fails ? [{ message, reason: 'Invalid', always: false }] : []);
  if (policy.conditions.length > 0) {
    const asked = decideConditions(policy.conditions, activation);
    if ('error' in asked) return failed(asked.error);
    if (!asked.matches) return [];
  }
  const run = new Run(policy.variables, activation);
  try {
    const outcomes = policy.validations.map((validation) => ({
      validation,
      outcome: run.evaluate(validation.compiled),
    }));
    const denials = outcomes.flatMap(({ validation, outcome }) => {
      if ('error' in outcome) return failed(outcomeError(validation.expression, outcome.error));
      if (!outcome.ok) return failed(`expression '${validation.expression}' resulted in error: ${outcome.message}`);
      if (outcome.value === true) return [];
      return [{ message: messageOf(validation, run), reason: validation.reason, always: false }];
    });
    return [...denials, ...(fails ? annotationFaults(policy, activation) : [])];
  } catch (error) {
    if (error instanceof BudgetSpent) return failed(OUT_OF_BUDGET);
    throw error;
  }
}

const outcomeError = (_expression: string, error: string): string => `compilation error: compilation failed: ${error}`;

class BudgetSpent extends Error {}

/** Expressions that share variables and a budget. */
class Run {
  readonly #activation: Activation;
  #budget = BUDGET;
  #variableCost = 0;

  constructor(variables: readonly PolicyVariable[], activation: Activation) {
    const members = lazyVariables(variables, (compiled) => this.#variable(compiled));
    this.#activation = (name) => (name === 'variables' ? members : activation(name));
  }

  /** Throws BudgetSpent. */
  evaluate(compiled: Compilation): Outcome | { readonly error: string } {
    if (!compiled.ok) return { error: compiled.text };
    this.#variableCost = 0;
    const outcome = compiled.program.run(this.#activation);
    const cost = outcome.cost + this.#variableCost;
    if (cost > this.#budget) throw new BudgetSpent();
    this.#budget -= cost;
    return outcome;
  }

  #variable({ name, compiled }: PolicyVariable): Value {
    if (!compiled.ok)
      throw new CelError(`composited variable ${JSON.stringify(name)} fails to compile: ${compiled.text}`);
    const outcome = compiled.program.run(this.#activation);
    this.#variableCost += outcome.cost;
    if (outcome.ok) return outcome.value;
    throw new CelError(`composited variable ${JSON.stringify(name)} fails to evaluate: ${outcome.message}`);
  }
}

/** The value of `variables`: each member computed when it is first used, and once. */
function lazyVariables(variables: readonly PolicyVariable[], compute: (variable: PolicyVariable) => Value): CelMap {
  const known = new Map<string, Value>();
  const get = (key: Value): Value | undefined => {
    const variable = variables.find(({ name }) => name === key);
    if (variable === undefined) return undefined;
    const value = known.get(variable.name) ?? compute(variable);
    known.set(variable.name, value);
    return value;
  };
  return {
    isMap: true,
    typeName: 'kubernetes.variables',
    size: variables.length,
    keys: () => variables.map(({ name }) => name),
    get,
    field: get,
  };
}

function messageOf({ expression, message, messageCompiled }: PolicyValidation, run: Run): string {
  const made = messageCompiled === undefined ? undefined : run.evaluate(messageCompiled);
  if (made !== undefined && !('error' in made) && made.ok && typeof made.value === 'string') {
    const text = made.value.trim();
    if (text !== '' && !text.includes('\n') && Buffer.byteLength(text) <= MAX_MESSAGE) return text;
  }
  return message.trim() || `failed expression: ${expression.trim()}`;
}

/** Audit annotations are computed for their faults alone: there is no audit log here. */
function annotationFaults(policy: PolicyProgram, activation: Activation): Denial[] {
  const run = new Run(policy.variables, activation);
  return policy.auditAnnotations.flatMap(({ valueExpression, compiled }) => {
    const outcome = run.evaluate(compiled);
    if ('error' in outcome || outcome.ok) return [];
    const message = `expression '${valueExpression}' resulted in error: ${outcome.message}`;
    return [{ message, reason: 'Invalid', always: true }];
  });
}
