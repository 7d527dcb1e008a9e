// Binds waiting Pods to nodes, the most important first, and says on the Pod why when no node will do.
import type { Clock } from '../../../src/base/clock.ts';
import { errorText } from '../../../src/base/errors.ts';
import type { Logger } from '../../../src/base/logger.ts';
import { isNotFound } from '../../../src/kube/api-error.ts';
import { createInformer } from '../../../src/kube/informer.ts';
import { keyOf } from '../../../src/kube/object-key.ts';
import { createEventRecorder } from '../../../src/kube/recorder.ts';
import { namespaces as namespaceResource, nodes as nodeResource } from '../../../src/kube/resources.ts';
import type { Controller, Informer, InformerChange, KubeClient } from '../../../src/kube/types.ts';
import { decide } from './cycle.ts';
import type { Extender } from './extender.ts';
import { createNodeCache } from './node-info.ts';
import { bindPod, preempt, reportBound, reportUnschedulable } from './outcome.ts';
import type { OutcomeDeps } from './outcome.ts';
import {
  awaitsScheduling,
  DEFAULT_SCHEDULER,
  freesRoom,
  isAnother,
  isBound,
  looksAtOthers,
  occupies,
  offersMore,
} from './pod-changes.ts';
import type { Snapshot } from './schedule.ts';
import { createSchedulingQueue } from './scheduling-queue.ts';
import { priorityOf, schedPods } from './view.ts';
import type { SchedPod } from './view.ts';

export { DEFAULT_SCHEDULER };

export interface SchedulerDeps {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Asked in this order. */
  readonly extenders?: readonly Extender[];
  /** Wait after the first failure of a Pod, doubling up to 10 s. kube-scheduler waits 1 s; the lab less, so that it is ready sooner. */
  readonly initialBackoffMs?: number;
}

export interface Scheduler {
  readonly informers: readonly Informer<unknown>[];
  readonly controllers: readonly Controller[];
}

const INITIAL_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 10_000;

/**
 * A Pod that fits nowhere is tried again, after its back-off, whenever a node changes what it offers or a bound Pod stops using its share, and
 * every five minutes. Bindings are under way while the next Pod is decided on: a Pod counts where it was sent from that moment.
 */
