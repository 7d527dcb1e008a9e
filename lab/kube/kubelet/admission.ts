// Whether a Pod that was bound to this node may run here: what is left of the node, and what the Pod says of nodes. Source: pkg/kubelet/lifecycle/predicate.go.
import { nodes } from '../../../src/kube/resources.ts';
import type { Node } from '../../../src/kube/resources.ts';
import { matchesNode } from '../scheduler/node-match.ts';
import { quantityMilli } from '../scheduler/quantity.ts';
import { podRequests } from '../scheduler/requests.ts';
import type { KubeletOptions } from './kubelet-types.ts';
import { nodeCapacity } from './node-object.ts';
import type { LabPod } from './pod-view.ts';

/** Why a Pod is not taken, as its status and its event say. */
export interface Rejection {
  readonly reason: string;
  readonly message: string;
}

/** Resources that a kubelet counts itself, and in which of their thousandths it speaks. Others are those of whoever publishes them. */
const COUNTED: readonly (readonly [name: string, spokenAs: number])[] = [
  ['pods', 1000],
  ['cpu', 1],
  ['memory', 1000],
];

/**
 * What speaks against a Pod that never ran here, or nothing. Only general nodes refuse: a super node has room for each Pod, and the
 * user's own machine is none that Pods are weighed on.
 */
export async function rejectionOf(
  { client, node }: Pick<KubeletOptions, 'client' | 'node'>,
  pod: LabPod,
  others: readonly LabPod[],
): Promise<Rejection | undefined> {
  if (node.kind !== 'general') return undefined;
  const present = asksAboutLabels(pod) ? await client.get(nodes, node.name) : undefined;
  return (
    (present === undefined ? undefined : notForNode(pod, present)) ?? outOfResource(pod, others, nodeCapacity(node))
  );
}

/** The first resource of which too little is left beside `others`, or nothing. */
export function outOfResource(
  pod: LabPod,
  others: readonly LabPod[],
  capacities: Readonly<Record<string, string>>,
): Rejection | undefined {
  const used = others.map(podRequests);
  const asked = podRequests(pod);
  for (const [name, spokenAs] of COUNTED) {
    const capacity = quantityMilli(capacities[name] ?? '0');
    const wanted = asked.get(name) ?? 0;
    const taken = used.reduce((sum, each) => sum + (each.get(name) ?? 0), 0);
    if (wanted === 0 || taken + wanted <= capacity) continue;
    const [requested, inUse, all] = [wanted, taken, capacity].map((milli) => Math.ceil(milli / spokenAs));
    const words = `requested: ${requested}, used: ${inUse}, capacity: ${all}`;
    return { reason: `OutOf${name}`, message: `Node didn't have enough resource: ${name}, ${words}` };
  }
  return undefined;
}

/** Whether the Pod says anything of nodes that only the Node object can answer; a node's own name is known. */
function asksAboutLabels({ spec }: LabPod): boolean {
  const terms = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  return (
    Object.keys(spec.nodeSelector ?? {}).length > 0 || terms.some((term) => (term.matchExpressions ?? []).length > 0)
  );
}

/** Nothing when selector and required affinity hold for the node. */
export function notForNode({ spec }: LabPod, node: Node): Rejection | undefined {
  if (matchesNode(spec, node)) return undefined;
  const words = "node(s) didn't match Pod's node affinity/selector";
  return { reason: 'NodeAffinity', message: `Predicate NodeAffinity failed: ${words}` };
}
