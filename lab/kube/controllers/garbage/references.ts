// What an object's owner references point at, by looking: an owner that stands, one that is gone, or one that waits for it.
import { isNotFound } from '../../../../src/kube/api-error.ts';
import type { KubeClient, KubeObject, OwnerReference } from '../../../../src/kube/types.ts';
import type { ServedResources } from '../served-resources.ts';
import type { GraphNode } from './graph.ts';
import { waitsForDependents } from './graph.ts';

export interface ClassifiedReferences {
  readonly solid: readonly OwnerReference[];
  readonly dangling: readonly OwnerReference[];
  /** Owners in foreground deletion. */
  readonly waiting: readonly OwnerReference[];
}

/** The kind of an owner is not served (yet), so nobody can tell whether the owner exists. */
export class UnknownOwnerKind extends Error {}

/** A cluster-scoped object names an owner that lies in a namespace: that cannot be meant, and is left alone. */
export class ImpossibleOwner extends Error {}

/** Looks each owner up without a cache. Throws UnknownOwnerKind or ImpossibleOwner. */
export async function classifyReferences(
  client: KubeClient,
  served: ServedResources,
  dependent: GraphNode,
  references: readonly OwnerReference[],
): Promise<ClassifiedReferences> {
  const found = await Promise.all(
    references.map(async (reference) => ({ reference, owner: await lookUp(client, served, dependent, reference) })),
  );
  const pick = (test: (owner: KubeObject | undefined) => boolean): OwnerReference[] =>
    found.filter(({ owner }) => test(owner)).map(({ reference }) => reference);
  return {
    dangling: pick((owner) => owner === undefined),
    waiting: pick((owner) => owner !== undefined && waitsForDependents(owner)),
    solid: pick((owner) => owner !== undefined && !waitsForDependents(owner)),
  };
}

async function lookUp(
  client: KubeClient,
  served: ServedResources,
  dependent: GraphNode,
  { apiVersion, kind, name, uid }: OwnerReference,
): Promise<KubeObject | undefined> {
  const resource = served.find(apiVersion, kind);
  if (resource === undefined) throw new UnknownOwnerKind(`nothing serves ${kind} of ${apiVersion}`);
  const { namespace } = dependent.metadata;
  if (resource.namespaced && namespace === undefined)
    throw new ImpossibleOwner(`${dependent.kind} ${dependent.metadata.name} names a namespaced owner`);
  try {
    const owner = await client.get(resource, name, resource.namespaced && namespace !== undefined ? { namespace } : {});
    return owner.metadata.uid === uid ? owner : undefined;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
