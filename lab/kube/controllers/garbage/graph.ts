// Who owns whom: the metadata of every object, by uid, with an index of owners to dependents. Pure.
import type { KubeObject, ObjectMeta, OwnerReference, Resource } from '../../../../src/kube/types.ts';

/** One object as the collector sees it. */
export interface GraphNode {
  readonly resource: Resource;
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
}

export interface OwnerGraph {
  get(uid: string): GraphNode | undefined;
  /** Objects that name `uid` as an owner, whether or not something with that uid is there. */
  dependents(uid: string): readonly GraphNode[];
  /** Takes in an object; returns the uids that are to be looked at again because of it. */
  put(node: GraphNode): readonly string[];
  /** Forgets an object; returns the uids that are to be looked at again because of it. */
  remove(uid: string): readonly string[];
}

export const FOREGROUND = 'foregroundDeletion';
export const ORPHAN = 'orphan';

export const isBeingDeleted = ({ metadata }: Pick<GraphNode, 'metadata'>): boolean =>
  metadata.deletionTimestamp !== undefined;

export const hasFinalizer = ({ metadata }: Pick<GraphNode, 'metadata'>, finalizer: string): boolean =>
  metadata.finalizers?.includes(finalizer) === true;

/** Being deleted, once those of its dependents are gone that block it. */
export const waitsForDependents = (node: Pick<GraphNode, 'metadata'>): boolean =>
  isBeingDeleted(node) && hasFinalizer(node, FOREGROUND);

export const ownersOf = (node: Pick<GraphNode, 'metadata'>): readonly OwnerReference[] =>
  node.metadata.ownerReferences ?? [];

/** Does `dependent` keep its owner from going before itself? */
export const blocks = (dependent: GraphNode, ownerUid: string): boolean =>
  ownersOf(dependent).some((owner) => owner.uid === ownerUid && owner.blockOwnerDeletion === true);

/** Can the object at these coordinates be meant by the reference? Owners lie in the dependent's namespace or in none. */
export const isMeant = (owner: GraphNode, reference: OwnerReference, dependent: GraphNode): boolean =>
  owner.kind === reference.kind &&
  owner.metadata.name === reference.name &&
  (owner.metadata.namespace === undefined || owner.metadata.namespace === dependent.metadata.namespace);

export function createOwnerGraph(): OwnerGraph {
  const nodes = new Map<string, GraphNode>();
  const byOwner = new Map<string, Set<string>>();

  const unlink = (node: GraphNode, uid: string): void => {
    for (const owner of ownersOf(node)) {
      const set = byOwner.get(owner.uid);
      set?.delete(uid);
      if (set?.size === 0) byOwner.delete(owner.uid);
    }
  };
  const waitingOwners = (node: GraphNode): string[] =>
    ownersOf(node)
      .map((owner) => owner.uid)
      .filter((uid) => {
        const owner = nodes.get(uid);
        return owner !== undefined && waitsForDependents(owner);
      });
  const dependentUids = (uid: string): string[] => [...(byOwner.get(uid) ?? [])];

  return {
    get: (uid) => nodes.get(uid),
    dependents: (uid) => dependentUids(uid).flatMap((dependent) => nodes.get(dependent) ?? []),
    put(node) {
      const uid = node.metadata.uid ?? '';
      const before = nodes.get(uid);
      if (before !== undefined) unlink(before, uid);
      nodes.set(uid, node);
      for (const owner of ownersOf(node)) byOwner.set(owner.uid, (byOwner.get(owner.uid) ?? new Set()).add(uid));
      // What newly waits for its dependents, or was not known to be somewhere else than they say, concerns them too.
      const concernsDependents = before === undefined || (waitsForDependents(node) && !waitsForDependents(before));
      return [
        uid,
        ...(concernsDependents ? dependentUids(uid) : []),
        ...waitingOwners(node),
        ...(before === undefined ? [] : waitingOwners(before)),
      ];
    },
    remove(uid) {
      const node = nodes.get(uid);
      if (node === undefined) return [];
      nodes.delete(uid);
      unlink(node, uid);
      return [...dependentUids(uid), ...waitingOwners(node)];
    },
  };
}

/** Only what the graph needs of an object. */
export function metadataOnly({ apiVersion, kind, metadata }: KubeObject): KubeObject {
  const { name, namespace, uid, resourceVersion, deletionTimestamp, finalizers, ownerReferences } = metadata;
  return {
    apiVersion,
    kind,
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
      ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
      ...(finalizers === undefined ? {} : { finalizers }),
      ...(ownerReferences === undefined ? {} : { ownerReferences }),
    },
  };
}
