// Security groups as a whole: create in four ways, delete, describe, rename.
import { z } from 'zod';
import { type Action, defineAction, filterList, integer, tagList, text, textList } from '../action.ts';
import { ApiError } from '../api-error.ts';
import type { CloudCore } from '../core.ts';
import { findGroup, namedBy } from '../lookup.ts';
import { applyFilters, checkIdsOrFilters, exact, fuzzy, pageOf } from '../paging.ts';
import { parsePolicy, policySetParameters } from '../policy.ts';
import { checkRules, type RuleLists, WITH_GROUP_CODES } from '../policy-checks.ts';
import { quotas } from '../settings.ts';
import type { SecurityGroupRecord, TagRecord } from '../state.ts';
import { checkProductTags } from '../tagging/tag-rules.ts';
import { vpcTime } from './eni-answer.ts';
import { referrersOf } from './security-group-statistics.ts';

const MAX_NAME = 60;
const MAX_DESCRIPTION = 100;

export interface NewGroup {
  readonly name: string;
  readonly description: string;
  readonly projectId?: string;
  readonly tags?: readonly TagRecord[];
  readonly securityGroupId?: string;
  readonly isDefault?: boolean;
}

/** Throws InvalidParameterValue.TooLong. */
function checkTexts(name = '', description = ''): void {
  if (name.length > MAX_NAME)
    throw new ApiError('InvalidParameterValue.TooLong', `GroupName has ${name.length} characters; at most ${MAX_NAME}`);
  if (description.length > MAX_DESCRIPTION)
    throw new ApiError(
      'InvalidParameterValue.TooLong',
      `GroupDescription has ${description.length} characters; at most ${MAX_DESCRIPTION}`,
    );
}

function checkQuota(core: CloudCore): void {
  if (core.state.securityGroups.size >= quotas.securityGroups)
    throw new ApiError(
      'LimitExceeded',
      `the account has ${quotas.securityGroups} security groups in ${core.region}, its quota`,
    );
}

