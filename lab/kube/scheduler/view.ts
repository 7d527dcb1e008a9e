// The Pod as the scheduler reads it: the lab's view plus affinity, spreading and priority.
import type { LabelSelector } from '../../../src/kube/resources.ts';
import type { KubeObject, Resource } from '../../../src/kube/types.ts';
import type { LabPod, LabPodSpec, LabPodStatus, NodeSelectorTerm } from '../kubelet/pod-view.ts';

/** Pods that are near or far by a label of their nodes. */
export interface PodAffinityTerm {
  topologyKey: string;
  /** Absent: no Pod. Empty: every Pod. */
  labelSelector?: LabelSelector;
  /** Default: the namespace of the Pod that says this. */
  namespaces?: string[];
  /** Namespaces by their labels, beside those named; empty: every namespace. */
  namespaceSelector?: LabelSelector;
}

export interface WeightedPodAffinityTerm {
  weight: number;
  podAffinityTerm: PodAffinityTerm;
}

export interface PodAffinity {
  requiredDuringSchedulingIgnoredDuringExecution?: PodAffinityTerm[];
  preferredDuringSchedulingIgnoredDuringExecution?: WeightedPodAffinityTerm[];
}

export interface TopologySpreadConstraint {
  maxSkew: number;
  topologyKey: string;
  whenUnsatisfiable: string;
  labelSelector?: LabelSelector;
  minDomains?: number;
  nodeAffinityPolicy?: string;
  nodeTaintsPolicy?: string;
  matchLabelKeys?: string[];
}

export interface SchedulingSpec extends Omit<LabPodSpec, 'affinity'> {
  affinity?: {
    nodeAffinity?: {
      requiredDuringSchedulingIgnoredDuringExecution?: { nodeSelectorTerms: NodeSelectorTerm[] };
      preferredDuringSchedulingIgnoredDuringExecution?: { weight: number; preference: NodeSelectorTerm }[];
    };
    podAffinity?: PodAffinity;
    podAntiAffinity?: PodAffinity;
  };
  topologySpreadConstraints?: TopologySpreadConstraint[];
  /** Set by admission from the PriorityClass; absent counts as 0. */
  priority?: number;
  preemptionPolicy?: string;
}

/** Every `LabPod` is one. */
export interface SchedPod extends KubeObject {
  spec: SchedulingSpec;
  status?: LabPodStatus & { nominatedNodeName?: string };
}

/** `pods` as the scheduler reads them. */
export const schedPods: Resource<SchedPod> = {
  group: '',
  version: 'v1',
  plural: 'pods',
  kind: 'Pod',
  namespaced: true,
};

export const priorityOf = (pod: SchedPod): number => pod.spec.priority ?? 0;

/** A Pod that some object controls, by the uid of that object. */
export const controllerUidOf = (pod: Pick<LabPod, 'metadata'>): string | undefined =>
  pod.metadata.ownerReferences?.find((owner) => owner.controller === true)?.uid;
