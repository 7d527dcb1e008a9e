// Keeps a ReplicaSet's number of Pods.
import { watchOf, createController, ownKey } from '../../../../src/kube/controller.ts';
import { splitKey } from '../../../../src/kube/object-key.ts';
import { pods as podResource } from '../../../../src/kube/resources.ts';
import type { Pod } from '../../../../src/kube/resources.ts';
import type { Controller } from '../../../../src/kube/types.ts';
import type { ControllerDeps } from '../deps.ts';
import { controllerOf, isActive, isReady, podFrom } from '../ownership.ts';
import { createRecentCreations } from '../recent-creations.ts';
import { replicaSets } from '../views.ts';
import type { ReplicaSet } from '../views.ts';
import { planReplicas } from './plan.ts';

export function createReplicaSetController(deps: ControllerDeps): Controller {
  const { client, clock, logger, informers } = deps;
  const recent = createRecentCreations(clock);

  const scale = async (set: ReplicaSet, own: readonly Pod[]): Promise<void> => {
    const uid = set.metadata.uid ?? '';
    const unseen = recent.unseen(uid, new Set(own.map((pod) => pod.metadata.uid ?? '')));
    const plan = planReplicas(set.spec.replicas ?? 1, own, unseen);
    await Promise.all([
      ...Array.from({ length: plan.create }, async () => {
        const made = await client.create(podResource, podFrom(set, set.spec.template), {
          namespace: set.metadata.namespace ?? 'default',
        });
        recent.add(uid, made.metadata.uid ?? '');
      }),
      ...plan.remove.map((pod) =>
        client.delete(podResource, pod.metadata.name, {
          namespace: pod.metadata.namespace ?? 'default',
          preconditions: { uid: pod.metadata.uid ?? '' },
        }),
      ),
    ]);
  };

  const report = async (set: ReplicaSet, own: readonly Pod[]): Promise<void> => {
    const active = own.filter(isActive);
    const ready = active.filter(isReady).length;
    const status = {
      replicas: active.length,
      fullyLabeledReplicas: active.length,
      readyReplicas: ready,
      availableReplicas: ready,
      observedGeneration: set.metadata.generation ?? 1,
    };
    const same = Object.entries(status).every(
      ([field, value]) => (set.status as Record<string, unknown> | undefined)?.[field] === value,
    );
    if (!same)
      await client.patch(
        replicaSets,
        set.metadata.name,
        { type: 'merge', body: { status } },
        { namespace: set.metadata.namespace ?? 'default', subresource: 'status' },
      );
  };

  return createController({
    name: 'replicaset',
    clock,
    logger,
    concurrency: 4,
    watches: [
      watchOf(informers.replicaSets, ownKey),
      watchOf(informers.pods, ({ after, before }) => {
        const pod = after ?? before;
        const owner = pod === undefined ? undefined : controllerOf(pod);
        return owner?.kind === 'ReplicaSet' ? [`${pod?.metadata.namespace}/${owner.name}`] : [];
      }),
    ],
    reconcile: async (key) => {
      const set = informers.replicaSets.get(key);
      if (set === undefined || set.metadata.deletionTimestamp !== undefined) return;
      const own = informers.pods
        .byIndex('controller', set.metadata.uid ?? '')
        .filter((pod) => pod.metadata.namespace === splitKey(key).namespace);
      try {
        await scale(set, own);
      } finally {
        await report(set, own);
      }
    },
  });
}
