// `explain node` as data: machine, ENIs with their groups and room, what it offers to Pods and why that is so, its kernel, its troubles. Pure.
import { resourceNames } from '../../api/keys.ts';
import type { EniInfo, NodeEniConfig } from '../../api/node-eni-config.ts';
import { isNodeEni } from '../../api/vpc-eni.ts';
import type { Node } from '../../kube/resources.ts';
import { instanceIdOf } from '../../planning/provider-id.ts';
import { isSuperNode } from '../../planning/super-node-requirements.ts';
import type { ClusterPicture, Gap } from '../picture/picture.ts';
import { openWorld } from '../trace/world.ts';
import { necOf } from './pod-groups.ts';
import { podNetwork } from './pod-network.ts';

export interface NodeEni {
  readonly eniId: string;
  readonly vpcEni?: string;
  readonly index?: number;
  readonly trunk: boolean;
  readonly primaryIp: string;
  readonly subnetId: string;
  readonly groups: readonly string[];
  /** In the cloud now, where they differ from what the nec says. */
  readonly groupsInCloud?: readonly string[];
  readonly addresses: number;
  readonly inUse: number;
}

export interface NodeOffer {
  /** Extended resource. */
  readonly resource: string;
  /** What the node's status says; absent: it offers none. */
  readonly capacity?: number;
  /** Asked for by Pods on the node that have not ended. */
  readonly used: number;
  /** Why it is that many. */
  readonly reason?: string;
}

export interface NodeExplanation {
  readonly node: string;
  readonly kind: 'general' | 'super' | 'unmanaged';
  readonly addresses: readonly string[];
  readonly instanceId?: string;
  readonly instanceType?: string;
  readonly zone?: string;
  readonly instanceState?: string;
  readonly groups: {
    readonly state: string;
    readonly origin?: string;
    readonly list: readonly string[];
    readonly primaryEni?: string;
  };
  readonly enis: readonly NodeEni[];
  readonly offers: readonly NodeOffer[];
  readonly pool?: string;
  readonly kernel: Readonly<Record<string, string>>;
  readonly pods: Readonly<Record<string, number>>;
  /** Conditions that are not as they should be, of node and nec. */
  readonly troubles: readonly { readonly where: string; readonly what: string; readonly since?: string }[];
  readonly notKnown: readonly Gap[];
}

export function explainNode(picture: ClusterPicture, node: Node): NodeExplanation {
  const name = node.metadata.name;
  const nec = necOf(picture, name);
  const instanceId = nec?.spec.instanceID ?? instanceIdOf(node.spec?.providerID);
  const instance = picture.cloud?.instances.find((each) => each.instanceId === instanceId);
  const instanceType = nec?.spec.instanceType ?? instance?.instanceType;
  const zone = nec?.spec.zone ?? instance?.zone;
  return {
    node: name,
    kind: isSuperNode(node) ? 'super' : nec === undefined ? 'unmanaged' : 'general',
    addresses: (node.status?.addresses ?? []).map(({ type, address }) => `${address} (${type})`),
    ...(instanceId === undefined ? {} : { instanceId }),
    ...(instanceType === undefined ? {} : { instanceType }),
    ...(zone === undefined ? {} : { zone }),
    ...(instance === undefined ? {} : { instanceState: instance.state }),
    groups: groupsOf(picture, nec, instanceId),
    enis: (nec?.status?.eniInfos ?? []).map((info) => eniOf(picture, name, info)),
    offers: offersOf(picture, node, nec),
    ...(nec?.status?.routeENI === undefined ? {} : { pool: nec.status.routeENI.target }),
    kernel: kernelOf(nec),
    pods: podKinds(picture, name),
    troubles: troublesOf(node, nec),
    notKnown: picture.gaps,
  };
}

function groupsOf(
  { cloud }: ClusterPicture,
  nec: NodeEniConfig | undefined,
  instanceId: string | undefined,
): NodeExplanation['groups'] {
  const record = nec?.status?.securityGroups;
  const primary = cloud?.enis.find(
    ({ kind, attachment }) => kind === 'primary' && attachment?.instanceId === instanceId,
  );
  return {
    state: record?.state ?? 'Off',
    ...(record?.origin === undefined ? {} : { origin: record.origin }),
    list: record?.inForce ?? nec?.spec.securityGroups ?? primary?.securityGroups ?? [],
    ...(primary === undefined ? {} : { primaryEni: primary.eniId }),
  };
}

function eniOf({ kube, cloud }: ClusterPicture, node: string, info: EniInfo): NodeEni {
  const own = kube.vpcEnis.find((eni) => isNodeEni(eni) && eni.status?.eni?.eniID === info.eniID);
  const seen = cloud?.enis.find(({ eniId }) => eniId === info.eniID);
  const staticUse = kube.vpcIps.filter(
    ({ status }) => status?.eniID === info.eniID && status.nodeName === node && status.phase === 'Assigned',
  ).length;
  const differs = seen !== undefined && seen.securityGroups.join() !== info.securityGroups.join();
  return {
    eniId: info.eniID,
    ...(own === undefined ? {} : { vpcEni: own.metadata.name }),
    index: info.index,
    trunk: info.trunk === true,
    primaryIp: info.primaryIP,
    subnetId: info.subnetID,
    groups: info.securityGroups,
    ...(differs ? { groupsInCloud: seen.securityGroups } : {}),
    addresses: own?.status?.pool?.addresses.length ?? Math.max(0, (seen?.addresses.length ?? 1) - 1),
    inUse: (own?.status?.use?.inUse.length ?? 0) + staticUse,
  };
}

