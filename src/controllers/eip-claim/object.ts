// The EIPClaim object: made for a Pod with the finalizer on it, brought in line with the next Pod of its name, deleted, let go.
import { type EipClaim, type EipClaimSpec, eipClaims } from '../../api/eip-claim.ts';
import { finalizers, labels, MANAGED_BY } from '../../api/keys.ts';
import { isAlreadyExists, isNotFound } from '../../kube/api-error.ts';
import { keyOf, versionOf } from '../../kube/object-key.ts';
import type { EipDemand } from '../../planning/eip-demand.ts';
import type { IpamdDeps } from '../deps.ts';

type Deps = Pick<IpamdDeps, 'client' | 'eipClaims' | 'namespaces'>;

/** What a claim's spec says of a demand. `eipIds`: those of the list that the Pod may have. */
export function specOf({ source, deletePolicy, expiredDuration }: EipDemand, eipIds: readonly string[]): EipClaimSpec {
  return {
    ...(source.kind === 'create' ? { attributes: source.attributes } : { eipIDs: [...eipIds] }),
    deletePolicy,
    ...(expiredDuration === undefined ? {} : { expiredDuration }),
  };
}

/**
 * Before any cloud call. The owner is a reference, too, so that the garbage collector deletes the claim with it. Answers nothing when one exists,
 * and in a namespace on its way out (ADR 0017).
 */
export async function createEipClaim(
  deps: Deps,
  about: {
    readonly namespace: string;
    readonly name: string;
    readonly spec: EipClaimSpec;
    readonly owner: EipClaimSpec['owner'];
  },
  signal: AbortSignal,
): Promise<EipClaim | undefined> {
  const { namespace, name, spec, owner } = about;
  if (!(await deps.namespaces.putOn(namespace, signal))) return undefined;
  const claim: EipClaim = {
    apiVersion: 'networking.tke.cloud.tencent.com/v1',
    kind: 'EIPClaim',
    metadata: {
      namespace,
      name,
      labels: { [labels.managedBy]: MANAGED_BY },
      finalizers: [finalizers.eip],
      ...(owner === undefined ? {} : { ownerReferences: [owner] }),
    },
    spec: { ...spec, ...(owner === undefined ? {} : { owner }) },
  };
  try {
    const made = await deps.client.create(eipClaims, claim, { namespace, signal });
    deps.eipClaims.wrote(made);
    return made;
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    return undefined;
  }
}

/** The next Pod of its name decides what is asked for and how long it is kept; one that was made by hand gets the finalizer. */
export async function takeEipDemand(
  deps: Deps,
  claim: EipClaim,
  wanted: EipClaimSpec,
  signal: AbortSignal,
): Promise<EipClaim> {
  const { namespace = 'default', name, resourceVersion, finalizers: own = [] } = claim.metadata;
  const has = own.includes(finalizers.eip);
  const { attributes, eipIDs, deletePolicy, expiredDuration } = claim.spec;
  const same = JSON.stringify({ attributes, eipIDs, deletePolicy, expiredDuration }) === JSON.stringify(part(wanted));
  if (has && same) return claim;
  const spec = Object.fromEntries(Object.entries(part(wanted)).map(([key, value]) => [key, value ?? null]));
  const body = {
    metadata: { resourceVersion, ...(has ? {} : { finalizers: [...own, finalizers.eip] }) },
    spec,
  };
  const written = await deps.client.patch(eipClaims, name, { type: 'merge', body }, { namespace, signal });
  deps.eipClaims.wrote(written);
  return written;
}

const part = ({ attributes, eipIDs, deletePolicy, expiredDuration }: EipClaimSpec): Omit<EipClaimSpec, 'owner'> => ({
  attributes,
  eipIDs,
  deletePolicy,
  expiredDuration,
});

/** Exactly the version that was decided on; one that is gone is success. */
export async function deleteEipClaim({ client }: Pick<Deps, 'client'>, claim: EipClaim): Promise<void> {
  const { namespace = 'default', name } = claim.metadata;
  await client.delete(eipClaims, name, { namespace, preconditions: versionOf(claim) });
}

/** The last step: the version is the lock. One that is gone is success. */
export async function letEipClaimGo(deps: Deps, claim: EipClaim): Promise<void> {
  const { namespace = 'default', name, resourceVersion } = claim.metadata;
  const kept = (claim.metadata.finalizers ?? []).filter((finalizer) => finalizer !== finalizers.eip);
  try {
    const body = { metadata: { finalizers: kept, resourceVersion } };
    await deps.client.patch(eipClaims, name, { type: 'merge', body }, { namespace });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  deps.eipClaims.forget(keyOf(claim));
}
