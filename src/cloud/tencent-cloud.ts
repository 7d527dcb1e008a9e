// VpcCloud on the Tencent Cloud API 3.0.
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import { type ApiCaller, createApiCaller } from './api-caller.ts';
import type { BudgetLimit } from './budget-limits.ts';
import { createCallBudget } from './budget.ts';
import type { CredentialSource } from './credentials.ts';
import {
  assignedAddresses,
  createdEni,
  createdSubEni,
  eniLimits,
  enisPage,
  instancesPage,
  readySet,
  securityGroupPolicies,
  securityGroupsPage,
  startedTask,
  subnetsPage,
  taskStatus,
} from './decode.ts';
import { cloudErrors, isCloudError } from './errors.ts';
import { type Filter, findByFilter, findByIds, listAll, type ListingKind, withoutUnknownIds } from './listing.ts';
import { type CloudMetrics, noCloudMetrics } from './metrics.ts';
import { createEniParameters, createSubEniParameters } from './request-bytes.ts';
import { listRolePolicies } from './role-policies.ts';
import { eipCalls } from './tencent-eips.ts';
import { createSdkTransport, type ServiceName } from './transport.ts';
import type { CloudCall, Eni, EniFilter, Instance, SecurityGroupSummary, Subnet, VpcCloud } from './vpc-cloud.ts';

export interface TencentCloudOptions {
  readonly credentials: CredentialSource;
  readonly region: string;
  /** Base URLs such as `http://127.0.0.1:8080`; default the public endpoints. */
  readonly endpoints?: { readonly [service in ServiceName]?: string };
  readonly clock: Clock;
  readonly logger: Logger;
  /** Calls per second by action, in front of the documented figures. */
  readonly budgets?: Readonly<Record<string, BudgetLimit>>;
  readonly metrics?: CloudMetrics;
  /** After this a call counts as lost; default 10 s. The fence is asked with the same figure. */
  readonly callTimeoutMs?: number;
  /** From 0 to 1; default Math.random. */
  readonly random?: () => number;
}

/** As VpcCloud, with connections that can be closed. */
export interface TencentCloud extends VpcCloud {
  /** Closes idle connections; calls under way may fail. */
  close(): void;
}

const CALL_TIMEOUT_MS = 10_000;

const eniListing: ListingKind<Eni> = {
  service: 'vpc',
  action: 'DescribeNetworkInterfaces',
  answer: enisPage,
  idOf: (eni) => eni.eniId,
  idsParameter: 'NetworkInterfaceIds',
  idFilter: 'network-interface-id',
  pageAsText: false,
  filterValues: 100,
};

const subnetListing: ListingKind<Subnet> = {
  service: 'vpc',
  action: 'DescribeSubnets',
  answer: subnetsPage,
  idOf: (subnet) => subnet.subnetId,
  idsParameter: 'SubnetIds',
  idFilter: 'subnet-id',
  pageAsText: true,
  filterValues: 100,
};

const groupListing: ListingKind<SecurityGroupSummary> = {
  service: 'vpc',
  action: 'DescribeSecurityGroups',
  answer: securityGroupsPage,
  idOf: (group) => group.securityGroupId,
  idsParameter: 'SecurityGroupIds',
  idFilter: 'security-group-id',
  pageAsText: true,
  filterValues: 100,
};

const instanceListing: ListingKind<Instance> = {
  service: 'cvm',
  action: 'DescribeInstances',
  answer: instancesPage,
  idOf: (instance) => instance.instanceId,
  idsParameter: 'InstanceIds',
  idFilter: 'instance-id',
  pageAsText: false,
  // GUESS: the public documentation of cvm speaks of five values per filter.
  filterValues: 5,
};

/** Lazy: nothing is sent before the first call. */
export function createTencentCloud(options: TencentCloudOptions): TencentCloud {
  const { clock, logger, metrics = noCloudMetrics, callTimeoutMs = CALL_TIMEOUT_MS, random = Math.random } = options;
  const transport = createSdkTransport({
    region: options.region,
    callTimeoutMs,
    ...(options.endpoints === undefined ? {} : { endpoints: options.endpoints }),
  });
  const budget = createCallBudget({
    clock,
    ...(options.budgets === undefined ? {} : { limits: options.budgets }),
    onLimit: (action, perSecond) => {
      metrics.limited(action, perSecond);
      logger.info({ action, perSecond }, 'the budget of a cloud action changed');
    },
  });
  const caller = createApiCaller({
    clock,
    credentials: options.credentials,
    transport,
    budget,
    metrics,
    callTimeoutMs,
    random,
  });
  return { ...reads(caller), ...mutations(caller), ...eipCalls(caller), close: () => transport.close() };
}