/** Adds a group without rules, which drops everything (facts, section 10). Names need not be unique. */
export function addGroup(core: CloudCore, wanted: NewGroup): SecurityGroupRecord {
  checkTexts(wanted.name, wanted.description);
  checkProductTags(wanted.tags ?? []);
  checkQuota(core);
  const group: SecurityGroupRecord = {
    securityGroupId: wanted.securityGroupId ?? core.newId('sg'),
    name: wanted.name,
    description: wanted.description,
    projectId: wanted.projectId ?? '0',
    isDefault: wanted.isDefault ?? false,
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

/** As addGroup, with rules from the start; nothing is made when they are refused. */
function addGroupWithRules(core: CloudCore, wanted: NewGroup, rules: RuleLists): SecurityGroupRecord {
  checkRules(core, { projectId: wanted.projectId ?? '0' }, rules, WITH_GROUP_CODES);
  const group = addGroup(core, wanted);
  if (rules.ingress.length + rules.egress.length > 0) Object.assign(group, rules, { version: 1 });
  core.touch();
  return group;
}

const newGroupParameters = z.object({
  GroupName: text,
  GroupDescription: text,
  ProjectId: text.optional(),
  Tags: tagList.optional(),
});

function newGroup(parameters: z.output<typeof newGroupParameters>): NewGroup {
  return {
    name: parameters.GroupName,
    description: parameters.GroupDescription,
    projectId: parameters.ProjectId ?? '0',
    tags: parameters.Tags ?? [],
  };
}

const createSecurityGroup = defineAction({
  name: 'CreateSecurityGroup',
  services: ['vpc'],
  parameters: newGroupParameters,
  handle: async (parameters, { core }) => {
    const group = addGroup(core, newGroup(parameters));
    await core.settle();
    return { SecurityGroup: groupAnswer(group) };
  },
});

const createWithPolicies = defineAction({
  name: 'CreateSecurityGroupWithPolicies',
  services: ['vpc'],
  parameters: newGroupParameters.extend({ SecurityGroupPolicySet: policySetParameters.optional() }),
  handle: async (parameters, { core }) => {
    const { Ingress = [], Egress = [] } = parameters.SecurityGroupPolicySet ?? {};
    const read = (list: typeof Ingress) =>
      list.map((rule) => parsePolicy(rule, core.clock.now(), core.settings.myPublicIp));
    const rules = { ingress: read(Ingress), egress: read(Egress) };
    const group = addGroupWithRules(core, newGroup(parameters), rules);
    await core.settle();
    return { SecurityGroup: groupAnswer(group) };
  },
});

/** GUESS: the group's own rules that name it name the original in the clone too; clones to other regions are refused. */
const cloneSecurityGroup = defineAction({
  name: 'CloneSecurityGroup',
  services: ['vpc'],
  parameters: z.object({
    SecurityGroupId: text,
    GroupName: text.optional(),
    GroupDescription: text.optional(),
    ProjectId: text.optional(),
    RemoteRegion: text.optional(),
    Tags: tagList.optional(),
  }),
  handle: async (parameters, { core }) => {
    const original = findGroup(core, parameters.SecurityGroupId);
    if (parameters.RemoteRegion !== undefined && parameters.RemoteRegion !== core.region)
      throw new ApiError('UnsupportedOperation', `${parameters.RemoteRegion} is not simulated`);
    const now = core.clock.now();
    const copy = (list: SecurityGroupRecord['ingress']) => list.map((policy) => ({ ...policy, modifiedAt: now }));
    const wanted = {
      name: parameters.GroupName ?? original.name,
      description: parameters.GroupDescription ?? original.description,
      projectId: parameters.ProjectId ?? original.projectId,
      tags: parameters.Tags ?? [],
    };
    const rules = { ingress: copy(original.ingress), egress: copy(original.egress) };
    const group = addGroupWithRules(core, wanted, rules);
    await core.settle();
    return { SecurityGroup: groupAnswer(group) };
  },
});

/** Opens all IPv4 both ways (facts, section 10). GUESS: a project's default group that exists is answered as it is. */
const createDefault = defineAction({
  name: 'CreateDefaultSecurityGroup',
  services: ['vpc'],
  parameters: z.object({ ProjectId: text.optional() }),
  handle: async ({ ProjectId: projectId = '0' }, { core }) => {
    const present = [...core.state.securityGroups.values()].find(
      (group) => group.isDefault && group.projectId === projectId,
    );
    if (present !== undefined) return { SecurityGroup: groupAnswer(present) };
    const open = parsePolicy({ Protocol: 'ALL', CidrBlock: '0.0.0.0/0', Action: 'ACCEPT' }, core.clock.now());
    const group = addGroupWithRules(
      core,
      { name: 'default', description: 'System created security group', projectId, isDefault: true },
      { ingress: [open], egress: [open] },
    );
    await core.settle();
    return { SecurityGroup: groupAnswer(group) };
  },
});

const modifyAttribute = defineAction({
  name: 'ModifySecurityGroupAttribute',
  services: ['vpc'],
  parameters: z.object({ SecurityGroupId: text, GroupName: text.optional(), GroupDescription: text.optional() }),
  handle: ({ SecurityGroupId, GroupName, GroupDescription }, { core }) => {
    const group = findGroup(core, SecurityGroupId);
    checkTexts(GroupName, GroupDescription);
    group.name = GroupName ?? group.name;
    group.description = GroupDescription ?? group.description;
    group.updatedAt = core.clock.now();
    return {};
  },
});

const deleteSecurityGroup = defineAction({
  name: 'DeleteSecurityGroup',
  services: ['vpc'],
  parameters: z.object({ SecurityGroupId: text }),
  handle: async ({ SecurityGroupId }, { core }) => {
    const group = findGroup(core, SecurityGroupId);
    if (group.isDefault) throw new ApiError('UnsupportedOperation', `${SecurityGroupId} is the default group`);
    const [bound] = core.state.enis.by('group', SecurityGroupId);
    if (bound !== undefined) throw new ApiError('ResourceInUse', `${SecurityGroupId} is bound to ${bound.eniId}`);
    const referrer = referrersOf(core, SecurityGroupId).find(
      (id) => id !== SecurityGroupId || !core.settings.selfReferenceLetsDelete,
    );
    if (referrer !== undefined) throw new ApiError('ResourceInUse', `a rule of ${referrer} names ${SecurityGroupId}`);
    core.state.securityGroups.delete(SecurityGroupId);
    core.touch();
    await core.settle();
    return {};
  },
});

const groupFilters = (core: CloudCore) => ({
  'security-group-id': exact((group: SecurityGroupRecord) => group.securityGroupId),
  'security-group-name': (core.settings.groupNameFilterIsExact ? exact : fuzzy)(
    (group: SecurityGroupRecord) => group.name,
  ),
  'project-id': exact((group: SecurityGroupRecord) => group.projectId),
});

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
        : namedBy(core, SecurityGroupIds, findGroup);
    const field = parameters.OrderField === 'UpdateTime' ? 'updatedAt' : 'createdAt';
    const sign = parameters.OrderDirection === 'DESC' ? -1 : 1;
    const ordered = applyFilters(chosen, Filters, groupFilters(core)).toSorted(
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
  createWithPolicies,
  cloneSecurityGroup,
  createDefault,
  modifyAttribute,
  deleteSecurityGroup,
  describeSecurityGroups,
];
