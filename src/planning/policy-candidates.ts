// The policies of one namespace, found by a label: of hundreds only those are looked at that may select a Pod at all. Pure.
import type { Labels } from '../api/label-selector.ts';
import type { PolicyView } from './policy-view.ts';

export interface PolicyCandidates {
  /** All of them, in any order. */
  readonly all: readonly PolicyView[];
  /** Every policy that selects a Pod with these labels, or that nobody can judge, is among them. */
  of(podLabels: Labels): readonly PolicyView[];
}

/** Reads the list once. */
export function createPolicyCandidates(all: readonly PolicyView[]): PolicyCandidates {
  const always: PolicyView[] = [];
  const byLabel = new Map<string, Map<string, PolicyView[]>>();
  for (const policy of all) {
    const { selection } = policy;
    if (selection.kind === 'nobody') continue;
    if (selection.kind === 'unreadable' || selection.anchor === undefined) {
      always.push(policy);
      continue;
    }
    const { key, values } = selection.anchor;
    const byValue = byLabel.get(key) ?? new Map<string, PolicyView[]>();
    byLabel.set(key, byValue);
    for (const value of new Set(values)) {
      const known = byValue.get(value);
      if (known === undefined) byValue.set(value, [policy]);
      else known.push(policy);
    }
  }
  return {
    all,
    of: (podLabels) => {
      const found = [...always];
      for (const [key, byValue] of byLabel) {
        const value = podLabels[key];
        if (value !== undefined) found.push(...(byValue.get(value) ?? []));
      }
      return found;
    },
  };
}
