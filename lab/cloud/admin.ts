// What a person would do in the cloud's console, as typed calls in this process: lay out an account, break it, look at it.
import { policyParameters, parsePolicy } from './policy.ts';
import { addEni, takeAddresses } from './actions/eni-records.ts';
import { addGroup } from './actions/security-groups.ts';
import { newClusterParts } from './addons/addon-records.ts';
import type { AddonValues } from './addons/addon-state.ts';
import { billOf, type EipBill } from './eips/billing.ts';
import { nextPublicIp } from './eips/eip-state.ts';
import { findEip } from './eips/eip-tasks.ts';
import { cidrContains, createAddressPool, parseCidr4 } from './addresses.ts';
import type { CloudCore } from './core.ts';
import { removeInstance } from './cvm/instance-operations.ts';
import { createDrift, type Drift } from './fault-drift.ts';
import type { Faults } from './faults.ts';
import { isId } from './ids.ts';
import { checkGroups, findGroup, findInstance, findSubnet, findVpc } from './lookup.ts';
import { modelLimits } from './models.ts';
import { type EniLoad, loadEnis } from './load-enis.ts';
import type { RateLimiter } from './rate-limits.ts';
import type { AcceptedCredential } from './signature.ts';

export interface NewInstance {
  /** A model such as SA5.LARGE8; `eklet` for the machine behind a super node's Pod. */
  readonly instanceType: string;
  readonly zone: string;
  readonly subnetId: string;
  /** Of the primary ENI, in order of priority. */
  readonly securityGroupIds: readonly string[];
  readonly instanceId?: string;
  readonly name?: string;
  readonly privateIp?: string;
  /** Replaces the model's figure. */
  readonly subEniQuantity?: number;
  /** Replaces the model's figure: EIPs on all its ENIs together. */
  readonly eipQuantity?: number;
  /** An ordinary public address, which is no EIP, on its primary private address. */
  readonly normalPublicIp?: boolean;
}

export interface StartedInstance {
  readonly instanceId: string;
  readonly primaryEniId: string;
  readonly privateIp: string;
  readonly cpu: number;
  readonly memoryGiB: number;
}

/** Rules in the API's own words: Protocol, Port, CidrBlock, Ipv6CidrBlock, SecurityGroupId, Action, PolicyDescription. */
export interface RuleSet {
  readonly ingress?: readonly object[];
  readonly egress?: readonly object[];
}

/**
 * Takes effect at once, without tasks. Throws ApiError for what the API would refuse and Error for impossible layouts.
 * Ids may be fixed by the caller; they must be well formed and free.
 */
export interface CloudAdmin
  extends Pick<Faults, 'failNext' | 'delay' | 'dropReply' | 'failTask' | 'stallTask' | 'partialPage'>,
    Drift {
  createVpc(vpc: { readonly cidr: string; readonly name?: string; readonly vpcId?: string }): {
    readonly vpcId: string;
  };
  createSubnet(subnet: {
    readonly vpcId: string;
    readonly cidr: string;
    readonly zone: string;
    readonly name?: string;
    readonly subnetId?: string;
  }): { readonly subnetId: string; readonly gateway: string };
  createSecurityGroup(group: {
    readonly name: string;
    readonly description?: string;
    readonly securityGroupId?: string;
    readonly rules?: RuleSet;
  }): { readonly securityGroupId: string };
  /** Replaces both lists. */
  setSecurityGroupRules(securityGroupId: string, rules: RuleSet): void;
  /** RUNNING at once, with its primary ENI attached as device 0. */
  runInstance(instance: NewInstance): StartedInstance;
  /** STOPPED, as shut down by hand; its ENIs stay as they are. */
  stopInstance(instanceId: string): void;
  /** SHUTDOWN, as in arrears or in the recycle bin: its ENIs stay as they are, and nothing is attached any more. */
  isolateInstance(instanceId: string): void;
  /** RUNNING again, whatever it was. */
  startInstance(instanceId: string): void;
  /** Returned: it is gone at once, and its primary ENI with it. GUESS, switch `returnKeepsEnis`: secondary ones stay, detached, with their sub-ENIs. */
  terminateInstance(instanceId: string): void;
  /** `networkType` default VPC-CNI, with `subnetIds` for its Pods and the add-on eniipamd installed; `addons` are further ones, or its values. */
  registerCluster(cluster: {
    readonly clusterId: string;
    readonly vpcId: string;
    readonly name: string;
    readonly networkType?: 'VPC-CNI' | 'GR';
    readonly subnetIds?: readonly string[];
    readonly addons?: Readonly<Record<string, AddonValues>>;
  }): void;
  /** What the cloud's billing and security departments do to an EIP; false lifts it. */
  setEip(eip: { readonly addressId: string; readonly arrears?: boolean; readonly blocked?: boolean }): void;
  /** What an EIP costs for. */
  eipBill(addressId: string): EipBill;
  /** Further keys that the account accepts, e.g. temporary ones. */
  addCredential(credential: AcceptedCredential): void;
  removeCredential(secretId: string): void;
  /** Many ENIs at once, detached or on one instance; their ids. */
  loadEnis(load: EniLoad): readonly string[];
  /** Calls per second of an action; undefined lifts the limit. */
  throttle(limit: { readonly action: string; readonly perSecond: number | undefined }): void;
  /** Describe calls show new ENIs and EIPs only after this long; those made before a change keep theirs in answers by id. */
  hideNew(delay: { readonly ms: number }): void;
  /** From now on nothing new is sold in the zone; with `open` it is again. */
  closeZone(change: { readonly zone: string; readonly open?: boolean }): void;
  /** Lets tasks that stall go on at once; how many did. */
  releaseTasks(): number;
  /** Forgets errors, delays, drops, failures, stalls and partial pages to come, shows new things and closes zones as the settings say, releases stalled tasks and gives drained addresses back. */
  clearFaults(): void;
}

