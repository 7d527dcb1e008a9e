// The VpcIPClaim object: made for a Pod with the finalizer on it, brought in line with the next Pod of its name, deleted, let go.
import { finalizers, labels, MANAGED_BY } from '../../api/keys.ts';
import { type ClaimKind, type VpcIpClaim, vpcIpClaims } from '../../api/vpc-ip-claim.ts';
import { isAlreadyExists, isNotFound } from '../../kube/api-error.ts';
import { keyOf, versionOf } from '../../kube/object-key.ts';
import type { ClaimDemand } from '../../planning/claim-demand.ts';
import type { IpamdDeps } from '../deps.ts';
import type { ClaimOwner } from './owner.ts';

type Deps = Pick<IpamdDeps, 'client' | 'claims' | 'namespaces'>;

export interface NewClaim {
  readonly namespace: string;
  readonly name: string;
  readonly kind: ClaimKind;
  readonly demand: ClaimDemand;
  readonly owner: ClaimOwner | undefined;
}

/**
 * Before any cloud call. The owner is a reference, too, so that the garbage collector deletes the claim with it. Answers nothing when one exists,
 * and in a namespace on its way out, which waits for what its Pods have (ADR 0017).
 */
export async function createClaim(deps: Deps, about: NewClaim, signal: AbortSignal): Promise<VpcIpClaim | undefined> {
  const { namespace, name, kind, demand, owner } = about;
  if (!(await deps.namespaces.putOn(namespace, signal))) return undefined;
  const { nominatedSubnetIDs, ...rest } = demand;
  const claim: VpcIpClaim = {
    apiVersion: 'networking.tke.cloud.tencent.com/v1',
    kind: 'VpcIPClaim',
    metadata: {
      namespace,
      name,
      labels: { [labels.managedBy]: MANAGED_BY },
      finalizers: [finalizers.address],
      ...(owner === undefined ? {} : { ownerReferences: [owner] }),
    },
    spec: {
      ...rest,
      ...(nominatedSubnetIDs === undefined ? {} : { nominatedSubnetIDs: [...nominatedSubnetIDs] }),
      kind,
      ...(owner === undefined ? {} : { owner }),
    },
  };
  try {
    const made = await deps.client.create(vpcIpClaims, claim, { namespace, signal });
    deps.claims.wrote(made);
    return made;
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    return undefined;
  }
}

/** The next Pod of its name decides how long it is kept; one that was made by hand gets the finalizer. What it wishes for stays. */
export async function takeDemand(
  deps: Deps,
  claim: VpcIpClaim,
  { deletePolicy, expiredDuration }: ClaimDemand,
  signal: AbortSignal,
): Promise<VpcIpClaim> {
  const { namespace = 'default', name, resourceVersion, finalizers: own = [] } = claim.metadata;
  const has = own.includes(finalizers.address);
  if (has && claim.spec.deletePolicy === deletePolicy && claim.spec.expiredDuration === expiredDuration) return claim;
  const body = {
    metadata: { resourceVersion, ...(has ? {} : { finalizers: [...own, finalizers.address] }) },
    spec: { deletePolicy, expiredDuration: expiredDuration ?? null },
  };
  const written = await deps.client.patch(vpcIpClaims, name, { type: 'merge', body }, { namespace, signal });
  deps.claims.wrote(written);
  return written;
}

/** Exactly the version that was decided on; one that is gone is success. */
export async function deleteClaim({ client }: Pick<Deps, 'client'>, claim: VpcIpClaim): Promise<void> {
  const { namespace = 'default', name } = claim.metadata;
  await client.delete(vpcIpClaims, name, { namespace, preconditions: versionOf(claim) });
}

/** The last step: the version is the lock. One that is gone is success. */
export async function letClaimGo(deps: Deps, claim: VpcIpClaim): Promise<void> {
  const { namespace = 'default', name, resourceVersion } = claim.metadata;
  const kept = (claim.metadata.finalizers ?? []).filter((finalizer) => finalizer !== finalizers.address);
  try {
    const body = { metadata: { finalizers: kept, resourceVersion } };
    await deps.client.patch(vpcIpClaims, name, { type: 'merge', body }, { namespace });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  deps.claims.forget(keyOf(claim));
}
