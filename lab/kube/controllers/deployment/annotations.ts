// What a Deployment writes on its ReplicaSets beside their size: revision, and the sizes they were last scaled for. Pure.
import type { Deployment, ReplicaSet } from '../views.ts';

export const REVISION = 'deployment.kubernetes.io/revision';
const HISTORY = 'deployment.kubernetes.io/revision-history';
const DESIRED = 'deployment.kubernetes.io/desired-replicas';
const MAXIMUM = 'deployment.kubernetes.io/max-replicas';

/** Annotations of a Deployment that are its own and do not go to its ReplicaSets. */
const OWN: ReadonlySet<string> = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  REVISION,
  HISTORY,
  DESIRED,
  MAXIMUM,
  'deprecated.deployment.rollback.to',
]);

const numberAt = (set: ReplicaSet, key: string): number | undefined => {
  const text = set.metadata.annotations?.[key] ?? '';
  return /^\d+$/.test(text) ? Number(text) : undefined;
};

/** 0 for a ReplicaSet without one. */
export const revisionOf = (set: ReplicaSet): number => numberAt(set, REVISION) ?? 0;
/** How many replicas the Deployment wanted when it last scaled the set. */
export const desiredAnnotation = (set: ReplicaSet): number | undefined => numberAt(set, DESIRED);
/** How many it could have had at most then. */
export const maximumAnnotation = (set: ReplicaSet): number | undefined => numberAt(set, MAXIMUM);

export const sizeAnnotations = (desired: number, surge: number): Record<string, string> => ({
  [DESIRED]: String(desired),
  [MAXIMUM]: String(desired + surge),
});

/**
 * Annotations of the ReplicaSet that holds the Deployment's template: those of the Deployment, and the revision after the newest old one. A set
 * that had a lower revision, because the template was rolled back to, keeps it in its history. `undefined`: they are so already.
 */
export function annotationsFor(
  deployment: Deployment,
  set: ReplicaSet | undefined,
  old: readonly ReplicaSet[],
): Record<string, string> | undefined {
  const before = set?.metadata.annotations ?? {};
  const given = Object.entries(deployment.metadata.annotations ?? {}).filter(([key]) => !OWN.has(key));
  const revision = Math.max(0, ...old.map(revisionOf)) + 1;
  const known = set === undefined ? 0 : revisionOf(set);
  const after: Record<string, string> = { ...before, ...Object.fromEntries(given) };
  if (known < revision) {
    after[REVISION] = String(revision);
    if (known > 0) after[HISTORY] = [before[HISTORY], String(known)].filter((part) => part !== undefined).join(',');
  }
  const isSame = Object.entries(after).every(([key, value]) => before[key] === value);
  return set !== undefined && isSame ? undefined : after;
}
