// For tests: a small cluster as a picture, built from the few facts that matter, with its cloud beside it.
import type { VpcEni } from '../../../api/vpc-eni.ts';
import type { RoutingStatus } from '../../../api/node-eni-config.ts';
import type { Eni } from '../../../cloud/vpc-cloud.ts';
import type { Node, Pod } from '../../../kube/resources.ts';
import { parseSecurityGroup } from '../../../securitygroup/parse.ts';
import { emptyCloud, emptyKube, emptyPicture } from '../../picture/empty.ts';
import type { CloudEip, CloudPicture, CloudRoute, ClusterPicture, KubePicture } from '../../picture/picture.ts';

export interface TestRule {
  readonly Protocol: string;
  readonly Port?: string;
  readonly CidrBlock?: string;
  readonly SecurityGroupId?: string;
  readonly Action: 'ACCEPT' | 'DROP';
}

export const ANY: TestRule = { Protocol: 'ALL', Port: 'ALL', CidrBlock: '0.0.0.0/0', Action: 'ACCEPT' };

export interface TestPod {
  readonly name: string;
  readonly address: string;
  readonly node: string;
  readonly mode?: 'standard' | 'strict';
  readonly groups?: readonly string[];
  readonly ports?: readonly number[];
  /** Of the node, for the first of them. */
  readonly hostPort?: number;
  readonly hostIP?: string;
  readonly host?: boolean;
  readonly labels?: Readonly<Record<string, string>>;
}

export interface TestCluster {
  readonly pods: readonly TestPod[];
  /** Address to groups of the primary ENI; the node is named by its address. */
  readonly nodes: Readonly<Record<string, readonly string[]>>;
  /** Of the shared ENIs, by node. */
  readonly shared?: Readonly<Record<string, readonly string[]>>;
  readonly groups: Readonly<Record<string, { readonly in?: readonly TestRule[]; readonly out?: readonly TestRule[] }>>;
  readonly routing?: Partial<RoutingStatus>;
  /** Text of ip-masq-agent's configuration; absent: it is not installed. */
  readonly masq?: string;
  readonly kube?: Partial<KubePicture>;
  readonly cloud?: Partial<CloudPicture>;
}

const SUBNET = 'subnet-1';

/** An EIP that is bound to the private address. */
export const eip = (publicIp: string, privateIp: string): CloudEip => ({
  addressId: `eip-${publicIp}`,
  publicIp,
  privateIp,
  status: 'BIND_ENI',
  instanceId: '',
  eniId: '',
});

/** A default route. */
export const route = (gatewayType: string, gatewayId: string): CloudRoute => ({
  routeTableId: 'rtb-1',
  destination: '0.0.0.0/0',
  gatewayType,
  gatewayId,
});

export function pictureOf(cluster: TestCluster): ClusterPicture {
  const { masq } = cluster;
  const enis = enisOf(cluster);
  const groups = Object.entries(cluster.groups).map(([groupId, rules]) => {
    const parsed = parseSecurityGroup(groupId, { Ingress: rules.in ?? [], Egress: rules.out ?? [] });
    return [groupId, { groupId, name: '', rules: parsed }] as const;
  });
  const masqObjects =
    masq === undefined
      ? {}
      : {
          daemonSets: [object('DaemonSet', 'ip-masq-agent')],
          configMaps: [{ ...object('ConfigMap', 'ip-masq-agent-config'), data: { config: masq } }],
        };
  return {
    ...emptyPicture(),
    kube: {
      ...emptyKube(),
      ...masqObjects,
      pods: cluster.pods.map(podObject),
      nodes: Object.keys(cluster.nodes).map(nodeObject),
      vpcEnis: cluster.pods.filter(({ mode }) => mode !== undefined).map(vpcEni),
      nodeEniConfigs: Object.keys(cluster.nodes).map((name) => ({
        ...object('NodeENIConfig', name),
        spec: {},
        status: { node: { linkDriver: 'veth', ready: true, routing: { ...QUIET, ...cluster.routing } } },
      })),
      ...cluster.kube,
    },
    cloud: {
      ...emptyCloud(),
      vpcId: 'vpc-1',
      vpcCidrs: ['10.0.0.0/16'],
      enis,
      groups: new Map(groups),
      routeTables: [{ routeTableId: 'rtb-1', vpcId: 'vpc-1', main: true, subnetIds: [SUBNET], routes: [] }],
      ...cluster.cloud,
    },
  };
}

