// The cvm service: DescribeInstances, and ModifyInstancesAttribute for security groups.
import { z } from 'zod';
import { type Action, defineAction, filterList, integer, text, textList } from '../action.ts';
import { ApiError } from '../api-error.ts';
import type { CloudCore } from '../core.ts';
import { findCvmInstance } from '../lookup.ts';
import { applyFilters, exact, type Filter, type FilterTest, pageOf } from '../paging.ts';
import { quotas } from '../settings.ts';
import { type InstanceRecord, primaryEni } from '../state.ts';

type Tagged = InstanceRecord & { readonly tags: readonly [] };

function instanceFilters(core: CloudCore): Readonly<Record<string, FilterTest<Tagged>>> {
  return {
    zone: exact((instance) => instance.zone),
    'vpc-id': exact((instance) => instance.vpcId),
    'subnet-id': exact((instance) => instance.subnetId),
    'instance-id': exact((instance) => instance.instanceId),
    'instance-name': exact((instance) => instance.name),
    'instance-state': exact((instance) => instance.state),
    'private-ip-address': exact((instance) => privateIps(core, instance)),
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
    checkChoice(InstanceIds, Filters);
    // Unknown ids are left out: the action's error list has no code for them (facts, section 7: GUESS).
    const chosen = [...core.state.instances.values()].filter(
      (instance) => InstanceIds.length === 0 || InstanceIds.includes(instance.instanceId),
    );
    const tagged = chosen.map((instance): Tagged => ({ ...instance, tags: [] }));
    const page = pageOf(applyFilters(tagged, Filters, instanceFilters(core)), Offset, Limit);
    return { TotalCount: page.total, InstanceSet: page.items.map((instance) => instanceAnswer(core, instance)) };
  },
});

/** cvm has its own codes; at most 10 filters of 5 values each (GUESS: the figure of its documentation for most describe calls). */
function checkChoice(ids: readonly string[], filters: readonly Filter[]): void {
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

function instanceAnswer(core: CloudCore, instance: InstanceRecord): object {
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
    PublicIpAddresses: null,
    Tags: [],
    CreatedTime: instance.createdAt.toISOString().replace(/\.\d+Z$/, 'Z'),
    LatestOperation: instance.latestOperation?.name ?? null,
    LatestOperationState: instance.latestOperation?.state ?? null,
    LatestOperationRequestId: instance.latestOperation?.requestId ?? null,
    LatestOperationErrorMsg: '',
  };
}

const modifyInstancesAttribute = defineAction({
  name: 'ModifyInstancesAttribute',
  services: ['cvm'],
  parameters: z.object({ InstanceIds: textList, SecurityGroups: textList, InstanceName: text.optional() }),
  handle: ({ InstanceIds, SecurityGroups, InstanceName }, { core, requestId }) => {
    if (InstanceName !== undefined)
      throw new ApiError('InvalidParameterValue', 'exactly one attribute per call; only SecurityGroups is simulated');
    if (InstanceIds.length === 0 || InstanceIds.length > quotas.idsPerDescribe)
      throw new ApiError(
        'InvalidParameterValue.LimitExceeded',
        `InstanceIds has ${InstanceIds.length} entries; 1 to ${quotas.idsPerDescribe} are allowed`,
      );
    const missing = SecurityGroups.find((id) => !core.state.securityGroups.has(id));
    if (missing !== undefined) throw new ApiError('InvalidSecurityGroupId.NotFound', `\`${missing}\` does not exist`);
    if (SecurityGroups.length > quotas.groupsPerEni)
      throw new ApiError(
        'LimitExceeded.AssociateUSGLimitExceeded',
        `${SecurityGroups.length} groups; an instance takes at most ${quotas.groupsPerEni}`,
      );
    const instances = InstanceIds.map((id) => findCvmInstance(core, id));
    const busy = instances.find((instance) => instance.latestOperation?.state === 'OPERATING');
    if (busy !== undefined)
      throw new ApiError('MutexOperation.TaskRunning', `${busy.instanceId} is busy with ${busy.latestOperation?.name}`);
    for (const instance of instances) startGroupChange(core, instance, [...new Set(SecurityGroups)], requestId);
    return {};
  },
});

/** Replaces all groups of the primary ENI; order is priority. Poll LatestOperationState (facts, section 7: Async, CVM kind). */
function startGroupChange(
  core: CloudCore,
  instance: InstanceRecord,
  groups: readonly string[],
  requestId: string,
): void {
  const operation: NonNullable<InstanceRecord['latestOperation']> = {
    name: 'ModifyInstancesAttribute',
    state: 'OPERATING',
    requestId,
  };
  instance.latestOperation = operation;
  core.startTask('ModifyInstancesAttribute', requestId, {
    apply: () => {
      const eni = primaryEni(core.state, instance.instanceId);
      if (eni !== undefined) eni.securityGroupIds = [...groups];
    },
    finish: () => {
      operation.state = 'SUCCESS';
    },
    undo: () => {
      operation.state = 'FAILED';
    },
  });
}

/** What the cvm service does. */
export const instanceActions: readonly Action[] = [describeInstances, modifyInstancesAttribute];
