// How many Pods a ReplicaSet is off by, and which go first. Pure.
import type { Pod } from '../../../../src/kube/resources.ts';
import { isActive, isReady } from '../ownership.ts';

export interface ReplicaPlan {
  readonly create: number;
  readonly remove: readonly Pod[];
}

const COST = 'controller.kubernetes.io/pod-deletion-cost';

/**
 * `unseen`: Pods made a moment ago that are not in `pods` yet. The order in which they go is that of Kubernetes: unbound, then pending, then not
 * ready, then the cheaper by annotation, then those with more of the same set on their node, then the youngest.
 */
export function planReplicas(desired: number, pods: readonly Pod[], unseen: number): ReplicaPlan {
  const active = pods.filter(isActive);
  const surplus = active.length + unseen - desired;
  if (surplus <= 0) return { create: Math.abs(surplus), remove: [] };
  const onNode = new Map<string, number>();
  for (const { spec } of active) onNode.set(spec.nodeName ?? '', (onNode.get(spec.nodeName ?? '') ?? 0) + 1);
  const neighbours = (pod: Pod): number => onNode.get(pod.spec.nodeName ?? '') ?? 0;
  const youngestFirst = (a: Pod, b: Pod): number =>
    (b.metadata.creationTimestamp ?? '').localeCompare(a.metadata.creationTimestamp ?? '');
  const ordered = [...active].sort(
    (a, b) =>
      stageOf(a) - stageOf(b) ||
      costOf(a) - costOf(b) ||
      neighbours(b) - neighbours(a) ||
      youngestFirst(a, b) ||
      a.metadata.name.localeCompare(b.metadata.name),
  );
  return { create: 0, remove: ordered.slice(0, Math.min(surplus, active.length)) };
}

function stageOf(pod: Pod): number {
  if ((pod.spec.nodeName ?? '') === '') return 0;
  if ((pod.status?.phase ?? 'Pending') === 'Pending') return 1;
  return isReady(pod) ? 3 : 2;
}

function costOf(pod: Pod): number {
  const cost = Number(pod.metadata.annotations?.[COST] ?? 0);
  return Number.isInteger(cost) ? cost : 0;
}
