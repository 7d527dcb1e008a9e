// A world as `trace` would find it: the objects of the cluster and the answers of the cloud. Pure.
import { objectNames } from '../../src/api/keys.ts';
import type { NodeEniConfig } from '../../src/api/node-eni-config.ts';
import type { VpcEni } from '../../src/api/vpc-eni.ts';
import type { Eni } from '../../src/cloud/vpc-cloud.ts';
import { emptyCloud, emptyKube } from '../../src/diagnose/picture/empty.ts';
import type {
  CloudGroup,
  CloudPicture,
  CloudRouteTable,
  ClusterPicture,
  KubePicture,
} from '../../src/diagnose/picture/picture.ts';
import type { Place as TracePlace } from '../../src/diagnose/trace/trace.ts';
import type { Node, Pod } from '../../src/kube/resources.ts';
import { enisOf, NODE_SUBNET, nodes, POD_SUBNET, type PodPlace, pods, SUBNET_IDS } from './topology.ts';
import { placeOf, type TruthWorld } from './world.ts';

const VPC = 'vpc-00000001';
const NAMESPACE = 'truth';

/** `groups` are the world's, read by whoever asks. */
export function pictureOf(world: TruthWorld, groups: ReadonlyMap<string, CloudGroup>): ClusterPicture {
  return {
    takenAt: '2026-01-01T00:00:00.000Z',
    serverVersion: 'v1.34.1',
    kube: kubeOf(world),
    cloud: cloudOf(world, groups),
    gaps: [],
  };
}

/** The place in the words of `trace`. */
export function tracePlace(name: string): TracePlace {
  const place = placeOf(name);
  switch (place.kind) {
    case 'pod':
      return { kind: 'pod', pod: podOf(place) };
    case 'node':
      return { kind: 'node', node: nodeOf(name) };
    case 'machine':
    case 'internet':
      return { kind: 'address', address: place.address };
  }
}

function kubeOf(world: TruthWorld): KubePicture {
  const config = {
    NonMasqueradeCIDRs: world.masq.nonMasqueradeCIDRs,
    NonMasqueradeSrcCIDRs: world.masq.nonMasqueradeSrcCIDRs,
  };
  return {
    ...emptyKube(),
    pods: pods.map(podOf),
    nodes: nodes.map(nodeOf),
    vpcEnis: pods.filter(({ network }) => network === 'sub-eni').map((pod) => vpcEniOf(world, pod)),
    nodeEniConfigs: nodes.map((node) => necOf(world, node)),
    daemonSets: [
      {
        ...typed('apps/v1', 'DaemonSet'),
        metadata: { name: objectNames.masq, namespace: objectNames.systemNamespace },
      },
    ],
    configMaps: [
      {
        ...typed('v1', 'ConfigMap'),
        metadata: { name: objectNames.masqConfig, namespace: objectNames.systemNamespace },
        data: { config: JSON.stringify(config) },
      },
    ],
  };
}

const typed = (apiVersion: string, kind: string) => ({ apiVersion, kind });

/** Its containers declare no port, so that nothing but the network is judged. */
const podOf = ({ name, node, address }: PodPlace): Pod => ({
  ...typed('v1', 'Pod'),
  metadata: { name, namespace: NAMESPACE, uid: `uid-${name}` },
  spec: { nodeName: node, containers: [{ name: 'main', image: 'main' }] },
  status: { phase: 'Running', podIP: address },
});

const nodeOf = (name: string): Node => ({
  ...typed('v1', 'Node'),
  metadata: { name },
  status: { addresses: [{ type: 'InternalIP', address: placeOf(name).address }] },
});

const vpcEniOf = ({ strict }: TruthWorld, { name, node }: PodPlace): VpcEni => ({
  ...typed('networking.tke.cloud.tencent.com/v1alpha1', 'VpcENI'),
  metadata: { name: `sub-${name}` },
  spec: {
    type: 'SubENI',
    nodeName: node,
    pod: { namespace: NAMESPACE, name, uid: `uid-${name}` },
    securityGroups: [],
    enforcingMode: strict.includes(name) ? 'strict' : 'standard',
  },
});

const necOf = ({ strict, earlyDemux }: TruthWorld, name: string): NodeEniConfig => ({
  ...typed('networking.tke.cloud.tencent.com/v1alpha1', 'NodeENIConfig'),
  metadata: { name },
  spec: {},
  status: {
    node: {
      linkDriver: 'veth',
      ready: true,
      routing: {
        strict: pods.some((pod) => pod.node === name && strict.includes(pod.name)),
        tcpEarlyDemux: earlyDemux.tcp,
        udpEarlyDemux: earlyDemux.udp,
        ipvs: false,
        nodeLocalDNS: false,
      },
    },
  },
});

function cloudOf(world: TruthWorld, groups: ReadonlyMap<string, CloudGroup>): CloudPicture {
  const enis = enisOf(new Map(Object.entries(world.bindings)));
  return {
    ...emptyCloud(),
    vpcId: VPC,
    vpcCidrs: [NODE_SUBNET, POD_SUBNET],
    enis: enis.map(
      (eni): Eni => ({
        eniId: eni.eniId,
        name: '',
        kind: eni.kind,
        state: 'AVAILABLE',
        vpcId: VPC,
        subnetId: eni.subnetId,
        mac: eni.mac,
        addresses: eni.addresses.map((ip, index) => ({ ip, primary: index === 0, settled: true })),
        securityGroups: eni.securityGroupIds,
        tags: [],
      }),
    ),
    groups,
    routeTables: [NODE_SUBNET, POD_SUBNET].map((subnet) => routeTable(world, subnet)),
    natGateways: natsOf(world).map((ip) => ({
      natGatewayId: `nat-${ip}`,
      vpcId: VPC,
      state: 'AVAILABLE',
      publicIps: [ip],
    })),
    eips: Object.entries(world.eips).map(([name, publicIp]) => {
      const place = placeOf(name);
      const eniId = 'eniId' in place ? place.eniId : '';
      return {
        addressId: `eip-${name}`,
        publicIp,
        status: 'BIND_ENI',
        instanceId: '',
        eniId,
        privateIp: place.address,
      };
    }),
  };
}

const natsOf = ({ waysOut }: TruthWorld): readonly string[] => [
  ...new Set(waysOut.flatMap((way) => (way.kind === 'nat' ? [way.natIp] : []))),
];

function routeTable({ waysOut }: TruthWorld, subnet: string): CloudRouteTable {
  const routeTableId = `rtb-${SUBNET_IDS[subnet] ?? ''}`;
  return {
    routeTableId,
    vpcId: VPC,
    main: false,
    subnetIds: [SUBNET_IDS[subnet] ?? ''],
    routes: waysOut
      .filter(({ subnetCidr }) => subnetCidr === subnet)
      .map((way) => ({
        routeTableId,
        destination: way.destination,
        gatewayType: way.kind === 'nat' ? 'NAT' : 'EIP',
        gatewayId: way.kind === 'nat' ? `nat-${way.natIp}` : '0',
      })),
  };
}
