// How many Pods a ReplicaSet is off by, and which go first. Pure.
import type { Pod } from '../../../../src/kube/resources.ts';
import { isActive, isReady } from '../ownership.ts';

export interface ReplicaPlan {
  readonly create: number;
  readonly remove: readonly Pod[];
}

/** `unseen`: Pods made a moment ago that are not in `pods` yet. Unbound go first, then not ready, then the youngest. */
export function planReplicas(desired: number, pods: readonly Pod[], unseen: number): ReplicaPlan {
  const active = pods.filter(isActive);
  const surplus = active.length + unseen - desired;
  if (surplus <= 0) return { create: Math.abs(surplus), remove: [] };
  const rank = (pod: Pod): number => (pod.spec.nodeName === undefined ? 0 : isReady(pod) ? 2 : 1);
  const youngestFirst = (a: Pod, b: Pod): number =>
    (b.metadata.creationTimestamp ?? '').localeCompare(a.metadata.creationTimestamp ?? '');
  const ordered = [...active].sort(
    (a, b) => rank(a) - rank(b) || youngestFirst(a, b) || a.metadata.name.localeCompare(b.metadata.name),
  );
  return { create: 0, remove: ordered.slice(0, Math.min(surplus, active.length)) };
}
