// What a StatefulSet's controller does next, and the status it tells. Pure.
import type { Pod } from '../../../../src/kube/resources.ts';
import { isAvailable, isLeaving, isReady, nextAvailableMs } from '../ownership.ts';
import type { ControllerRevision } from '../revisions/view.ts';
import { missingIdentity } from './pod.ts';
import { ordinalOf, revisionOf } from './view.ts';
import type { StatefulSet, StatefulSetStatus } from './view.ts';

export type PodAction =
  | { readonly kind: 'create'; readonly ordinal: number; readonly revision: ControllerRevision }
  | { readonly kind: 'delete'; readonly pod: Pod; readonly why: 'scaled-down' | 'updated' | 'failed' | 'succeeded' }
  | { readonly kind: 'label'; readonly pod: Pod; readonly labels: Record<string, string> };

export interface StatefulSetPlan {
  readonly actions: readonly PodAction[];
  readonly status: StatefulSetStatus;
  /** When a ready Pod comes to count as available without any other change. */
  readonly requeueAfterMs: number | undefined;
}

interface Slot {
  readonly ordinal: number;
  readonly pod: Pod | undefined;
}

const phaseOf = (pod: Pod): string => pod.status?.phase ?? '';
const isRunningAndReady = (pod: Pod): boolean => phaseOf(pod) === 'Running' && isReady(pod);

/**
 * Source: pkg/controller/statefulset of Kubernetes. Ordered sets make, update and take away one Pod at a time and wait for each;
 * parallel ones make and take away all at once. Updates go from the highest ordinal down to the partition, one at a time for both.
 */
export function planStatefulSet(
  set: StatefulSet,
  pods: readonly Pod[],
  revisions: { readonly current: ControllerRevision; readonly update: ControllerRevision },
  now: Date,
): StatefulSetPlan {
  const start = set.spec.ordinals?.start ?? 0;
  const count = set.spec.replicas ?? 1;
  const byOrdinal = new Map(
    pods.map((pod) => [ordinalOf(set, pod), pod] as const).filter(([ordinal]) => ordinal !== undefined),
  );
  const replicas = Array.from({ length: count }, (_, index): Slot => {
    const ordinal = start + index;
    return { ordinal, pod: byOrdinal.get(ordinal) };
  });
  const condemned = [...byOrdinal]
    .flatMap(([ordinal, pod]) =>
      ordinal !== undefined && (ordinal < start || ordinal >= start + count) ? [{ ordinal, pod }] : [],
    )
    .toSorted((one, other) => other.ordinal - one.ordinal);
  const status = statusOf(set, [...byOrdinal.values()], revisions, now);
  const leaving = set.metadata.deletionTimestamp !== undefined;
  return {
    actions: leaving ? [] : actionsFor(set, replicas, condemned, revisions, now),
    status,
    requeueAfterMs: nextAvailableMs(pods, set.spec.minReadySeconds ?? 0, now),
  };
}