export function createScheduler(deps: SchedulerDeps): Scheduler {
  const { client, clock, logger, extenders = [] } = deps;
  const common = { client, clock, logger };
  const nodes = createInformer({ ...common, resource: nodeResource });
  const pods = createInformer({ ...common, resource: schedPods });
  const namespaces = createInformer({ ...common, resource: namespaceResource });
  const recorder = createEventRecorder({ client, component: DEFAULT_SCHEDULER, clock, logger });
  const outcome: OutcomeDeps = { client, clock, recorder, name: DEFAULT_SCHEDULER };
  const queue = createSchedulingQueue({
    clock,
    initialBackoffMs: deps.initialBackoffMs ?? INITIAL_BACKOFF_MS,
    maxBackoffMs: MAX_BACKOFF_MS,
  });
  const cache = createNodeCache();
  /** uids of Pods that were sent to a node and that the informer does not show there yet. */
  const assumed = new Set<string>();
  const nominated = new Map<string, { readonly node: string; readonly pod: SchedPod }>();
  const ignoredResources = new Set(
    extenders.flatMap(({ config }) =>
      config.managedResources.filter(({ ignoredByScheduler }) => ignoredByScheduler).map(({ name }) => name),
    ),
  );
  const uidOf = (pod: SchedPod): string => pod.metadata.uid ?? '';
  const queued = (pod: SchedPod): { key: string; priority: number } => ({ key: keyOf(pod), priority: priorityOf(pod) });
  let start = 0;

  const forget = (pod: SchedPod): void => {
    cache.removePod(pod);
    assumed.delete(uidOf(pod));
    nominated.delete(uidOf(pod));
  };
  const takePod = (change: InformerChange<SchedPod>): void => {
    const { before, after, key } = change;
    if (before !== undefined && before.metadata.uid !== after?.metadata.uid) {
      forget(before);
      queue.remove(key);
    }
    if (after === undefined) {
      if (before !== undefined) queue.wake();
      return;
    }
    if (isBound(after)) {
      assumed.delete(uidOf(after));
      nominated.delete(uidOf(after));
      queue.remove(key);
      if (occupies(after)) cache.setPod(after, after.spec.nodeName ?? '');
      else cache.removePod(after);
      const moved = before === undefined || !isBound(before) || isAnother(change);
      if (freesRoom(change)) queue.wake();
      else if (moved) queue.wake((waiting) => looksAtOthers(pods.get(waiting) ?? after));
      return;
    }
    if (!awaitsScheduling(after)) {
      queue.remove(key);
      nominated.delete(uidOf(after));
    } else if (!assumed.has(uidOf(after)) && isAnother(change)) queue.add(queued(after));
  };
  pods.onChange(takePod);
  nodes.onChange((change) => {
    if (change.after === undefined) cache.removeNode(change.key);
    else cache.setNode(change.after);
    if (offersMore(change)) queue.wake();
  });

  const snapshot = (): Snapshot => {
    const promised = new Map<string, SchedPod[]>();
    for (const { node, pod } of nominated.values()) promised.set(node, [...(promised.get(node) ?? []), pod]);
    return {
      infos: cache.infos(),
      namespaceLabels: (name) => namespaces.get(name)?.metadata.labels,
      nominated: promised,
      ignoredResources,
      start: start++,
    };
  };

  const bind = async (pod: SchedPod, node: string): Promise<void> => {
    cache.setPod(pod, node);
    assumed.add(uidOf(pod));
    try {
      const binder = extenders.find((extender) => extender.config.bindVerb !== undefined && extender.isInterested(pod));
      await (binder === undefined ? bindPod(outcome, pod, node) : binder.bind(pod, node));
      reportBound(outcome, pod, node);
      // Whoever binds may be slow to show; the watch ends the assumption.
      nominated.delete(uidOf(pod));
    } catch (error) {
      if (assumed.delete(uidOf(pod))) cache.removePod(pod);
      if (isNotFound(error)) return queue.remove(keyOf(pod));
      queue.retry(queued(pod));
      queue.wake();
      await reportUnschedulable(outcome, pod, 'SchedulerError', `binding rejected: ${errorText(error)}`, '').catch(
        () => undefined,
      );
    }
  };

  const binding = new Set<Promise<void>>();
  const attempt = async (key: string): Promise<void> => {
    const pod = pods.get(key);
    if (pod === undefined || !awaitsScheduling(pod) || assumed.has(uidOf(pod))) {
      return queue.remove(key);
    }
    try {
      const decision = await decide(pod, snapshot(), extenders, logger);
      if (decision.kind === 'bind') {
        const sent = bind(pod, decision.node).finally(() => binding.delete(sent));
        binding.add(sent);
        return;
      }
      const { preemption, message, waitsForVictims } = decision;
      if (preemption !== undefined) nominated.set(uidOf(pod), { node: preemption.node, pod });
      else if (!waitsForVictims) nominated.delete(uidOf(pod));
      queue.unschedulable(queued(pod));
      await reportUnschedulable(outcome, pod, 'Unschedulable', message, nominated.get(uidOf(pod))?.node ?? '');
      for (const victim of preemption?.victims ?? []) await preempt(outcome, victim, pod, preemption?.node ?? '');
    } catch (error) {
      logger.warn({ pod: key, error: errorText(error) }, 'a Pod could not be scheduled; it is tried again');
      queue.retry(queued(pod));
      await reportUnschedulable(outcome, pod, 'SchedulerError', errorText(error), '').catch(() => undefined);
    }
  };

  const run = async (signal: AbortSignal): Promise<void> => {
    const stopped = new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    void stopped.then(() => queue.close());
    await Promise.race([stopped, Promise.all([nodes.synced, pods.synced, namespaces.synced])]);
    if (signal.aborted) return;
    for (let key = await queue.take(); key !== undefined; key = await queue.take()) await attempt(key);
    await Promise.all(binding);
  };

  const controller: Controller = {
    name: 'scheduler',
    enqueue: (key) => {
      const pod = pods.get(key);
      if (pod !== undefined && awaitsScheduling(pod)) queue.add(queued(pod));
    },
    run,
  };
  return { informers: [pods, nodes, namespaces] as Informer<unknown>[], controllers: [controller] };
}
