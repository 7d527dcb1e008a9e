// Keeps a ReplicaSet's number of Pods.
import { errorText } from '../../../../src/base/errors.ts';
import { rfc3339 } from '../../../../src/kube/times.ts';
import { watchOf, createController, ownKey } from '../../../../src/kube/controller.ts';
import { createEventRecorder } from '../../../../src/kube/recorder.ts';
import { pods as podResource } from '../../../../src/kube/resources.ts';
import type { Pod } from '../../../../src/kube/resources.ts';
import type { Controller, InformerChange, ObjectKey } from '../../../../src/kube/types.ts';
import { claimsOf, writeClaims } from '../claim.ts';
import { matchesSelector } from '../../scheduler/label-match.ts';
import type { ControllerDeps } from '../deps.ts';
import { keysOfOwner } from '../owner-keys.ts';
import { controllerOf, isActive, isAvailable, isReady, nextAvailableMs, podFrom } from '../ownership.ts';
import { createRecentCreations } from '../recent-creations.ts';
import { writeStatus } from '../status.ts';
import { replicaSets } from '../views.ts';
import type { ReplicaSet, WorkloadCondition } from '../views.ts';
import { planReplicas } from './plan.ts';

export function createReplicaSetController(deps: ControllerDeps): Controller {
  const { client, clock, logger, informers } = deps;
  const recent = createRecentCreations(clock, informers.pods);
  const recorder = createEventRecorder({ client, component: 'replicaset-controller', clock, logger });
  const say = (set: ReplicaSet, type: 'Normal' | 'Warning', reason: string, message: string): void =>
    recorder.record({ regarding: set, type, reason, message });

  const create = async (set: ReplicaSet): Promise<void> => {
    try {
      const made = await client.create(podResource, podFrom(set, set.spec.template), {
        namespace: set.metadata.namespace ?? 'default',
      });
      recent.add(set.metadata.uid ?? '', made.metadata.uid ?? '');
      say(set, 'Normal', 'SuccessfulCreate', `Created pod: ${made.metadata.name}`);
    } catch (error) {
      say(set, 'Warning', 'FailedCreate', `Error creating: ${errorText(error)}`);
      throw error;
    }
  };
  const remove = async (set: ReplicaSet, pod: Pod): Promise<void> => {
    const { name, namespace = 'default', uid = '' } = pod.metadata;
    await client.delete(podResource, name, { namespace, preconditions: { uid } });
    say(set, 'Normal', 'SuccessfulDelete', `Deleted pod: ${name}`);
  };

  const scale = async (set: ReplicaSet, own: readonly Pod[]): Promise<void> => {
    const unseen = recent.unseen(set.metadata.uid ?? '', new Set(own.map((pod) => pod.metadata.uid ?? '')));
    const plan = planReplicas(set.spec.replicas ?? 1, own, unseen);
    const done = await Promise.allSettled([
      ...Array.from({ length: plan.create }, () => create(set)),
      ...plan.remove.map((pod) => remove(set, pod)),
    ]);
    const failed = done.find((each) => each.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  };

  const report = async (set: ReplicaSet, own: readonly Pod[], failure: unknown): Promise<void> => {
    const active = own.filter(isActive);
    const template = Object.entries(set.spec.template.metadata?.labels ?? {});
    const ready = active.filter(isReady);
    const available = ready.filter((pod) => isAvailable(pod, set.spec.minReadySeconds ?? 0, clock.now()));
    const labelled = active.filter(({ metadata }) =>
      template.every(([key, value]) => metadata.labels?.[key] === value),
    );
    await writeStatus(client, replicaSets, set, {
      replicas: active.length,
      fullyLabeledReplicas: labelled.length,
      readyReplicas: ready.length,
      availableReplicas: available.length,
      observedGeneration: set.metadata.generation ?? 1,
      conditions: conditionsOf(set, active.length, failure, clock.now()),
    });
  };

  /** An orphan wakes the sets of its namespace that would take it. */
  const keysOfPod = (change: InformerChange<Pod>): readonly ObjectKey[] => {
    const pod = change.after;
    if (pod === undefined || controllerOf(pod) !== undefined) return keysOfOwner('ReplicaSet')(change);
    const takers = informers.replicaSets
      .byIndex('namespace', pod.metadata.namespace ?? 'default')
      .filter((set) => matchesSelector(set.spec.selector, pod.metadata.labels))
      .map((set) => `${set.metadata.namespace ?? 'default'}/${set.metadata.name}`);
    return [...keysOfOwner('ReplicaSet')(change), ...takers];
  };

  return createController({
    name: 'replicaset',
    clock,
    logger,
    concurrency: 4,
    watches: [watchOf(informers.replicaSets, ownKey), watchOf(informers.pods, keysOfPod)],
    reconcile: async (key) => {
      const set = informers.replicaSets.get(key);
      if (set === undefined || set.metadata.deletionTimestamp !== undefined) return undefined;
      const claims = claimsOf(set, set.spec.selector, [
        ...informers.pods.byIndex('controller', set.metadata.uid ?? ''),
        ...informers.pods.byIndex('orphan', set.metadata.namespace ?? 'default'),
      ]);
      await writeClaims(client, set, claims);
      const own = [...claims.own, ...claims.adopt];
      let failure: unknown;
      try {
        await scale(set, own);
      } catch (error) {
        failure = error;
        throw error;
      } finally {
        await report(set, own, failure);
      }
      const requeueAfterMs = nextAvailableMs(own.filter(isActive), set.spec.minReadySeconds ?? 0, clock.now());
      return requeueAfterMs === undefined ? undefined : { requeueAfterMs };
    },
  });
}

/** `ReplicaFailure` stands while Pods cannot be made or deleted, as `kubectl describe` shows it. */
function conditionsOf(set: ReplicaSet, active: number, failure: unknown, now: Date): WorkloadCondition[] | null {
  const known = set.status?.conditions ?? [];
  const others = known.filter(({ type }) => type !== 'ReplicaFailure');
  if (failure === undefined) return others.length === 0 ? null : others;
  const reason = active < (set.spec.replicas ?? 1) ? 'FailedCreate' : 'FailedDelete';
  const before = known.find(({ type }) => type === 'ReplicaFailure');
  if (before?.reason === reason) return known;
  const condition = {
    type: 'ReplicaFailure',
    status: 'True',
    reason,
    message: errorText(failure),
    lastTransitionTime: rfc3339(now),
  };
  return [...others, condition];
}
