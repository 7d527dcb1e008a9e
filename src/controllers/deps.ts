// What ipamd's controllers are given: clients, caches, identity. Built once in `program.ts`.
import type { NodeEniConfig } from '../api/node-eni-config.ts';
import type { SecurityGroupPolicy } from '../api/security-group-policy.ts';
import type { VpcEni } from '../api/vpc-eni.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import type { CloudCall, CallPriority, EniWatcher, VpcCloud } from '../cloud/vpc-cloud.ts';
import type { EventLines } from '../kube/klog-events.ts';
import type { ConfigMap, Node } from '../kube/resources.ts';
import type { EventRecorder, Informer, KubeClient } from '../kube/types.ts';
import type { EniListings } from './eni-listings.ts';
import type { InstanceLookup } from './instance-lookup.ts';
import type { EniObservations } from './eni-observations.ts';
import type { IpamdMetrics } from './metrics.ts';
import type { PolicyFlags } from './policy-flags.ts';
import type { Settings } from './settings.ts';
import type { SubEniPermission } from './sub-eni-permission.ts';
import type { SubnetCache } from './subnet-cache.ts';
import type { WorkingPod } from './views.ts';
import type { WriteMemory } from './write-memory.ts';

export interface IpamdInformers {
  /** Projected; index `uid`, `node`. */
  readonly pods: Informer<WorkingPod>;
  readonly nodes: Informer<Node>;
  /** Index `node`, `eni` (cloud id), `pod` (namespace/name). */
  readonly vpcEnis: Informer<VpcEni>;
  readonly nodeEniConfigs: Informer<NodeEniConfig>;
  readonly policies: Informer<SecurityGroupPolicy>;
  /** Only kube-system/tke-eni-ipamd. */
  readonly addonValues: Informer<ConfigMap>;
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
  /** Bridges the moment between our own write of a VpcENI and its arrival in the cache. */
  readonly enis: WriteMemory<VpcEni>;
  /** Complete listings of this cluster's ENIs. */
  readonly listings: EniListings;
  /** The same for necs; `writeNecStatus` (node/nec-status.ts) is how their status is written. */
  readonly necs: WriteMemory<NodeEniConfig>;
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
  /** An ENI or an address that the cloud still works on after this is made again, or reported. */
  readonly stuckMs: number;
  /** Surplus addresses are given back in rounds this far apart. */
  readonly releaseRoundMs: number;
  readonly orphanIntervalMs: number;
  /** Between the two listings that must both find an orphan. */
  readonly orphanSpacingMs: number;
}
