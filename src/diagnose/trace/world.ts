// A picture made ready for many questions: who has which address, which ENI carries it, who is in which group.
import { annotations, objectNames } from '../../api/keys.ts';
import { compileSelector } from '../../api/label-selector.ts';
import type { NodeEniConfig } from '../../api/node-eni-config.ts';
import type { VpcEni } from '../../api/vpc-eni.ts';
import type { Eni, Instance } from '../../cloud/vpc-cloud.ts';
import type { Node, Pod } from '../../kube/resources.ts';
import { decodeMasqConfig, defaultMasqConfig } from '../../planning/masq-config.ts';
import type { EgressWorld } from '../../planning/egress.ts';
import { type Address, parseAddress } from '../../securitygroup/address.ts';
import { type GroupIndex, indexGroups } from '../../securitygroup/indexed-groups.ts';
import type { CloudEip, CloudRouteTable, ClusterPicture, EndpointSlice, ServiceView } from '../picture/picture.ts';

/** What ip-masq-agent does, or why that is not known. */
export type Masquerade = EgressWorld['masquerade'] | { readonly kind: 'unreadable'; readonly why: string };

export interface World {
  readonly picture: ClusterPicture;
  /** By address: Pods that live and have it alone. */
  readonly podsByAddress: ReadonlyMap<string, Pod>;
  /** By `namespace/name`. */
  readonly podsByName: ReadonlyMap<string, Pod>;
  readonly nodesByName: ReadonlyMap<string, Node>;
  readonly nodesByAddress: ReadonlyMap<string, Node>;
  readonly servicesByAddress: ReadonlyMap<string, ServiceView>;
  /** By `namespace/name` of the Service. */
  readonly slices: ReadonlyMap<string, readonly EndpointSlice[]>;
  readonly enisByAddress: ReadonlyMap<string, Eni>;
  readonly enisById: ReadonlyMap<string, Eni>;
  readonly instancesByAddress: ReadonlyMap<string, Instance>;
  readonly vpcEnisByPod: ReadonlyMap<string, VpcEni>;
  readonly vpcEnisByNode: ReadonlyMap<string, readonly VpcEni[]>;
  readonly necs: ReadonlyMap<string, NodeEniConfig>;
  readonly eipsByPrivate: ReadonlyMap<string, CloudEip>;
  readonly eipsByPublic: ReadonlyMap<string, CloudEip>;
  /** Those whose rules are understood, with everybody's members. */
  readonly groups: GroupIndex;
  /** Private addresses of whatever is bound to a group. */
  membership(groupId: string): readonly Address[];
  /** `namespace/name` of those that select the Pod. */
  networkPoliciesOf(pod: Pod): readonly string[];
  readonly masquerade: Masquerade;
  readonly vpcCidrs: readonly string[];
}

const LIVE: ReadonlySet<string | undefined> = new Set(['Pending', 'Running', undefined, 'Unknown']);

/** Reads everything once; about linear in the size of the picture. */
export function openWorld(picture: ClusterPicture): World {
  const { kube, cloud } = picture;
  const enis = cloud?.enis ?? [];
  const members = membersOf(enis);
  return {
    picture,
    podsByAddress: new Map(
      kube.pods.flatMap((pod) =>
        pod.spec.hostNetwork === true || !LIVE.has(pod.status?.phase) || pod.status?.podIP === undefined
          ? []
          : [[pod.status.podIP, pod] as const],
      ),
    ),
    podsByName: new Map(
      kube.pods.map((pod) => [`${pod.metadata.namespace ?? 'default'}/${pod.metadata.name}`, pod] as const),
    ),
    nodesByName: new Map(kube.nodes.map((node) => [node.metadata.name, node])),
    nodesByAddress: new Map(kube.nodes.flatMap((node) => nodeAddresses(node).map((ip) => [ip, node] as const))),
    servicesByAddress: new Map(
      kube.services.flatMap((service) => clusterIps(service).map((ip) => [ip, service] as const)),
    ),
    slices: Map.groupBy(
      kube.endpointSlices,
      ({ metadata }) => `${metadata.namespace ?? ''}/${metadata.labels?.['kubernetes.io/service-name'] ?? ''}`,
    ),
    enisById: new Map(enis.map((eni) => [eni.eniId, eni])),
    enisByAddress: new Map(enis.flatMap((eni) => eni.addresses.map(({ ip }) => [ip, eni] as const))),
    instancesByAddress: new Map(
      (cloud?.instances ?? []).flatMap((instance) => instance.privateIps.map((ip) => [ip, instance] as const)),
    ),
    vpcEnisByPod: new Map(
      kube.vpcEnis.flatMap((eni) => (eni.spec.pod === undefined ? [] : [[eni.spec.pod.uid, eni] as const])),
    ),
    vpcEnisByNode: Map.groupBy(
      kube.vpcEnis.filter(({ spec }) => spec.pod === undefined),
      ({ spec }) => spec.nodeName,
    ),
    necs: new Map(kube.nodeEniConfigs.map((nec) => [nec.metadata.name, nec])),
    eipsByPrivate: new Map(
      (cloud?.eips ?? []).flatMap((eip) => (eip.privateIp === '' ? [] : [[eip.privateIp, eip] as const])),
    ),
    eipsByPublic: new Map((cloud?.eips ?? []).map((eip) => [eip.publicIp, eip])),
    groups: indexGroups({
      groups: [...(cloud?.groups.values() ?? [])].flatMap(({ rules }) => (rules.ok ? [rules.value] : [])),
      members: [...members].flatMap(([groupId, list]) => list.map((address) => ({ groupId, address }))),
    }),
    membership: (groupId) => members.get(groupId) ?? [],
    networkPoliciesOf: (pod) => policiesOf(picture, pod),
    masquerade: masqueradeOf(picture),
    vpcCidrs: vpcCidrsOf(picture),
  };
}

