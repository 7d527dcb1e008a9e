// `messageExpression`: the message of a failed rule, computed from the values that failed it.
import type { Activation } from '../cel/evaluate.ts';
import type { RuleProgram } from './rule-programs.ts';

export interface RuleMessage {
  /** Absent when the rule has no expression, or it gave nothing usable: the static message counts then. */
  readonly text?: string;
  /** Ends the validation of the object. */
  readonly fault?: string;
  readonly cost: number;
}

/** Longest message that is taken over. */
const MAX_BYTES = 5 * 1024;

/** Runs a rule's message expression within what is left of the budget. */
export function ruleMessage({ messageProgram }: RuleProgram, activation: Activation, budget: number): RuleMessage {
  if (messageProgram === undefined) return { cost: 0 };
  const outcome = messageProgram.run(activation);
  const { cost } = outcome;
  if (cost > budget)
    return {
      cost,
      fault:
        'messageExpression evaluation failed due to running out of cost budget, no further validation rules will be run',
    };
  if (!outcome.ok) {
    if (!outcome.isLimit) return { cost };
    const source = JSON.stringify(messageProgram.source);
    return {
      cost,
      fault: `no further validation rules will be run due to call cost exceeds limit for messageExpression: ${source}`,
    };
  }
  const text = typeof outcome.value === 'string' ? outcome.value.trim() : '';
  const isUsable = text !== '' && !text.includes('\n') && Buffer.byteLength(text) <= MAX_BYTES;
  return isUsable ? { text, cost } : { cost };
}
