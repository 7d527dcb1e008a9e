// How a Pod is connected: which network, on which node, by which ENI, with which addresses and which groups. Pure.
import { annotations, networks } from '../../api/keys.ts';
import type { VpcEni } from '../../api/vpc-eni.ts';
import type { VpcIpClaim } from '../../api/vpc-ip-claim.ts';
import type { Eni } from '../../cloud/vpc-cloud.ts';
import type { Node, Pod } from '../../kube/resources.ts';
import { isSuperNode } from '../../planning/super-node-requirements.ts';
import { networkNames } from '../../planning/shared-pod.ts';
import type { World } from '../trace/world.ts';
import type { ClusterPicture } from '../picture/picture.ts';

/**
 * `shared`: an address of an ENI of the node. `sub-eni`: an ENI of its own on the trunk. `exclusive`: a whole ENI. `super-node`: an ENI of its own,
 * made by the platform. `host`: the node's own network.
 */
export type PodNetworkKind = 'shared' | 'sub-eni' | 'exclusive' | 'super-node' | 'host';

export interface PodNetwork {
  readonly kind: PodNetworkKind;
  /** As the annotation `networks` would name it; absent for host and super nodes. */
  readonly network?: string;
  readonly node?: string;
  /** Of a sub-ENI: routing in force when the Pod was made. */
  readonly routing?: 'standard' | 'strict';
  /** Kept for the next Pod of this name, or chosen for this one, by a claim. */
  readonly claim?: string;
  /** The VpcENI that it is connected by. */
  readonly vpcEni?: string;
  readonly eniId?: string;
  readonly mac?: string;
  readonly subnetId?: string;
  readonly vlanId?: number;
  readonly addresses: readonly string[];
  /** In force in the cloud, in order; absent: not known. */
  readonly groups?: readonly string[];
  /** Where `groups` was read. */
  readonly groupsFrom?: 'cloud' | 'VpcENI' | 'nec';
}

/** Everything that the picture says; nothing is guessed for a Pod that is not there yet. */
export function podNetwork(world: World, pod: Pod): PodNetwork {
  const nodeName = pod.spec.nodeName;
  const node = world.nodesByName.get(nodeName ?? '');
  const kind = kindOf(pod, node);
  const addresses = addressesOf(pod);
  const base = { kind, addresses, ...(nodeName === undefined ? {} : { node: nodeName }) };
  if (kind === 'host') return { ...base, ...groupsOf(cloudEniOf(world, addresses), undefined) };
  if (kind === 'super-node') {
    const eni = cloudEniOf(world, addresses);
    return { ...base, ...cloudFacts(eni), ...groupsOf(eni, undefined) };
  }
  const claim = claimOf(world.picture, pod);
  const named = {
    ...base,
    network: kind === 'sub-eni' ? networks.subEni : kind === 'exclusive' ? networks.directEni : networks.routeEni,
    ...(claim === undefined ? {} : { claim: `${claim.metadata.namespace}/${claim.metadata.name}` }),
  };
  const own = kind === 'shared' ? sharedEniOf(world, pod, addresses) : ownEniOf(world, pod);
  const byId = own?.status?.eni === undefined ? undefined : world.enisById.get(own.status.eni.eniID);
  const seen = byId ?? cloudEniOf(world, addresses);
  if (own === undefined) return { ...named, ...cloudFacts(seen), ...groupsOf(seen, undefined) };
  const eni = own.status?.eni;
  return {
    ...named,
    ...(own.spec.enforcingMode === undefined ? {} : { routing: own.spec.enforcingMode }),
    vpcEni: own.metadata.name,
    ...(eni === undefined
      ? {}
      : {
          eniId: eni.eniID,
          mac: eni.macAddress,
          subnetId: eni.subnetID,
          ...(eni.vlanID === undefined ? {} : { vlanId: eni.vlanID }),
        }),
    addresses: addresses.length > 0 || kind === 'shared' ? addresses : (eni?.addresses ?? []).map(({ ip }) => ip),
    ...groupsOf(seen, eni?.securityGroups),
  };
}

function kindOf(pod: Pod, node: Node | undefined): PodNetworkKind {
  if (pod.spec.hostNetwork === true) return 'host';
  if (node !== undefined && isSuperNode(node)) return 'super-node';
  const named = pod.metadata.annotations?.[annotations.networks] ?? '';
  const names = networkNames(named);
  if (names.includes(networks.subEni)) return 'sub-eni';
  return names.includes(networks.directEni) ? 'exclusive' : 'shared';
}

/** As its status tells. */
export function addressesOf(pod: Pod): readonly string[] {
  const listed = (pod.status?.podIPs ?? []).map(({ ip }) => ip);
  return listed.length > 0 ? listed : pod.status?.podIP === undefined ? [] : [pod.status.podIP];
}

const claimOf = ({ kube }: ClusterPicture, { metadata }: Pod): VpcIpClaim | undefined =>
  kube.vpcIpClaims.find(
    (claim) => claim.metadata.namespace === metadata.namespace && claim.metadata.name === metadata.name,
  );

/** The VpcENI that belongs to the Pod's UID. */
export const ownEniOf = ({ vpcEnisByPod }: Pick<World, 'vpcEnisByPod'>, { metadata }: Pod): VpcEni | undefined =>
  vpcEnisByPod.get(metadata.uid ?? '');

function sharedEniOf(world: World, pod: Pod, addresses: readonly string[]): VpcEni | undefined {
  const ofNode = world.vpcEnisByNode.get(pod.spec.nodeName ?? '') ?? [];
  return ofNode.find(
    (eni) =>
      eni.status?.use?.inUse.some(({ podUID }) => podUID === pod.metadata.uid) === true ||
      eni.status?.pool?.addresses.some(({ ip }) => addresses.includes(ip)) === true ||
      (eni.status?.eni !== undefined && world.enisByAddress.get(addresses[0] ?? '')?.eniId === eni.status.eni.eniID),
  );
}

const cloudEniOf = ({ enisByAddress }: World, addresses: readonly string[]): Eni | undefined =>
  addresses.map((ip) => enisByAddress.get(ip)).find((eni) => eni !== undefined);

const cloudFacts = (eni: Eni | undefined): { eniId?: string; mac?: string; subnetId?: string } =>
  eni === undefined ? {} : { eniId: eni.eniId, mac: eni.mac, subnetId: eni.subnetId };

function groupsOf(
  seen: Eni | undefined,
  recorded: readonly string[] | undefined,
): Pick<PodNetwork, 'groups' | 'groupsFrom'> {
  if (seen !== undefined) return { groups: seen.securityGroups, groupsFrom: 'cloud' };
  return recorded === undefined ? {} : { groups: recorded, groupsFrom: 'VpcENI' };
}
