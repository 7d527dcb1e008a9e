// The lab's world as data: account, network, groups and nodes. Ids that people type are fixed; everything else is made by the cloud.

/** Node of the lab's cluster. `general` and `super` are CVMs or virtual nodes in the simulated account. */
export interface LabNodePlan {
  readonly kind: 'general' | 'super';
  readonly zone: string;
  readonly nodeSubnetId: string;
  /** CVM model; its family decides about sub-ENIs (spec 002, Limitations). */
  readonly instanceType: string;
  /** The node pool of a native node: a general node that TKE manages, with the same machine behind it. */
  readonly machineSet?: string;
}

export const REGION = 'ap-guangzhou';
export const CLUSTER_ID = 'cls-lab00001';
export const VPC = { vpcId: 'vpc-lab00001', cidr: '10.0.0.0/16', name: 'trunkline-lab' } as const;

/** Add-ons of the lab's cluster, with what was written over the defaults. */
export const ADDONS = {
  eniipamd: { vpcCni: { trunkingEni: { enableSubEni: true } } },
  securitygrouppolicy: {},
} as const;

export const ZONES = ['ap-guangzhou-3', 'ap-guangzhou-6'] as const;

/** Subnets for nodes and, apart from them, for Pods ("container subnets"). */
export const SUBNETS = [
  { subnetId: 'subnet-node0003', name: 'nodes-3', cidr: '10.0.1.0/24', zone: ZONES[0] },
  { subnetId: 'subnet-node0006', name: 'nodes-6', cidr: '10.0.2.0/24', zone: ZONES[1] },
  { subnetId: 'subnet-pods0003', name: 'pods-3', cidr: '10.0.32.0/22', zone: ZONES[0] },
  { subnetId: 'subnet-pods0006', name: 'pods-6', cidr: '10.0.36.0/22', zone: ZONES[1] },
  { subnetId: 'subnet-super003', name: 'super-3', cidr: '10.0.64.0/24', zone: ZONES[0] },
] as const;

/** Where the Kubernetes API answers inside the VPC: an address that no subnet has, as a managed control plane's is on no ENI of the account. */
export const API_ENDPOINT = { host: '10.0.0.2', port: 6443 } as const;

export const POD_SUBNET_IDS = ['subnet-pods0003', 'subnet-pods0006'] as const;

/** The group on the nodes' primary ENIs; TKE names it after the cluster (spec 001). */
export const NODE_GROUP = { securityGroupId: 'sg-labnodes', name: `tke-worker-security-for-${CLUSTER_ID}` } as const;

/** The group of spec 002's sample, and one for clients. Document 001 makes a group named my-pod-security-group and finds it by its name. */
export const SAMPLE_GROUP = { securityGroupId: 'sg-xxxxyyyy', name: 'sample-pods' } as const;
export const CLIENT_GROUP = { securityGroupId: 'sg-client01', name: 'client' } as const;

/** Groups for the nodes' ENIs (spec 000): one opens the web port, one shuts it. */
export const NODE_WEB_GROUP = { securityGroupId: 'sg-nodeweb1', name: 'node-web' } as const;
export const NODE_SHUT_GROUP = { securityGroupId: 'sg-nodeshut', name: 'node-web-shut' } as const;

export interface GroupRule {
  readonly Protocol: string;
  readonly Port: string;
  readonly CidrBlock?: string;
  readonly SecurityGroupId?: string;
  readonly Action: 'ACCEPT' | 'DROP';
  readonly PolicyDescription?: string;
}

/** Subnets of general nodes and of their Pods. */
const NODE_NEIGHBOURS = SUBNETS.filter(({ subnetId }) => subnetId !== 'subnet-super003');

const anyOut: GroupRule = { Protocol: 'ALL', Port: 'ALL', CidrBlock: '0.0.0.0/0', Action: 'ACCEPT' };

/** Groups with their rules, in the API's own words. */
export const GROUPS: readonly {
  readonly securityGroupId: string;
  readonly name: string;
  readonly description: string;
  readonly ingress: readonly GroupRule[];
  readonly egress: readonly GroupRule[];
}[] = [
  {
    ...NODE_GROUP,
    description: 'nodes of the cluster',
    // Not the whole VPC: the machines of super nodes are let in by their group, as document 001 does it for the DNS.
    ingress: [
      ...NODE_NEIGHBOURS.map(
        ({ cidr, name }): GroupRule => ({
          Protocol: 'ALL',
          Port: 'ALL',
          CidrBlock: cidr,
          Action: 'ACCEPT',
          PolicyDescription: name,
        }),
      ),
      {
        Protocol: 'ALL',
        Port: 'ALL',
        SecurityGroupId: NODE_GROUP.securityGroupId,
        Action: 'ACCEPT',
        PolicyDescription: 'its own members',
      },
    ],
    egress: [anyOut],
  },
  {
    ...SAMPLE_GROUP,
    description: "Pods of spec 002's sample",
    ingress: [
      { Protocol: 'TCP', Port: '80', CidrBlock: VPC.cidr, Action: 'ACCEPT', PolicyDescription: 'web, from the VPC' },
      {
        Protocol: 'ALL',
        Port: 'ALL',
        SecurityGroupId: NODE_GROUP.securityGroupId,
        Action: 'ACCEPT',
        PolicyDescription: 'kubelet',
      },
    ],
    egress: [anyOut],
  },
  {
    ...CLIENT_GROUP,
    description: 'Pods that only call others',
    ingress: [
      {
        Protocol: 'ALL',
        Port: 'ALL',
        SecurityGroupId: NODE_GROUP.securityGroupId,
        Action: 'ACCEPT',
        PolicyDescription: 'kubelet',
      },
    ],
    egress: [anyOut],
  },
  {
    ...NODE_WEB_GROUP,
    description: 'nodes whose Pods serve the web',
    ingress: [{ Protocol: 'TCP', Port: '80', CidrBlock: VPC.cidr, Action: 'ACCEPT', PolicyDescription: 'the VPC' }],
    egress: [anyOut],
  },
  {
    ...NODE_SHUT_GROUP,
    description: 'nodes whose Pods do not serve the web; before another group, it shuts what that one opens',
    ingress: [{ Protocol: 'TCP', Port: '80', CidrBlock: VPC.cidr, Action: 'DROP', PolicyDescription: 'the VPC' }],
    egress: [anyOut],
  },
];

/** The node pool of the lab's native nodes. */
export const MACHINE_SET = 'np-lab00001';

/** `count` general nodes of a model and after them `nativeNodes` native ones, spread over the zones, and `superNodes` super nodes. */
export function planNodes(
  count: number,
  superNodes: number,
  instanceType = 'SA5.LARGE8',
  nativeNodes = 0,
): LabNodePlan[] {
  const nodeSubnets = ['subnet-node0003', 'subnet-node0006'] as const;
  const general = Array.from({ length: count + nativeNodes }, (_, index): LabNodePlan => {
    const side = index % 2 === 0 ? 0 : 1;
    const plan = { kind: 'general', zone: ZONES[side], nodeSubnetId: nodeSubnets[side], instanceType } as const;
    return index < count ? plan : { ...plan, machineSet: MACHINE_SET };
  });
  const virtual = Array.from(
    { length: superNodes },
    (): LabNodePlan => ({ kind: 'super', zone: ZONES[0], nodeSubnetId: 'subnet-super003', instanceType: 'eklet' }),
  );
  return [...general, ...virtual];
}
