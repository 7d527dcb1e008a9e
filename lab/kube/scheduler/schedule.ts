// The scheduler's decision as a pure function: which node a Pod goes to, or why none will do, in kubectl's usual words.
import type { Node } from '../../../src/kube/resources.ts';
import type { LabPod } from '../kubelet/pod-view.ts';
import { matchesNode, tolerates, untoleratedTaint } from './node-match.ts';
import { quantityMilli } from './quantity.ts';
import { podRequests, sumOf } from './requests.ts';
import type { Resources } from './requests.ts';

export type Decision =
  | { readonly kind: 'bind'; readonly node: string }
  | {
      readonly kind: 'unschedulable';
      /** The event's and condition's message, e.g. `0/2 nodes are available: 2 Insufficient cpu.` */
      readonly message: string;
    };

/** The requests of a Pod; callers that decide often give one that remembers. */
export type RequestsOf = (pod: LabPod) => Resources;

const UNSCHEDULABLE_TAINT = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };

/** What a Pod without requests counts as when nodes are compared, so that many small Pods still spread. */
const SCORING_DEFAULTS: Readonly<Record<string, number>> = {
  cpu: quantityMilli('100m'),
  memory: quantityMilli('200Mi'),
};

/**
 * Chooses the node with the highest score among those that pass every filter; equal scores go to the first name.
 * `podsByNode` holds the Pods bound to each node that are not Succeeded or Failed (terminating ones still count).
 */
export function schedule(
  pod: LabPod,
  nodes: readonly Node[],
  podsByNode: ReadonlyMap<string, readonly LabPod[]>,
  requestsOf: RequestsOf = podRequests,
): Decision {
  if (nodes.length === 0) return { kind: 'unschedulable', message: 'no nodes available to schedule pods' };
  const refusals = new Map<string, number>();
  let best: { readonly name: string; readonly score: number } | undefined;
  for (const node of nodes.toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))) {
    const bound = podsByNode.get(node.metadata.name) ?? [];
    const used = sumOf(bound.map(requestsOf));
    const reasons = refusalsOf(pod, requestsOf(pod), node, used);
    for (const reason of reasons) refusals.set(reason, (refusals.get(reason) ?? 0) + 1);
    if (reasons.length > 0) continue;
    const score = leastAllocated(node, [...bound, pod].map(requestsOf)) + spread(pod, bound);
    if (best === undefined || score > best.score) best = { name: node.metadata.name, score };
  }
  return best === undefined
    ? { kind: 'unschedulable', message: failureMessage(nodes.length, refusals) }
    : { kind: 'bind', node: best.name };
}

/** Why this node refuses the Pod; empty when it would take it. The first filter that fails speaks, as in Kubernetes. */
export function refusalsOf(pod: LabPod, requests: Resources, node: Node, used: Resources): string[] {
  const tolerations = pod.spec.tolerations ?? [];
  if (
    node.spec?.unschedulable === true &&
    !tolerations.some((toleration) => tolerates(toleration, UNSCHEDULABLE_TAINT))
  )
    return ['node(s) were unschedulable'];
  const taint = untoleratedTaint(node.spec?.taints ?? [], tolerations);
  if (taint !== undefined) return [`node(s) had untolerated taint {${taint.key}: ${taint.value ?? ''}}`];
  if (!matchesNode(pod.spec, node)) return ["node(s) didn't match Pod's node affinity/selector"];
  return shortages(requests, node, used);
}

function shortages(requests: Resources, node: Node, used: Resources): string[] {
  const allocatable = node.status?.allocatable ?? {};
  return [...requests]
    .filter(([name, amount]) => amount > 0 && (used.get(name) ?? 0) + amount > quantityMilli(allocatable[name] ?? '0'))
    .map(([name]) => (name === 'pods' ? 'Too many pods' : `Insufficient ${name}`));
}

function leastAllocated(node: Node, requests: readonly Resources[]): number {
  const free = Object.entries(SCORING_DEFAULTS).map(([name, fallback]) => {
    const allocatable = quantityMilli(node.status?.allocatable?.[name] ?? '0');
    const used = requests.reduce((sum, each) => sum + (each.get(name) ?? fallback), 0);
    return allocatable === 0 ? 0 : (Math.max(0, allocatable - used) / allocatable) * 100;
  });
  return free.reduce((sum, share) => sum + share, 0) / free.length;
}

/** Each Pod of the same owner already on the node costs more than any difference in load could outweigh. */
function spread(pod: LabPod, bound: readonly LabPod[]): number {
  const owner = controllerUid(pod);
  return owner === undefined ? 0 : -1000 * bound.filter((other) => controllerUid(other) === owner).length;
}

function controllerUid(pod: LabPod): string | undefined {
  return pod.metadata.ownerReferences?.find((owner) => owner.controller === true)?.uid;
}

function failureMessage(nodeCount: number, refusals: ReadonlyMap<string, number>): string {
  const reasons = [...refusals].map(([reason, count]) => `${count} ${reason}`).toSorted();
  return `0/${nodeCount} nodes are available: ${reasons.join(', ')}.`;
}
