// The interface between ipamd and a VPC: the few calls this project makes, with the contract that each implementation keeps.
import type { EipCloud } from './eip-calls.ts';

/** Order in which a starved budget is spent (DESIGN, decision 8). */
export type CallPriority = 'waiting-pod' | 'release' | 'warm' | 'collect';

export interface CloudCall {
  readonly signal?: AbortSignal;
  /** Default `waiting-pod`. */
  readonly priority?: CallPriority;
  /**
   * Asked immediately before a mutating request leaves (after any wait in a budget's queue). Answering false or throwing
   * cancels the call with CLOUD-FENCED; nothing was sent. The leader's lease check goes here.
   */
  readonly fence?: (callTimeoutMs: number) => boolean;
}

export interface Tag {
  readonly key: string;
  readonly value: string;
}

export interface Eni {
  readonly eniId: string;
  readonly name: string;
  readonly kind: 'primary' | 'secondary' | 'sub';
  readonly state: 'PENDING' | 'AVAILABLE' | 'ATTACHING' | 'DETACHING' | 'DELETING';
  readonly vpcId: string;
  readonly subnetId: string;
  /** Lower-case, colon separated. */
  readonly mac: string;
  /** Primary first. One that the cloud still works on is not `settled`: packets to it may be lost. */
  readonly addresses: readonly { readonly ip: string; readonly primary: boolean; readonly settled: boolean }[];
  /** In order of priority. */
  readonly securityGroups: readonly string[];
  readonly attachment?: { readonly instanceId: string; readonly deviceIndex: number };
  /** Only for `sub` (GUESS: the sub-ENI calls are not public). */
  readonly vlanId?: number;
  readonly trunkEniId?: string;
  readonly tags: readonly Tag[];
}

export interface Instance {
  readonly instanceId: string;
  /** Model, e.g. SA5.LARGE8. */
  readonly instanceType: string;
  readonly cpu: number;
  readonly zone: string;
  readonly state: string;
  readonly vpcId: string;
  readonly subnetId: string;
  readonly privateIps: readonly string[];
  /** The primary ENI's groups, in order. */
  readonly securityGroups: readonly string[];
}

export interface Subnet {
  readonly subnetId: string;
  readonly vpcId: string;
  readonly zone: string;
  readonly cidr: string;
  readonly availableIpCount: number;
}

export interface EniLimits {
  readonly eniQuantity: number;
  readonly eniPrivateIpQuantity: number;
  readonly subEniQuantity: number;
  /** ENIs for exclusive use, a quota of their own (facts/tke.md 12.1). */
  readonly extendEniQuantity: number;
}

export interface SecurityGroupSummary {
  readonly securityGroupId: string;
  readonly name: string;
  /** "0" is the default project. */
  readonly projectId?: string;
}

/** What a creating call sends. Built once, recorded in the CR, sent byte for byte again on a retry of the same attempt. */
export interface CreateEniRequest {
  readonly vpcId: string;
  readonly subnetId: string;
  /** At most 60 bytes; carries owner uid and attempt so that leftovers can be found by name. */
  readonly name: string;
  readonly description: string;
  readonly securityGroups: readonly string[];
  readonly tags: readonly Tag[];
  /** Set: a trunk that can carry sub-ENIs. */
  readonly trunk?: boolean;
  /** Secondary addresses to begin with; absent: none. */
  readonly secondaryAddressCount?: number;
  /** Deterministic from (CR uid, attempt); at most 64 ASCII characters. */
  readonly clientToken: string;
}

export interface CreateSubEniRequest extends Omit<CreateEniRequest, 'trunk' | 'secondaryAddressCount'> {
  readonly trunkEniId: string;
  /** The address it must have; absent: one that the cloud chooses. */
  readonly address?: string;
}

export interface EniFilter {
  readonly eniIds?: readonly string[];
  readonly instanceId?: string;
  readonly vpcId?: string;
  readonly name?: string;
  /** A private address that it has. */
  readonly address?: string;
  /** All must match. */
  readonly tags?: readonly Tag[];
  readonly kind?: 'primary' | 'secondary' | 'sub';
}

/**
 * Every method throws `CloudError` (src/cloud/errors.ts) with a catalogue code and retry class; text is never matched.
 * `outcomeUnknown` on the error is true when the request may have taken effect (no answer arrived).
 *
 * - Mutating calls take effect at most once per invocation: only one that was refused for the number of calls, and so did nothing, is sent
 *   again inside, the same bytes, the fence asked anew; any other repetition is the caller's decision. Reads are retried inside
 *   (throttling, network) within the caller's signal.
 * - Listings are complete: all pages were read, or the call throws. `complete` is therefore not a field.
 * - Ids that do not exist: describe calls leave them out of the answer, whatever the API does.
 */
export interface VpcCloud extends EipCloud {
  /** For both account problems and clock skew: cheap call that proves credentials work. */
  describeInstances(
    filter: { readonly instanceIds?: readonly string[]; readonly privateIps?: readonly string[] },
    call?: CloudCall,
  ): Promise<readonly Instance[]>;
  describeSubnets(subnetIds: readonly string[], call?: CloudCall): Promise<readonly Subnet[]>;
  describeEnis(filter: EniFilter, call?: CloudCall): Promise<readonly Eni[]>;
  describeEniLimits(instanceId: string, call?: CloudCall): Promise<EniLimits>;
  describeSecurityGroups(
    securityGroupIds: readonly string[],
    call?: CloudCall,
  ): Promise<readonly SecurityGroupSummary[]>;

