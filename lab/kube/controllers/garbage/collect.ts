// The garbage collector: deletes what has lost its owners, waits with owners in foreground deletion, cuts orphans loose.
import { createEventRecorder } from '../../../../src/kube/recorder.ts';
import { isConflict, isNotFound } from '../../../../src/kube/api-error.ts';
import { createController } from '../../../../src/kube/controller.ts';
import type {
  Controller,
  EventInput,
  KubeObject,
  OwnerReference,
  ReconcileResult,
} from '../../../../src/kube/types.ts';
import type { ControllerDeps } from '../deps.ts';
import { createEndedPodCollector } from './ended-pods.ts';
import type { GraphNode } from './graph.ts';
import {
  blocks,
  createOwnerGraph,
  FOREGROUND,
  hasFinalizer,
  isBeingDeleted,
  isMeant,
  ORPHAN,
  ownersOf,
  waitsForDependents,
} from './graph.ts';
import { createEverythingWatcher } from './informers.ts';
import { createPodCollector } from './pods-of-nodes.ts';
import { classifyReferences, ImpossibleOwner, UnknownOwnerKind } from './references.ts';

const NOT_YET_MS = 100;
const UNKNOWN_KIND_MS = 5_000;

export function createGarbageControllers(deps: ControllerDeps): Controller[] {
  return [createGarbageCollector(deps), createPodCollector(deps), createEndedPodCollector(deps)];
}

