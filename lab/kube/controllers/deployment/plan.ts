// A Deployment's rollout as arithmetic: which ReplicaSet should have how many. Pure.
import { createHash } from 'node:crypto';

import type { Deployment, PodTemplate, ReplicaSet } from '../views.ts';

/** The label value that tells the template's versions apart; the same template gives the same value. */
export function templateHash(template: PodTemplate): string {
  const sorted = JSON.stringify(template, (_, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(
          Object.entries(value)
            .filter(([key]) => key !== 'pod-template-hash')
            .sort(([a], [b]) => a.localeCompare(b)),
        )
      : value,
  );
  // The alphabet that Kubernetes uses for generated names: no vowels, so no words.
  const alphabet = 'bcdfghjklmnpqrstvwxz2456789';
  return [...createHash('sha256').update(sorted).digest().subarray(0, 10)]
    .map((byte) => alphabet[byte % alphabet.length])
    .join('');
}

/** A count or a percentage of `total`; surge rounds up, unavailability down, and not both zero (Deployment API). */
export function limitsOf(deployment: Deployment): { readonly surge: number; readonly unavailable: number } {
  const total = deployment.spec.replicas ?? 1;
  const { maxSurge = '25%', maxUnavailable = '25%' } = deployment.spec.strategy?.rollingUpdate ?? {};
  const amount = (value: number | string, round: (n: number) => number): number =>
    typeof value === 'number' ? value : round((Number.parseFloat(value) / 100) * total);
  const surge = amount(maxSurge, Math.ceil);
  const unavailable = amount(maxUnavailable, Math.floor);
  return surge === 0 && unavailable === 0 ? { surge, unavailable: 1 } : { surge, unavailable };
}

export interface Scale {
  readonly name: string;
  readonly replicas: number;
}

/**
 * Next sizes on the way to `current` having all replicas. One step; called again when Pods become ready. Never more than
 * replicas + surge in all, never fewer than replicas - unavailable available ones given up on purpose.
 */
export function planRollout(deployment: Deployment, current: ReplicaSet, old: readonly ReplicaSet[]): Scale[] {
  const desired = deployment.spec.replicas ?? 1;
  const size = (set: ReplicaSet): number => set.spec.replicas ?? 0;
  const available = (set: ReplicaSet): number => Math.min(set.status?.availableReplicas ?? 0, size(set));
  if (deployment.spec.strategy?.type === 'Recreate') {
    const oldRunning = old.some((set) => size(set) > 0 || (set.status?.replicas ?? 0) > 0);
    return [
      ...old.filter((set) => size(set) > 0).map((set) => ({ name: set.metadata.name, replicas: 0 })),
      ...(oldRunning || size(current) === desired ? [] : [{ name: current.metadata.name, replicas: desired }]),
    ];
  }
  const { surge, unavailable } = limitsOf(deployment);
  const total = [current, ...old].reduce((sum, set) => sum + size(set), 0);
  const grown =
    size(current) >= desired ? desired : Math.min(desired, size(current) + Math.max(0, desired + surge - total));
  const steps: Scale[] = grown === size(current) ? [] : [{ name: current.metadata.name, replicas: grown }];
  // What may go: everything above the floor that the new set's unready Pods do not need.
  let budget = total - (desired - unavailable) - (size(current) - available(current));
  for (const set of [...old].sort((a, b) =>
    (a.metadata.creationTimestamp ?? '').localeCompare(b.metadata.creationTimestamp ?? ''),
  )) {
    const by = Math.max(0, Math.min(size(set), budget));
    budget -= by;
    if (by > 0) steps.push({ name: set.metadata.name, replicas: size(set) - by });
  }
  return steps;
}
