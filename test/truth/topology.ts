// The places that packets come from and go to: two nodes with Pods, a machine outside the cluster and the internet. Pure.
import type { FabricEni } from '../../lab/cloud/read-model.ts';
import { INTERNET_HOST, INTERNET_NETNS } from '../../lab/fabric/internet.ts';
import { hostVethName, podMac, subEniLinkName, type Wiring } from '../../src/agent/wiring.ts';
import type { EnforcingMode } from '../../src/api/vpc-eni.ts';

/** Subnets of the nodes and of the Pods. */
export const NODE_SUBNET = '10.0.0.0/24';
export const POD_SUBNET = '10.0.1.0/24';
export const SUBNET_IDS: Readonly<Record<string, string>> = {
  [NODE_SUBNET]: 'subnet-nodes',
  [POD_SUBNET]: 'subnet-pods',
};
const TRUNK = 'eth1';

export type Place =
  | { readonly kind: 'machine' | 'node'; readonly name: string; readonly address: string; readonly eniId: string }
  | {
      readonly kind: 'pod';
      readonly name: string;
      readonly address: string;
      readonly eniId: string;
      readonly node: string;
      /** `shared`: an address of the trunk, whose groups hold. */
      readonly network: 'sub-eni' | 'shared';
    }
  | { readonly kind: 'internet'; readonly name: string; readonly address: string };
export type PodPlace = Extract<Place, { kind: 'pod' }>;

const eniIdOf = (n: number): string => `eni-${n.toString(16).padStart(8, '0')}`;
const macOf = (n: number): string => `02:00:00:00:00:${n.toString(16).padStart(2, '0')}`;

/** Primary ENI of a machine; number and address go together. */
const machine = (kind: 'machine' | 'node', n: number): Place => ({
  kind,
  name: `n${n}`,
  address: `10.0.0.${n}`,
  eniId: eniIdOf(n),
});
const subEni = (name: string, n: number, node: string): PodPlace => ({
  kind: 'pod',
  name,
  address: `10.0.1.${n}`,
  eniId: eniIdOf(n),
  node,
  network: 'sub-eni',
});
const shared = (name: string, n: number, node: string): PodPlace => ({
  ...subEni(name, n, node),
  eniId: trunkOf(node),
  network: 'shared',
});
const trunkOf = (node: string): string => eniIdOf(10 + Number(node.slice(1)));

/** Namespace and name are the same. */
export const places: readonly Place[] = [
  machine('node', 1),
  machine('node', 2),
  machine('machine', 3),
  subEni('a', 21, 'n1'),
  subEni('b', 22, 'n1'),
  subEni('c', 23, 'n1'),
  shared('s', 31, 'n1'),
  subEni('d', 24, 'n2'),
  subEni('e', 25, 'n2'),
  shared('t', 32, 'n2'),
  { kind: 'internet', name: INTERNET_NETNS, address: INTERNET_HOST },
];
export const pods: readonly PodPlace[] = places.flatMap((place) => (place.kind === 'pod' ? [place] : []));
export const nodes = ['n1', 'n2'] as const;

/** Of every ENI that groups can be bound to. */
export const eniIds: readonly string[] = [
  ...new Set(places.flatMap((place) => ('eniId' in place ? [place.eniId] : []))),
];

/** Groups by ENI id. */
export function enisOf(bindings: ReadonlyMap<string, readonly string[]>): FabricEni[] {
  return eniIds.map((eniId) => {
    const n = Number.parseInt(eniId.slice('eni-'.length), 16);
    const here = places.flatMap((place) => ('eniId' in place && place.eniId === eniId ? [place] : []));
    const isTrunk = n > 10 && n < 20;
    const isSub = n > 20;
    const [first] = here;
    const node = first?.kind === 'pod' ? first.node : (first?.name ?? '');
    const inPods = isTrunk || isSub;
    return {
      eniId,
      kind: isSub ? 'sub' : isTrunk ? 'secondary' : 'primary',
      mac: macOf(n),
      instanceId: `ins-${node}`,
      deviceIndex: isSub ? null : isTrunk ? 1 : 0,
      trunkEniId: isSub ? trunkOf(node) : null,
      vlanId: isSub ? n : null,
      subnetId: SUBNET_IDS[inPods ? POD_SUBNET : NODE_SUBNET] ?? '',
      subnetCidr: inPods ? POD_SUBNET : NODE_SUBNET,
      gateway: inPods ? '10.0.1.254' : '10.0.0.254',
      // A trunk has an address of its own before those that it lends to Pods.
      addresses: [...(isTrunk ? [`10.0.1.${n}`] : []), ...here.map(({ address }) => address)],
      securityGroupIds: bindings.get(eniId) ?? [],
    };
  });
}

/** What the agent would write down when it wires the Pod. */
export function wiringOf(pod: PodPlace, mode: EnforcingMode): Wiring {
  const n = Number.parseInt(pod.eniId.slice('eni-'.length), 16);
  const common = {
    podIp: pod.address,
    ifName: 'eth0',
    netns: pod.name,
    hostVeth: hostVethName(pod.name, 'eth0'),
    podMac: podMac(pod.name, 'eth0'),
    eniMac: macOf(n),
    gateway: '10.0.1.254',
  };
  if (pod.network === 'shared') return { kind: 'shared', ...common, vpcEniUID: pod.eniId, index: 1, link: TRUNK };
  return { kind: 'sub-eni', ...common, vlanId: n, trunk: TRUNK, link: subEniLinkName(TRUNK, n), mode };
}