function membersOf(enis: readonly Eni[]): ReadonlyMap<string, readonly Address[]> {
  const members = new Map<string, Address[]>();
  for (const eni of enis) {
    const addresses = eni.addresses.flatMap(({ ip }) => parseAddress(ip) ?? []);
    for (const group of eni.securityGroups) {
      const list = members.get(group);
      if (list === undefined) members.set(group, [...addresses]);
      else list.push(...addresses);
    }
  }
  return members;
}

export function nodeAddresses(node: Node): readonly string[] {
  return (node.status?.addresses ?? []).flatMap(({ type, address }) => (type === 'InternalIP' ? [address] : []));
}

/** None of a headless Service or one by another name. */
export function clusterIps({ spec }: ServiceView): readonly string[] {
  const all = spec?.clusterIPs ?? (spec?.clusterIP === undefined ? [] : [spec.clusterIP]);
  return all.filter((ip) => ip !== '' && ip !== 'None');
}

function policiesOf({ kube }: ClusterPicture, pod: Pod): readonly string[] {
  return kube.networkPolicies.flatMap(({ metadata, spec }) => {
    if (metadata.namespace !== pod.metadata.namespace) return [];
    const selector = compileSelector(spec?.podSelector ?? {});
    const selects = !selector.ok || selector.matches(pod.metadata.labels ?? {});
    return selects ? [`${metadata.namespace ?? ''}/${metadata.name}`] : [];
  });
}

function masqueradeOf({ kube, gaps }: ClusterPicture): Masquerade {
  const unread = gaps.find(({ what }) => what === 'daemonsets' || what === 'configmaps');
  if (unread !== undefined) return { kind: 'unreadable', why: unread.why };
  if (!kube.daemonSets.some(({ metadata }) => metadata.name === objectNames.masq)) return { kind: 'absent' };
  const map = kube.configMaps.find(({ metadata }) => metadata.name === objectNames.masqConfig);
  const text = map?.data?.['config'];
  if (text === undefined) return { kind: 'configured', config: defaultMasqConfig };
  const decoded = decodeMasqConfig(text);
  return decoded.kind === 'config'
    ? { kind: 'configured', config: decoded.config }
    : { kind: 'unreadable', why: `ConfigMap ${objectNames.masqConfig}: ${decoded.errors.join('; ')}` };
}

/** The table of a subnet, else the main one of the VPC. */
export function tableOf({ picture }: World, subnetId = ''): CloudRouteTable | undefined {
  const tables = picture.cloud?.routeTables ?? [];
  return tables.find(({ subnetIds }) => subnetIds.includes(subnetId)) ?? tables.find(({ main }) => main);
}

const PRIVATE = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'] as const;

/** Without the cloud every private address counts as one of the VPC. */
function vpcCidrsOf({ cloud }: ClusterPicture): readonly string[] {
  return cloud === undefined || cloud.vpcCidrs.length === 0 ? PRIVATE : cloud.vpcCidrs;
}

/** Groups that a Pod of a super node asks for (spec 001). */
export function superNodeGroups(pod: Pod): readonly string[] | undefined {
  const text = pod.metadata.annotations?.[annotations.eksSecurityGroupId];
  return text === undefined ? undefined : text.split(',').flatMap((id) => (id.trim() === '' ? [] : [id.trim()]));
}
