// CreateSecurityGroup, DeleteSecurityGroup and DescribeSecurityGroups.
import { z } from 'zod';
import { type Action, defineAction, filterList, integer, tagList, text, textList } from '../action.ts';
import { ApiError } from '../api-error.ts';
import type { CloudCore } from '../core.ts';
import { findGroup } from '../lookup.ts';
import { applyFilters, checkIdsOrFilters, exact, pageOf } from '../paging.ts';
import { quotas } from '../settings.ts';
import type { SecurityGroupRecord, TagRecord } from '../state.ts';
import { vpcTime } from './eni-answer.ts';

const MAX_NAME = 60;
const MAX_DESCRIPTION = 100;

export interface NewGroup {
  readonly name: string;
  readonly description: string;
  readonly projectId?: string;
  readonly tags?: readonly TagRecord[];
  readonly securityGroupId?: string;
}

/** Adds a group without rules, which drops everything (facts, section 10). Names need not be unique. */
export function addGroup(core: CloudCore, wanted: NewGroup): SecurityGroupRecord {
  if (wanted.name.length > MAX_NAME)
    throw new ApiError(
      'InvalidParameterValue.TooLong',
      `GroupName has ${wanted.name.length} characters; at most ${MAX_NAME}`,
    );
  if (wanted.description.length > MAX_DESCRIPTION)
    throw new ApiError(
      'InvalidParameterValue.TooLong',
      `GroupDescription has ${wanted.description.length} characters; at most ${MAX_DESCRIPTION}`,
    );
  if (core.state.securityGroups.size >= quotas.securityGroups)
    throw new ApiError(
      'LimitExceeded',
      `the account has ${quotas.securityGroups} security groups in ${core.region}, its quota`,
    );
  const group: SecurityGroupRecord = {
    securityGroupId: wanted.securityGroupId ?? core.newId('sg'),
    name: wanted.name,
    description: wanted.description,
    projectId: wanted.projectId ?? '0',
    isDefault: false,
    createdAt: core.clock.now(),
    updatedAt: core.clock.now(),
    tags: wanted.tags ?? [],
    version: 0,
    ingress: [],
    egress: [],
  };
  core.state.securityGroups.set(group.securityGroupId, group);
  core.touch();
  return group;
}

const createSecurityGroup = defineAction({
  name: 'CreateSecurityGroup',
  services: ['vpc'],
  parameters: z.object({
    GroupName: text,
    GroupDescription: text,
    ProjectId: text.optional(),
    Tags: tagList.optional(),
  }),
  handle: async (parameters, { core }) => {
    const group = addGroup(core, {
      name: parameters.GroupName,
      description: parameters.GroupDescription,
      projectId: parameters.ProjectId ?? '0',
      tags: parameters.Tags ?? [],
    });
    await core.settle();
    return { SecurityGroup: groupAnswer(group) };
  },
});

const deleteSecurityGroup = defineAction({
  name: 'DeleteSecurityGroup',
  services: ['vpc'],
  parameters: z.object({ SecurityGroupId: text }),
  handle: async ({ SecurityGroupId }, { core }) => {
    const group = findGroup(core, SecurityGroupId);
    if (group.isDefault) throw new ApiError('UnsupportedOperation', `${SecurityGroupId} is the default group`);
    const bound = [...core.state.enis.values()].find((eni) => eni.securityGroupIds.includes(SecurityGroupId));
    if (bound !== undefined) throw new ApiError('ResourceInUse', `${SecurityGroupId} is bound to ${bound.eniId}`);
    // A rule of its own does not hold a group (facts, section 6, command 11).
    const referrer = [...core.state.securityGroups.values()].find(
      (other) =>
        other !== group &&
        [...other.ingress, ...other.egress].some((policy) => policy.securityGroupId === SecurityGroupId),
    );
    if (referrer !== undefined)
      throw new ApiError('ResourceInUse', `a rule of ${referrer.securityGroupId} names ${SecurityGroupId}`);
    core.state.securityGroups.delete(SecurityGroupId);
    core.touch();
    await core.settle();
    return {};
  },
});

const groupFilters = {
  'security-group-id': exact((group: SecurityGroupRecord) => group.securityGroupId),
  'security-group-name': exact((group: SecurityGroupRecord) => group.name),
  'project-id': exact((group: SecurityGroupRecord) => group.projectId),
};

const describeSecurityGroups = defineAction({
  name: 'DescribeSecurityGroups',
  services: ['vpc'],
  parameters: z.object({
    SecurityGroupIds: textList.optional(),
    Filters: filterList.optional(),
    Offset: integer.optional(),
    Limit: integer.optional(),
    OrderField: z.enum(['CreatedTime', 'UpdateTime']).optional(),
    OrderDirection: z.enum(['ASC', 'DESC']).optional(),
  }),
  handle: (parameters, { core }) => {
    const { SecurityGroupIds, Filters = [] } = parameters;
    checkIdsOrFilters(SecurityGroupIds, Filters, 'SecurityGroupIds');
    const chosen =
      SecurityGroupIds === undefined || SecurityGroupIds.length === 0
        ? [...core.state.securityGroups.values()]
        : SecurityGroupIds.map((id) => findGroup(core, id));
    const field = parameters.OrderField === 'UpdateTime' ? 'updatedAt' : 'createdAt';
    const sign = parameters.OrderDirection === 'DESC' ? -1 : 1;
    const ordered = applyFilters(chosen, Filters, groupFilters).toSorted(
      (a, b) => sign * (a[field].getTime() - b[field].getTime()),
    );
    const page = pageOf(ordered, parameters.Offset, parameters.Limit);
    return { TotalCount: page.total, SecurityGroupSet: page.items.map(groupAnswer) };
  },
});

function groupAnswer(group: SecurityGroupRecord): object {
  return {
    SecurityGroupId: group.securityGroupId,
    SecurityGroupName: group.name,
    SecurityGroupDesc: group.description,
    ProjectId: group.projectId,
    IsDefault: group.isDefault,
    CreatedTime: vpcTime(group.createdAt),
    UpdateTime: vpcTime(group.updatedAt),
    TagSet: [...group.tags],
  };
}

/** Security groups themselves; their rules are in security-group-policies.ts. */
export const securityGroupActions: readonly Action[] = [
  createSecurityGroup,
  deleteSecurityGroup,
  describeSecurityGroups,
];