export interface AdminDeps {
  readonly core: CloudCore;
  readonly limiter: RateLimiter;
  /** The keys of the account's root. */
  readonly credentials: { add(credential: AcceptedCredential): void; remove(secretId: string): void };
}

export function createAdmin({ core, limiter, credentials }: AdminDeps): CloudAdmin {
  const { state, settings } = core;
  const { readDelayMs, closedZones } = settings;
  const drift = createDrift(core);
  const fixedId = (prefix: 'vpc' | 'subnet' | 'sg' | 'ins', wanted: string | undefined): string => {
    if (wanted === undefined) return core.newId(prefix);
    if (!isId(prefix, wanted))
      throw new Error(`id ${wanted} is malformed; it must be ${prefix}- and 8 lower-case letters or digits`);
    if ([state.vpcs, state.subnets, state.securityGroups, state.instances].some((map) => map.has(wanted)))
      throw new Error(`id ${wanted} is taken`);
    return wanted;
  };
  const setRules = (securityGroupId: string, rules: RuleSet): void => {
    const group = findGroup(core, securityGroupId);
    const read = (list: readonly object[] = []) =>
      list.map((rule) => parsePolicy(policyParameters.parse(rule), core.clock.now()));
    const [ingress, egress] = [read(rules.ingress), read(rules.egress)];
    for (const policy of [...ingress, ...egress])
      if (policy.securityGroupId !== '') findGroup(core, policy.securityGroupId);
    Object.assign(group, { ingress, egress, version: group.version + 1 });
    core.touch();
  };
  return {
    failNext: (fault) => core.faults.failNext(fault),
    dropReply: (fault) => core.faults.dropReply(fault),
    failTask: (fault) => core.faults.failTask(fault),
    delay: (fault) => core.faults.delay(fault),
    stallTask: (fault) => core.faults.stallTask(fault),
    partialPage: (fault) => core.faults.partialPage(fault),
    releaseTasks: () => core.releaseTasks(),
    hideNew: ({ ms }) => {
      settings.readDelayMs = ms;
    },
    closeZone: ({ zone, open = false }) => {
      const others = settings.closedZones.filter((each) => each !== zone);
      settings.closedZones = open ? others : [...others, zone];
    },
    clearFaults: () => {
      core.faults.clear();
      settings.readDelayMs = readDelayMs;
      settings.closedZones = closedZones;
      core.releaseTasks();
      drift.refillSubnets();
    },
    ...drift,
    createVpc: ({ cidr, name = '', vpcId }) => {
      if (parseCidr4(cidr) === undefined)
        throw new Error(`VPC CIDR ${cidr} is not an IPv4 network such as 10.0.0.0/16`);
      const id = fixedId('vpc', vpcId);
      state.vpcs.set(id, { vpcId: id, name, cidr, isDefault: false, createdAt: core.clock.now(), tags: [] });
      return { vpcId: id };
    },
    createSubnet: ({ vpcId, cidr, zone, name = '', subnetId }) => {
      const range = checkSubnetRange(core, vpcId, cidr);
      const id = fixedId('subnet', subnetId);
      const addresses = createAddressPool(range);
      state.subnets.set(id, {
        subnetId: id,
        vpcId,
        name,
        cidr,
        zone,
        addresses,
        createdAt: core.clock.now(),
        tags: [],
      });
      return { subnetId: id, gateway: addresses.gateway };
    },
    createSecurityGroup: ({ name, description = '', securityGroupId, rules }) => {
      const group = addGroup(core, { name, description, securityGroupId: fixedId('sg', securityGroupId) });
      if (rules !== undefined) setRules(group.securityGroupId, rules);
      return { securityGroupId: group.securityGroupId };
    },
    setSecurityGroupRules: setRules,
    runInstance: (wanted) => runInstance(core, wanted, fixedId('ins', wanted.instanceId)),
    stopInstance: (instanceId) => {
      findInstance(core, instanceId).state = 'STOPPED';
    },
    isolateInstance: (instanceId) => {
      findInstance(core, instanceId).state = 'SHUTDOWN';
    },
    startInstance: (instanceId) => {
      findInstance(core, instanceId).state = 'RUNNING';
    },
    terminateInstance: (instanceId) => {
      removeInstance(core, findInstance(core, instanceId));
      core.touch();
    },
    registerCluster: ({ networkType = 'VPC-CNI', subnetIds = [], addons = {}, ...cluster }) => {
      findVpc(core, cluster.vpcId);
      for (const id of subnetIds)
        if (findSubnet(core, id).vpcId !== cluster.vpcId) throw new Error(`${id} is no subnet of ${cluster.vpcId}`);
      const createdAt = core.clock.now();
      state.clusters.set(cluster.clusterId, {
        ...cluster,
        createdAt,
        tags: [],
        ...newClusterParts(
          { networkType, subnetIds, addons, trunking: core.settings.trunkingForNewClusters },
          createdAt,
        ),
      });
    },
    setEip: ({ addressId, arrears, blocked }) => {
      const eip = findEip(core, addressId);
      eip.arrears = arrears ?? eip.arrears;
      eip.blocked = blocked ?? eip.blocked;
      core.touch();
    },
    eipBill: (addressId) => billOf(findEip(core, addressId), core.clock.monotonicMs()),
    addCredential: (credential) => credentials.add(credential),
    removeCredential: (secretId) => credentials.remove(secretId),
    loadEnis: (load) => loadEnis(core, load),
    throttle: ({ action, perSecond }) => limiter.limit(action, perSecond),
  };
}

