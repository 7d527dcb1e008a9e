// Which policies a Pod went past: in force when it was created, selecting it, and not in the decision that admission left on it. Pure.
import { z } from 'zod';
import { decodeAdmissionDecision } from '../api/admission-decision.ts';
import type { Labels } from '../api/label-selector.ts';
import type { SecurityGroupPolicy } from '../api/security-group-policy.ts';
import { selects } from './match-policies.ts';
import { type PolicyView, projectPolicy } from './policy-view.ts';

/** A policy with the moment from which it holds as it is now. */
export interface PolicyInForce {
  readonly view: PolicyView;
  /** By the API server's clock, whole seconds; `undefined`: it cannot be told. */
  readonly since: string | undefined;
}

export interface PodForPolicies {
  readonly createdAt: string | undefined;
  readonly hostNetwork: boolean;
  readonly labels: Labels;
  /** `undefined`: there is no such ServiceAccount, so nobody knows what it selected. */
  readonly serviceAccountLabels: Labels | undefined;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface MissedPolicy {
  readonly view: PolicyView;
  /** Nobody decided, or by an older view of the policies. */
  readonly why: 'undecided' | 'without-it' | 'older-generation';
}

/**
 * 002 wins on timing: a Pod of the same second as the policy, or older, missed nothing. Labels count as they are now. On its node's network no
 * group holds, so nothing is missed there.
 */
export function missedPolicies(pod: PodForPolicies, policies: readonly PolicyInForce[]): readonly MissedPolicy[] {
  const { createdAt } = pod;
  if (createdAt === undefined || pod.hostNetwork) return [];
  const read = decodeAdmissionDecision(pod.annotations);
  return policies.flatMap(({ view, since }): MissedPolicy[] => {
    // RFC 3339 in UTC with whole seconds, as the API server writes it, sorts as text.
    if (since === undefined || since >= createdAt || !selectsPod(view, pod)) return [];
    if (read.kind !== 'decision') return [{ view, why: 'undecided' }];
    const decided = read.decision.policies.find(({ uid }) => uid === view.metadata.uid);
    if (decided === undefined) return [{ view, why: 'without-it' }];
    return decided.generation < (view.metadata.generation ?? 0) ? [{ view, why: 'older-generation' }] : [];
  });
}

function selectsPod(view: PolicyView, { labels, serviceAccountLabels }: PodForPolicies): boolean {
  const asks = view.selection.kind === 'selectors' && view.selection.serviceAccount !== undefined;
  if (asks && serviceAccountLabels === undefined) return false;
  return selects(view, labels, serviceAccountLabels ?? {});
}

const entrySchema = z.object({
  time: z.string(),
  subresource: z.string().optional(),
  fieldsV1: z.looseObject({ 'f:spec': z.unknown().optional() }).optional(),
});

/** Since its creation while nobody edited it; else since the last write of a manager of its spec, which is never too early. */
export function inForce(policy: SecurityGroupPolicy): PolicyInForce {
  const { metadata } = policy;
  const view = projectPolicy(policy);
  if ((metadata.generation ?? 1) <= 1) return { view, since: metadata.creationTimestamp };
  const entries = 'managedFields' in metadata && Array.isArray(metadata.managedFields) ? metadata.managedFields : [];
  const times = entries.flatMap((entry: unknown) => {
    const { data } = entrySchema.safeParse(entry);
    return data?.fieldsV1?.['f:spec'] === undefined || (data.subresource ?? '') !== '' ? [] : [data.time];
  });
  return { view, since: times.toSorted().at(-1) };
}
