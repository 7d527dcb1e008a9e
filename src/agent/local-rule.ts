// Keeps the rule of the table `local` where the strict Pods of the node need it: moved with the first of them, moved back with the last.
import type { Logger } from '../base/logger.ts';
import type { Kernel } from './kernel.ts';
import { localRules, planLocalRule } from './plan-local-rule.ts';
import type { WiredStore } from './wired-store.ts';
import { isStrict } from './wiring.ts';

export interface LocalRule {
  /** Who is strict is asked when it is called. One call at a time. Throws AGENT-KERNEL-REFUSED. */
  settle(): Promise<LocalRuleState>;
  /** Changes nothing; costs nothing on a node that never had a strict Pod. */
  look(): Promise<LocalRuleState>;
}

export interface LocalRuleState {
  /** Some Pod of the node is strict. */
  readonly strict: boolean;
  /** What another program did to the rule, or what the kernel refused before. */
  readonly problem?: string;
}

export function createLocalRule(deps: {
  readonly kernel: Pick<Kernel, 'rules' | 'ipBatch'>;
  readonly store: Pick<WiredStore, 'list'>;
  readonly logger: Logger;
}): LocalRule {
  const { kernel, store, logger } = deps;
  /** What was brought about last; undefined before the first time. */
  let held: boolean | undefined;
  let problem: string | undefined;
  const anyStrict = (): boolean => store.list().some(({ wiring }) => isStrict(wiring));

  return {
    settle: async () => {
      const strict = anyStrict();
      const plan = planLocalRule(localRules(await kernel.rules()), strict, held);
      await kernel.ipBatch(plan.lines);
      if (plan.lines.length > 0) logger.info({ lines: plan.lines }, 'the rule of the table local was put in its place');
      if (plan.problem !== undefined && plan.problem !== problem)
        logger.warn({ problem: plan.problem }, 'the rule of the table local is not where strict routing needs it');
      held = strict;
      problem = plan.problem;
      return state(strict, problem);
    },
    look: async () => {
      const strict = anyStrict();
      if (!strict && problem === undefined && held !== true) return { strict };
      // As a change that is nobody's turn: whatever would have to be done is somebody else's doing.
      const seen = planLocalRule(localRules(await kernel.rules()), strict, strict);
      return state(strict, seen.problem);
    },
  };
}

const state = (strict: boolean, problem: string | undefined): LocalRuleState =>
  problem === undefined ? { strict } : { strict, problem };
