// Takes Pods off nodes with NoExecute taints that they do not tolerate, or no longer.
import { isNotFound } from '../../../../src/kube/api-error.ts';
import { createController, ownKey, watchOf } from '../../../../src/kube/controller.ts';
import { createEventRecorder } from '../../../../src/kube/recorder.ts';
import { pods as podResource } from '../../../../src/kube/resources.ts';
import type { Node, Pod } from '../../../../src/kube/resources.ts';
import { rfc3339 } from '../../../../src/kube/times.ts';
import type { Controller } from '../../../../src/kube/types.ts';
import type { Toleration } from '../../kubelet/pod-view.ts';
import { tolerates } from '../../scheduler/node-match.ts';
import type { ControllerDeps } from '../deps.ts';
import { isLeaving } from '../ownership.ts';
import type { Taint } from './taints.ts';

/** The NoExecute taints of a node; empty for one that is not known. */
export const executing = (node: Node | undefined): Taint[] =>
  (node?.spec?.taints ?? []).filter(({ effect }) => effect === 'NoExecute');

/**
 * For how long a Pod may stay in spite of the taints: 0 when one is not tolerated, else the shortest `tolerationSeconds` of those that tolerate;
 * `undefined` for ever. Pure.
 */
export function toleratedSeconds(tolerations: readonly Toleration[], taints: readonly Taint[]): number | undefined {
  const used = taints.map((taint) => tolerations.filter((toleration) => tolerates(toleration, taint)));
  if (used.some((those) => those.length === 0)) return 0;
  const limits = used
    .flat()
    .flatMap(({ tolerationSeconds }) => (tolerationSeconds == null ? [] : [Math.max(0, tolerationSeconds)]));
  return limits.length === 0 ? undefined : Math.min(...limits);
}

export function createTaintEviction(deps: ControllerDeps): Controller {
  const { client, clock, logger, informers } = deps;
  const recorder = createEventRecorder({ client, component: 'taint-eviction-controller', clock, logger });
  /** When each Pod's node was first seen with taints that limit its stay, by monotonic time. */
  const since = new Map<string, number>();
  const tell = (pod: Pod, message: string): void =>
    recorder.record({ regarding: pod, type: 'Normal', reason: 'TaintManagerEviction', message });

  const evict = async (pod: Pod): Promise<void> => {
    const { name, namespace = 'default', uid = '' } = pod.metadata;
    tell(pod, `Marking for deletion Pod ${namespace}/${name}`);
    const condition = {
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'DeletionByTaintManager',
      message: 'Taint manager: deleting due to NoExecute taint',
      lastTransitionTime: rfc3339(clock.now()),
    };
    try {
      await client.patch(
        podResource,
        name,
        { type: 'strategic', body: { metadata: { uid }, status: { conditions: [condition] } } },
        { namespace, subresource: 'status' },
      );
      await client.delete(podResource, name, { namespace, preconditions: { uid } });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  };

  return createController({
    name: 'taint-eviction',
    clock,
    logger,
    concurrency: 4,
    watches: [
      watchOf(informers.pods, ownKey),
      watchOf(informers.nodes, ({ key, before, after }) =>
        JSON.stringify(executing(before)) === JSON.stringify(executing(after))
          ? []
          : informers.pods
              .byIndex('node', key)
              .map(({ metadata }) => `${metadata.namespace ?? 'default'}/${metadata.name}`),
      ),
    ],
    reconcile: async (key) => {
      const pod = informers.pods.get(key);
      const taints = executing(informers.nodes.get(pod?.spec.nodeName ?? ''));
      const tolerations = (pod?.spec as { tolerations?: Toleration[] } | undefined)?.tolerations ?? [];
      const seconds = taints.length === 0 ? undefined : toleratedSeconds(tolerations, taints);
      if (pod === undefined || isLeaving(pod) || seconds === undefined) {
        if (since.delete(key) && pod !== undefined && !isLeaving(pod)) tell(pod, `Cancelling deletion of Pod ${key}`);
        return undefined;
      }
      const begin = since.get(key) ?? clock.monotonicMs();
      const left = begin + seconds * 1000 - clock.monotonicMs();
      if (left > 0) {
        since.set(key, begin);
        return { requeueAfterMs: left };
      }
      await evict(pod);
      since.delete(key);
      return undefined;
    },
  });
}
