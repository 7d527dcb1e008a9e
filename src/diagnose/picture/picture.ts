// The state of a cluster and of its cloud as plain data, taken once: what every diagnosis reads, and nothing else.
import type { ConfigMap, LabelSelector, NetworkPolicy, Node, Pod, ServiceAccount } from '../../kube/resources.ts';
import type { KubeObject } from '../../kube/types.ts';
import type { EipClaim } from '../../api/eip-claim.ts';
import type { NodeEniConfig } from '../../api/node-eni-config.ts';
import type { SecurityGroupPolicy } from '../../api/security-group-policy.ts';
import type { VpcEni } from '../../api/vpc-eni.ts';
import type { VpcIp } from '../../api/vpc-ip.ts';
import type { VpcIpClaim } from '../../api/vpc-ip-claim.ts';
import type { Eni, Instance, Subnet } from '../../cloud/vpc-cloud.ts';
import type { ParseResult } from '../../securitygroup/parse.ts';
import type { SecurityGroup } from '../../securitygroup/rule.ts';

/** Something that could not be read, so that what hangs on it is not known. */
export interface Gap {
  /** `cloud`, or the plural of a kind, or the name of a part of the cloud such as `routeTables`. */
  readonly what: string;
  /** A sentence: what was asked, what the answer was, what would help. */
  readonly why: string;
}

export interface ServiceView extends KubeObject {
  spec?: {
    type?: string;
    clusterIP?: string;
    clusterIPs?: string[];
    externalName?: string;
    selector?: Record<string, string>;
    ports?: {
      name?: string;
      port: number;
      protocol?: string;
      targetPort?: number | string;
      nodePort?: number;
    }[];
    externalTrafficPolicy?: string;
  };
}

export interface EndpointSlice extends KubeObject {
  addressType?: string;
  endpoints?: {
    addresses?: string[];
    conditions?: { ready?: boolean; serving?: boolean; terminating?: boolean };
    targetRef?: { kind?: string; namespace?: string; name?: string };
    nodeName?: string;
  }[];
  ports?: { name?: string; port?: number; protocol?: string }[];
}

/** Deployment, StatefulSet, DaemonSet, ReplicaSet or Job. */
export interface Workload extends KubeObject {
  spec?: {
    replicas?: number;
    selector?: LabelSelector;
    template?: { metadata?: { labels?: Record<string, string>; annotations?: Record<string, string> } };
  };
}

/** What the API server said. A list that could not be read is empty and has a gap. */
export interface KubePicture {
  readonly pods: readonly Pod[];
  readonly nodes: readonly Node[];
  readonly services: readonly ServiceView[];
  readonly endpointSlices: readonly EndpointSlice[];
  readonly serviceAccounts: readonly ServiceAccount[];
  readonly workloads: readonly Workload[];
  readonly networkPolicies: readonly NetworkPolicy[];
  /** Of kube-system alone: the add-on values, ip-masq-agent's and others. */
  readonly configMaps: readonly ConfigMap[];
  /** Of kube-system alone. */
  readonly daemonSets: readonly KubeObject[];
  /** Of kube-system alone. */
  readonly deployments: readonly KubeObject[];
  readonly nodeEniConfigs: readonly NodeEniConfig[];
  readonly vpcEnis: readonly VpcEni[];
  readonly vpcIps: readonly VpcIp[];
  readonly vpcIpClaims: readonly VpcIpClaim[];
  readonly eipClaims: readonly EipClaim[];
  readonly securityGroupPolicies: readonly SecurityGroupPolicy[];
}

export interface CloudGroup {
  readonly groupId: string;
  readonly name: string;
  /** Not `ok`: some rule is not understood, and what this group decides is not known. */
  readonly rules: ParseResult<SecurityGroup>;
}

/** One enabled route of a route table. */
export interface CloudRoute {
  readonly routeTableId: string;
  readonly destination: string;
  /** `NAT`, `EIP`, `LOCAL_GATEWAY`, `CVM`, ... (facts, Tencent Cloud API, section 13). */
  readonly gatewayType: string;
  readonly gatewayId: string;
}

export interface CloudRouteTable {
  readonly routeTableId: string;
  readonly vpcId: string;
  readonly main: boolean;
  readonly subnetIds: readonly string[];
  readonly routes: readonly CloudRoute[];
}

export interface CloudNatGateway {
  readonly natGatewayId: string;
  readonly vpcId: string;
  readonly state: string;
  readonly publicIps: readonly string[];
}

export interface CloudEip {
  readonly addressId: string;
  readonly publicIp: string;
  readonly status: string;
  readonly instanceId: string;
  readonly eniId: string;
  readonly privateIp: string;
}

/** What the cloud said. A part that could not be read is empty and has a gap. */
export interface CloudPicture {
  readonly vpcId: string;
  /** Of the VPC, auxiliary ones included. */
  readonly vpcCidrs: readonly string[];
  readonly enis: readonly Eni[];
  readonly instances: readonly Instance[];
  readonly subnets: readonly Subnet[];
  /** By id: every group that an ENI of the VPC has, and every group that a rule of those, a policy or a nec names. One that does not exist is absent. */
  readonly groups: ReadonlyMap<string, CloudGroup>;
  readonly routeTables: readonly CloudRouteTable[];
  readonly natGateways: readonly CloudNatGateway[];
  readonly eips: readonly CloudEip[];
}

export interface ClusterPicture {
  /** RFC 3339. */
  readonly takenAt: string;
  /** `gitVersion` of the API server; empty when not read. */
  readonly serverVersion: string;
  readonly kube: KubePicture;
  /** Absent: the cloud was not asked or did not answer; the gap `cloud` says why. */
  readonly cloud?: CloudPicture;
  readonly gaps: readonly Gap[];
}

/** Why this part is not known, if it is not. A part of the cloud is not known when the cloud is not. */
export function gapOf(picture: Pick<ClusterPicture, 'gaps'>, what: string): string | undefined {
  return picture.gaps.find((gap) => gap.what === what)?.why;
}
