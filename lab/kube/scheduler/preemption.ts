// Which less important Pods would have to go so that a Pod fits, or the sentence that says why that does not help. Pure.
import type { Refusal } from './filters.ts';
import { withoutPods } from './node-info.ts';
import type { NodeInfo } from './node-info.ts';
import { looksAtOthers } from './pod-changes.ts';
import { createNodeCheck, failureMessage } from './schedule.ts';
import type { Snapshot } from './schedule.ts';
import { priorityOf } from './view.ts';
import type { SchedPod } from './view.ts';

export type Preemption =
  | { readonly kind: 'victims'; readonly node: string; readonly victims: readonly SchedPod[] }
  /** `sentence` stands behind the message of the filters, e.g. `preemption: 0/1 nodes are available: ...`. */
  | {
      readonly kind: 'none';
      readonly sentence: string;
      /** Victims of an earlier attempt are still on their way out. */
      readonly waits: boolean;
    };

const NOT_HELPFUL: Refusal = { reasons: ['Preemption is not helpful for scheduling'], curable: false };
const VICTIMS_LEAVE = 'not eligible due to a terminating pod on the nominated node.';
const NO_VICTIMS: Refusal = { reasons: ['No preemption victims found for incoming pod'], curable: false };

/**
 * The choice of kube-scheduler (pkg/scheduler/framework/preemption): the fewest victims that suffice on each node, then the node whose most
 * important victim is least important, then whose victims weigh least in all, then with the fewest, then whose most important victims
 * started last. Disruption budgets are not served by the API, so none is looked at.
 */
export function planPreemption(pod: SchedPod, snapshot: Snapshot, refusals: ReadonlyMap<string, Refusal>): Preemption {
  const ineligible = whyIneligible(pod, snapshot);
  if (ineligible !== undefined)
    return { kind: 'none', sentence: `preemption: ${ineligible}`, waits: ineligible === VICTIMS_LEAVE };
  const check = createCheckWithout(pod, snapshot);
  const enough = enoughCandidates(snapshot.infos.length);
  const answers: Refusal[] = [];
  const candidates: { readonly node: string; readonly victims: readonly SchedPod[] }[] = [];
  for (const info of snapshot.infos) {
    if (candidates.length >= enough) break;
    if (refusals.get(info.name)?.curable !== true) {
      answers.push(NOT_HELPFUL);
      continue;
    }
    const found = victimsOn(pod, info, (gone) => check(info, gone));
    if ('reasons' in found) answers.push(found);
    else candidates.push({ node: info.name, victims: found.victims });
  }
  const best = candidates.toSorted((one, other) => compare(one.victims, other.victims))[0];
  return best === undefined
    ? { kind: 'none', sentence: `preemption: ${failureMessage(snapshot.infos.length, answers)}`, waits: false }
    : { kind: 'victims', ...best };
}

/** As many as kube-scheduler compares by default: a tenth of the nodes, and at least a hundred. */
const enoughCandidates = (nodeCount: number): number => Math.max(100, Math.floor(nodeCount / 10));

/** What a node would answer if some of its Pods were gone. The other nodes are counted anew only where the answer depends on them. */
function createCheckWithout(
  pod: SchedPod,
  snapshot: Snapshot,
): (info: NodeInfo, gone: ReadonlySet<SchedPod>) => Refusal | undefined {
  const dependsOnOthers = looksAtOthers(pod) || snapshot.infos.some(({ repelling }) => repelling.length > 0);
  const plain = createNodeCheck(pod, snapshot);
  return (info, gone) => {
    const left = withoutPods(info, gone);
    if (!dependsOnOthers) return plain(left);
    const infos = snapshot.infos.map((each) => (each === info ? left : each));
    return createNodeCheck(pod, { ...snapshot, infos })(left);
  };
}

function whyIneligible(pod: SchedPod, { infos }: Snapshot): string | undefined {
  if (pod.spec.preemptionPolicy === 'Never') return 'not eligible due to preemptionPolicy=Never.';
  const nominated = infos.find(({ name }) => name === pod.status?.nominatedNodeName);
  const leaving = nominated?.pods.some(
    (other) => other.metadata.deletionTimestamp !== undefined && priorityOf(other) < priorityOf(pod),
  );
  return leaving === true ? VICTIMS_LEAVE : undefined;
}

/** Most important first; among equals the one that runs longest. */
const byImportance = (one: SchedPod, other: SchedPod): number =>
  priorityOf(other) - priorityOf(one) || startOf(one).localeCompare(startOf(other));

const startOf = (pod: SchedPod): string => pod.status?.startTime ?? '9999';

function victimsOn(
  pod: SchedPod,
  info: NodeInfo,
  answer: (gone: ReadonlySet<SchedPod>) => Refusal | undefined,
): { readonly victims: readonly SchedPod[] } | Refusal {
  const lower = info.pods.filter((other) => priorityOf(other) < priorityOf(pod));
  if (lower.length === 0) return NO_VICTIMS;
  const gone = new Set(lower);
  const refusal = answer(gone);
  if (refusal !== undefined) return refusal;
  // Spared one by one, as long as the Pod still fits.
  for (const candidate of lower.toSorted(byImportance)) {
    gone.delete(candidate);
    if (answer(gone) !== undefined) gone.add(candidate);
  }
  return { victims: [...gone].toSorted(byImportance) };
}

function compare(one: readonly SchedPod[], other: readonly SchedPod[]): number {
  const highest = (victims: readonly SchedPod[]): number => Math.max(...victims.map(priorityOf));
  const weight = (victims: readonly SchedPod[]): number =>
    victims.reduce((sum, victim) => sum + priorityOf(victim) + 2 ** 31, 0);
  const started = (victims: readonly SchedPod[]): string =>
    victims
      .filter((victim) => priorityOf(victim) === highest(victims))
      .map(startOf)
      .toSorted()[0] ?? '';
  return (
    highest(one) - highest(other) ||
    weight(one) - weight(other) ||
    one.length - other.length ||
    started(other).localeCompare(started(one))
  );
}
