// What ipamd has on record of the cloud's resources of a namespace's Pods: sub-ENIs, addresses of their own on ENIs of nodes, and EIPs that were bought for them.
import type { EipClaim } from '../../../api/eip-claim.ts';
import { labels } from '../../../api/keys.ts';
import { vpcEnis } from '../../../api/vpc-eni.ts';
import type { VpcEni } from '../../../api/vpc-eni.ts';
import type { VpcIp } from '../../../api/vpc-ip.ts';
import type { IpamdDeps } from '../../deps.ts';

export interface Remaining {
  readonly subEnis: readonly VpcEni[];
  /** Those on an ENI: one that is only kept by number has nothing in the cloud. */
  readonly addresses: readonly VpcIp[];
  /** Claims whose EIP was bought for them; a designated one is not the namespace's. */
  readonly eips: readonly EipClaim[];
}

/** Namespace whose Pods an object serves; undefined for one of a node. */
export const namespaceOfEni = (eni: VpcEni | undefined): string | undefined => eni?.spec.pod?.namespace;

/** The same for an address, while it is on an ENI. */
export const namespaceOfAddress = (vip: VpcIp | undefined): string | undefined =>
  vip?.status?.eniID === undefined ? undefined : vip.spec.claim?.namespace;

/** The same for an EIPClaim, while it has one that was bought. */
export const namespaceOfEip = (claim: EipClaim | undefined): string | undefined =>
  claim?.status?.created === true && claim.status.eipID !== undefined ? claim.metadata.namespace : undefined;

export const isNothing = ({ subEnis, addresses, eips }: Remaining): boolean =>
  subEnis.length === 0 && addresses.length === 0 && eips.length === 0;

/** From caches and from what they do not show yet of our own writes. */
export function remainingOf({ informers, enis, vips, eipClaims }: IpamdDeps, namespace: string): Remaining {
  const written = <T>(unseen: readonly T[], of: (object: T) => string | undefined): T[] =>
    unseen.filter((object) => of(object) === namespace);
  return {
    subEnis: byName(informers.vpcEnis.byIndex('podNamespace', namespace), written(enis.unseen(), namespaceOfEni)),
    addresses: byName(
      informers.vpcIps.byIndex('claimNamespace', namespace).filter((vip) => namespaceOfAddress(vip) !== undefined),
      written(vips.unseen(), namespaceOfAddress),
    ),
    eips: byName(
      informers.eipClaims.byIndex('namespace', namespace).filter((claim) => namespaceOfEip(claim) !== undefined),
      written(eipClaims.unseen(), namespaceOfEip),
    ),
  };
}

/** Sub-ENIs are asked of the API itself too: an absence in a cache is not evidence. */
export async function isEmpty(deps: IpamdDeps, namespace: string, signal: AbortSignal): Promise<boolean> {
  if (!isNothing(remainingOf(deps, namespace))) return false;
  const { items } = await deps.client.list(vpcEnis, { labelSelector: `${labels.podNamespace}=${namespace}`, signal });
  return items.length === 0;
}

function byName<T extends { readonly metadata: { readonly name: string } }>(...lists: readonly (readonly T[])[]): T[] {
  return [...new Map(lists.flat().map((object) => [object.metadata.name, object])).values()];
}