const QUIET: RoutingStatus = {
  strict: false,
  tcpEarlyDemux: false,
  udpEarlyDemux: false,
  ipvs: false,
  nodeLocalDNS: false,
};

const object = (kind: string, name: string, namespace = 'kube-system') => ({
  apiVersion: 'v1',
  kind,
  metadata: { name, namespace, uid: `uid-${name}` },
});

function enisOf({ pods, nodes, shared = {} }: TestCluster): readonly Eni[] {
  const eni = (eniId: string, ips: readonly string[], securityGroups: readonly string[], kind: Eni['kind']): Eni => ({
    eniId,
    name: eniId,
    kind,
    state: 'AVAILABLE',
    vpcId: 'vpc-1',
    subnetId: SUBNET,
    mac: '02:00:00:00:00:01',
    addresses: ips.map((ip, at) => ({ ip, primary: at === 0, settled: true })),
    securityGroups,
    tags: [],
  });
  const own = pods.filter(({ mode, host }) => mode !== undefined && host !== true);
  return [
    ...Object.entries(nodes).map(([node, groups]) => eni(`eni-${node}`, [node], groups, 'primary')),
    ...Object.keys(nodes).map((node) =>
      eni(
        `eni-shared-${node}`,
        pods
          .filter((pod) => pod.node === node && pod.mode === undefined && pod.host !== true)
          .map((pod) => pod.address),
        shared[node] ?? [],
        'secondary',
      ),
    ),
    ...own.map((pod) => eni(`eni-${pod.name}`, [pod.address], pod.groups ?? [], 'sub')),
  ];
}

function podObject({ name, address, node, ports = [], hostPort, hostIP, host = false, labels = {} }: TestPod): Pod {
  const declared = ports.map((containerPort, at) => ({
    containerPort,
    ...(at === 0 && hostPort !== undefined ? { hostPort } : {}),
    ...(at === 0 && hostIP !== undefined ? { hostIP } : {}),
  }));
  return {
    ...object('Pod', name, 'default'),
    metadata: { name, namespace: 'default', uid: `uid-${name}`, labels: { ...labels } },
    spec: {
      nodeName: node,
      hostNetwork: host,
      containers: [{ name: 'main', ports: declared }],
    },
    status: { phase: 'Running', podIP: address, hostIP: node },
  };
}

function nodeObject(name: string): Node {
  return { ...object('Node', name), status: { addresses: [{ type: 'InternalIP', address: name }] } };
}

function vpcEni({ name, node, mode = 'standard', groups = [] }: TestPod): VpcEni {
  return {
    ...object('VpcENI', `sub-uid-${name}`),
    spec: {
      type: 'SubENI',
      nodeName: node,
      pod: { namespace: 'default', name, uid: `uid-${name}` },
      securityGroups: [...groups],
      enforcingMode: mode,
    },
  };
}

/** The Pod of that name as a place. */
export function podPlace(picture: ClusterPicture, name: string): { readonly kind: 'pod'; readonly pod: Pod } {
  const pod = picture.kube.pods.find(({ metadata }) => metadata.name === name);
  if (pod === undefined) throw new Error(`no Pod ${name}`);
  return { kind: 'pod', pod };
}

export function nodePlace(picture: ClusterPicture, name: string): { readonly kind: 'node'; readonly node: Node } {
  const node = picture.kube.nodes.find(({ metadata }) => metadata.name === name);
  if (node === undefined) throw new Error(`no node ${name}`);
  return { kind: 'node', node };
}
