// An account of the size of issue 10: Pods in workloads, groups with rules of every kind, and the cluster around them as `trace` finds it.
import type { VpcEni } from '../src/api/vpc-eni.ts';
import type { Eni } from '../src/cloud/vpc-cloud.ts';
import { emptyCloud, emptyKube } from '../src/diagnose/picture/empty.ts';
import type { ClusterPicture } from '../src/diagnose/picture/picture.ts';
import type { Node, Pod } from '../src/kube/resources.ts';
import { parseSecurityGroup } from '../src/securitygroup/parse.ts';
import type { AccountSize } from './trace-message.ts';

const VPC = 'vpc-00000001';
const groupId = (n: number): string => `sg-${n.toString(16).padStart(8, '0')}`;
const podAddress = (n: number): string => `10.${32 + (n >> 16)}.${(n >> 8) & 255}.${n & 255}`;
const nodeAddress = (n: number): string => `10.16.${n >> 8}.${n & 255}`;
const hash = (n: number): number => Math.imul(n ^ 0x9e_37_79_b9, 0x85_eb_ca_6b) >>> 8;

/** Always the same for the same size. `progress`: groups whose rules are read. */
export function pictureOfAccount(size: AccountSize, progress?: (groups: number) => void): ClusterPicture {
  const pods = Array.from({ length: size.pods }, (_, n) => podOf(n, size));
  const enis = Array.from({ length: size.pods }, (_, n) =>
    eniOf(`eni-${n}`, 'sub', podAddress(n), groupsOfPod(n, size)),
  );
  const groups = new Map(
    Array.from({ length: size.groups }, (_, n) => {
      progress?.(n);
      const id = groupId(n);
      return [id, { groupId: id, name: `group-${n}`, rules: parseSecurityGroup(id, policySet(n, size)) }] as const;
    }),
  );
  return {
    takenAt: '2026-01-01T00:00:00.000Z',
    serverVersion: 'v1.34.1',
    kube: {
      ...emptyKube(),
      pods,
      nodes: Array.from({ length: size.nodes }, (_, n) => nodeOf(n)),
      vpcEnis: pods.map(vpcEniOf),
    },
    cloud: {
      ...emptyCloud(),
      vpcId: VPC,
      vpcCidrs: ['10.0.0.0/8'],
      enis: [
        ...enis,
        ...Array.from({ length: size.nodes }, (_, n) => eniOf(`eni-n${n}`, 'primary', nodeAddress(n), [groupId(0)])),
      ],
      groups,
    },
    gaps: [],
  };
}

/** One to three groups; the Pods of a workload have the same. */
function groupsOfPod(n: number, { workloads, groups }: AccountSize): readonly string[] {
  const seed = hash(n % workloads);
  return Array.from({ length: 1 + (seed % 3) }, (_, k) => groupId((seed + k * 101) % groups));
}

/** Lists in which the rule that decides is often far down: networks, groups and ports that mostly do not fit, and in every other group an ACCEPT at the end. */
function policySet(n: number, { groups, rules, pods }: AccountSize): unknown {
  const each = rules / groups / 2;
  const list = (salt: number): unknown[] =>
    Array.from({ length: each }, (_, k) => {
      if (k === each - 1 && n % 2 === 0)
        return { PolicyIndex: k, Protocol: 'TCP', Port: '80,443', Action: 'ACCEPT', CidrBlock: '10.0.0.0/8' };
      const seed = hash(n * 1_009 + k * 31 + salt);
      const port =
        k % 5 === 0 ? 'ALL' : k % 5 === 1 ? `${8_000 + k}-${8_100 + k}` : k % 5 === 2 ? '80,443' : String(1_000 + k);
      const peer =
        k % 3 === 0
          ? { SecurityGroupId: groupId(seed % groups) }
          : { CidrBlock: `${podAddress(seed % pods)}/${k % 3 === 1 ? 32 : 24 + (seed % 6)}` };
      return {
        PolicyIndex: k,
        Protocol: k % 4 === 3 ? 'UDP' : 'TCP',
        Port: port,
        Action: seed % 4 === 0 ? 'DROP' : 'ACCEPT',
        ...peer,
      };
    });
  return { Ingress: list(1), Egress: list(2) };
}

const podOf = (n: number, { workloads, nodes }: AccountSize): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name: `w${n % workloads}-${n}`,
    namespace: `ns-${n % 20}`,
    uid: `uid-${n}`,
    labels: { app: `w${n % workloads}` },
  },
  spec: { nodeName: `node-${n % nodes}`, containers: [{ name: 'main', image: 'main' }] },
  status: { phase: 'Running', podIP: podAddress(n) },
});

const nodeOf = (n: number): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: `node-${n}` },
  status: { addresses: [{ type: 'InternalIP', address: nodeAddress(n) }] },
});

const vpcEniOf = ({ metadata, spec }: Pod): VpcEni => ({
  apiVersion: 'networking.tke.cloud.tencent.com/v1alpha1',
  kind: 'VpcENI',
  metadata: { name: `sub-${metadata.uid}` },
  spec: {
    type: 'SubENI',
    nodeName: spec.nodeName ?? '',
    pod: { namespace: metadata.namespace ?? '', name: metadata.name, uid: metadata.uid ?? '' },
    securityGroups: [],
    enforcingMode: 'strict',
  },
});

const eniOf = (eniId: string, kind: Eni['kind'], ip: string, securityGroups: readonly string[]): Eni => ({
  eniId,
  name: '',
  kind,
  state: 'AVAILABLE',
  vpcId: VPC,
  subnetId: 'subnet-1',
  mac: '',
  addresses: [{ ip, primary: true, settled: true }],
  securityGroups,
  tags: [],
});
