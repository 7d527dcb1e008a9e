// Affinity and anti-affinity between Pods: which nodes they leave, and which they prefer.
import { curable, incurable } from './filters.ts';
import type { Refusal } from './filters.ts';
import { matchesSelector } from './label-match.ts';
import type { NodeInfo } from './node-info.ts';
import type { PodAffinityTerm, SchedPod } from './view.ts';

/** Labels of a namespace; `undefined` for one that is not known. */
export type NamespaceLabels = (namespace: string) => Readonly<Record<string, string>> | undefined;

type Terms = readonly PodAffinityTerm[];

const requiredAffinity = (pod: SchedPod): Terms =>
  pod.spec.affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
const requiredAntiAffinity = (pod: SchedPod): Terms =>
  pod.spec.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];

const namespaceOf = (pod: SchedPod): string => pod.metadata.namespace ?? 'default';

/** Whether `term`, said by a Pod of namespace `home`, means `other`. */
function means(term: PodAffinityTerm, home: string, other: SchedPod, labelsOf: NamespaceLabels): boolean {
  const where = namespaceOf(other);
  const named = term.namespaces ?? [];
  const own = named.length === 0 && term.namespaceSelector === undefined && where === home;
  const chosen =
    own ||
    named.includes(where) ||
    (term.namespaceSelector !== undefined && matchesSelector(term.namespaceSelector, labelsOf(where) ?? {}));
  return chosen && matchesSelector(term.labelSelector, other.metadata.labels);
}

const pairOf = (topologyKey: string, info: NodeInfo): string | undefined => {
  const value = info.node.metadata.labels?.[topologyKey];
  return value === undefined ? undefined : `${topologyKey}\n${value}`;
};

function countPairs(into: Map<string, number>, pair: string | undefined, by = 1): void {
  if (pair !== undefined) into.set(pair, (into.get(pair) ?? 0) + by);
}

/**
 * The answer of each node, by the required terms of the Pod and of those that run (source: pkg/scheduler/framework/plugins/interpodaffinity).
 * The first Pod of a group that wants to be near itself may go anywhere that has the topology. Pure.
 */
export function createAffinityFilter(
  pod: SchedPod,
  infos: readonly NodeInfo[],
  labelsOf: NamespaceLabels,
): (info: NodeInfo) => Refusal | undefined {
  const home = namespaceOf(pod);
  const near = requiredAffinity(pod);
  const away = requiredAntiAffinity(pod);
  const repelled = new Map<string, number>();
  const nearPairs = new Map<string, number>();
  const awayPairs = new Map<string, number>();
  for (const info of infos) {
    for (const other of info.repelling)
      for (const term of requiredAntiAffinity(other))
        if (means(term, namespaceOf(other), pod, labelsOf)) countPairs(repelled, pairOf(term.topologyKey, info));
    if (near.length === 0 && away.length === 0) continue;
    for (const other of info.pods) {
      if (other.metadata.deletionTimestamp !== undefined) continue;
      if (near.length > 0 && near.every((term) => means(term, home, other, labelsOf)))
        for (const term of near) countPairs(nearPairs, pairOf(term.topologyKey, info));
      for (const term of away)
        if (means(term, home, other, labelsOf)) countPairs(awayPairs, pairOf(term.topologyKey, info));
    }
  }
  const isFirst = nearPairs.size === 0 && near.every((term) => means(term, home, pod, labelsOf));
  return (info) => {
    const pairs = near.map((term) => pairOf(term.topologyKey, info));
    const isNear = pairs.every((pair) => pair !== undefined && (isFirst || (nearPairs.get(pair) ?? 0) > 0));
    if (!isNear) return incurable("node(s) didn't match pod affinity rules");
    if (away.some((term) => (awayPairs.get(pairOf(term.topologyKey, info) ?? '') ?? 0) > 0))
      return curable("node(s) didn't match pod anti-affinity rules");
    for (const [key, value] of Object.entries(info.node.metadata.labels ?? {}))
      if (repelled.has(`${key}\n${value}`)) return curable("node(s) didn't satisfy existing pods anti-affinity rules");
    return undefined;
  };
}

/** Points of each node by the Pod's preferred terms, as they come: higher is better, not yet brought to a scale. Pure. */
export function preferredAffinity(
  pod: SchedPod,
  infos: readonly NodeInfo[],
  labelsOf: NamespaceLabels,
): (info: NodeInfo) => number {
  const home = namespaceOf(pod);
  const wishes = [
    ...(pod.spec.affinity?.podAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map((wish) => ({
      term: wish.podAffinityTerm,
      weight: wish.weight,
    })),
    ...(pod.spec.affinity?.podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map((wish) => ({
      term: wish.podAffinityTerm,
      weight: -wish.weight,
    })),
  ];
  if (wishes.length === 0) return () => 0;
  const points = new Map<string, number>();
  for (const info of infos)
    for (const other of info.pods)
      for (const { term, weight } of wishes)
        if (means(term, home, other, labelsOf)) countPairs(points, pairOf(term.topologyKey, info), weight);
  const keys = new Set(wishes.map(({ term }) => term.topologyKey));
  return (info) => [...keys].reduce((sum, key) => sum + (points.get(pairOf(key, info) ?? '') ?? 0), 0);
}
