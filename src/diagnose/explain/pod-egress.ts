// How a Pod reaches what is outside the VPC: its EIP, its claim, and the address that the internet sees. Pure.
import { type Egress, egressOf, type EgressRoute, type EgressSender } from '../../planning/egress.ts';
import type { Pod } from '../../kube/resources.ts';
import type { ClusterPicture } from '../picture/picture.ts';
import type { World } from '../trace/world.ts';
import { addressesOf, type PodNetwork } from './pod-network.ts';

export interface PodEip {
  readonly eipId: string;
  readonly publicIp: string;
  /** Of the EIPClaim, when there is one. */
  readonly phase?: string;
  readonly since?: string;
  /** Why it is not bound. */
  readonly problem?: string;
}

export interface PodEgress {
  readonly eip?: PodEip;
  /** What a host of the internet sees; absent when that is not known. */
  readonly internet?: Pick<Egress, 'address' | 'addresses' | 'via' | 'certain' | 'why' | 'cures'>;
  /** Why `internet` is absent. */
  readonly notKnown?: string;
}

/** A public address that nobody routes to anywhere else: one of the ranges kept for documents. */
const SOME_INTERNET_ADDRESS = '203.0.113.1';

export function podEgress(world: World, pod: Pod, network: PodNetwork): PodEgress {
  const { picture } = world;
  const [address] = addressesOf(pod);
  const eip = eipOf(picture, pod, address, world);
  const answer = (rest: Omit<PodEgress, 'eip'>): PodEgress => ({ ...(eip === undefined ? {} : { eip }), ...rest });
  if (address === undefined) return answer({ notKnown: 'the Pod has no address yet' });
  if (picture.cloud === undefined)
    return answer({ notKnown: 'EIPs, route tables and NAT gateways are read from the cloud' });
  const { masquerade } = world;
  if (masquerade.kind === 'unreadable') return answer({ notKnown: `what ip-masq-agent does: ${masquerade.why}` });
  const node = nodeSender(world, pod);
  const egress = egressOf(
    {
      ...senderOf(world, address, network.subnetId),
      kind:
        network.kind === 'sub-eni'
          ? network.routing === 'strict'
            ? 'strict'
            : 'sub-eni'
          : network.kind === 'exclusive'
            ? 'sub-eni'
            : network.kind,
    },
    SOME_INTERNET_ADDRESS,
    { vpcCidrs: world.vpcCidrs, masquerade, node },
  );
  const { address: seen, addresses, via, certain, why, cures } = egress;
  return answer({ internet: { address: seen, addresses, via, certain, why, cures } });
}

function eipOf(picture: ClusterPicture, pod: Pod, address: string | undefined, world: World): PodEip | undefined {
  const claim = picture.kube.eipClaims.find(
    ({ metadata }) => metadata.namespace === pod.metadata.namespace && metadata.name === pod.metadata.name,
  );
  const bound = address === undefined ? undefined : world.eipsByPrivate.get(address);
  if (claim === undefined && bound === undefined) return undefined;
  const condition = claim?.status?.conditions?.find(({ type }) => type === 'Bound');
  const since = claim?.status?.unboundSince ?? condition?.lastTransitionTime;
  return {
    eipId: bound?.addressId ?? claim?.status?.eipID ?? '',
    publicIp: bound?.publicIp ?? claim?.status?.publicIP ?? '',
    ...(claim?.status?.phase === undefined ? {} : { phase: claim.status.phase }),
    ...(since === undefined ? {} : { since }),
    ...(condition?.status === 'False' ? { problem: `${condition.reason}: ${condition.message}` } : {}),
  };
}

/** The address with its EIP, and the routes of the subnet that it is really in. */
export function senderOf(
  { eipsByPrivate, enisByAddress, picture }: World,
  address: string,
  known?: string,
): EgressSender {
  const subnetId = enisByAddress.get(address)?.subnetId ?? known ?? '';
  const table =
    picture.cloud?.routeTables.find(({ subnetIds }) => subnetIds.includes(subnetId)) ??
    picture.cloud?.routeTables.find(({ main }) => main);
  const gaps = new Set(picture.gaps.map(({ what }) => what));
  const routes =
    table === undefined || subnetId === '' || gaps.has('routeTables') || gaps.has('natGateways')
      ? undefined
      : table.routes.map((route): EgressRoute => ({ ...route, ...publicIpsOf(picture, route.gatewayId) }));
  return {
    address,
    eip: eipsByPrivate.get(address)?.publicIp,
    subnet: { subnetId, routeTableId: table?.routeTableId, routes },
  };
}

function publicIpsOf({ cloud }: ClusterPicture, gatewayId: string): { readonly publicIps?: readonly string[] } {
  const nat = cloud?.natGateways.find(({ natGatewayId }) => natGatewayId === gatewayId);
  return nat === undefined ? {} : { publicIps: nat.publicIps };
}

function nodeSender(world: World, pod: Pod): EgressSender | undefined {
  const node = world.nodesByName.get(pod.spec.nodeName ?? '');
  const address = node?.status?.addresses?.find(({ type }) => type === 'InternalIP')?.address;
  return address === undefined ? undefined : senderOf(world, address);
}
