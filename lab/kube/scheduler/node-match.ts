// Whether a Pod may be on a node at all: its selector and affinity against the node's labels, its tolerations against the taints.
import type { Node } from '../../../src/kube/resources.ts';
import type { NodeSelectorRequirement, NodeSelectorTerm, Toleration } from '../kubelet/pod-view.ts';
import type { SchedulingSpec } from './view.ts';

export interface Taint {
  key: string;
  value?: string;
  effect: string;
}

/** The first taint with effect NoSchedule or NoExecute that nothing in `tolerations` tolerates. */
export function untoleratedTaint(taints: readonly Taint[], tolerations: readonly Toleration[]): Taint | undefined {
  return taints.find((taint) => repels(taint) && !tolerations.some((toleration) => tolerates(toleration, taint)));
}

/** Kubernetes' rule: an empty key with `Exists` tolerates everything, an empty effect every effect. */
export function tolerates(toleration: Toleration, taint: Taint): boolean {
  if (toleration.effect !== undefined && toleration.effect !== '' && toleration.effect !== taint.effect) return false;
  const key = toleration.key ?? '';
  if (key === '') return toleration.operator === 'Exists';
  if (key !== taint.key) return false;
  return toleration.operator === 'Exists' || (toleration.value ?? '') === (taint.value ?? '');
}

/** `nodeSelector` and the required node affinity, both of which must hold. */
export function matchesNode(spec: Pick<SchedulingSpec, 'nodeSelector' | 'affinity'>, node: Node): boolean {
  const labels = node.metadata.labels ?? {};
  const selected = Object.entries(spec.nodeSelector ?? {}).every(([key, value]) => labels[key] === value);
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return selected && (required === undefined || required.nodeSelectorTerms.some((term) => matchesTerm(term, node)));
}

/**
 * The nodes that the required affinity names by `metadata.name`, when each of its terms does: what a daemon's Pod has. `undefined`: any node.
 */
export function namedNodes(spec: Pick<SchedulingSpec, 'affinity'>): ReadonlySet<string> | undefined {
  const terms = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  const names = new Set<string>();
  for (const term of terms) {
    const named = (term.matchFields ?? []).filter(({ key, operator }) => key === 'metadata.name' && operator === 'In');
    if (named.length === 0) return undefined;
    const first = named[0]?.values ?? [];
    for (const name of first) if (named.every(({ values = [] }) => values.includes(name))) names.add(name);
  }
  return terms.length === 0 ? undefined : names;
}

/** Whether a node meets every requirement of one term; a term without requirements matches no node. */
export const matchesNodeTerm = (term: NodeSelectorTerm, node: Node): boolean => matchesTerm(term, node);

function repels(taint: Taint): boolean {
  return taint.effect === 'NoSchedule' || taint.effect === 'NoExecute';
}

function matchesTerm(term: NodeSelectorTerm, node: Node): boolean {
  const expressions = term.matchExpressions ?? [];
  const fields = term.matchFields ?? [];
  // A term without requirements selects nothing, by the API's definition.
  if (expressions.length + fields.length === 0) return false;
  const labels = node.metadata.labels ?? {};
  return (
    expressions.every((requirement) => meets(requirement, labels[requirement.key])) &&
    fields.every((requirement) => requirement.key === 'metadata.name' && meets(requirement, node.metadata.name))
  );
}

function meets(requirement: NodeSelectorRequirement, actual: string | undefined): boolean {
  const values = requirement.values ?? [];
  switch (requirement.operator) {
    case 'In':
      return actual !== undefined && values.includes(actual);
    case 'NotIn':
      return actual === undefined || !values.includes(actual);
    case 'Exists':
      return actual !== undefined;
    case 'DoesNotExist':
      return actual === undefined;
    case 'Gt':
      return actual !== undefined && Number(actual) > Number(values[0]);
    case 'Lt':
      return actual !== undefined && Number(actual) < Number(values[0]);
    default:
      return false;
  }
}