type Reads = Pick<
  VpcCloud,
  | 'describeInstances'
  | 'describeSubnets'
  | 'describeEnis'
  | 'describeEniLimits'
  | 'describeSecurityGroups'
  | 'describeSecurityGroupPolicies'
  | 'checkSecurityGroupReady'
  | 'describeTask'
  | 'listRolePolicies'
>;

function reads(caller: ApiCaller): Reads {
  return {
    describeInstances: async ({ instanceIds, privateIps }, call) => {
      if (instanceIds !== undefined && privateIps !== undefined)
        return (await findByIds(caller, instanceListing, instanceIds, call)).filter((found) =>
          found.privateIps.some((ip) => privateIps.includes(ip)),
        );
      if (instanceIds !== undefined) return findByIds(caller, instanceListing, instanceIds, call);
      if (privateIps !== undefined)
        return findByFilter(caller, instanceListing, 'private-ip-address', privateIps, [], call);
      return listAll(caller, instanceListing, [], call);
    },
    describeSubnets: (subnetIds, call) => findByIds(caller, subnetListing, subnetIds, call),
    describeSecurityGroups: (securityGroupIds, call) => findByIds(caller, groupListing, securityGroupIds, call),
    describeSecurityGroupPolicies: (securityGroupId, call) =>
      caller.read(
        {
          service: 'vpc',
          action: 'DescribeSecurityGroupPolicies',
          body: { SecurityGroupId: securityGroupId },
          answer: securityGroupPolicies,
        },
        call,
      ),
    describeEnis: (filter, call) => describeEnis(caller, filter, call),
    describeEniLimits: (instanceId, call) =>
      caller.read(
        {
          service: 'vpc',
          action: 'DescribeNetworkInterfaceLimit',
          body: { InstanceId: instanceId },
          answer: eniLimits,
        },
        call,
      ),
    checkSecurityGroupReady: (eniIds, call) => checkReady(caller, eniIds, call),
    listRolePolicies: (roleName, call) => listRolePolicies(caller, roleName, call),
    describeTask: async (taskId, call) => {
      try {
        return await caller.read(
          { service: 'vpc', action: 'DescribeVpcTaskResult', body: { TaskId: taskId }, answer: taskStatus },
          call,
        );
      } catch (error) {
        if (isCloudError(error, cloudErrors.notFound)) return 'UNKNOWN';
        throw error;
      }
    },
  };
}

/** GUESS: called under vpc, like the other calls whose CAM name begins with `cvm:` (facts, section 7). */
async function checkReady(
  caller: ApiCaller,
  eniIds: readonly string[],
  call: CloudCall | undefined,
): Promise<ReadonlyMap<string, boolean>> {
  if (eniIds.length === 0) return new Map();
  const entries = await withoutUnknownIds(eniIds, (ids) =>
    caller.read(
      {
        service: 'vpc',
        action: 'CheckNetworkInterfaceSecurityGroupReady',
        body: { NetworkInterfaceIds: ids },
        answer: readySet,
      },
      call,
    ),
  );
  return new Map(entries);
}

const KIND_VALUES = { secondary: '0', primary: '1', sub: '2' } as const;

function describeEnis(caller: ApiCaller, filter: EniFilter, call: CloudCall | undefined): Promise<readonly Eni[]> {
  const others: Filter[] = [
    ...(filter.instanceId === undefined ? [] : [{ Name: 'attachment.instance-id', Values: [filter.instanceId] }]),
    ...(filter.vpcId === undefined ? [] : [{ Name: 'vpc-id', Values: [filter.vpcId] }]),
    ...(filter.name === undefined ? [] : [{ Name: 'network-interface-name', Values: [filter.name] }]),
    ...(filter.address === undefined ? [] : [{ Name: 'ip-exact-match', Values: [filter.address] }]),
    ...(filter.tags ?? []).map((tag) => ({ Name: `tag:${tag.key}`, Values: [tag.value] })),
    ...(filter.kind === undefined ? [] : [{ Name: 'eni-type', Values: [KIND_VALUES[filter.kind]] }]),
  ];
  if (filter.eniIds === undefined) return listAll(caller, eniListing, others, call);
  if (others.length === 0) return findByIds(caller, eniListing, filter.eniIds, call);
  return findByFilter(caller, eniListing, eniListing.idFilter, filter.eniIds, others, call);
}

