// What ipamd's controllers are given: clients, caches, identity. Built once in `program.ts`.
import type { EipClaim } from '../api/eip-claim.ts';
import type { NodeEniConfig } from '../api/node-eni-config.ts';
import type { SecurityGroupPolicy } from '../api/security-group-policy.ts';
import type { VpcEni } from '../api/vpc-eni.ts';
import type { VpcIpClaim } from '../api/vpc-ip-claim.ts';
import type { VpcIp } from '../api/vpc-ip.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import type { CloudCall, CallPriority, EniWatcher, VpcCloud } from '../cloud/vpc-cloud.ts';
import type { EventLines } from '../kube/klog-events.ts';
import type { ConfigMap, Namespace, Node, Service } from '../kube/resources.ts';
import type { EventRecorder, Informer, KubeClient, KubeObject } from '../kube/types.ts';
import type { EniListings } from './eni-listings.ts';
import type { InstanceLookup } from './instance-lookup.ts';
import type { EniObservations } from './eni-observations.ts';
import type { IpamdMetrics } from './metrics.ts';
import type { MissedPodsMemory } from './pod/missed-policy/memory.ts';
import type { NamespaceHolds } from './namespace/cloud-resources/holds.ts';
import type { PolicyFlags } from './policy-flags.ts';
import type { Settings } from './settings.ts';
import type { NetworkPolicyView } from './strict-limits/views.ts';
import type { SubEniDenials } from './sub-eni-denials.ts';
import type { SubEniPermission } from './sub-eni-permission.ts';
import type { SubnetCache } from './subnet-cache.ts';
import type { TokenEvidence } from './token-evidence.ts';
import type { WorkingPod } from './views.ts';
import type { WriteMemory } from './write-memory.ts';

export interface IpamdInformers {
  /** Projected; index `uid`, `node`, `namespace`. */
  readonly pods: Informer<WorkingPod>;
  readonly nodes: Informer<Node>;
  /** Projected: labels and finalizers, no status. */
  readonly namespaces: Informer<Namespace>;
  /** Index `node`, `eni` (cloud id), `pod` (namespace/name), `podNamespace`. */
  readonly vpcEnis: Informer<VpcEni>;
  /** Projected (address-views.ts); index `node`, `eni` (name of the VpcENI), `claim` (namespace/name), `claimNamespace`. */
  readonly vpcIps: Informer<VpcIp>;
  /** Projected (address-views.ts); index `node`. */
  readonly vpcIpClaims: Informer<VpcIpClaim>;
  /** Index `eip` (cloud id), `namespace`. */
  readonly eipClaims: Informer<EipClaim>;
  readonly nodeEniConfigs: Informer<NodeEniConfig>;
  /** Index `namespace`. */
  readonly policies: Informer<SecurityGroupPolicy>;
  /** Their labels alone. */
  readonly serviceAccounts: Informer<KubeObject>;
  /** Projected (strict-limits/views.ts); index `namespace`. */
  readonly services: Informer<Service>;
  /** Projected; index `namespace`. */
  readonly networkPolicies: Informer<NetworkPolicyView>;
  /** Only DaemonSet kube-system/ip-masq-agent. */
  readonly masqAgent: Informer<KubeObject>;
  /** Only kube-system/ip-masq-agent-config. */
  readonly masqConfig: Informer<ConfigMap>;
  /** Only kube-system/tke-eni-ipamd. */
  readonly addonValues: Informer<ConfigMap>;
  /** Only kube-system/tke-eni-allowed-security-groups. */
  readonly allowedGroups: Informer<ConfigMap>;
}

export interface IpamdDeps {
  readonly client: KubeClient;
  readonly cloud: VpcCloud;
  readonly watcher: EniWatcher;
  readonly recorder: EventRecorder;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly informers: IpamdInformers;
  readonly settings: Settings;
  readonly flags: PolicyFlags;
  readonly subnets: SubnetCache;
  readonly instances: InstanceLookup;
  /** Whether the account may make sub-ENI calls. */
  readonly permission: SubEniPermission;
  /** Which sub-ENI actions CAM refuses to our role. */
  readonly denials: SubEniDenials;
  /** Whether client tokens were seen not to be honoured. */
  readonly tokens: TokenEvidence;
  /** Bridges the moment between our own write of a VpcENI and its arrival in the cache. */
  readonly enis: WriteMemory<VpcEni>;
  /** The same for VpcIPs and their claims. */
  readonly vips: WriteMemory<VpcIp>;
  readonly claims: WriteMemory<VpcIpClaim>;
  readonly eipClaims: WriteMemory<EipClaim>;
  /** Complete listings of this cluster's ENIs. */
  readonly listings: EniListings;
  /** The same for necs; `writeNecStatus` (node/nec-status.ts) is how their status is written. */
  readonly necs: WriteMemory<NodeEniConfig>;
  /** Keeps a namespace from going before what its Pods have in the cloud. */
  readonly namespaces: NamespaceHolds;
  /** Pods that went past a policy. */
  readonly missed: MissedPodsMemory;
  /** What the cloud was last seen to show on each ENI. */
  readonly observations: EniObservations;
  /** Takes the klog lines that spec 003 reads: stdout. */
  readonly eventLines: EventLines;
  /** Of this program, e.g. v3.6.0. */
  readonly version: string;
  /** UID of namespace kube-system: the cluster's identity on cloud resources. */
  readonly clusterUid: string;
  /** Holder identity, recorded with each operation. */
  readonly identity: string;
  readonly metrics: IpamdMetrics;
  readonly timings: Timings;
  /** A cloud call of this leader: fenced by the lease, held back while paused. */
  mutating(priority: CallPriority, kind: 'create' | 'delete', signal: AbortSignal): CloudCall;
}

/** Times that only tests shorten, in milliseconds. */
export interface Timings {
  /** In which a call without an answer may still take effect, and in which describes may still miss what exists. */
  readonly consistencyWindowMs: number;
  /** After an answer that will not change by itself (missing group, no permission), in case a person mended it. */
  readonly lookAgainMs: number;
  /** While only the end of an instance could release a sub-ENI, the cloud is asked this often. */
  readonly askInstanceMs: number;
  /** While the cloud works on an EIP it is looked at this often. */
  readonly eipLookMs: number;
  /** An ENI or an address that the cloud still works on after this is made again, or reported. */
  readonly stuckMs: number;
  /** Surplus addresses are given back in rounds this far apart. */
  readonly releaseRoundMs: number;
  /** A namespace that has had nothing in the cloud for this long loses our finalizer. */
  readonly namespaceIdleMs: number;
  /** A namespace on its way out tells what it waits for after this. */
  readonly namespaceTellMs: number;
  /** Groups come and go in the cloud without a word to us: every policy is looked at again after this. */
  readonly policyResyncMs: number;
  /** The counts of a policy are written at most this often. */
  readonly policyStatusMs: number;
  /** A namespace whose last policy is gone keeps its label for this long. */
  readonly policyLabelLingerMs: number;
  readonly orphanIntervalMs: number;
  /** Between the two listings that must both find an orphan. */
  readonly orphanSpacingMs: number;
}
