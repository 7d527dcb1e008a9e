// The admission decision: what the webhook writes on a Pod that a policy matched, and what ipamd copies from it.
import { z } from 'zod';
import { securityGroupIdSchema } from './common.ts';
import { annotations } from './keys.ts';

/**
 * What a matching policy leads to (DESIGN, decision 6).
 * - `sub-eni`: a sub-ENI with the groups, on a general or native node (spec 002).
 * - `super-node`: the Pod is pinned to super nodes, which bind the groups themselves (spec 001).
 * - `trunking-disabled`: Trunking is off; the groups take effect only if the Pod lands on a super node (spec 001).
 * - `host-network`: the Pod uses its node's network; no group can apply.
 */
export const admissionOutcomes = ['sub-eni', 'super-node', 'trunking-disabled', 'host-network'] as const;
export type AdmissionOutcome = (typeof admissionOutcomes)[number];

export const admissionDecisionSchema = z.object({
  /** The policies that matched, in the order in which their groups were united. */
  policies: z.array(
    z.object({ name: z.string().min(1), uid: z.string(), generation: z.int().min(0).max(9_007_199_254_740_991) }),
  ),
  /** United groups in order of priority; no group twice. */
  groups: z.array(securityGroupIdSchema).min(1),
  outcome: z.enum(admissionOutcomes),
});

export type AdmissionDecision = z.infer<typeof admissionDecisionSchema>;

export type AdmissionDecisionResult =
  | { readonly kind: 'none' }
  | { readonly kind: 'decision'; readonly decision: AdmissionDecision }
  | { readonly kind: 'malformed'; readonly problem: string };

/** The annotation's text; keys always in the same order, so that equal decisions are equal bytes. */
export function encodeAdmissionDecision(decision: AdmissionDecision): string {
  const policies = decision.policies.map(({ name, uid, generation }) => ({ name, uid, generation }));
  return JSON.stringify({ policies, groups: decision.groups, outcome: decision.outcome });
}

/** Reads the decision from a Pod's annotations; never throws. */
export function decodeAdmissionDecision(
  podAnnotations: Readonly<Record<string, string>> | null | undefined,
): AdmissionDecisionResult {
  const text = podAnnotations?.[annotations.admissionDecision];
  if (text === undefined) return { kind: 'none' };
  const parsed = admissionDecisionSchema.safeParse(jsonOrUndefined(text));
  if (parsed.success) return { kind: 'decision', decision: parsed.data };
  const issue = parsed.error.issues[0];
  const where = issue === undefined || issue.path.length === 0 ? '' : `${issue.path.join('.')}: `;
  return {
    kind: 'malformed',
    problem: `annotation ${annotations.admissionDecision}: ${where}${issue?.message ?? 'not accepted'}`,
  };
}

function jsonOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
