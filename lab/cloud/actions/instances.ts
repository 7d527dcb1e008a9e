// DescribeInstances: how an instance looks in answers, and the filters that find one (facts, section 14).
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { type Action, defineAction, filterList, integer, textList } from '../action.ts';
import { ApiError } from '../api-error.ts';
import type { CloudCore } from '../core.ts';
import { eipOn } from '../eips/eip-state.ts';
import { applyFilters, exact, type Filter, type FilterTest, pageOf } from '../paging.ts';
import { quotas } from '../settings.ts';
import { type InstanceRecord, primaryEni } from '../state.ts';

function instanceFilters(core: CloudCore): Readonly<Record<string, FilterTest<InstanceRecord>>> {
  return {
    zone: exact((instance) => instance.zone),
    'vpc-id': exact((instance) => instance.vpcId),
    'subnet-id': exact((instance) => instance.subnetId),
    'instance-id': exact((instance) => instance.instanceId),
    'instance-name': exact((instance) => instance.name),
    'instance-state': exact((instance) => instance.state),
    'private-ip-address': exact((instance) => privateIps(core, instance)),
    'public-ip-address': exact((instance) => publicIps(core, instance)),
    'ipv6-address': exact(() => []),
    'instance-type': exact((instance) => instance.instanceType),
    'instance-charge-type': exact(() => CHARGE_TYPE),
    uuid: exact((instance) => uuidOf(instance)),
    'tag-value': exact((instance) => instance.tags.map((tag) => tag.Value)),
    'security-group-id': exact((instance) => primaryEni(core.state, instance.instanceId)?.securityGroupIds ?? []),
  };
}

const describeInstances = defineAction({
  name: 'DescribeInstances',
  services: ['cvm'],
  parameters: z.object({
    InstanceIds: textList.optional(),
    Filters: filterList.optional(),
    Offset: integer.optional(),
    Limit: integer.optional(),
  }),
  handle: ({ InstanceIds = [], Filters = [], Offset, Limit }, { core }) => {
    const tests = instanceFilters(core);
    checkChoice(InstanceIds, Filters, tests);
    // Unknown ids are left out: the action's error list has no code for them (facts, section 7: GUESS).
    const chosen = [...core.state.instances.values()].filter(
      (instance) => InstanceIds.length === 0 || InstanceIds.includes(instance.instanceId),
    );
    const page = pageOf(applyFilters(chosen, Filters, tests), Offset, Limit);
    return { TotalCount: page.total, InstanceSet: page.items.map((instance) => instanceAnswer(core, instance)) };
  },
});

/** cvm has its own codes; at most 10 filters of 5 values each (GUESS: the figure of its documentation for most describe calls). */
function checkChoice(ids: readonly string[], filters: readonly Filter[], tests: object): void {
  const unknown = filters.find(({ Name }) => !Object.hasOwn(tests, Name) && !/^tag(-key$|:)/.test(Name));
  if (unknown !== undefined) throw new ApiError('InvalidFilter', `there is no filter \`${unknown.Name}\``);
  if (ids.length > 0 && filters.length > 0)
    throw new ApiError('InvalidParameter', 'InstanceIds and Filters exclude each other');
  if (ids.length > quotas.idsPerDescribe)
    throw new ApiError(
      'InvalidParameterValue.LimitExceeded',
      `InstanceIds has ${ids.length} entries; at most ${quotas.idsPerDescribe} are allowed`,
    );
  const malformed = ids.find((id) => !/^ins-[0-9a-z]{8}$/.test(id));
  if (malformed !== undefined)
    throw new ApiError('InvalidInstanceId.Malformed', `\`${malformed}\` is malformed; an id looks like ins-xxxxxxxx`);
  const long = filters.find((filter) => filter.Values.length > 5);
  if (long !== undefined || filters.length > 10)
    throw new ApiError('InvalidFilterValue.LimitExceeded', 'at most 10 filters with at most 5 values each');
}

function privateIps(core: CloudCore, instance: InstanceRecord): string[] {
  return (primaryEni(core.state, instance.instanceId)?.addresses ?? []).map((address) => address.ip);
}

/** Of the primary ENI: the ordinary address first, then EIPs in the order of the private addresses. */
function publicIps({ state }: CloudCore, instance: InstanceRecord): string[] {
  const eni = primaryEni(state, instance.instanceId);
  const eips = (eni?.addresses ?? []).map(({ ip }) => eipOn(state.eipBook, eni?.eniId ?? '', ip));
  const bound = eips.filter((eip) => eip?.phase === 'BOUND').map((eip) => eip?.ip);
  return [instance.normalPublicIp ?? undefined, ...bound].filter((ip) => ip !== undefined);
}

/** GUESS: every instance is paid by the hour. */
const CHARGE_TYPE = 'POSTPAID_BY_HOUR';

/** Follows from the id. */
function uuidOf({ instanceId }: InstanceRecord): string {
  const hex = createHash('sha256').update(instanceId).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

function instanceAnswer(core: CloudCore, instance: InstanceRecord): object {
  const publicAddresses = publicIps(core, instance);
  return {
    InstanceId: instance.instanceId,
    InstanceName: instance.name,
    InstanceType: instance.instanceType,
    InstanceState: instance.state,
    CPU: instance.cpu,
    Memory: instance.memoryGiB,
    Placement: { Zone: instance.zone, ProjectId: 0 },
    VirtualPrivateCloud: { VpcId: instance.vpcId, SubnetId: instance.subnetId, AsVpcGateway: false },
    SecurityGroupIds: [...(primaryEni(core.state, instance.instanceId)?.securityGroupIds ?? [])],
    PrivateIpAddresses: privateIps(core, instance),
    PublicIpAddresses: publicAddresses.length === 0 ? null : publicAddresses,
    InternetAccessible: {
      InternetChargeType: 'TRAFFIC_POSTPAID_BY_HOUR',
      InternetMaxBandwidthOut: instance.normalPublicIp === null ? 0 : 1,
      PublicIpAssigned: instance.normalPublicIp !== null,
    },
    InstanceChargeType: CHARGE_TYPE,
    RestrictState: 'NORMAL',
    Uuid: uuidOf(instance),
    Tags: [...instance.tags],
    CreatedTime: instance.createdAt.toISOString().replace(/\.\d+Z$/, 'Z'),
    LatestOperation: instance.latestOperation?.name ?? null,
    LatestOperationState: instance.latestOperation?.state ?? null,
    LatestOperationRequestId: instance.latestOperation?.requestId ?? null,
    LatestOperationErrorMsg: '',
  };
}

/** What the cvm service says of instances. */
export const instanceActions: readonly Action[] = [describeInstances];
