// EIPs that this cluster bought and that no EIPClaim holds any more: they cost money, and deleting a cluster leaves them (spec 004, limitations). Pure.
import { tags } from '../api/keys.ts';
import type { EipClaim } from '../api/eip-claim.ts';
import type { Eip } from '../cloud/eip-calls.ts';
import { eipOwnerTag } from './eip-request.ts';

export interface OrphanEip {
  readonly eipId: string;
  readonly ip: string;
  /** `EIPClaim/NAMESPACE/NAME` that it was bought for; empty when its tag is gone. */
  readonly owner: string;
  readonly createdAt: string;
  /** Mbps. */
  readonly bandwidth: number | undefined;
  readonly boundTo: string | undefined;
  /** Unbound and nothing works on it: ReleaseAddresses takes it at once. */
  readonly releasable: boolean;
}

export interface EipInventory {
  /** Every EIP that carries the tag of this cluster; a complete listing. */
  readonly eips: readonly Eip[];
  /** Every EIPClaim of the cluster, read AFTER the listing, so that what was bought meanwhile is no orphan. */
  readonly claims: readonly EipClaim[];
  readonly clusterUid: string;
}

/**
 * Sorted by id. An EIP is held when a claim records its id, or while the claim that it was bought for is there and records none: that one will find it
 * by its tags. A cluster that is gone has no claims: give `claims: []` and its uid.
 */
export function orphanEips({ eips, claims, clusterUid }: EipInventory): readonly OrphanEip[] {
  const held = new Set(claims.flatMap(({ status }) => status?.eipID ?? []));
  const searching = new Set(
    claims
      .filter(({ status }) => status?.eipID === undefined)
      .map(({ metadata }) => eipOwnerTag({ namespace: metadata.namespace ?? 'default', name: metadata.name })),
  );
  return eips
    .filter((eip) => tagOf(eip, tags.cluster) === clusterUid && !held.has(eip.eipId))
    .filter((eip) => !searching.has(tagOf(eip, tags.owner) ?? '') && eip.status !== 'OFFLINING')
    .map((eip) => ({
      eipId: eip.eipId,
      ip: eip.ip,
      owner: tagOf(eip, tags.owner) ?? '',
      createdAt: eip.createdAt,
      bandwidth: eip.bandwidth,
      boundTo: boundTo(eip),
      releasable: eip.status === 'UNBIND',
    }))
    .toSorted((a, b) => (a.eipId < b.eipId ? -1 : 1));
}

const tagOf = (eip: Eip, key: string): string | undefined => eip.tags.find((tag) => tag.key === key)?.value;

function boundTo({ binding }: Eip): string | undefined {
  if (binding === undefined) return undefined;
  if (binding.privateIp !== undefined) return `${binding.privateIp} of ${binding.eniId ?? binding.instanceId ?? ''}`;
  return binding.instanceId ?? binding.eniId;
}