function actionsFor(
  set: StatefulSet,
  replicas: readonly Slot[],
  condemned: readonly { readonly ordinal: number; readonly pod: Pod }[],
  revisions: { readonly current: ControllerRevision; readonly update: ControllerRevision },
  now: Date,
): PodAction[] {
  const ordered = set.spec.podManagementPolicy !== 'Parallel';
  const isAvailableNow = (pod: Pod): boolean =>
    phaseOf(pod) === 'Running' && isAvailable(pod, set.spec.minReadySeconds ?? 0, now);
  const actions: PodAction[] = [];
  for (const { ordinal, pod } of replicas) {
    if (pod !== undefined && (phaseOf(pod) === 'Failed' || phaseOf(pod) === 'Succeeded')) {
      if (!isLeaving(pod))
        actions.push({ kind: 'delete', pod, why: phaseOf(pod) === 'Failed' ? 'failed' : 'succeeded' });
      // The new one is made when the old one is gone.
      return actions;
    }
    if (pod === undefined) {
      actions.push({ kind: 'create', ordinal, revision: revisionFor(set, ordinal, revisions) });
      if (ordered) return actions;
      continue;
    }
    if (isLeaving(pod)) {
      if (ordered) return actions;
      continue;
    }
    if (ordered && !isAvailableNow(pod)) return actions;
    const labels = missingIdentity(set, ordinal, pod);
    if (labels !== undefined) actions.push({ kind: 'label', pod, labels });
  }
  const firstUnhealthy = [...replicas.map(({ pod }) => pod), ...condemned.map(({ pod }) => pod).toReversed()].find(
    (pod) => pod !== undefined && (isLeaving(pod) || !isRunningAndReady(pod)),
  );
  for (const { pod } of condemned) {
    if (isLeaving(pod)) {
      if (ordered) return actions;
      continue;
    }
    if (ordered && !isAvailableNow(pod) && pod !== firstUnhealthy) return actions;
    actions.push({ kind: 'delete', pod, why: 'scaled-down' });
    if (ordered) return actions;
  }
  if (set.spec.updateStrategy?.type === 'OnDelete') return actions;
  const outdated = nextToUpdate(set, replicas, revisions.update, isAvailableNow);
  return outdated === undefined ? actions : [...actions, { kind: 'delete', pod: outdated, why: 'updated' }];
}

/** From the highest ordinal down to the partition; an unhealthy one on the way is waited for. */
function nextToUpdate(
  set: StatefulSet,
  replicas: readonly Slot[],
  update: ControllerRevision,
  isHealthy: (pod: Pod) => boolean,
): Pod | undefined {
  const partition = set.spec.updateStrategy?.rollingUpdate?.partition ?? 0;
  const first = (set.spec.ordinals?.start ?? 0) + partition;
  for (const { ordinal, pod } of replicas.toReversed()) {
    if (ordinal < first) return undefined;
    // One that is being made is waited for.
    if (pod === undefined) return undefined;
    if (revisionOf(pod) !== update.metadata.name && !isLeaving(pod)) return pod;
    if (isLeaving(pod) || !isHealthy(pod)) return undefined;
  }
  return undefined;
}

/** A Pod below the partition comes back as it was. */
function revisionFor(
  set: StatefulSet,
  ordinal: number,
  { current, update }: { readonly current: ControllerRevision; readonly update: ControllerRevision },
): ControllerRevision {
  const { type = 'RollingUpdate', rollingUpdate } = set.spec.updateStrategy ?? {};
  if (type !== 'RollingUpdate') return update;
  const start = set.spec.ordinals?.start ?? 0;
  const kept = rollingUpdate === undefined ? (set.status?.currentReplicas ?? 0) : (rollingUpdate.partition ?? 0);
  return ordinal < start + kept ? current : update;
}

function statusOf(
  set: StatefulSet,
  pods: readonly Pod[],
  { current, update }: { readonly current: ControllerRevision; readonly update: ControllerRevision },
  now: Date,
): StatefulSetStatus {
  const made = pods.filter((pod) => phaseOf(pod) !== '');
  const ready = made.filter(isRunningAndReady);
  const staying = made.filter((pod) => !isLeaving(pod));
  const of = (revision: ControllerRevision): number =>
    staying.filter((pod) => revisionOf(pod) === revision.metadata.name).length;
  const status = {
    observedGeneration: set.metadata.generation ?? 1,
    replicas: made.length,
    readyReplicas: ready.length,
    availableReplicas: ready.filter((pod) => isAvailable(pod, set.spec.minReadySeconds ?? 0, now)).length,
    currentReplicas: of(current),
    updatedReplicas: of(update),
    currentRevision: current.metadata.name,
    updateRevision: update.metadata.name,
    collisionCount: set.status?.collisionCount ?? 0,
  };
  const isDone =
    (set.spec.updateStrategy?.type ?? 'RollingUpdate') === 'RollingUpdate' &&
    status.updatedReplicas === status.replicas &&
    status.readyReplicas === status.replicas &&
    status.currentRevision !== status.updateRevision;
  return isDone
    ? { ...status, currentReplicas: status.updatedReplicas, currentRevision: status.updateRevision }
    : status;
}
