// Which taints a node's conditions ask for. Pure.
import type { Node } from '../../../../src/kube/resources.ts';
import { rfc3339 } from '../../../../src/kube/times.ts';

export type Taint = NonNullable<NonNullable<Node['spec']>['taints']>[number] & { timeAdded?: string };

const NOT_READY = 'node.kubernetes.io/not-ready';
const UNREACHABLE = 'node.kubernetes.io/unreachable';

/** Condition and status to the key of its NoSchedule taint (source: pkg/controller/nodelifecycle of Kubernetes). */
const byCondition: readonly { readonly type: string; readonly status: string; readonly key: string }[] = [
  { type: 'Ready', status: 'False', key: NOT_READY },
  { type: 'Ready', status: 'Unknown', key: UNREACHABLE },
  { type: 'MemoryPressure', status: 'True', key: 'node.kubernetes.io/memory-pressure' },
  { type: 'DiskPressure', status: 'True', key: 'node.kubernetes.io/disk-pressure' },
  { type: 'PIDPressure', status: 'True', key: 'node.kubernetes.io/pid-pressure' },
  { type: 'NetworkUnavailable', status: 'True', key: 'node.kubernetes.io/network-unavailable' },
];
const UNSCHEDULABLE = 'node.kubernetes.io/unschedulable';
const managed = new Set([...byCondition.map(({ key }) => key), UNSCHEDULABLE]);

/** The NoExecute taint that follows from condition Ready; `undefined` for a ready node. */
export function evictingKey(node: Node): string | undefined {
  const ready = node.status?.conditions?.find(({ type }) => type === 'Ready')?.status;
  return ready === 'False' ? NOT_READY : ready === 'Unknown' ? UNREACHABLE : undefined;
}

const isEvicting = ({ key, effect }: Taint): boolean =>
  effect === 'NoExecute' && (key === NOT_READY || key === UNREACHABLE);

/** Whether the node carries a NoExecute taint of ours already. */
export const isGivenUp = (node: Node): boolean => (node.spec?.taints ?? []).some(isEvicting);

/**
 * The taints as they should be, or `undefined` when they are so already. Only the NoSchedule taints that follow from conditions and from
 * `spec.unschedulable`, and the two NoExecute ones of Ready, are ours; others stay, in their order. `evicts`: Pods may be evicted from the node;
 * where they may not, a NoExecute taint that is there changes its key with the condition, and none is added. A node without conditions
 * yet keeps what it was admitted with.
 */
export function taintsToSet(node: Node, evicts: boolean, now: Date): Taint[] | undefined {
  const conditions = node.status?.conditions ?? [];
  if (conditions.length === 0) return undefined;
  const wanted = byCondition
    .filter(({ type, status }) =>
      conditions.some((condition) => condition.type === type && condition.status === status),
    )
    .map(({ key }) => key);
  if (node.spec?.unschedulable === true) wanted.push(UNSCHEDULABLE);
  const present: readonly Taint[] = node.spec?.taints ?? [];
  const isOurs = (taint: Taint): boolean => managed.has(taint.key) && taint.effect === 'NoSchedule';
  const missing = wanted.filter((key) => !present.some((taint) => isOurs(taint) && taint.key === key));
  const evicting = evictingKey(node);
  const kept = present.filter(
    (taint) => (!isOurs(taint) || wanted.includes(taint.key)) && (!isEvicting(taint) || taint.key === evicting),
  );
  const timeAdded = rfc3339(now);
  const added: Taint[] = missing.map((key) => ({ key, effect: 'NoSchedule', timeAdded }));
  const gives = evicting !== undefined && (evicts || isGivenUp(node)) && !kept.some(isEvicting);
  if (gives) added.push({ key: evicting, effect: 'NoExecute', timeAdded });
  if (added.length === 0 && kept.length === present.length) return undefined;
  return [...kept, ...added];
}
