// Keeps a StatefulSet's Pods, their order and their revisions.
import { errorText } from '../../../../src/base/errors.ts';
import { isAlreadyExists, isNotFound } from '../../../../src/kube/api-error.ts';
import { createController, ownKey, watchOf } from '../../../../src/kube/controller.ts';
import { createEventRecorder } from '../../../../src/kube/recorder.ts';
import { pods as podResource } from '../../../../src/kube/resources.ts';
import type { Controller } from '../../../../src/kube/types.ts';
import type { ControllerDeps } from '../deps.ts';
import { keysOfOwner } from '../owner-keys.ts';
import { planRevision, surplusRevisions } from '../revisions/history.ts';
import { dropRevisions, writeRevision } from '../revisions/keep.ts';
import type { ControllerRevision } from '../revisions/view.ts';
import { writeStatus } from '../status.ts';
import { planStatefulSet } from './plan.ts';
import type { PodAction } from './plan.ts';
import { podOf } from './pod.ts';
import { podName, revisionOf, statefulSets } from './view.ts';
import type { StatefulSet } from './view.ts';

export function createStatefulSetController(deps: ControllerDeps): Controller {
  const { client, clock, logger, informers } = deps;
  const recorder = createEventRecorder({ client, component: 'statefulset-controller', clock, logger });
  const say = (set: StatefulSet, type: 'Normal' | 'Warning', reason: string, message: string): void =>
    recorder.record({ regarding: set, type, reason, message });

  /** The set's revisions, its newest one written; `undefined` when its name was taken and the set is to be looked at again. */
  const revisionsOf = async (
    set: StatefulSet,
  ): Promise<
    { all: readonly ControllerRevision[]; current: ControllerRevision; update: ControllerRevision } | undefined
  > => {
    const existing = informers.revisions.byIndex('controller', set.metadata.uid ?? '');
    const collisions = set.status?.collisionCount ?? 0;
    const update = await writeRevision(
      client,
      planRevision(set, 'controller.kubernetes.io/hash', existing, collisions),
    );
    if (update === 'collision') {
      await writeStatus(client, statefulSets, set, {
        replicas: set.status?.replicas ?? 0,
        collisionCount: collisions + 1,
      });
      return undefined;
    }
    const current = existing.find(({ metadata }) => metadata.name === set.status?.currentRevision) ?? update;
    return { all: existing, current, update };
  };

  const act = async (set: StatefulSet, action: PodAction): Promise<void> => {
    const namespace = set.metadata.namespace ?? 'default';
    if (action.kind === 'create') {
      const name = podName(set, action.ordinal);
      try {
        await client.create(podResource, podOf(set, action.ordinal, action.revision), { namespace });
        say(set, 'Normal', 'SuccessfulCreate', `create Pod ${name} in StatefulSet ${set.metadata.name} successful`);
      } catch (error) {
        // Ours, made a moment ago; or a stranger's, which has to go first.
        if (isAlreadyExists(error) && (await isOurs(set, name, namespace))) return;
        const text = `create Pod ${name} in StatefulSet ${set.metadata.name} failed error: ${errorText(error)}`;
        say(set, 'Warning', 'FailedCreate', text);
        throw error;
      }
      return;
    }
    const { name, uid = '' } = action.pod.metadata;
    if (action.kind === 'label') {
      await client.patch(
        podResource,
        name,
        { type: 'merge', body: { metadata: { labels: action.labels } } },
        { namespace },
      );
      return;
    }
    if (action.why === 'failed')
      say(
        set,
        'Warning',
        'RecreatingFailedPod',
        `StatefulSet ${namespace}/${set.metadata.name} is recreating failed Pod ${name}`,
      );
    if (action.why === 'succeeded')
      say(
        set,
        'Normal',
        'RecreatingTerminatedPod',
        `StatefulSet ${namespace}/${set.metadata.name} is recreating terminated Pod ${name}`,
      );
    await client.delete(podResource, name, { namespace, preconditions: { uid } });
    say(set, 'Normal', 'SuccessfulDelete', `delete Pod ${name} in StatefulSet ${set.metadata.name} successful`);
  };

  const isOurs = async (set: StatefulSet, name: string, namespace: string): Promise<boolean> => {
    try {
      const pod = await client.get(podResource, name, { namespace });
      return (
        pod.metadata.ownerReferences?.some(({ uid, controller }) => controller === true && uid === set.metadata.uid) ??
        false
      );
    } catch (error) {
      // Gone again: that change brings us back.
      if (isNotFound(error)) return true;
      throw error;
    }
  };

  return createController({
    name: 'statefulset',
    clock,
    logger,
    concurrency: 2,
    watches: [
      watchOf(informers.statefulSets, ownKey),
      watchOf(informers.pods, keysOfOwner('StatefulSet')),
      watchOf(informers.revisions, keysOfOwner('StatefulSet')),
    ],
    reconcile: async (key) => {
      const set = informers.statefulSets.get(key);
      if (set === undefined || set.metadata.deletionTimestamp !== undefined) return undefined;
      const claims = (set.spec.volumeClaimTemplates ?? []).map(({ metadata }) => metadata?.name ?? '');
      if (claims.length > 0) {
        const text = `create Claim ${claims[0]}-${podName(set, set.spec.ordinals?.start ?? 0)} for StatefulSet ${set.metadata.name} failed error: the lab does not serve persistentvolumeclaims; leave volumeClaimTemplates out`;
        say(set, 'Warning', 'FailedCreate', text);
        return undefined;
      }
      const revisions = await revisionsOf(set);
      if (revisions === undefined) return { requeueAfterMs: 0 };
      const own = informers.pods.byIndex('controller', set.metadata.uid ?? '');
      const plan = planStatefulSet(set, own, revisions, clock.now());
      try {
        for (const action of plan.actions) await act(set, action);
      } finally {
        await writeStatus(client, statefulSets, set, { ...plan.status });
      }
      const live = new Set([plan.status.currentRevision, plan.status.updateRevision, ...own.map(revisionOf)]);
      await dropRevisions(
        client,
        surplusRevisions(revisions.all, ({ metadata }) => live.has(metadata.name), set.spec.revisionHistoryLimit ?? 10),
      );
      return plan.requeueAfterMs === undefined ? undefined : { requeueAfterMs: plan.requeueAfterMs };
    },
  });
}