/** Requests of a resource by the Pods of a node that have not ended. */
function requestedOn({ kube }: ClusterPicture, node: string, resource: string): number {
  let sum = 0;
  for (const { spec, status } of kube.pods) {
    if (spec.nodeName !== node || status?.phase === 'Succeeded' || status?.phase === 'Failed') continue;
    for (const { resources } of spec.containers)
      sum += Number(resources?.requests?.[resource] ?? resources?.limits?.[resource] ?? 0) || 0;
  }
  return sum;
}

function offersOf(picture: ClusterPicture, node: Node, nec: NodeEniConfig | undefined): readonly NodeOffer[] {
  const reasons: Readonly<Record<string, string | undefined>> = {
    [resourceNames.eniIp]: nec?.status?.routeENI?.reason,
    [resourceNames.subEni]: nec?.status?.subENI?.reason,
    [resourceNames.directEni]: nec?.status?.directENI?.reason,
  };
  return Object.values(resourceNames).flatMap((resource): NodeOffer[] => {
    const capacity = node.status?.allocatable?.[resource] ?? node.status?.capacity?.[resource];
    const used = requestedOn(picture, node.metadata.name, resource);
    const reason = reasons[resource];
    if (capacity === undefined && used === 0 && reason === undefined) return [];
    return [
      {
        resource,
        used,
        ...(capacity === undefined ? {} : { capacity: Number(capacity) }),
        ...(reason === undefined ? {} : { reason }),
      },
    ];
  });
}

function kernelOf(nec: NodeEniConfig | undefined): Readonly<Record<string, string>> {
  const node = nec?.status?.node;
  if (node === undefined) return {};
  const { routing } = node;
  const onOff = (value: boolean | undefined): string => (value === undefined ? 'not there' : value ? 'on' : 'off');
  return {
    agent: `${node.agentVersion ?? 'unknown version'}, ${node.ready ? 'ready' : `not ready: ${node.message ?? ''}`}`,
    'link driver': node.linkDriver,
    ...(routing === undefined
      ? {}
      : {
          'TCP early demux': onOff(routing.tcpEarlyDemux),
          'UDP early demux': onOff(routing.udpEarlyDemux),
          'strict Pods': routing.strict ? 'yes' : 'no',
          IPVS: routing.ipvs ? 'yes' : 'no',
          'NodeLocal DNS': routing.nodeLocalDNS ? 'yes' : 'no',
        }),
    ...node.sysctls,
  };
}

function podKinds(picture: ClusterPicture, name: string): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  const world = openWorld(picture);
  for (const pod of picture.kube.pods) {
    if (pod.spec.nodeName !== name || pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed') continue;
    const { kind } = podNetwork(world, pod);
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}

/** Conditions for which True is the bad state. */
const BAD_WHEN_TRUE = /Pressure$|Unavailable$/;

function troublesOf(node: Node, nec: NodeEniConfig | undefined): NodeExplanation['troubles'] {
  const of = (
    where: string,
    conditions: readonly {
      type: string;
      status: string;
      reason?: string;
      message?: string;
      lastTransitionTime?: string;
    }[],
  ): NodeExplanation['troubles'] =>
    conditions.flatMap(({ type, status, reason = '', message = '', lastTransitionTime }) =>
      (status === 'True') === BAD_WHEN_TRUE.test(type) || status === 'Unknown'
        ? [
            {
              where: `${where} ${type}`,
              what: `${reason}: ${message}`,
              ...(lastTransitionTime === undefined ? {} : { since: lastTransitionTime }),
            },
          ]
        : [],
    );
  const taints = (node.spec?.taints ?? [])
    .filter(({ key }) => key.startsWith('tke.cloud.tencent.com/'))
    .map(({ key, effect }) => ({ where: 'taint', what: `${key}:${effect}` }));
  return [...of('node', node.status?.conditions ?? []), ...of('nec', nec?.status?.conditions ?? []), ...taints];
}

/** Names and addresses of a node, for finding it. */
export function namesOfNode(picture: ClusterPicture): (node: Node) => readonly string[] {
  const { instancesByAddress } = openWorld(picture);
  return (node) => {
    const addresses = (node.status?.addresses ?? []).map(({ address }) => address);
    const instance = addresses.map((ip) => instancesByAddress.get(ip)?.instanceId);
    return [...addresses, ...instance.filter((id) => id !== undefined), instanceIdOf(node.spec?.providerID) ?? ''];
  };
}
