// What ipamd has on record of the cloud's resources of a namespace's Pods: sub-ENIs, and addresses of their own on ENIs of nodes.
import { labels } from '../../../api/keys.ts';
import { vpcEnis } from '../../../api/vpc-eni.ts';
import type { VpcEni } from '../../../api/vpc-eni.ts';
import type { VpcIp } from '../../../api/vpc-ip.ts';
import type { IpamdDeps } from '../../deps.ts';

export interface Remaining {
  readonly subEnis: readonly VpcEni[];
  /** Those on an ENI: one that is only kept by number has nothing in the cloud. */
  readonly addresses: readonly VpcIp[];
}

/** Namespace whose Pods an object serves; undefined for one of a node. */
export const namespaceOfEni = (eni: VpcEni | undefined): string | undefined => eni?.spec.pod?.namespace;

/** The same for an address, while it is on an ENI. */
export const namespaceOfAddress = (vip: VpcIp | undefined): string | undefined =>
  vip?.status?.eniID === undefined ? undefined : vip.spec.claim?.namespace;

export const isNothing = ({ subEnis, addresses }: Remaining): boolean => subEnis.length === 0 && addresses.length === 0;

/** From caches and from what they do not show yet of our own writes. */
export function remainingOf({ informers, enis, vips }: IpamdDeps, namespace: string): Remaining {
  const written = <T>(unseen: readonly T[], of: (object: T) => string | undefined): T[] =>
    unseen.filter((object) => of(object) === namespace);
  return {
    subEnis: byName(informers.vpcEnis.byIndex('podNamespace', namespace), written(enis.unseen(), namespaceOfEni)),
    addresses: byName(
      informers.vpcIps.byIndex('claimNamespace', namespace).filter((vip) => namespaceOfAddress(vip) !== undefined),
      written(vips.unseen(), namespaceOfAddress),
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
