// A Deployment's rollout as arithmetic: which ReplicaSet should have how many. Pure.
import type { Deployment, ReplicaSet } from '../views.ts';
import { desiredAnnotation, maximumAnnotation, revisionOf } from './annotations.ts';

export const desiredOf = (deployment: Deployment): number => deployment.spec.replicas ?? 1;
export const sizeOf = (set: ReplicaSet): number => set.spec.replicas ?? 1;
const availableOf = (set: ReplicaSet): number => set.status?.availableReplicas ?? 0;
const total = (sets: readonly ReplicaSet[], value: (set: ReplicaSet) => number): number =>
  sets.reduce((sum, set) => sum + value(set), 0);

/** A count or a percentage of `total`; surge rounds up, unavailability down, and not both zero (Deployment API). */
export function limitsOf(deployment: Deployment): { readonly surge: number; readonly unavailable: number } {
  const desired = desiredOf(deployment);
  if (deployment.spec.strategy?.type === 'Recreate') return { surge: 0, unavailable: 0 };
  const { maxSurge = '25%', maxUnavailable = '25%' } = deployment.spec.strategy?.rollingUpdate ?? {};
  const surge = amountOf(maxSurge, desired, Math.ceil);
  const unavailable = Math.min(desired, amountOf(maxUnavailable, desired, Math.floor));
  return surge === 0 && unavailable === 0 ? { surge, unavailable: Math.min(1, desired) } : { surge, unavailable };
}

/** A count, or a percentage of `of` that is rounded. */
export const amountOf = (value: number | string, of: number, round: (n: number) => number): number =>
  typeof value === 'number' ? value : round((Number.parseFloat(value) / 100) * of);

export interface Scale {
  readonly set: ReplicaSet;
  readonly replicas: number;
}

const oldestFirst = (sets: readonly ReplicaSet[]): ReplicaSet[] =>
  sets.toSorted(
    (a, b) =>
      (a.metadata.creationTimestamp ?? '').localeCompare(b.metadata.creationTimestamp ?? '') ||
      a.metadata.name.localeCompare(b.metadata.name),
  );

/** How many a new ReplicaSet gets at once: as many as surge leaves room for; all of them with Recreate. */
export function firstSize(deployment: Deployment, current: number, old: readonly ReplicaSet[]): number {
  const desired = desiredOf(deployment);
  if (deployment.spec.strategy?.type === 'Recreate') return desired;
  const room = desired + limitsOf(deployment).surge - (total(old, sizeOf) + current);
  return room <= 0 ? current : Math.min(desired, current + room);
}

/**
 * Next sizes on the way to `current` having all replicas. One step, called again when something changed: first the new set grows, then old
 * Pods that are not available go, then old ones that are not needed (pkg/controller/deployment/rolling.go). Never more than replicas + surge
 * in all, never fewer than replicas - unavailable available ones given up on purpose. `oldPodsRun`: of old sets, counting those that are leaving.
 */
export function planRollout(
  deployment: Deployment,
  current: ReplicaSet,
  old: readonly ReplicaSet[],
  oldPodsRun = old.some((set) => (set.status?.replicas ?? 0) > 0),
): Scale[] {
  const desired = desiredOf(deployment);
  if (deployment.spec.strategy?.type === 'Recreate') {
    const shrinking = old.filter((set) => sizeOf(set) > 0);
    if (shrinking.length > 0) return shrinking.map((set) => ({ set, replicas: 0 }));
    return oldPodsRun || sizeOf(current) === desired ? [] : [{ set: current, replicas: desired }];
  }
  const grown = sizeOf(current) > desired ? desired : firstSize(deployment, sizeOf(current), old);
  if (grown !== sizeOf(current)) return [{ set: current, replicas: grown }];
  return shrinkOld(desired - limitsOf(deployment).unavailable, current, old);
}

