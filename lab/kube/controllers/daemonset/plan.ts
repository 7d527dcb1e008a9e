// Which Pods of a DaemonSet are made and deleted next, by place and by rolling update, and its status. Pure.
import type { Node, Pod } from '../../../../src/kube/resources.ts';
import { amountOf } from '../deployment/plan.ts';
import { isAvailable, isLeaving, isReady } from '../ownership.ts';
import type { DaemonSet } from '../views.ts';
import { HASH_LABEL, nodeOf, placeOn } from './placement.ts';

export interface DaemonPlan {
  /** Names of nodes that get a Pod. */
  readonly create: readonly string[];
  readonly remove: readonly Pod[];
  /** Those of `remove` that ended by themselves. */
  readonly ended: readonly Pod[];
  readonly status: Readonly<Record<string, number>>;
}

interface Placed {
  readonly node: string;
  readonly runs: boolean;
  readonly stays: boolean;
  readonly pods: readonly Pod[];
}

const hasEnded = (pod: Pod): boolean => pod.status?.phase === 'Failed' || pod.status?.phase === 'Succeeded';
const ageOf = (pod: Pod): string => pod.metadata.creationTimestamp ?? '';

/**
 * Source: pkg/controller/daemon of Kubernetes. `isUnseen`: a Pod for the node was made a moment ago and is not in `pods` yet. A node whose Pod
 * is leaving gets the next when it is gone; with `maxSurge` before.
 */
export function planDaemons(
  set: DaemonSet,
  nodes: readonly Node[],
  pods: readonly Pod[],
  hash: string,
  isUnseen: (node: string) => boolean,
  now: Date,
): DaemonPlan {
  const byNode = new Map<string, Pod[]>();
  for (const pod of pods) byNode.set(nodeOf(pod), [...(byNode.get(nodeOf(pod)) ?? []), pod]);
  const placed = nodes.map((node): Placed => {
    const { name } = node.metadata;
    const place = placeOn(set, node);
    return { node: name, runs: place === 'run', stays: place !== 'go', pods: byNode.get(name) ?? [] };
  });
  const isOld = (pod: Pod): boolean => pod.metadata.labels?.[HASH_LABEL] !== hash;
  const isWell = (pod: Pod): boolean => isAvailable(pod, set.spec.minReadySeconds ?? 0, now);
  const { surge, unavailable } = limitsOf(set, placed.filter(({ runs }) => runs).length);
  const create: string[] = [];
  const remove = new Set<Pod>();
  const ended: Pod[] = [];
  for (const { node, runs, stays, pods: here } of placed) {
    for (const pod of here.filter((each) => hasEnded(each) && !isLeaving(each))) {
      ended.push(pod);
      remove.add(pod);
    }
    const alive = here.filter((pod) => !isLeaving(pod) && !hasEnded(pod));
    if (!stays) for (const pod of alive) remove.add(pod);
    if (runs && here.length === 0 && !isUnseen(node)) create.push(node);
    if (!stays) continue;
    const fresh = alive.filter((pod) => !isOld(pod));
    // Of several of one template the oldest stays.
    for (const group of [fresh, alive.filter(isOld)])
      for (const pod of group.toSorted((a, b) => ageOf(a).localeCompare(ageOf(b))).slice(1)) remove.add(pod);
  }
  // Nodes that are gone: the garbage collector of Pods takes what is bound to them; what never got there goes here.
  const known = new Set(placed.map(({ node }) => node));
  for (const pod of pods)
    if (!known.has(nodeOf(pod)) && (pod.spec.nodeName ?? '') === '' && !isLeaving(pod)) remove.add(pod);
  if (set.spec.updateStrategy?.type !== 'OnDelete')
    roll(
      placed.filter(({ runs }) => runs),
      { surge, unavailable, isOld, isWell, isUnseen, create, remove },
    );
  return { create, remove: [...remove], ended, status: statusOf(set, placed, isOld, isWell) };
}

interface Rolling {
  readonly surge: number;
  readonly unavailable: number;
  readonly isOld: (pod: Pod) => boolean;
  readonly isWell: (pod: Pod) => boolean;
  readonly isUnseen: (node: string) => boolean;
  readonly create: string[];
  readonly remove: Set<Pod>;
}

function roll(
  placed: readonly Placed[],
  { surge, unavailable, isOld, isWell, isUnseen, create, remove }: Rolling,
): void {
  let down = 0;
  let surging = 0;
  const available: Pod[] = [];
  const growing: string[] = [];
  for (const { node, pods } of placed) {
    const alive = pods.filter((pod) => !isLeaving(pod) && !hasEnded(pod) && !remove.has(pod));
    const old = alive.find(isOld);
    const fresh = alive.find((pod) => !isOld(pod));
    if (surge === 0) {
      if (old === undefined) {
        if (fresh === undefined || !isWell(fresh)) down += 1;
      } else if (fresh !== undefined || !isWell(old)) {
        // It serves nobody, or has been replaced: its going takes nothing away.
        remove.add(old);
        down += 1;
      } else available.push(old);
      continue;
    }
    if (old === undefined) continue;
    if (fresh !== undefined) {
      if (isWell(fresh) || !isWell(old)) remove.add(old);
      else surging += 1;
    } else if (isUnseen(node)) surging += 1;
    else growing.push(node);
  }
  if (surge === 0) for (const pod of available.slice(0, Math.max(0, unavailable - down))) remove.add(pod);
  else create.push(...growing.slice(0, Math.max(0, surge - surging)));
}

/** Percentages are of the nodes that get a Pod, rounded up; one may be unavailable when neither is given. */
function limitsOf(set: DaemonSet, wanted: number): { readonly surge: number; readonly unavailable: number } {
  const { maxSurge = 0, maxUnavailable = 1 } = set.spec.updateStrategy?.rollingUpdate ?? {};
  const surge = amountOf(maxSurge, wanted, Math.ceil);
  return { surge, unavailable: Math.max(surge === 0 ? 1 : 0, amountOf(maxUnavailable, wanted, Math.ceil)) };
}

function statusOf(
  set: DaemonSet,
  placed: readonly Placed[],
  isOld: (pod: Pod) => boolean,
  isWell: (pod: Pod) => boolean,
): Record<string, number> {
  const count = (holds: (each: Placed) => boolean): number => placed.filter(holds).length;
  const first = ({ pods }: Placed): Pod | undefined =>
    pods.toSorted((a, b) => Number(isReady(b)) - Number(isReady(a)) || ageOf(a).localeCompare(ageOf(b)))[0];
  const serves = (each: Placed, holds: (pod: Pod) => boolean): boolean => {
    const pod = first(each);
    return each.runs && pod !== undefined && holds(pod);
  };
  const desired = count(({ runs }) => runs);
  const available = count((each) => serves(each, (pod) => isReady(pod) && isWell(pod)));
  return {
    desiredNumberScheduled: desired,
    currentNumberScheduled: count((each) => serves(each, () => true)),
    numberMisscheduled: count(({ runs, pods }) => !runs && pods.length > 0),
    numberReady: count((each) => serves(each, isReady)),
    numberAvailable: available,
    numberUnavailable: desired - available,
    updatedNumberScheduled: count((each) => serves(each, (pod) => !isOld(pod))),
    observedGeneration: set.metadata.generation ?? 1,
  };
}
