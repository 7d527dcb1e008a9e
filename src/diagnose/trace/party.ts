// An end of a flow with what it is in the VPC: its address, the ENI that carries it, the groups of that, and the routing of its node.
import type { Node, Pod } from '../../kube/resources.ts';
import type { Eni } from '../../cloud/vpc-cloud.ts';
import { isSuperNode } from '../../planning/super-node-requirements.ts';
import type { Knowledge, TraceEnd } from './trace.ts';
import { nodeAddresses, superNodeGroups, type World } from './world.ts';

/** `machine`: another address of the VPC. `outside`: beyond it. */
export type Network = 'shared' | 'sub-eni' | 'strict' | 'super-node' | 'host' | 'machine' | 'outside';

/** Where packets meet the VPC. */
export interface VpcPort {
  readonly eniId: string | undefined;
  readonly address: string;
  /** In order of priority; undefined: not known. */
  readonly groups: readonly string[] | undefined;
  readonly subnetId: string | undefined;
  readonly source: Knowledge;
  /** The API server publishes the address as its own, and no ENI of the account has it: a managed control plane's. */
  readonly managed?: boolean | undefined;
}

export interface Party {
  readonly name: string;
  readonly address: string;
  readonly network: Network;
  readonly pod?: Pod | undefined;
  readonly node?: Node | undefined;
  /** Absent outside the VPC. */
  readonly port?: VpcPort | undefined;
}

export const podName = ({ metadata }: Pod): string => `Pod ${metadata.namespace ?? 'default'}/${metadata.name}`;

/** Undefined while the Pod has no address. */
export function podParty(world: World, pod: Pod): Party | undefined {
  const node = world.nodesByName.get(pod.spec.nodeName ?? '');
  if (pod.spec.hostNetwork === true) {
    const address =
      pod.status?.podIP ?? pod.status?.hostIP ?? (node === undefined ? undefined : nodeAddresses(node)[0]);
    if (address === undefined) return undefined;
    return { name: podName(pod), address, network: 'host', pod, node, port: portOf(world, address) };
  }
  const address = pod.status?.podIP;
  if (address === undefined || address === '') return undefined;
  const network = networkOf(world, pod, node);
  return { name: podName(pod), address, network, pod, node, port: podPort(world, pod, address, network) };
}

export function nodeParty(world: World, node: Node): Party | undefined {
  const [address] = nodeAddresses(node);
  if (address === undefined) return undefined;
  return { name: `node ${node.metadata.name}`, address, network: 'host', node, port: portOf(world, address) };
}

/** Whoever has the address: a Pod, a node, another machine of the VPC, or somebody outside. */
export function addressParty(world: World, address: string, inVpc: boolean): Party {
  const pod = world.podsByAddress.get(address);
  const party = pod === undefined ? undefined : podParty(world, pod);
  if (party !== undefined) return party;
  const node = world.nodesByAddress.get(address);
  const host = node === undefined ? undefined : nodeParty(world, node);
  // A node may have several addresses; the one that was asked for counts.
  if (host !== undefined) return { ...host, address, port: portOf(world, address) };
  if (!inVpc) return { name: address, address, network: 'outside' };
  return { name: address, address, network: 'machine', port: portOf(world, address) };
}

/** Where the API server says that it answers: an ENI of the account, as of a cluster that one runs oneself, else the provider's own. */
export function apiServerParty(world: World, address: string): Party {
  const party = addressParty(world, address, true);
  if (party.network !== 'machine' || party.port !== undefined) return party;
  const port = {
    eniId: undefined,
    address,
    groups: [],
    subnetId: undefined,
    source: 'cluster',
    managed: true,
  } as const;
  return { ...party, name: 'the API server', port };
}

function networkOf(world: World, pod: Pod, node: Node | undefined): Network {
  if (node !== undefined && isSuperNode(node)) return 'super-node';
  const own = world.vpcEnisByPod.get(pod.metadata.uid ?? '');
  if (own !== undefined) return own.spec.enforcingMode === 'strict' ? 'strict' : 'sub-eni';
  return 'shared';
}

function portOf(world: World, address: string): VpcPort | undefined {
  const eni = world.enisByAddress.get(address);
  if (eni !== undefined) return portOfEni(eni, address);
  if (world.picture.cloud !== undefined && !world.picture.gaps.some(({ what }) => what === 'enis')) return undefined;
  return { eniId: undefined, address, groups: undefined, subnetId: undefined, source: 'inferred' };
}

function portOfEni(eni: Eni, address: string): VpcPort {
  return { eniId: eni.eniId, address, groups: eni.securityGroups, subnetId: eni.subnetId, source: 'cloud' };
}

/** From the cloud; without it, as our own objects recorded it. */
function podPort(world: World, pod: Pod, address: string, network: Network): VpcPort | undefined {
  const eni = world.enisByAddress.get(address);
  if (eni !== undefined) return portOfEni(eni, address);
  const recorded = { address, source: 'cluster' } as const;
  const own = world.vpcEnisByPod.get(pod.metadata.uid ?? '')?.status?.eni;
  if (own !== undefined) return { ...recorded, eniId: own.eniID, groups: own.securityGroups, subnetId: own.subnetID };
  if (network === 'super-node')
    return { ...recorded, eniId: undefined, groups: superNodeGroups(pod), subnetId: undefined };
  const nodeName = pod.spec.nodeName ?? '';
  const holder = (world.vpcEnisByNode.get(nodeName) ?? []).find(({ status }) =>
    status?.eni?.addresses.some(({ ip }) => ip === address),
  );
  const pooled = (world.vpcEnisByNode.get(nodeName) ?? []).find(({ status }) =>
    status?.pool?.addresses.some(({ ip }) => ip === address),
  );
  const eniId =
    (holder ?? pooled)?.status?.eni?.eniID ??
    world.picture.kube.vpcIps.find(({ metadata }) => metadata.name === address)?.status?.eniID;
  const info = world.necs.get(nodeName)?.status?.eniInfos?.find(({ eniID }) => eniID === eniId);
  if (info !== undefined)
    return { ...recorded, eniId: info.eniID, groups: info.securityGroups, subnetId: info.subnetID };
  return portOf(world, address);
}

const NETWORK_WORDS: Readonly<Record<Network, string>> = {
  shared: 'shared ENI of its node',
  'sub-eni': 'sub-ENI of its own, standard routing',
  strict: 'sub-ENI of its own, strict routing',
  'super-node': 'machine of its own on a super node',
  host: 'primary ENI of the node',
  machine: 'another address of the VPC',
  outside: 'outside the VPC',
};

export function endOf(party: Party): TraceEnd {
  return {
    name: party.name,
    address: party.address,
    node: party.node?.metadata.name,
    network: NETWORK_WORDS[party.network],
    eniId: party.port?.eniId,
    groups: party.port?.groups,
  };
}
