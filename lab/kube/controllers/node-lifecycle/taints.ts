// Which taints a node's conditions ask for. Pure.
import type { Node } from '../../../../src/kube/resources.ts';

type Taint = NonNullable<NonNullable<Node['spec']>['taints']>[number];

/** Condition and status to the key of its NoSchedule taint (source: pkg/controller/nodelifecycle of Kubernetes). */
const byCondition: readonly { readonly type: string; readonly status: string; readonly key: string }[] = [
  { type: 'Ready', status: 'False', key: 'node.kubernetes.io/not-ready' },
  { type: 'Ready', status: 'Unknown', key: 'node.kubernetes.io/unreachable' },
  { type: 'MemoryPressure', status: 'True', key: 'node.kubernetes.io/memory-pressure' },
  { type: 'DiskPressure', status: 'True', key: 'node.kubernetes.io/disk-pressure' },
  { type: 'PIDPressure', status: 'True', key: 'node.kubernetes.io/pid-pressure' },
  { type: 'NetworkUnavailable', status: 'True', key: 'node.kubernetes.io/network-unavailable' },
];
const UNSCHEDULABLE = 'node.kubernetes.io/unschedulable';
const managed = new Set([...byCondition.map(({ key }) => key), UNSCHEDULABLE]);

/**
 * The taints as they should be, or `undefined` when they are so already. Only the NoSchedule taints that follow from conditions and from
 * `spec.unschedulable` are ours; others stay, in their order. A node without conditions yet keeps what it was admitted with.
 */
export function taintsToSet(node: Node): Taint[] | undefined {
  const conditions = node.status?.conditions ?? [];
  if (conditions.length === 0) return undefined;
  const wanted = byCondition
    .filter(({ type, status }) =>
      conditions.some((condition) => condition.type === type && condition.status === status),
    )
    .map(({ key }) => key);
  if (node.spec?.unschedulable === true) wanted.push(UNSCHEDULABLE);
  const present = node.spec?.taints ?? [];
  const isOurs = (taint: Taint): boolean => managed.has(taint.key) && taint.effect === 'NoSchedule';
  const missing = wanted.filter((key) => !present.some((taint) => isOurs(taint) && taint.key === key));
  const kept = present.filter((taint) => !isOurs(taint) || wanted.includes(taint.key));
  if (missing.length === 0 && kept.length === present.length) return undefined;
  return [...kept, ...missing.map((key) => ({ key, effect: 'NoSchedule' }))];
}
