// The scheduler's decision as pure functions: which nodes would take a Pod, which of them is best, or why none will do, in the usual words.
import { incurable, refusalOfNode } from './filters.ts';
import type { Refusal } from './filters.ts';
import { namedNodes } from './node-match.ts';
import { withPods } from './node-info.ts';
import type { NodeInfo } from './node-info.ts';
import { createAffinityFilter } from './pod-affinity.ts';
import type { NamespaceLabels } from './pod-affinity.ts';
import { podRequests } from './requests.ts';
import { scoreNodes } from './scores.ts';
import { createSpreadFilter } from './topology-spread.ts';
import { priorityOf } from './view.ts';
import type { SchedPod } from './view.ts';

/** What a decision is made from. */
export interface Snapshot {
  readonly infos: readonly NodeInfo[];
  readonly namespaceLabels?: NamespaceLabels;
  /** Pods that others must go for, by the node that was promised to them; they count where they are as important as the Pod. */
  readonly nominated?: ReadonlyMap<string, readonly SchedPod[]>;
  /** Extended resources that an extender looks after instead (`ignoredByScheduler`). */
  readonly ignoredResources?: ReadonlySet<string>;
  /** Where to begin when not all nodes have to be looked at; counts up from one decision to the next. */
  readonly start?: number;
}

/** What each node answered. */
export interface Feasibility {
  readonly feasible: readonly NodeInfo[];
  readonly refusals: ReadonlyMap<string, Refusal>;
}

const unknownLabels: NamespaceLabels = () => undefined;

/** How many nodes that fit are enough, as kube-scheduler's default: all up to 100, then a share that shrinks from half to 5 %. */
export function enoughNodes(nodeCount: number): number {
  const percent = Math.max(5, 50 - Math.floor(nodeCount / 125));
  return nodeCount <= 100 ? nodeCount : Math.max(100, Math.floor((nodeCount * percent) / 100));
}

/** What one node answers; the first filter that fails speaks, as in Kubernetes. Nodes that the Pod does not name are not asked. */
export function createNodeCheck(pod: SchedPod, snapshot: Snapshot): (info: NodeInfo) => Refusal | undefined {
  const { infos, namespaceLabels = unknownLabels, nominated } = snapshot;
  const requests = new Map([...podRequests(pod)].filter(([name]) => snapshot.ignoredResources?.has(name) !== true));
  const named = namedNodes(pod.spec);
  const spread = createSpreadFilter(pod, infos);
  const affinity = createAffinityFilter(pod, infos, namespaceLabels);
  return (info) => {
    if (named !== undefined && !named.has(info.name))
      return incurable("node(s) didn't satisfy plugin(s) [NodeAffinity]");
    const promised = (nominated?.get(info.name) ?? []).filter(
      (other) => other.metadata.uid !== pod.metadata.uid && priorityOf(other) >= priorityOf(pod),
    );
    return refusalOfNode(pod, requests, withPods(info, promised)) ?? spread(info) ?? affinity(info);
  };
}

/** Node by node, from `start` on, until enough would take the Pod. */
export function findFeasible(pod: SchedPod, snapshot: Snapshot): Feasibility {
  const { infos } = snapshot;
  const check = createNodeCheck(pod, snapshot);
  const refusals = new Map<string, Refusal>();
  const feasible: NodeInfo[] = [];
  const enough = enoughNodes(infos.length);
  for (let at = 0; at < infos.length && feasible.length < enough; at += 1) {
    const info = infos[((snapshot.start ?? 0) + at) % infos.length];
    if (info === undefined) break;
    const refusal = check(info);
    if (refusal === undefined) feasible.push(info);
    else refusals.set(info.name, refusal);
  }
  return { feasible: feasible.toSorted((one, other) => (one.name < other.name ? -1 : 1)), refusals };
}

/** The node with the most points; equal points go to the first name. `extra` are the points of others, added to ours. */
export function chooseNode(
  pod: SchedPod,
  feasible: readonly NodeInfo[],
  snapshot: Snapshot,
  extra: ReadonlyMap<string, number> = new Map(),
): string | undefined {
  const only = feasible[0];
  if (only === undefined || (feasible.length === 1 && extra.size === 0)) return only?.name;
  const points = scoreNodes(pod, feasible, snapshot.infos, snapshot.namespaceLabels ?? unknownLabels);
  let best: { readonly name: string; readonly score: number } | undefined;
  for (const { name } of feasible) {
    const score = (points.get(name) ?? 0) + (extra.get(name) ?? 0);
    if (best === undefined || score > best.score) best = { name, score };
  }
  return best?.name;
}

export const NO_NODES = 'no nodes available to schedule pods';

/** Each reason with the number of nodes it holds for, sorted as text: `0/2 nodes are available: 2 Insufficient cpu.` */
export function failureMessage(nodeCount: number, refusals: Iterable<Refusal>): string {
  const counted = new Map<string, number>();
  for (const { reasons } of refusals) for (const reason of reasons) counted.set(reason, (counted.get(reason) ?? 0) + 1);
  const reasons = [...counted].map(([reason, count]) => `${count} ${reason}`).toSorted();
  return `0/${nodeCount} nodes are available:${reasons.length === 0 ? '' : ` ${reasons.join(', ')}.`}`;
}
