// Spreading over zones, nodes or any other label: which nodes a hard constraint leaves, and which ones the soft ones prefer.
import { curable, incurable } from './filters.ts';
import type { Refusal } from './filters.ts';
import { matchesSelector } from './label-match.ts';
import { matchesNode, untoleratedTaint } from './node-match.ts';
import type { NodeInfo } from './node-info.ts';
import type { SchedPod, TopologySpreadConstraint } from './view.ts';

interface Counted {
  readonly constraint: TopologySpreadConstraint;
  /** Pods of the constraint in each value of its label that a counted node has. */
  readonly counts: ReadonlyMap<string, number>;
  readonly minimum: number;
}

const labelOf = (info: NodeInfo, key: string): string | undefined => info.node.metadata.labels?.[key];

/** `matchLabelKeys` adds the Pod's own values of these labels to the selector. */
function selects(constraint: TopologySpreadConstraint, pod: SchedPod, other: SchedPod): boolean {
  if ((other.metadata.namespace ?? 'default') !== (pod.metadata.namespace ?? 'default')) return false;
  const own = (constraint.matchLabelKeys ?? []).every((key) => {
    const value = pod.metadata.labels?.[key];
    return value === undefined || other.metadata.labels?.[key] === value;
  });
  return own && matchesSelector(constraint.labelSelector, other.metadata.labels);
}

/** Node selection is honoured by default, taints are not (PodTopologySpread of Kubernetes 1.26 and later). */
function counts(constraint: TopologySpreadConstraint, pod: SchedPod, info: NodeInfo): boolean {
  if (constraint.nodeAffinityPolicy !== 'Ignore' && !matchesNode(pod.spec, info.node)) return false;
  return (
    constraint.nodeTaintsPolicy !== 'Honor' ||
    untoleratedTaint(info.node.spec?.taints ?? [], pod.spec.tolerations ?? []) === undefined
  );
}

function countOver(
  constraint: TopologySpreadConstraint,
  pod: SchedPod,
  infos: readonly NodeInfo[],
  keys: readonly string[],
): Counted {
  const found = new Map<string, number>();
  for (const info of infos) {
    const value = labelOf(info, constraint.topologyKey);
    if (value === undefined || keys.some((key) => labelOf(info, key) === undefined)) continue;
    if (!counts(constraint, pod, info)) continue;
    const here = info.pods.filter(
      (other) => other.metadata.deletionTimestamp === undefined && selects(constraint, pod, other),
    );
    found.set(value, (found.get(value) ?? 0) + here.length);
  }
  // Fewer domains than asked for: the missing ones count as empty.
  const minimum = found.size < (constraint.minDomains ?? 1) ? 0 : Math.min(...found.values());
  return { constraint, counts: found, minimum: found.size === 0 ? 0 : minimum };
}

/** The answer of each node by the constraints that say `DoNotSchedule` (source: pkg/scheduler/framework/plugins/podtopologyspread). Pure. */
export function createSpreadFilter(pod: SchedPod, infos: readonly NodeInfo[]): (info: NodeInfo) => Refusal | undefined {
  const hard = (pod.spec.topologySpreadConstraints ?? []).filter(
    ({ whenUnsatisfiable }) => whenUnsatisfiable === 'DoNotSchedule',
  );
  if (hard.length === 0) return () => undefined;
  const keys = hard.map(({ topologyKey }) => topologyKey);
  const counted = hard.map((constraint) => countOver(constraint, pod, infos, keys));
  return (info) => {
    for (const { constraint, counts: found, minimum } of counted) {
      const value = labelOf(info, constraint.topologyKey);
      if (value === undefined)
        return incurable("node(s) didn't match pod topology spread constraints (missing required label)");
      const self = selects(constraint, pod, pod) ? 1 : 0;
      if ((found.get(value) ?? 0) + self - minimum > constraint.maxSkew)
        return curable("node(s) didn't match pod topology spread constraints");
    }
    return undefined;
  };
}

/** Pods that the soft constraints would rather not join, per node: lower is better. Pure. */
export function softSpread(pod: SchedPod, infos: readonly NodeInfo[]): (info: NodeInfo) => number {
  const soft = (pod.spec.topologySpreadConstraints ?? []).filter(
    ({ whenUnsatisfiable }) => whenUnsatisfiable === 'ScheduleAnyway',
  );
  if (soft.length === 0) return () => 0;
  const counted = soft.map((constraint) => countOver(constraint, pod, infos, []));
  return (info) =>
    counted.reduce((sum, { constraint, counts: found }) => {
      const value = labelOf(info, constraint.topologyKey);
      if (value === undefined) return sum;
      return sum + (found.get(value) ?? 0) * Math.log(found.size + 2) + constraint.maxSkew - 1;
    }, 0);
}
