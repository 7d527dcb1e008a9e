// Pods of a node that is gone: nobody is left to end them, so they are taken away.
import { isNotFound } from '../../../../src/kube/api-error.ts';
import { createController, watchOf } from '../../../../src/kube/controller.ts';
import { nodes as nodeResource, pods as podResource } from '../../../../src/kube/resources.ts';
import type { Pod } from '../../../../src/kube/resources.ts';
import type { Controller } from '../../../../src/kube/types.ts';
import type { ControllerDeps } from '../deps.ts';

/** A node that nobody has seen may still register; one that was there and went will not. */
const UNSEEN_MS = 40_000;

export function createPodCollector({ client, clock, logger, informers }: ControllerDeps): Controller {
  const wentAway = new Set<string>();
  const missingSince = new Map<string, number>();
  const isNodeGone = async (pod: Pod): Promise<boolean> => {
    const name = pod.spec.nodeName;
    if (name === undefined || informers.nodes.get(name) !== undefined) return false;
    try {
      await client.get(nodeResource, name);
      return false;
    } catch (error) {
      if (isNotFound(error)) return true;
      throw error;
    }
  };
  return createController({
    name: 'garbage-pod',
    clock,
    logger,
    watches: [
      watchOf(informers.pods, (change) => (change.type === 'deleted' ? [] : [change.key])),
      watchOf(informers.nodes, (change) =>
        change.type === 'deleted' && wentAway.add(change.key)
          ? informers.pods.byIndex('node', change.key).map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)
          : [],
      ),
    ],
    reconcile: async (key) => {
      const pod = informers.pods.get(key);
      const node = pod?.spec.nodeName ?? '';
      if (pod === undefined || !(await isNodeGone(pod))) {
        missingSince.delete(node);
        return undefined;
      }
      const now = clock.monotonicMs();
      const since = missingSince.get(node) ?? now;
      missingSince.set(node, since);
      const left = wentAway.has(node) ? 0 : since + UNSEEN_MS - now;
      if (left > 0) return { requeueAfterMs: left };
      await client.delete(podResource, pod.metadata.name, {
        namespace: pod.metadata.namespace ?? 'default',
        gracePeriodSeconds: 0,
        preconditions: { uid: pod.metadata.uid ?? '' },
      });
      return undefined;
    },
  });
}