function checkSubnetRange(
  core: CloudCore,
  vpcId: string,
  cidr: string,
): { readonly base: number; readonly prefix: number } {
  const vpc = findVpc(core, vpcId);
  const outer = parseCidr4(vpc.cidr);
  const inner = parseCidr4(cidr);
  if (outer === undefined || inner === undefined || !cidrContains(outer, inner))
    throw new Error(`subnet CIDR ${cidr} is not an IPv4 network within ${vpc.cidr}`);
  const clash = [...core.state.subnets.values()].find((other) => {
    const range = parseCidr4(other.cidr);
    return other.vpcId === vpcId && range !== undefined && (cidrContains(range, inner) || cidrContains(inner, range));
  });
  if (clash !== undefined) throw new Error(`subnet CIDR ${cidr} overlaps ${clash.cidr} of ${clash.subnetId}`);
  return inner;
}

function runInstance(core: CloudCore, wanted: NewInstance, instanceId: string): StartedInstance {
  const limits = modelLimits(wanted.instanceType);
  if (limits === undefined) throw new Error(`model ${wanted.instanceType} is not understood; it looks like SA5.LARGE8`);
  const subnet = findSubnet(core, wanted.subnetId);
  if (subnet.zone !== wanted.zone)
    throw new Error(`subnet ${subnet.subnetId} is in ${subnet.zone}, not in ${wanted.zone}`);
  const groups = checkGroups(core, wanted.securityGroupIds);
  const addresses = takeAddresses(subnet, wanted.privateIp === undefined ? [] : [wanted.privateIp], 1);
  core.state.instances.set(instanceId, {
    instanceId,
    name: wanted.name ?? instanceId,
    instanceType: wanted.instanceType,
    cpu: limits.cpu,
    memoryGiB: limits.memoryGiB,
    zone: wanted.zone,
    vpcId: subnet.vpcId,
    subnetId: subnet.subnetId,
    state: 'RUNNING',
    createdAt: core.clock.now(),
    eniQuantity: limits.eniQuantity,
    eniPrivateIpQuantity: limits.eniPrivateIpQuantity,
    subEniQuantity: wanted.subEniQuantity ?? limits.subEniQuantity,
    eipQuantity: wanted.eipQuantity ?? limits.eipQuantity,
    normalPublicIp: wanted.normalPublicIp === true ? nextPublicIp(core.state.eipBook) : null,
    tags: [],
    latestOperation: null,
  });
  const eni = addEni(core, {
    name: 'Primary ENI',
    description: '',
    kind: 'primary',
    subnet,
    addresses,
    securityGroupIds: groups,
    tags: [],
  });
  Object.assign(eni, {
    state: 'AVAILABLE',
    wired: true,
    groupsReady: true,
    attachment: { instanceId, deviceIndex: 0, at: core.clock.now(), plugged: true },
  } satisfies Partial<typeof eni>);
  core.touch();
  return {
    instanceId,
    primaryEniId: eni.eniId,
    privateIp: addresses[0] ?? '',
    cpu: limits.cpu,
    memoryGiB: limits.memoryGiB,
  };
}
