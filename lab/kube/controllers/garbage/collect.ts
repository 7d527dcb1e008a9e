// Background garbage collection: dependants of an owner that no longer exists are deleted; so are Pods of a node that is gone.
import { isNotFound } from '../../../../src/kube/api-error.ts';
import { createController, watchOf } from '../../../../src/kube/controller.ts';
import { nodes as nodeResource, pods as podResource } from '../../../../src/kube/resources.ts';
import type { Pod } from '../../../../src/kube/resources.ts';
import type { Controller, KubeClient, KubeObject, OwnerReference, Resource } from '../../../../src/kube/types.ts';
import type { ControllerDeps } from '../deps.ts';
import { controllerOf } from '../ownership.ts';
import { daemonSets, deployments, replicaSets } from '../views.ts';

const ownerResources: Readonly<Record<string, Resource>> = {
  ReplicaSet: replicaSets,
  Deployment: deployments,
  DaemonSet: daemonSets,
};

/** True when an uncached look says that the owner, by uid, does not exist. Kinds the lab does not run are taken to exist. */
async function isOwnerGone(client: KubeClient, owner: OwnerReference, namespace: string): Promise<boolean> {
  const resource = ownerResources[owner.kind];
  if (resource === undefined) return false;
  try {
    return (await client.get(resource, owner.name, { namespace })).metadata.uid !== owner.uid;
  } catch (error) {
    if (isNotFound(error)) return true;
    throw error;
  }
}

export function createGarbageControllers(deps: ControllerDeps): Controller[] {
  const { client, clock, logger, informers } = deps;

  const collect = async (resource: Resource, object: KubeObject | undefined): Promise<void> => {
    if (object === undefined || object.metadata.deletionTimestamp !== undefined) return;
    const owner = controllerOf(object);
    const namespace = object.metadata.namespace ?? 'default';
    if (owner === undefined || !(await isOwnerGone(client, owner, namespace))) return;
    await client.delete(resource, object.metadata.name, {
      namespace,
      preconditions: { uid: object.metadata.uid ?? '' },
    });
  };
  const dependants = (objects: readonly KubeObject[]): string[] =>
    objects.map((object) => `${object.metadata.namespace}/${object.metadata.name}`);
  const deletedUid = (change: { type: string; before?: KubeObject }): string =>
    change.type === 'deleted' ? (change.before?.metadata.uid ?? '') : 'none';

  const podNodeGone = async (pod: Pod): Promise<boolean> => {
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

  return [
    createController({
      name: 'garbage-replicaset',
      clock,
      logger,
      watches: [
        watchOf(informers.replicaSets, (change) => (change.type === 'deleted' ? [] : [change.key])),
        watchOf(informers.deployments, (change) =>
          dependants(informers.replicaSets.byIndex('controller', deletedUid(change))),
        ),
      ],
      reconcile: (key) => collect(replicaSets, informers.replicaSets.get(key)),
    }),
    createController({
      name: 'garbage-pod',
      clock,
      logger,
      watches: [
        watchOf(informers.pods, (change) => (change.type === 'deleted' ? [] : [change.key])),
        watchOf(informers.replicaSets, (change) =>
          dependants(informers.pods.byIndex('controller', deletedUid(change))),
        ),
        watchOf(informers.daemonSets, (change) => dependants(informers.pods.byIndex('controller', deletedUid(change)))),
        watchOf(informers.nodes, (change) =>
          change.type === 'deleted' ? dependants(informers.pods.byIndex('node', change.key)) : [],
        ),
      ],
      reconcile: async (key) => {
        const pod = informers.pods.get(key);
        if (pod === undefined) return;
        if (await podNodeGone(pod)) {
          await client.delete(podResource, pod.metadata.name, {
            namespace: pod.metadata.namespace ?? 'default',
            gracePeriodSeconds: 0,
            preconditions: { uid: pod.metadata.uid ?? '' },
          });
          return;
        }
        await collect(podResource, pod);
      },
    }),
  ];
}