type Mutations = Pick<
  VpcCloud,
  | 'createEni'
  | 'attachEni'
  | 'detachEni'
  | 'deleteEni'
  | 'createSubEni'
  | 'deleteSubEni'
  | 'assignAddresses'
  | 'unassignAddresses'
  | 'associateSecurityGroups'
  | 'disassociateSecurityGroups'
  | 'replaceSecurityGroups'
>;

function mutations(caller: ApiCaller): Mutations {
  const remove = async (action: string, eniId: string, call: CloudCall | undefined): Promise<void> => {
    try {
      await caller.mutate({ service: 'vpc', action, body: { NetworkInterfaceId: eniId }, answer: startedTask }, call);
    } catch (error) {
      if (!isCloudError(error, cloudErrors.notFound)) throw error;
    }
  };
  return {
    createEni: (request, call) =>
      caller.mutate(
        { service: 'vpc', action: 'CreateNetworkInterface', body: createEniParameters(request), answer: createdEni },
        call,
      ),
    createSubEni: (request, call) =>
      caller.mutate(
        {
          service: 'vpc',
          action: 'CreateSubNetworkInterface',
          body: createSubEniParameters(request),
          answer: createdSubEni,
        },
        call,
      ),
    attachEni: ({ eniId, instanceId, clientToken }, call) =>
      caller.mutate(
        {
          service: 'vpc',
          action: 'AttachNetworkInterface',
          body: { NetworkInterfaceId: eniId, InstanceId: instanceId, ClientToken: clientToken },
          answer: startedTask,
        },
        call,
      ),
    detachEni: ({ eniId, instanceId, clientToken }, call) =>
      caller.mutate(
        {
          service: 'vpc',
          action: 'DetachNetworkInterface',
          body: { NetworkInterfaceId: eniId, InstanceId: instanceId, ClientToken: clientToken },
          answer: startedTask,
        },
        call,
      ),
    deleteEni: (eniId, call) => remove('DeleteNetworkInterface', eniId, call),
    deleteSubEni: (eniId, call) => remove('DeleteSubNetworkInterface', eniId, call),
    ...addressMutations(caller),
    ...groupMutations(caller),
  };
}

function addressMutations(caller: ApiCaller): Pick<VpcCloud, 'assignAddresses' | 'unassignAddresses'> {
  return {
    assignAddresses: ({ eniId, clientToken, ...wish }, call) =>
      caller.mutate(
        {
          service: 'vpc',
          action: 'AssignPrivateIpAddresses',
          body: {
            NetworkInterfaceId: eniId,
            ...('count' in wish
              ? { SecondaryPrivateIpAddressCount: wish.count }
              : { PrivateIpAddresses: wish.addresses.map((address) => ({ PrivateIpAddress: address })) }),
            ClientToken: clientToken,
          },
          answer: assignedAddresses,
        },
        call,
      ),
    unassignAddresses: ({ eniId, addresses }, call) =>
      caller.mutate(
        {
          service: 'vpc',
          action: 'UnassignPrivateIpAddresses',
          body: {
            NetworkInterfaceId: eniId,
            PrivateIpAddresses: addresses.map((address) => ({ PrivateIpAddress: address })),
          },
          answer: startedTask,
        },
        call,
      ),
  };
}

function groupMutations(
  caller: ApiCaller,
): Pick<VpcCloud, 'associateSecurityGroups' | 'disassociateSecurityGroups' | 'replaceSecurityGroups'> {
  const change = async (action: string, body: Readonly<Record<string, unknown>>, call?: CloudCall): Promise<void> => {
    await caller.mutate({ service: 'vpc', action, body, answer: startedTask }, call);
  };
  return {
    associateSecurityGroups: ({ eniIds, securityGroupIds }, call) =>
      change(
        'AssociateNetworkInterfaceSecurityGroups',
        { NetworkInterfaceIds: eniIds, SecurityGroupIds: securityGroupIds },
        call,
      ),
    disassociateSecurityGroups: ({ eniIds, securityGroupIds }, call) =>
      change(
        'DisassociateNetworkInterfaceSecurityGroups',
        { NetworkInterfaceIds: eniIds, SecurityGroupIds: securityGroupIds },
        call,
      ),
    replaceSecurityGroups: ({ eniId, securityGroupIds }, call) =>
      change(
        'ModifyNetworkInterfaceAttribute',
        { NetworkInterfaceId: eniId, SecurityGroupIds: securityGroupIds },
        call,
      ),
  };
}
