// One attempt to find a node for a Pod: our filters, the extenders', points of both, and preemption where none is left.
import { errorText } from '../../../src/base/errors.ts';
import type { Logger } from '../../../src/base/logger.ts';
import type { Extender } from './extender.ts';
import type { Refusal } from './filters.ts';
import type { NodeInfo } from './node-info.ts';
import { planPreemption } from './preemption.ts';
import { chooseNode, failureMessage, findFeasible, NO_NODES } from './schedule.ts';
import type { Snapshot } from './schedule.ts';
import type { SchedPod } from './view.ts';

export type Decision =
  | { readonly kind: 'bind'; readonly node: string }
  | {
      readonly kind: 'unschedulable';
      /** The event's and condition's message, e.g. `0/2 nodes are available: 2 Insufficient cpu. preemption: ...` */
      readonly message: string;
      /** Who goes so that the Pod may come, and where. */
      readonly preemption?: { readonly node: string; readonly victims: readonly SchedPod[] };
      /** Those that had to go are still going: the promise of a node stands. */
      readonly waitsForVictims: boolean;
    };

/** Extenders give points from 0 to 10, our scores go to 100. */
const EXTENDER_SCALE = 10;

/** Rejects when an extender fails that is not ignorable: then nothing is known about the Pod. */
export async function decide(
  pod: SchedPod,
  snapshot: Snapshot,
  extenders: readonly Extender[],
  logger: Logger,
): Promise<Decision> {
  if (snapshot.infos.length === 0) return { kind: 'unschedulable', message: NO_NODES, waitsForVictims: false };
  const interested = extenders.filter((extender) => extender.isInterested(pod));
  const { feasible, refusals } = await filter(pod, snapshot, interested, logger);
  if (feasible.length > 0) {
    const extra = await extenderPoints(pod, feasible, interested, logger);
    const node = chooseNode(pod, feasible, snapshot, extra);
    if (node !== undefined) return { kind: 'bind', node };
  }
  const message = failureMessage(snapshot.infos.length, refusals.values());
  const preemption = planPreemption(pod, snapshot, refusals);
  return preemption.kind === 'none'
    ? { kind: 'unschedulable', message: `${message} ${preemption.sentence}`, waitsForVictims: preemption.waits }
    : { kind: 'unschedulable', message, preemption, waitsForVictims: false };
}

async function filter(
  pod: SchedPod,
  snapshot: Snapshot,
  extenders: readonly Extender[],
  logger: Logger,
): Promise<{ readonly feasible: readonly NodeInfo[]; readonly refusals: ReadonlyMap<string, Refusal> }> {
  const found = findFeasible(pod, snapshot);
  const refusals = new Map(found.refusals);
  let feasible = found.feasible;
  for (const extender of extenders) {
    if (feasible.length === 0) break;
    try {
      const { kept, failed, failedForGood } = await extender.filter(pod, feasible);
      for (const [node, reason] of failed) refusals.set(node, { reasons: [reason], curable: !failedForGood.has(node) });
      feasible = kept;
    } catch (error) {
      if (!extender.config.ignorable) throw error;
      logger.warn(
        { extender: extender.config.urlPrefix, error: errorText(error) },
        'an extender failed and is ignored, as its configuration says',
      );
    }
  }
  return { feasible, refusals };
}

/** What an extender that fails would have said is left out; that only makes the choice worse. */
async function extenderPoints(
  pod: SchedPod,
  feasible: readonly NodeInfo[],
  extenders: readonly Extender[],
  logger: Logger,
): Promise<ReadonlyMap<string, number>> {
  const total = new Map<string, number>();
  if (feasible.length === 1) return total;
  for (const extender of extenders) {
    try {
      for (const [node, points] of await extender.prioritize(pod, feasible))
        total.set(node, (total.get(node) ?? 0) + points * extender.config.weight * EXTENDER_SCALE);
    } catch (error) {
      logger.warn(
        { extender: extender.config.urlPrefix, error: errorText(error) },
        'an extender gave no points; nodes are compared without it',
      );
    }
  }
  return total;
}
