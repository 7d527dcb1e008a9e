// Binds waiting Pods to nodes, one at a time, and says on the Pod why when no node will do.
import type { Clock } from '../../../src/base/clock.ts';
import type { Logger } from '../../../src/base/logger.ts';
import { createController, watchOf } from '../../../src/kube/controller.ts';
import { createInformer } from '../../../src/kube/informer.ts';
import { createEventRecorder } from '../../../src/kube/recorder.ts';
import { nodes as nodeResource } from '../../../src/kube/resources.ts';
import type { Node } from '../../../src/kube/resources.ts';
import type { Controller, Informer, InformerChange, KubeClient, ObjectKey } from '../../../src/kube/types.ts';
import { isTerminal, labPods, podKey } from '../kubelet/pod-view.ts';
import type { LabPod } from '../kubelet/pod-view.ts';
import { createAssumptions } from './assumptions.ts';
import { bindPod, reportUnschedulable } from './outcome.ts';
import { schedule } from './schedule.ts';

export const DEFAULT_SCHEDULER = 'default-scheduler';

export interface SchedulerDeps {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface Scheduler {
  readonly informers: readonly Informer<unknown>[];
  readonly controllers: readonly Controller[];
}

/**
 * Level-triggered: a Pod that fits nowhere is tried again whenever a node changes what it offers or a bound Pod stops
 * using its share. Pods of other scheduler names, with scheduling gates, or on their way out are left alone.
 */
export function createScheduler({ client, clock, logger }: SchedulerDeps): Scheduler {
  const nodes = createInformer({ client, clock, logger, resource: nodeResource });
  const pods = createInformer({
    client,
    clock,
    logger,
    resource: labPods,
    indexes: { node: (pod) => [pod.spec.nodeName ?? ''] },
  });
  const recorder = createEventRecorder({ client, component: DEFAULT_SCHEDULER, clock, logger });
  const assumed = createAssumptions();
  pods.onChange(({ before, after }) => {
    if (before !== undefined && after === undefined) assumed.remove(before);
    if (after !== undefined && (after.spec.nodeName ?? '') !== '') assumed.remove(after);
  });

  const waiting = (): readonly LabPod[] => pods.byIndex('node', '').filter(awaitsScheduling);
  const podsByNode = (): ReadonlyMap<string, readonly LabPod[]> =>
    new Map(
      nodes.list().map(({ metadata: { name } }) => {
        const bound = pods.byIndex('node', name).filter((pod) => !isTerminal(pod));
        return [name, [...bound, ...assumed.on(name)]];
      }),
    );

  const reconcile = async (key: ObjectKey): Promise<void> => {
    const pod = pods.get(key);
    if (pod === undefined || !awaitsScheduling(pod) || assumed.has(pod)) return;
    const decision = schedule(pod, nodes.list(), podsByNode());
    if (decision.kind === 'unschedulable') {
      await reportUnschedulable({ client, clock, recorder }, pod, decision.message);
      return;
    }
    // Assumed before the call: the next Pod must not be given the same share while the watch is still under way.
    assumed.add(pod, decision.node);
    try {
      await bindPod({ client, recorder }, pod, decision.node);
    } catch (error) {
      assumed.remove(pod);
      throw error;
    }
  };

  const controller = createController({
    name: 'scheduler',
    clock,
    logger,
    watches: [
      watchOf(pods, (change) => (freesRoom(change) ? waiting().map(podKey) : keysOf(change))),
      watchOf(nodes, (change) => (offersMore(change) ? waiting().map(podKey) : [])),
    ],
    reconcile,
  });
  return { informers: [pods, nodes] as Informer<unknown>[], controllers: [controller] };
}

function awaitsScheduling(pod: LabPod): boolean {
  return (
    (pod.spec.nodeName ?? '') === '' &&
    (pod.spec.schedulerName ?? DEFAULT_SCHEDULER) === DEFAULT_SCHEDULER &&
    (pod.spec.schedulingGates ?? []).length === 0 &&
    pod.metadata.deletionTimestamp === undefined &&
    !isTerminal(pod)
  );
}

function keysOf({ key, after }: InformerChange<LabPod>): readonly ObjectKey[] {
  return after !== undefined && awaitsScheduling(after) ? [key] : [];
}

function freesRoom({ before, after }: InformerChange<LabPod>): boolean {
  if (before === undefined || (before.spec.nodeName ?? '') === '' || isTerminal(before)) return false;
  return after === undefined || isTerminal(after);
}

/** Heartbeats change nodes too; only what the decision reads is worth another look at every waiting Pod. */
function offersMore({ before, after }: InformerChange<Node>): boolean {
  const read = (node: Node | undefined): string =>
    JSON.stringify([node?.metadata.labels, node?.spec?.taints, node?.spec?.unschedulable, node?.status?.allocatable]);
  return read(before) !== read(after);
}