  /**
   * The rules of one group as the API shows them (`SecurityGroupPolicySet`), to be decoded by `parseSecurityGroup`. CLOUD-NOT-FOUND for a group that
   * does not exist.
   */
  describeSecurityGroupPolicies(securityGroupId: string, call?: CloudCall): Promise<unknown>;

  /** Idempotent per clientToken where the account honours tokens. The ENI is PENDING until its task ends. */
  createEni(request: CreateEniRequest, call?: CloudCall): Promise<{ readonly eni: Eni; readonly taskId: string }>;
  attachEni(
    request: { readonly eniId: string; readonly instanceId: string; readonly clientToken: string },
    call?: CloudCall,
  ): Promise<{ readonly taskId: string }>;
  detachEni(
    request: { readonly eniId: string; readonly instanceId: string; readonly clientToken: string },
    call?: CloudCall,
  ): Promise<{ readonly taskId: string }>;
  /** An ENI that is already gone is success. */
  deleteEni(eniId: string, call?: CloudCall): Promise<void>;

  /**
   * Secondary addresses: so many as the cloud chooses, or these (at most 10, all or none). They are in the answer at once and settle when the task ends. Idempotent per clientToken where the
   * account honours tokens; in doubt, describe the ENI: what is on it is ours.
   */
  assignAddresses(
    request: {
      readonly eniId: string;
      readonly clientToken: string;
    } & ({ readonly count: number } | { readonly addresses: readonly string[] }),
    call?: CloudCall,
  ): Promise<{ readonly addresses: readonly string[]; readonly taskId: string }>;
  /** At most 10 and never the primary; asynchronous. Addresses that the ENI does not have are refused as a whole: describe first when in doubt. */
  unassignAddresses(
    request: { readonly eniId: string; readonly addresses: readonly string[] },
    call?: CloudCall,
  ): Promise<{ readonly taskId: string }>;

  /**
   * Binds groups to a secondary ENI (never a primary one). Whether they come after the bound ones or replace them is a GUESS of the facts: look
   * at the ENI afterwards. Needs `cvm:AssociateNetworkInterfaceSecurityGroups` (spec 000).
   */
  associateSecurityGroups(
    request: { readonly eniIds: readonly string[]; readonly securityGroupIds: readonly string[] },
    call?: CloudCall,
  ): Promise<void>;
  /** May leave an ENI without any group. Needs `cvm:DisassociateNetworkInterfaceSecurityGroups` (spec 000). */
  disassociateSecurityGroups(
    request: { readonly eniIds: readonly string[]; readonly securityGroupIds: readonly string[] },
    call?: CloudCall,
  ): Promise<void>;
  /** The whole list at once, in this order. Needs `vpc:ModifyNetworkInterfaceAttribute`, which no document grants. */
  replaceSecurityGroups(
    request: { readonly eniId: string; readonly securityGroupIds: readonly string[] },
    call?: CloudCall,
  ): Promise<void>;

  /**
   * GUESS (spec 002 names the action, no public shape). CLOUD-UNKNOWN-ACTION when the account is not allowed: terminal,
   * the caller sets a condition and quota 0 and does not retry before its long interval.
   * The answer carries MAC, address and VLAN id at once; the ENI is PENDING until its task ends.
   */
  createSubEni(request: CreateSubEniRequest, call?: CloudCall): Promise<{ readonly eni: Eni; readonly taskId: string }>;
  /** Already gone is success. Asynchronous: gone from describeEnis when done. */
  deleteSubEni(eniId: string, call?: CloudCall): Promise<void>;
  /** GUESS. True per id when the groups are in force in the fabric. Batch of at most 100. */
  checkSecurityGroupReady(eniIds: readonly string[], call?: CloudCall): Promise<ReadonlyMap<string, boolean>>;

  /** State of an asynchronous VPC call. An unknown id is `UNKNOWN`, not an error. */
  describeTask(taskId: string, call?: CloudCall): Promise<'RUNNING' | 'SUCCESS' | 'FAILED' | 'UNKNOWN'>;

  /**
   * Names of the CAM policies attached to a role. Needs `cam:ListAttachedRolePolicies`, which no document grants: CLOUD-UNAUTHORIZED without it.
   * GUESS: a role that does not exist is CLOUD-INVALID-REQUEST or CLOUD-NOT-FOUND.
   */
  listRolePolicies(roleName: string, call?: CloudCall): Promise<readonly string[]>;
}

export type Observation =
  | { readonly state: 'pending' }
  /** `eni` is what the last describe said; absent when only the group check was needed. */
  | { readonly state: 'ready'; readonly eni?: Eni }
  | { readonly state: 'gone' };

/**
 * Waits for many ENIs with few reads: ids are collected and asked in batches of 100, at times learnt from how long tasks
 * take (so that a lone Pod costs one read), never one poll per id.
 */
export interface EniWatcher {
  /** Latest knowledge (`settled`: AVAILABLE, and so is every address); an id not yet watched starts being watched for `until` and answers `pending`. */
  observe(eniId: string, until: 'groups-ready' | 'available' | 'attached' | 'settled' | 'gone'): Observation;
  /** Called once for each id whose observation changed. */
  onChange(handler: (eniId: string) => void): () => void;
  forget(eniId: string): void;
  run(signal: AbortSignal): Promise<void>;
}
