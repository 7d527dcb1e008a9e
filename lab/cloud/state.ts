// Everything one simulated account owns, as plain records in maps; the only mutable heart of the simulator.
import type { AddressPool } from './addresses.ts';
import type { ClusterAddon, VpcCniNetwork } from './addons/addon-state.ts';
import { type EipBook, emptyEipBook } from './eips/eip-state.ts';
import { emptyTemplateBook, type TemplateBook } from './policy-templates.ts';
import { EniIndex } from './eni-index.ts';
import { emptyRouteBook, type RouteBook } from './routes/route-state.ts';
import type { VlanIds } from './vlan-ids.ts';

export interface TagRecord {
  readonly Key: string;
  readonly Value: string;
}

export interface VpcRecord {
  readonly vpcId: string;
  name: string;
  readonly cidr: string;
  readonly isDefault: boolean;
  /** Absent: the cloud's own. */
  dnsServers?: readonly string[];
  domainName?: string;
  enableMulticast?: boolean;
  readonly createdAt: Date;
  tags: readonly TagRecord[];
}

export interface SubnetRecord {
  readonly subnetId: string;
  readonly vpcId: string;
  name: string;
  readonly cidr: string;
  readonly zone: string;
  enableBroadcast?: boolean;
  readonly addresses: AddressPool;
  readonly createdAt: Date;
  tags: readonly TagRecord[];
}

export interface EniAddress {
  readonly ip: string;
  readonly primary: boolean;
  /** Absent: that of the ENI. */
  readonly state?: 'PENDING' | 'MIGRATING' | 'DELETING';
  readonly description?: string;
}

export type EniState = 'PENDING' | 'AVAILABLE' | 'ATTACHING' | 'DETACHING' | 'DELETING';

export interface EniRecord {
  readonly eniId: string;
  name: string;
  description: string;
  readonly kind: 'primary' | 'secondary' | 'sub';
  state: EniState;
  readonly vpcId: string;
  readonly subnetId: string;
  readonly zone: string;
  /** Lower-case; upper-case on the wire. */
  readonly mac: string;
  addresses: readonly EniAddress[];
  /** In order of priority. */
  securityGroupIds: string[];
  attachment: {
    readonly instanceId: string;
    readonly deviceIndex: number;
    readonly at: Date;
    /** False until the attaching task's time has come: a place in the quota, no port yet. */
    readonly plugged: boolean;
  } | null;
  trunking: boolean;
  /** PT, AU, AG or DEFAULT. */
  qosLevel: string;
  /** Tasks that change its addresses now. */
  addressTasks: number;
  /** Set on a trunk. */
  readonly vlans: VlanIds;
  readonly trunkEniId: string | null;
  readonly vlanId: number | null;
  tags: readonly TagRecord[];
  readonly createdAt: Date;
  /** Monotonic milliseconds from which describe calls show it. */
  readonly visibleAt: number;
  /** The fabric is told about it. */
  wired: boolean;
  /** The fabric enforces its groups. */
  groupsReady: boolean;
}

export interface PolicyRecord {
  readonly protocol: 'TCP' | 'UDP' | 'ICMP' | 'ICMPV6' | 'GRE' | 'ALL';
  /** ALL, 80, 8000-8010 or 80,443. */
  readonly port: string;
  /** As written; of these and the address templates at most one is not empty, none means any IPv4 (facts, section 11). */
  readonly cidr: string;
  readonly cidr6: string;
  readonly securityGroupId: string;
  readonly addressId: string;
  readonly addressGroupId: string;
  /** With one of these two, `protocol` and `port` are ALL and mean nothing. */
  readonly serviceId: string;
  readonly serviceGroupId: string;
  readonly action: 'ACCEPT' | 'DROP';
  readonly description: string;
  readonly modifiedAt: Date;
}

export interface SecurityGroupRecord {
  readonly securityGroupId: string;
  name: string;
  description: string;
  readonly projectId: string;
  readonly isDefault: boolean;
  readonly createdAt: Date;
  updatedAt: Date;
  tags: readonly TagRecord[];
  /** Grows by one with every change of the rules. */
  version: number;
  ingress: PolicyRecord[];
  egress: PolicyRecord[];
  /** The rules with templates expanded, as they were answered last; `at` in monotonic milliseconds. */
  expansion?: {
    readonly at: number;
    readonly rules: Pick<SecurityGroupRecord, 'version' | 'ingress' | 'egress'>;
  };
}

export type InstanceState = 'PENDING' | 'RUNNING' | 'STOPPING' | 'STOPPED' | 'STARTING' | 'SHUTDOWN' | 'TERMINATING';

export interface InstanceRecord {
  readonly instanceId: string;
  name: string;
  readonly instanceType: string;
  readonly cpu: number;
  readonly memoryGiB: number;
  readonly zone: string;
  readonly vpcId: string;
  readonly subnetId: string;
  state: InstanceState;
  readonly createdAt: Date;
  /** Overrides of the model's quotas. */
  readonly eniQuantity: number;
  readonly eniPrivateIpQuantity: number;
  subEniQuantity: number;
  /** EIPs on all its ENIs together. */
  eipQuantity: number;
  /** The ordinary public address of its primary private address, which is no EIP. */
  normalPublicIp: string | null;
  tags: readonly TagRecord[];
  latestOperation: { name: string; state: 'OPERATING' | 'SUCCESS' | 'FAILED'; requestId: string } | null;
}

export interface ClusterRecord {
  readonly clusterId: string;
  readonly name: string;
  readonly vpcId: string;
  readonly createdAt: Date;
  tags: readonly TagRecord[];
  /** Null: the cluster's Pods do not use VPC-CNI. */
  vpcCni: VpcCniNetwork | null;
  /** By add-on name. */
  readonly addons: Map<string, ClusterAddon>;
}

export interface AccountState {
  readonly vpcs: Map<string, VpcRecord>;
  readonly subnets: Map<string, SubnetRecord>;
  /** Also answers by instance, subnet, group and so on. */
  readonly enis: EniIndex;
  /** Route tables and NAT gateways. */
  readonly routeBook: RouteBook;
  readonly securityGroups: Map<string, SecurityGroupRecord>;
  readonly instances: Map<string, InstanceRecord>;
  readonly clusters: Map<string, ClusterRecord>;
  readonly eipBook: EipBook;
  readonly templates: TemplateBook;
}

/** An account that owns nothing. */
export function emptyAccount(): AccountState {
  return {
    vpcs: new Map(),
    subnets: new Map(),
    enis: new EniIndex(),
    routeBook: emptyRouteBook(),
    securityGroups: new Map(),
    instances: new Map(),
    clusters: new Map(),
    eipBook: emptyEipBook(),
    templates: emptyTemplateBook(),
  };
}

/** The primary ENI of an instance; undefined only while the instance ends. */
export function primaryEni(state: AccountState, instanceId: string): EniRecord | undefined {
  return enisOf(state, instanceId).find((eni) => eni.kind === 'primary');
}

/** Primary and secondary ENIs attached to an instance, by device index. */
export function enisOf(state: AccountState, instanceId: string): EniRecord[] {
  return state.enis
    .by('instance', instanceId)
    .toSorted((a, b) => (a.attachment?.deviceIndex ?? 0) - (b.attachment?.deviceIndex ?? 0));
}

/** Sub-ENIs of a trunk, those being deleted included. */
export function subEnisOf(state: AccountState, trunkEniId: string): EniRecord[] {
  return [...state.enis.by('trunk', trunkEniId)];
}
