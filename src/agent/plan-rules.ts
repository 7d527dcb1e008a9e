// Which policy rules are missing, left over or other people's, for the repair at start-up and every minute. Pure.
import { z } from 'zod';
import { rulesOf } from './plan-wire.ts';
import { needs, type UnrecordedPod } from './unrecorded-pods.ts';
import { isEniTable, isHostVeth, isSubEniTable, preferences, type Wiring } from './wiring.ts';

/** The part of `ip -json rule show` that is read; other members belong to other people's rules. */
export const kernelRuleSchema = z.object({
  priority: z.int(),
  src: z.string().optional(),
  dst: z.string().optional(),
  iif: z.string().optional(),
  table: z.union([z.string(), z.int()]).transform(String).optional(),
  /** Of a rule that names no table. */
  action: z.string().optional(),
});
export type KernelRule = z.infer<typeof kernelRuleSchema>;

export interface RuleRepair {
  /** For `ip rule add`. */
  readonly missing: readonly string[];
  /** For `ip rule del`. */
  readonly leftOver: readonly string[];
}

/**
 * Left over is only what is unmistakably ours: our shapes, at our preferences, and for a table of an ENI or a sub-ENI (a `to POD lookup main` goes
 * with the `from POD` rule of the same address). What a Pod needs that runs without a record is not: see `unrecordedPods`.
 */
export function planRuleRepair(
  wirings: readonly Wiring[],
  observed: readonly KernelRule[],
  unrecorded: readonly UnrecordedPod[] = [],
): RuleRepair {
  const wanted = new Set(wirings.flatMap(rulesOf));
  const present = new Set(observed.flatMap((rule) => ruleText(rule) ?? []));
  const isOurs = oursAmong(observed);
  const isNeeded = (rule: KernelRule): boolean => unrecorded.some((pod) => needs(pod, rule));
  return {
    missing: [...wanted].filter((rule) => !present.has(rule)),
    leftOver: observed.flatMap((rule) => {
      const text = isOurs(rule) && !isNeeded(rule) ? ruleText(rule) : undefined;
      return text === undefined || wanted.has(text) ? [] : [text];
    }),
  };
}

/** Rules at preferences of ours that are not of our shapes: other people's, which may take packets before ours do. In words for people. */
export function foreignRules(observed: readonly KernelRule[]): readonly string[] {
  const taken: readonly number[] = Object.values(preferences);
  const isOurs = oursAmong(observed);
  return observed.flatMap((rule) => {
    const { priority, src, dst, iif, table, action } = rule;
    if (isOurs(rule) || !taken.includes(priority)) return [];
    const words = [
      `from ${src ?? 'all'}`,
      ...(dst === undefined ? [] : [`to ${dst}`]),
      ...(iif === undefined ? [] : [`iif ${iif}`]),
    ];
    return [`pref ${priority} ${words.join(' ')} ${table === undefined ? (action ?? '') : `lookup ${table}`}`];
  });
}

/** Whether a rule is of our shapes; a `to POD lookup main` is by the `from POD` rule beside it. */
function oursAmong(observed: readonly KernelRule[]): (rule: KernelRule) => boolean {
  const addresses = new Set(observed.flatMap((rule) => (isFromPod(rule) ? [rule.src] : [])));
  return (rule) =>
    isFromPod(rule) ||
    isFromLink(rule) ||
    isNotOwn(rule) ||
    (rule.priority === preferences.toPod && addresses.has(rule.dst));
}

/** The rule in the words of `rulesOf`; undefined for other shapes. */
function ruleText(rule: KernelRule): string | undefined {
  const { priority, src, dst, iif, table } = rule;
  if (isNotOwn(rule)) return `pref ${priority} iif ${iif} blackhole`;
  if (priority === preferences.fromLink && iif !== undefined) {
    const from = src === undefined || src === 'all' ? '' : `from ${src} `;
    return `pref ${priority} ${from}iif ${iif} lookup ${table ?? ''}`;
  }
  if (priority === preferences.toPod && dst !== undefined) return `pref ${priority} to ${dst} lookup ${table ?? ''}`;
  if (priority === preferences.fromPod && src !== undefined)
    return `pref ${priority} from ${src} lookup ${table ?? ''}`;
  return undefined;
}

const isFromPod = (rule: KernelRule): boolean =>
  rule.priority === preferences.fromPod && (isSubEniTable(rule.table) || isEniTable(rule.table));
const isNotOwn = (rule: KernelRule): boolean =>
  rule.priority === preferences.notOwn && rule.action === 'blackhole' && isHostVeth(rule.iif);
const isFromLink = (rule: KernelRule): boolean =>
  rule.priority === preferences.fromLink && rule.iif !== undefined && isSubEniTable(rule.table);
