// Pods that nobody is left to end: those of a node that is gone or out of service, and those that are leaving without ever having had one.
import { isNotFound } from '../../../../src/kube/api-error.ts';
import { createController, watchOf } from '../../../../src/kube/controller.ts';
import { nodes as nodeResource, pods as podResource } from '../../../../src/kube/resources.ts';
import type { Node, Pod } from '../../../../src/kube/resources.ts';
import { rfc3339 } from '../../../../src/kube/times.ts';
import type { Controller } from '../../../../src/kube/types.ts';
import type { ControllerDeps } from '../deps.ts';
import { isLeaving } from '../ownership.ts';

/** A node that nobody has seen may still register; one that was there and went will not. */
const UNSEEN_MS = 40_000;
const OUT_OF_SERVICE = 'node.kubernetes.io/out-of-service';

/** Whether an administrator has said that the node is off for good: its leaving Pods need not be waited for. Pure. */
export function isOutOfService(node: Node): boolean {
  const ready = node.status?.conditions?.find(({ type }) => type === 'Ready')?.status;
  return ready !== 'True' && (node.spec?.taints ?? []).some(({ key }) => key === OUT_OF_SERVICE);
}

/** Source: pkg/controller/podgc of Kubernetes. */
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
  /** An unfinished Pod is told first that it failed, and why. */
  const end = async (pod: Pod, message: string): Promise<void> => {
    const { name, namespace = 'default', uid = '' } = pod.metadata;
    const isOver = pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
    if (!isOver) {
      const condition = {
        type: 'DisruptionTarget',
        status: 'True',
        reason: 'DeletionByPodGC',
        message,
        lastTransitionTime: rfc3339(clock.now()),
      };
      const status = { phase: 'Failed', conditions: [condition] };
      try {
        await client.patch(
          podResource,
          name,
          { type: 'strategic', body: { metadata: { uid }, status } },
          { namespace, subresource: 'status' },
        );
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    }
    await client.delete(podResource, name, { namespace, gracePeriodSeconds: 0, preconditions: { uid } });
  };
  const keyOf = ({ metadata }: Pod): string => `${metadata.namespace ?? 'default'}/${metadata.name}`;

  return createController({
    name: 'garbage-pod',
    clock,
    logger,
    watches: [
      watchOf(informers.pods, (change) => (change.type === 'deleted' ? [] : [change.key])),
      watchOf(informers.nodes, ({ type, key, before, after }) => {
        if (type === 'deleted') wentAway.add(key);
        else wentAway.delete(key);
        const isNews =
          type === 'deleted' ||
          (after !== undefined && isOutOfService(after) && (before === undefined || !isOutOfService(before)));
        return isNews ? informers.pods.byIndex('node', key).map(keyOf) : [];
      }),
    ],
    reconcile: async (key) => {
      const pod = informers.pods.get(key);
      if (pod === undefined) return undefined;
      const node = pod.spec.nodeName ?? '';
      if (node === '') {
        if (isLeaving(pod)) await end(pod, 'PodGC: unscheduled pod is terminating');
        return undefined;
      }
      const found = informers.nodes.get(node);
      if (found !== undefined && isLeaving(pod) && isOutOfService(found)) {
        await end(pod, 'PodGC: node is out of service');
        return undefined;
      }
      if (!(await isNodeGone(pod))) {
        missingSince.delete(node);
        return undefined;
      }
      const now = clock.monotonicMs();
      const since = missingSince.get(node) ?? now;
      missingSince.set(node, since);
      const left = wentAway.has(node) ? 0 : since + UNSEEN_MS - now;
      if (left > 0) return { requeueAfterMs: left };
      await end(pod, 'PodGC: node no longer exists');
      return undefined;
    },
  });
}
