// Which policies of a namespace match a Pod, and the one list of groups that they make together.
import type { Labels } from '../api/label-selector.ts';
import type { PolicyView } from './policy-view.ts';

export interface MatchInput {
  /** All policies of the Pod's namespace, in any order. */
  readonly policies: readonly PolicyView[];
  readonly podLabels: Labels;
  readonly serviceAccountLabels: Labels;
}

export type PolicyMatch =
  | { readonly kind: 'none' }
  | { readonly kind: 'matched'; readonly policies: readonly PolicyView[]; readonly groups: readonly string[] }
  /** A stored policy cannot be evaluated, so nobody can say which groups the Pod must have. */
  | { readonly kind: 'unusable'; readonly policy: PolicyView; readonly problem: string };

/**
 * Selectors that are both given must both match; `{}` matches all. Matching policies are united in the order of their
 * creation, then name; groups stay as listed, the first occurrence is kept, and nothing is sorted, since order is
 * priority (spec 001: all rules of all groups are in force).
 */
export function matchPolicies({ policies, podLabels, serviceAccountLabels }: MatchInput): PolicyMatch {
  const matching: PolicyView[] = [];
  for (const policy of policies) {
    const { selection } = policy;
    if (selection.kind === 'unreadable') return { kind: 'unusable', policy, problem: selection.problem };
    if (selects(policy, podLabels, serviceAccountLabels)) matching.push(policy);
  }
  if (matching.length === 0) return { kind: 'none' };
  const ordered = matching.toSorted(byCreationThenName);
  return { kind: 'matched', policies: ordered, groups: unitedGroups(ordered) };
}

/** False for a policy that cannot be read: nobody can say whom it selects. */
export function selects({ selection }: PolicyView, podLabels: Labels, serviceAccountLabels: Labels): boolean {
  if (selection.kind !== 'selectors') return false;
  return selection.pod?.(podLabels) !== false && selection.serviceAccount?.(serviceAccountLabels) !== false;
}

/** Of policies in their order: groups as listed, the first occurrence is kept. */
export const unitedGroups = (ordered: readonly PolicyView[]): readonly string[] => [
  ...new Set(ordered.flatMap(({ groups }) => groups)),
];

/** Whether any policy asks about the ServiceAccount, so that its labels must be known. */
export function asksServiceAccount(policies: readonly PolicyView[]): boolean {
  return policies.some(({ selection }) => selection.kind === 'selectors' && selection.serviceAccount !== undefined);
}

/** The order in which the groups of several policies are united. */
export function byCreationThenName(a: PolicyView, b: PolicyView): number {
  // RFC 3339 in UTC with whole seconds, as the API server writes it, sorts as text.
  return (
    compareText(a.metadata.creationTimestamp ?? '', b.metadata.creationTimestamp ?? '') ||
    compareText(a.metadata.name, b.metadata.name)
  );
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