/** Level-triggered per uid. Source of the rules: pkg/controller/garbagecollector of Kubernetes. */
function createGarbageCollector({ client, clock, logger }: ControllerDeps): Controller {
  const graph = createOwnerGraph();
  const everything = createEverythingWatcher({ client, clock, logger, graph });
  const recorder = createEventRecorder({ client, clock, logger, component: 'garbage-collector-controller' });

  const inNamespace = ({ metadata }: Pick<GraphNode, 'metadata'>): { namespace?: string } =>
    metadata.namespace === undefined ? {} : { namespace: metadata.namespace };

  /** The object as it is now; `undefined` when it is gone or another one bears its name. */
  const latestOf = async (node: GraphNode): Promise<KubeObject | undefined> => {
    try {
      const latest = await client.get(node.resource, node.metadata.name, inNamespace(node));
      return latest.metadata.uid === node.metadata.uid ? latest : undefined;
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  };

  /** Changes metadata under the lock of the version that was read; a conflict means that something is new to be looked at. */
  const patchMetadata = async (node: GraphNode, latest: KubeObject, change: object): Promise<void> => {
    const { uid, resourceVersion } = latest.metadata;
    const body = { metadata: { uid, resourceVersion, ...change } };
    await client
      .patch(node.resource, node.metadata.name, { type: 'merge', body }, inNamespace(node))
      .catch((error: unknown) => {
        if (!isNotFound(error)) throw error;
      });
  };

  const removeFinalizer = async (node: GraphNode, finalizer: string): Promise<void> => {
    const latest = await latestOf(node);
    if (latest === undefined || !hasFinalizer(latest, finalizer)) return;
    const finalizers = (latest.metadata.finalizers ?? []).filter((each) => each !== finalizer);
    await patchMetadata(node, latest, { finalizers });
  };

  const removeOwners = async (node: GraphNode, uids: readonly string[]): Promise<void> => {
    const latest = await latestOf(node);
    const before = latest?.metadata.ownerReferences ?? [];
    const ownerReferences = before.filter((owner) => !uids.includes(owner.uid));
    if (latest === undefined || ownerReferences.length === before.length) return;
    await patchMetadata(node, latest, { ownerReferences: ownerReferences.length === 0 ? null : ownerReferences });
  };

  const remove = async (node: GraphNode, propagationPolicy: 'Background' | 'Foreground' | 'Orphan'): Promise<void> => {
    const preconditions = { uid: node.metadata.uid ?? '' };
    await client
      .delete(node.resource, node.metadata.name, { ...inNamespace(node), preconditions, propagationPolicy })
      .catch((error: unknown) => {
        // Another object by this name: ours is gone.
        if (!isConflict(error)) throw error;
      });
  };

  const orphanDependents = async (owner: GraphNode): Promise<void> => {
    const uid = owner.metadata.uid ?? '';
    await Promise.all(graph.dependents(uid).map((dependent) => removeOwners(dependent, [uid])));
    await removeFinalizer(owner, ORPHAN);
  };

  const finishForeground = async (owner: GraphNode): Promise<void> => {
    const uid = owner.metadata.uid ?? '';
    const blocking = graph.dependents(uid).filter((dependent) => blocks(dependent, uid));
    if (blocking.length === 0) await removeFinalizer(owner, FOREGROUND);
    else
      for (const dependent of blocking)
        if (!waitsForDependents(dependent)) controller.enqueue(dependent.metadata.uid ?? '');
  };

  /** In a circle of owners that wait for each other nobody would ever go, so one of them stops blocking. */
  const unblock = async (node: GraphNode, latest: KubeObject): Promise<void> => {
    const ownerReferences = ownersOf(latest).map((owner) => ({ ...owner, blockOwnerDeletion: false }));
    if (ownersOf(latest).some((owner) => owner.blockOwnerDeletion === true))
      await patchMetadata(node, latest, { ownerReferences });
  };

  const reportMisplaced = (node: GraphNode): void => {
    for (const reference of ownersOf(node)) {
      const owner = graph.get(reference.uid);
      if (owner?.metadata.namespace === undefined || owner.metadata.namespace === node.metadata.namespace) continue;
      if (!isMeant(owner, reference, node)) recorder.record(misplacedEvent(node, reference));
    }
  };

  const collect = async (node: GraphNode): Promise<ReconcileResult | undefined> => {
    const { served } = everything;
    const latest = await latestOf(node);
    if (latest === undefined || served === undefined || ownersOf(latest).length === 0) return undefined;
    reportMisplaced(node);
    const { solid, dangling, waiting } = await classifyReferences(client, served, node, ownersOf(latest));
    const uids = [...dangling, ...waiting].map((owner) => owner.uid);
    if (solid.length > 0) {
      if (uids.length > 0) await removeOwners(node, uids);
      return undefined;
    }
    const dependents = graph.dependents(node.metadata.uid ?? '');
    if (waiting.length > 0 && dependents.length > 0) {
      if (dependents.some(waitsForDependents)) await unblock(node, latest);
      await remove(node, 'Foreground');
      return undefined;
    }
    await remove(
      node,
      hasFinalizer(latest, ORPHAN) ? 'Orphan' : hasFinalizer(latest, FOREGROUND) ? 'Foreground' : 'Background',
    );
    return undefined;
  };

  const controller = createController({
    name: 'garbage',
    clock,
    logger,
    concurrency: 8,
    watches: [],
    sources: [(enqueue, signal) => everything.start(enqueue, signal)],
    reconcile: async (uid) => {
      // Dependents that were not listed yet would be taken for absent.
      if (!everything.hasSynced) return { requeueAfterMs: NOT_YET_MS };
      const node = graph.get(uid);
      if (node === undefined) return undefined;
      if (isBeingDeleted(node)) {
        if (hasFinalizer(node, ORPHAN)) await orphanDependents(node);
        else if (hasFinalizer(node, FOREGROUND)) await finishForeground(node);
        return undefined;
      }
      if (ownersOf(node).length === 0) return undefined;
      try {
        return await collect(node);
      } catch (error) {
        if (error instanceof UnknownOwnerKind) return { requeueAfterMs: UNKNOWN_KIND_MS };
        if (error instanceof ImpossibleOwner) return undefined;
        throw error;
      }
    },
  });
  return controller;
}

/** The Event with which a real cluster says that an owner lies in another namespace. */
function misplacedEvent({ apiVersion, kind, metadata }: GraphNode, reference: OwnerReference): EventInput {
  const { namespace = '' } = metadata;
  const owner = `[${reference.apiVersion}/${reference.kind}, namespace: ${namespace}, name: ${reference.name}, uid: ${reference.uid}]`;
  return {
    regarding: { apiVersion, kind, metadata },
    type: 'Warning',
    reason: 'OwnerRefInvalidNamespace',
    message: `ownerRef ${owner} does not exist in namespace ${JSON.stringify(namespace)}`,
  };
}
