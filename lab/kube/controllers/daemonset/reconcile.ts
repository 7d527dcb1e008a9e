// One Pod of a DaemonSet on each node that its template may run on, all of its newest revision in the end.
import { errorText } from '../../../../src/base/errors.ts';
import { createController, ownKey, watchOf } from '../../../../src/kube/controller.ts';
import { createEventRecorder } from '../../../../src/kube/recorder.ts';
import { pods as podResource } from '../../../../src/kube/resources.ts';
import type { Node, Pod } from '../../../../src/kube/resources.ts';
import type { Controller, InformerChange } from '../../../../src/kube/types.ts';
import type { ControllerDeps } from '../deps.ts';
import { keysOfOwner } from '../owner-keys.ts';
import { nextAvailableMs } from '../ownership.ts';
import { createRecentCreations } from '../recent-creations.ts';
import { planRevision, surplusRevisions } from '../revisions/history.ts';
import { dropRevisions, writeRevision } from '../revisions/keep.ts';
import { writeStatus } from '../status.ts';
import { daemonSets } from '../views.ts';
import type { DaemonSet } from '../views.ts';
import { HASH_LABEL, podFor } from './placement.ts';
import { planDaemons } from './plan.ts';

export function createDaemonSetController(deps: ControllerDeps): Controller {
  const { client, clock, logger, informers } = deps;
  const recent = createRecentCreations(clock, informers.pods);
  const recorder = createEventRecorder({ client, component: 'daemonset-controller', clock, logger });
  const say = (set: DaemonSet, type: 'Normal' | 'Warning', reason: string, message: string): void =>
    recorder.record({ regarding: set, type, reason, message });
  const namespaceOf = (set: DaemonSet): string => set.metadata.namespace ?? 'default';
  const unseenKey = (set: DaemonSet, node: string): string => `${set.metadata.uid ?? ''}/${node}`;

  const create = async (set: DaemonSet, node: string, hash: string): Promise<void> => {
    try {
      const made = await client.create(podResource, podFor(set, node, hash), { namespace: namespaceOf(set) });
      recent.add(unseenKey(set, node), made.metadata.uid ?? '');
      say(set, 'Normal', 'SuccessfulCreate', `Created pod: ${made.metadata.name}`);
    } catch (error) {
      say(set, 'Warning', 'FailedCreate', `Error creating: ${errorText(error)}`);
      throw error;
    }
  };
  const remove = async (set: DaemonSet, pod: Pod): Promise<void> => {
    const { name, namespace = 'default', uid = '' } = pod.metadata;
    await client.delete(podResource, name, { namespace, preconditions: { uid } });
    say(set, 'Normal', 'SuccessfulDelete', `Deleted pod: ${name}`);
  };
  const tellEnded = (set: DaemonSet, pod: Pod): void => {
    const { name, namespace = 'default' } = pod.metadata;
    const [type, reason, word] =
      pod.status?.phase === 'Failed'
        ? (['Warning', 'FailedDaemonPod', 'failed'] as const)
        : (['Normal', 'SucceededDaemonPod', 'succeeded'] as const);
    const rest = word === 'failed' ? 'will try to kill it' : 'will try to delete it';
    say(set, type, reason, `Found ${word} daemon pod ${namespace}/${name} on node ${pod.spec.nodeName ?? ''}, ${rest}`);
  };

  return createController({
    name: 'daemonset',
    clock,
    logger,
    watches: [
      watchOf(informers.daemonSets, ownKey),
      watchOf(informers.nodes, (change) =>
        movesDaemons(change)
          ? informers.daemonSets.list().map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)
          : [],
      ),
      watchOf(informers.pods, keysOfOwner('DaemonSet')),
      watchOf(informers.revisions, keysOfOwner('DaemonSet')),
    ],
    reconcile: async (key) => {
      const set = informers.daemonSets.get(key);
      if (set === undefined || set.metadata.deletionTimestamp !== undefined) return undefined;
      const uid = set.metadata.uid ?? '';
      const existing = informers.revisions.byIndex('controller', uid);
      const collisions = (set.status?.['collisionCount'] as number | undefined) ?? 0;
      const revision = await writeRevision(client, planRevision(set, HASH_LABEL, existing, collisions));
      if (revision === 'collision') {
        await writeStatus(client, daemonSets, set, { collisionCount: collisions + 1 });
        return { requeueAfterMs: 0 };
      }
      const hash = revision.metadata.labels?.[HASH_LABEL] ?? '';
      const own = informers.pods.byIndex('controller', uid);
      const seen = new Set(own.map((pod) => pod.metadata.uid ?? ''));
      const isUnseen = (node: string): boolean => recent.unseen(unseenKey(set, node), seen) > 0;
      const plan = planDaemons(set, informers.nodes.list(), own, hash, isUnseen, clock.now());
      try {
        for (const pod of plan.ended) tellEnded(set, pod);
        for (const node of plan.create) await create(set, node, hash);
        for (const pod of plan.remove) await remove(set, pod);
      } finally {
        await writeStatus(client, daemonSets, set, plan.status);
      }
      const live = new Set([hash, ...own.map((pod) => pod.metadata.labels?.[HASH_LABEL] ?? '')]);
      const isLive = ({ metadata }: { metadata: { labels?: Record<string, string> } }): boolean =>
        live.has(metadata.labels?.[HASH_LABEL] ?? '');
      await dropRevisions(client, surplusRevisions(existing, isLive, set.spec.revisionHistoryLimit ?? 10));
      const requeueAfterMs = nextAvailableMs(own, set.spec.minReadySeconds ?? 0, clock.now());
      return requeueAfterMs === undefined ? undefined : { requeueAfterMs };
    },
  });
}

/** Heartbeats move nobody. */
function movesDaemons({ before, after }: InformerChange<Node>): boolean {
  const read = (node: Node | undefined): string =>
    JSON.stringify([node?.metadata.labels, node?.spec?.taints, node?.spec?.unschedulable]);
  return before === undefined || after === undefined || read(before) !== read(after);
}
