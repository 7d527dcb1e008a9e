// Where a DaemonSet's Pods belong, and how a Pod is tied to its node. Pure.
import type { Node, Pod } from '../../../../src/kube/resources.ts';
import { matchesNode, untoleratedTaint } from '../../scheduler/node-match.ts';
import { podFrom } from '../ownership.ts';
import type { DaemonSet, Toleration } from '../views.ts';

const NODE_FIELD = 'metadata.name';
const TEMPLATE_GENERATION = 'deprecated.daemonset.template.generation';
export const HASH_LABEL = 'controller-revision-hash';

/** What every daemon tolerates, and those on the node's own network besides (DaemonSet documentation, taints and tolerations). */
const automatic: readonly Toleration[] = [
  { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute' },
  { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute' },
  ...['disk-pressure', 'memory-pressure', 'pid-pressure', 'unschedulable'].map(
    (name): Toleration => ({ key: `node.kubernetes.io/${name}`, operator: 'Exists', effect: 'NoSchedule' }),
  ),
];
const onHostNetwork: Toleration = {
  key: 'node.kubernetes.io/network-unavailable',
  operator: 'Exists',
  effect: 'NoSchedule',
};

export function tolerationsOf({ spec: { template } }: DaemonSet): Toleration[] {
  return [
    ...(template.spec.tolerations ?? []),
    ...automatic,
    ...(template.spec.hostNetwork === true ? [onHostNetwork] : []),
  ];
}

/** `run`: a Pod of the set belongs on the node; `stay`: one that is there may stay; `go`: it may not. */
export function placeOn(set: DaemonSet, node: Node): 'run' | 'stay' | 'go' {
  if (!matchesNode(set.spec.template.spec, node)) return 'go';
  const taints = node.spec?.taints ?? [];
  const tolerations = tolerationsOf(set);
  if (untoleratedTaint(taints, tolerations) === undefined) return 'run';
  const executing = taints.filter(({ effect }) => effect === 'NoExecute');
  return untoleratedTaint(executing, tolerations) === undefined ? 'stay' : 'go';
}

/** The Pod for a node: the scheduler puts it there, because its affinity names no other. */
export function podFor(set: DaemonSet, node: string, hash: string): Pod {
  const tied = {
    nodeAffinity: {
      ...set.spec.template.spec.affinity?.nodeAffinity,
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchFields: [{ key: NODE_FIELD, operator: 'In', values: [node] }] }],
      },
    },
  };
  const spec = { affinity: { ...set.spec.template.spec.affinity, ...tied }, tolerations: tolerationsOf(set) };
  const pod = podFrom(set, set.spec.template, { spec });
  const generation = set.metadata.annotations?.[TEMPLATE_GENERATION];
  const labels = {
    ...pod.metadata.labels,
    [HASH_LABEL]: hash,
    ...(generation === undefined ? {} : { 'pod-template-generation': generation }),
  };
  return { ...pod, metadata: { ...pod.metadata, labels } };
}

/** The node a Pod is on or tied to; '' for neither. */
export function nodeOf(pod: Pod): string {
  if ((pod.spec.nodeName ?? '') !== '') return pod.spec.nodeName ?? '';
  const terms =
    pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  return terms.flatMap(({ matchFields = [] }) => matchFields).find(({ key }) => key === NODE_FIELD)?.values?.[0] ?? '';
}
