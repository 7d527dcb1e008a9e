// Where the rule of the table `local` has to stand, and what to do about where it stands. Pure.
import type { KernelRule } from './plan-rules.ts';

/** Where the kernel puts it, and where strict routing needs it: behind the rules of its links and before all others (DESIGN, section 6). */
export const localPreferences = { kernel: 0, strict: 20 } as const;

export interface LocalRulePlan {
  /** For `ip rule`, in this order: at no moment is there none. */
  readonly lines: readonly string[];
  /** What another program did to it, which is left as it is. */
  readonly problem?: string;
}

/** Preferences of the rules that look everything up in `local`, in order. */
export const localRules = (rules: readonly KernelRule[]): readonly number[] =>
  rules
    .filter(
      ({ table, src, dst, iif }) =>
        table === 'local' && (src ?? 'all') === 'all' && dst === undefined && iif === undefined,
    )
    .map(({ priority }) => priority)
    .toSorted((a, b) => a - b);

/**
 * `strict`: some Pod of the node is. `held`: what the agent brought about before; undefined when it comes back, and then a move that a crash cut off is
 * finished. What others did meanwhile is told and left alone.
 */
export function planLocalRule(present: readonly number[], strict: boolean, held: boolean | undefined): LocalRulePlan {
  const { kernel, strict: moved } = localPreferences;
  const [wanted, other] = strict ? [moved, kernel] : [kernel, moved];
  const add = `rule add pref ${wanted} lookup local`;
  // Without any the node does not even know its own addresses.
  if (present.length === 0) return { lines: [add] };
  const foreign = present.filter((preference) => preference !== kernel && preference !== moved);
  if (foreign.length > 0) return { lines: [], problem: told(present, wanted) };
  const lines = [
    ...(present.includes(wanted) ? [] : [add]),
    ...(present.includes(other) ? [`rule del pref ${other} lookup local`] : []),
  ];
  if (lines.length === 0 || held !== strict) return { lines };
  return { lines: [], problem: told(present, wanted) };
}

function told(present: readonly number[], wanted: number): string {
  const where = present.length === 1 ? `preference ${present[0]}` : `preferences ${present.join(' and ')}`;
  return `the rule "from all lookup local" stands at ${where}, where another program put it, and not at ${wanted}; it is left there`;
}
