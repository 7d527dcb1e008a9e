// How good a node is for a Pod among those that would take it. Pure.
import { matchesNodeTerm, tolerates } from './node-match.ts';
import type { NodeInfo } from './node-info.ts';
import { preferredAffinity } from './pod-affinity.ts';
import type { NamespaceLabels } from './pod-affinity.ts';
import { podRequests, scoringRequests } from './requests.ts';
import type { Resources } from './requests.ts';
import { softSpread } from './topology-spread.ts';
import { controllerUidOf } from './view.ts';
import type { SchedPod } from './view.ts';

/** Weights of the default profile of kube-scheduler. */
const WEIGHTS = { taints: 3, nodeAffinity: 2, podAffinity: 2, spread: 2, resources: 1, balance: 1 } as const;

/** From 0 to 100 over the nodes that are compared; nothing to tell them apart gives everyone 0. */
function onScale(raw: ReadonlyMap<string, number>, better: 'higher' | 'lower'): ReadonlyMap<string, number> {
  const values = [...raw.values()];
  const [least, most] = [Math.min(...values), Math.max(...values)];
  if (least === most) return new Map();
  const share = (value: number): number => ((value - least) / (most - least)) * 100;
  return new Map([...raw].map(([name, value]) => [name, better === 'higher' ? share(value) : 100 - share(value)]));
}

/** Points of each of the `feasible` nodes by name; `all` are those that are counted over. */
export function scoreNodes(
  pod: SchedPod,
  feasible: readonly NodeInfo[],
  all: readonly NodeInfo[],
  labelsOf: NamespaceLabels,
): ReadonlyMap<string, number> {
  const over = (value: (info: NodeInfo) => number): ReadonlyMap<string, number> =>
    new Map(feasible.map((info) => [info.name, value(info)]));
  const requests = scoringRequests(podRequests(pod));
  const parts: readonly { readonly weight: number; readonly points: ReadonlyMap<string, number> }[] = [
    {
      weight: WEIGHTS.taints,
      points: onScale(
        over((info) => dislikedTaints(pod, info)),
        'lower',
      ),
    },
    {
      weight: WEIGHTS.nodeAffinity,
      points: onScale(
        over((info) => preferredNode(pod, info)),
        'higher',
      ),
    },
    { weight: WEIGHTS.podAffinity, points: onScale(over(preferredAffinity(pod, all, labelsOf)), 'higher') },
    { weight: WEIGHTS.spread, points: onScale(over(softSpread(pod, all)), 'lower') },
    { weight: WEIGHTS.resources, points: over((info) => average(freeShares(requests, info)) * 100) },
    { weight: WEIGHTS.balance, points: over((info) => (1 - deviation(freeShares(requests, info))) * 100) },
  ];
  return over(
    ({ name, pods }) =>
      parts.reduce((sum, { weight, points }) => sum + weight * (points.get(name) ?? 0), 0) + siblings(pod, pods),
  );
}

function dislikedTaints(pod: SchedPod, { node }: NodeInfo): number {
  const tolerations = pod.spec.tolerations ?? [];
  return (node.spec?.taints ?? []).filter(
    (taint) => taint.effect === 'PreferNoSchedule' && !tolerations.some((toleration) => tolerates(toleration, taint)),
  ).length;
}

function preferredNode(pod: SchedPod, { node }: NodeInfo): number {
  return (pod.spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [])
    .filter(({ preference }) => matchesNodeTerm(preference, node))
    .reduce((sum, { weight }) => sum + weight, 0);
}

/** What would be left of cpu and memory, as shares of what the node offers. */
function freeShares(requests: Resources, { allocatable, scoring }: NodeInfo): number[] {
  return [...requests].map(([name, amount]) => {
    const offered = allocatable.get(name) ?? 0;
    return offered === 0 ? 0 : Math.max(0, offered - (scoring.get(name) ?? 0) - amount) / offered;
  });
}

const average = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

function deviation(values: readonly number[]): number {
  const mean = average(values);
  return Math.sqrt(average(values.map((value) => (value - mean) ** 2)));
}

/** Each Pod of the same owner already on the node costs more than anything else could outweigh: a lab's few Pods are to be seen on all nodes. */
function siblings(pod: SchedPod, others: readonly SchedPod[]): number {
  const owner = controllerUidOf(pod);
  return owner === undefined ? 0 : -1000 * others.filter((other) => controllerUidOf(other) === owner).length;
}
