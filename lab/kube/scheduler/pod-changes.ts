// What a change of a Pod or a node means to the scheduler. Pure.
import type { Node } from '../../../src/kube/resources.ts';
import type { InformerChange } from '../../../src/kube/types.ts';
import { isTerminal } from '../kubelet/pod-view.ts';
import type { SchedPod } from './view.ts';

export const DEFAULT_SCHEDULER = 'default-scheduler';

export const isBound = (pod: SchedPod): boolean => (pod.spec.nodeName ?? '') !== '';

/** Pods of other scheduler names, with scheduling gates, or on their way out are left alone. */
export function awaitsScheduling(pod: SchedPod): boolean {
  return (
    !isBound(pod) &&
    (pod.spec.schedulerName ?? DEFAULT_SCHEDULER) === DEFAULT_SCHEDULER &&
    (pod.spec.schedulingGates ?? []).length === 0 &&
    pod.metadata.deletionTimestamp === undefined &&
    !isTerminal(pod)
  );
}

/** Whether a Pod counts against its node. */
export const occupies = (pod: SchedPod): boolean => isBound(pod) && !isTerminal(pod);

/** Something that a waiting Pod may gain from: a share of a node is free again. */
export const freesRoom = ({ before, after }: InformerChange<SchedPod>): boolean =>
  before !== undefined && occupies(before) && (after === undefined || !occupies(after));

/** Whether a waiting Pod itself became another one; what we write on its status does not make it one. */
export function isAnother({ before, after }: InformerChange<SchedPod>): boolean {
  const read = (pod: SchedPod | undefined): string => JSON.stringify([pod?.metadata.labels, pod?.spec]);
  return before === undefined || before.metadata.uid !== after?.metadata.uid || read(before) !== read(after);
}

/** Heartbeats change nodes too; only what decisions read is worth another look at every waiting Pod. */
export function offersMore({ before, after }: InformerChange<Node>): boolean {
  const read = (node: Node | undefined): string =>
    JSON.stringify([node?.metadata.labels, node?.spec?.taints, node?.spec?.unschedulable, node?.status?.allocatable]);
  return after !== undefined && read(before) !== read(after);
}

/** Pods whose place depends on where others are: they look again when a Pod gets one, or its labels change. */
export const looksAtOthers = (pod: SchedPod): boolean =>
  pod.spec.affinity?.podAffinity !== undefined ||
  pod.spec.affinity?.podAntiAffinity !== undefined ||
  (pod.spec.topologySpreadConstraints ?? []).length > 0;
