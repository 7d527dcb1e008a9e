// One Pod of a DaemonSet on each node that its template may run on, pinned there by name.
import { createController, ownKey, watchOf } from '../../../../src/kube/controller.ts';
import { pods as podResource } from '../../../../src/kube/resources.ts';
import type { Node, Pod } from '../../../../src/kube/resources.ts';
import type { Controller } from '../../../../src/kube/types.ts';
import { matchesNode, untoleratedTaint } from '../../scheduler/node-match.ts';
import type { ControllerDeps } from '../deps.ts';
import { controllerOf, isActive, isReady, podFrom } from '../ownership.ts';
import { createRecentCreations } from '../recent-creations.ts';
import { daemonSets } from '../views.ts';
import type { DaemonSet, Toleration } from '../views.ts';

/** What every daemon tolerates (DaemonSet documentation, taints and tolerations). */
const automatic: readonly Toleration[] = [
  { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute' },
  { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute' },
  ...['disk-pressure', 'memory-pressure', 'pid-pressure', 'unschedulable', 'network-unavailable', 'not-ready'].map(
    (name): Toleration => ({ key: `node.kubernetes.io/${name}`, operator: 'Exists', effect: 'NoSchedule' }),
  ),
];

const tolerationsOf = (set: DaemonSet): Toleration[] => [...(set.spec.template.spec.tolerations ?? []), ...automatic];

/** True when a Pod of the set belongs on the node: selector, required affinity, taints. Pure. */
export function belongsOn(set: DaemonSet, node: Node): boolean {
  const taints = (node.spec?.taints ?? []).filter((taint) => taint.effect !== 'PreferNoSchedule');
  return matchesNode(set.spec.template.spec, node) && untoleratedTaint(taints, tolerationsOf(set)) === undefined;
}

export function createDaemonSetController(deps: ControllerDeps): Controller {
  const { client, clock, logger, informers } = deps;
  const recent = createRecentCreations(clock);

  const place = async (set: DaemonSet, own: readonly Pod[], wanted: readonly Node[]): Promise<void> => {
    const uid = set.metadata.uid ?? '';
    const namespace = set.metadata.namespace ?? 'default';
    const seen = new Set(own.map((pod) => pod.metadata.uid ?? ''));
    for (const node of wanted) {
      const name = node.metadata.name;
      const here = own.filter((pod) => pod.spec.nodeName === name && pod.metadata.deletionTimestamp === undefined);
      if (here.length > 0 || recent.unseen(`${uid}/${name}`, seen) > 0) continue;
      const made = await client.create(
        podResource,
        podFrom(set, set.spec.template, { spec: { nodeName: name, tolerations: tolerationsOf(set) } }),
        { namespace },
      );
      recent.add(`${uid}/${name}`, made.metadata.uid ?? '');
    }
    const names = new Set(wanted.map((node) => node.metadata.name));
    const leaving = own.filter(
      (pod) => pod.metadata.deletionTimestamp === undefined && (!names.has(pod.spec.nodeName ?? '') || !isActive(pod)),
    );
    for (const pod of leaving)
      await client.delete(podResource, pod.metadata.name, {
        namespace,
        preconditions: { uid: pod.metadata.uid ?? '' },
      });
  };

  const report = async (set: DaemonSet, own: readonly Pod[], wanted: number): Promise<void> => {
    const active = own.filter(isActive);
    const ready = active.filter(isReady).length;
    const status = {
      desiredNumberScheduled: wanted,
      currentNumberScheduled: active.length,
      updatedNumberScheduled: active.length,
      numberMisscheduled: 0,
      numberReady: ready,
      numberAvailable: ready,
      observedGeneration: set.metadata.generation ?? 1,
    };
    if (Object.entries(status).every(([field, value]) => set.status?.[field] === value)) return;
    await client.patch(
      daemonSets,
      set.metadata.name,
      { type: 'merge', body: { status } },
      { namespace: set.metadata.namespace ?? 'default', subresource: 'status' },
    );
  };

  return createController({
    name: 'daemonset',
    clock,
    logger,
    watches: [
      watchOf(informers.daemonSets, ownKey),
      watchOf(informers.nodes, () =>
        informers.daemonSets.list().map((set) => `${set.metadata.namespace}/${set.metadata.name}`),
      ),
      watchOf(informers.pods, ({ after, before }) => {
        const pod = after ?? before;
        const owner = pod === undefined ? undefined : controllerOf(pod);
        return owner?.kind === 'DaemonSet' ? [`${pod?.metadata.namespace}/${owner.name}`] : [];
      }),
    ],
    reconcile: async (key) => {
      const set = informers.daemonSets.get(key);
      if (set === undefined || set.metadata.deletionTimestamp !== undefined) return;
      const own = informers.pods.byIndex('controller', set.metadata.uid ?? '');
      const wanted = informers.nodes.list().filter((node) => belongsOn(set, node));
      try {
        await place(set, own, wanted);
      } finally {
        await report(set, own, wanted.length);
      }
    },
  });
}