function shrinkOld(floor: number, current: ReplicaSet, old: readonly ReplicaSet[]): Scale[] {
  const sizes = new Map(old.map((set) => [set, sizeOf(set)]));
  const sizeNow = (set: ReplicaSet): number => sizes.get(set) ?? 0;
  const all = sizeOf(current) + total(old, sizeOf);
  let budget = all - floor - (sizeOf(current) - availableOf(current));
  if (budget <= 0) return [];
  for (const set of oldestFirst(old)) {
    const by = Math.max(0, Math.min(budget, sizeNow(set) - availableOf(set)));
    budget -= by;
    sizes.set(set, sizeNow(set) - by);
  }
  let spare = availableOf(current) + total(old, availableOf) - floor;
  for (const set of oldestFirst(old)) {
    const by = Math.max(0, Math.min(spare, sizeNow(set)));
    spare -= by;
    sizes.set(set, sizeNow(set) - by);
  }
  return old.filter((set) => sizeNow(set) !== sizeOf(set)).map((set) => ({ set, replicas: sizeNow(set) }));
}

/** Whether the Deployment was scaled since its sets were. */
export const isScaled = (deployment: Deployment, sets: readonly ReplicaSet[]): boolean =>
  sets.some((set) => {
    const known = desiredAnnotation(set);
    return sizeOf(set) > 0 && known !== undefined && known !== desiredOf(deployment);
  });

/**
 * Sizes after the Deployment was scaled, or while it is paused: the only set with Pods, or the newest, gets all; in the middle of a rollout
 * each gets its share, and the biggest what is left over (pkg/controller/deployment/sync.go).
 */
export function planScale(
  deployment: Deployment,
  current: ReplicaSet | undefined,
  old: readonly ReplicaSet[],
): Scale[] {
  const desired = desiredOf(deployment);
  const every = [...(current === undefined ? [] : [current]), ...old];
  const active = every.filter((set) => sizeOf(set) > 0);
  if (active.length <= 1) {
    const only = active[0] ?? current ?? old.toSorted((a, b) => revisionOf(b) - revisionOf(a))[0];
    return only === undefined || sizeOf(only) === desired ? [] : [{ set: only, replicas: desired }];
  }
  if (current !== undefined && isSaturated(deployment, current))
    return old.filter((set) => sizeOf(set) > 0).map((set) => ({ set, replicas: 0 }));
  if (deployment.spec.strategy?.type === 'Recreate') return [];
  const allowed = desired > 0 ? desired + limitsOf(deployment).surge : 0;
  const missing = allowed - total(active, sizeOf);
  if (missing === 0) return active.map((set) => ({ set, replicas: sizeOf(set) }));
  const newer = (a: ReplicaSet, b: ReplicaSet): number =>
    (b.metadata.creationTimestamp ?? '').localeCompare(a.metadata.creationTimestamp ?? '');
  const ordered = active.toSorted((a, b) => sizeOf(b) - sizeOf(a) || (missing > 0 ? newer(a, b) : newer(b, a)));
  let added = 0;
  const sizes = ordered.map((set) => {
    const by = missing === added ? 0 : shareOf(set, deployment, allowed, missing - added);
    added += by;
    return sizeOf(set) + by;
  });
  return ordered.map((set, index) => ({
    set,
    replicas: Math.max(0, (sizes[index] ?? 0) + (index === 0 ? missing - added : 0)),
  }));
}

function isSaturated(deployment: Deployment, set: ReplicaSet): boolean {
  const desired = desiredOf(deployment);
  return sizeOf(set) === desired && desiredAnnotation(set) === desired && availableOf(set) === desired;
}

function shareOf(set: ReplicaSet, deployment: Deployment, allowed: number, left: number): number {
  const before = maximumAnnotation(set) ?? deployment.status?.replicas ?? 0;
  const share =
    desiredOf(deployment) === 0
      ? -sizeOf(set)
      : before === 0
        ? 0
        : Math.round((sizeOf(set) * allowed) / before) - sizeOf(set);
  return left > 0 ? Math.min(share, left) : Math.max(share, left);
}
