// The rules of a security group: create, delete, replace, reset, describe. Each answers only when the fabric obeys.
import { z } from 'zod';
import { type Action, bool, defineAction, filterList, text } from '../action.ts';
import { ApiError } from '../api-error.ts';
import type { CloudCore } from '../core.ts';
import { findGroup } from '../lookup.ts';
import { parsePolicy, policyAnswer, type PolicyParameters, policySetParameters, samePolicy } from '../policy.ts';
import { quotas } from '../settings.ts';
import type { PolicyRecord, SecurityGroupRecord } from '../state.ts';

type PolicySet = z.output<typeof policySetParameters>;
type Direction = 'ingress' | 'egress';

const groupAndSet = z.object({ SecurityGroupId: text, SecurityGroupPolicySet: policySetParameters });

/** Exactly one direction, with at least one rule, and a version that is not stale (facts, section 10). */
function oneDirection(
  group: SecurityGroupRecord,
  set: PolicySet,
): { readonly direction: Direction; readonly rules: readonly PolicyParameters[] } {
  checkVersion(group, set);
  const ingress = set.Ingress ?? [];
  const egress = set.Egress ?? [];
  if (ingress.length > 0 && egress.length > 0)
    throw new ApiError('InvalidParameter.Coexist', 'Ingress and Egress exclude each other in one call');
  if (ingress.length + egress.length === 0)
    throw new ApiError('InvalidParameterValue.Empty', 'SecurityGroupPolicySet has no rule');
  return ingress.length > 0 ? { direction: 'ingress', rules: ingress } : { direction: 'egress', rules: egress };
}

function checkVersion(group: SecurityGroupRecord, set: PolicySet): void {
  if (set.Version !== undefined && set.Version !== String(group.version))
    throw new ApiError(
      'UnsupportedOperation.VersionMismatch',
      `${group.securityGroupId} has version ${group.version}, the call says ${set.Version}`,
    );
}

/** Checks the whole list, stores it and waits for the fabric. */
async function store(
  core: CloudCore,
  group: SecurityGroupRecord,
  lists: Partial<Record<Direction, PolicyRecord[]>>,
): Promise<void> {
  for (const list of Object.values(lists)) checkList(core, list);
  Object.assign(group, lists);
  group.version += 1;
  group.updatedAt = core.clock.now();
  core.touch();
  await core.settle();
}

function checkList(core: CloudCore, list: readonly PolicyRecord[]): void {
  if (list.length > quotas.rulesPerDirection)
    throw new ApiError(
      'LimitExceeded.SecurityGroupPolicySet',
      `${list.length} rules; at most ${quotas.rulesPerDirection} per direction`,
    );
  const naming = list.filter((policy) => policy.securityGroupId !== '');
  for (const policy of naming) findGroup(core, policy.securityGroupId);
  if (naming.length > quotas.rulesNamingGroups)
    throw new ApiError(
      'LimitExceeded.SecurityGroupPolicySet',
      `${naming.length} rules name a group; at most ${quotas.rulesNamingGroups}`,
    );
  const twice = list.find((policy, index) => list.findIndex((other) => samePolicy(other, policy)) !== index);
  if (twice !== undefined)
    throw new ApiError(
      'UnsupportedOperation.DuplicatePolicy',
      `the same rule twice: ${twice.action} ${twice.protocol} ${twice.port}`,
    );
}

const createPolicies = defineAction({
  name: 'CreateSecurityGroupPolicies',
  services: ['vpc'],
  parameters: groupAndSet,
  handle: async ({ SecurityGroupId, SecurityGroupPolicySet }, { core }) => {
    const group = findGroup(core, SecurityGroupId);
    const { direction, rules } = oneDirection(group, SecurityGroupPolicySet);
    const [index, ...others] = [...new Set(rules.map((rule) => rule.PolicyIndex))];
    if (others.length > 0)
      throw new ApiError(
        'InvalidParameterValue',
        'all rules of one call must have the same PolicyIndex; they go in together, in order',
      );
    const list = group[direction];
    if (index !== undefined && (index < 0 || index > list.length))
      throw new ApiError('InvalidParameterValue.Range', `PolicyIndex is ${index}; it must be from 0 to ${list.length}`);
    const added = rules.map((rule) => parsePolicy(rule, core.clock.now()));
    await store(core, group, { [direction]: list.toSpliced(index ?? list.length, 0, ...added) });
    return {};
  },
});

const deletePolicies = defineAction({
  name: 'DeleteSecurityGroupPolicies',
  services: ['vpc'],
  parameters: groupAndSet,
  handle: async ({ SecurityGroupId, SecurityGroupPolicySet }, { core }) => {
    const group = findGroup(core, SecurityGroupId);
    const { direction, rules } = oneDirection(group, SecurityGroupPolicySet);
    const indexed = rules.filter((rule) => rule.PolicyIndex !== undefined);
    if (indexed.length > 0 && indexed.length < rules.length)
      throw new ApiError('InvalidParameter.Coexist', 'rules by PolicyIndex and rules by content exclude each other');
    const list = group[direction];
    const doomed = new Set(
      rules.map((rule) =>
        rule.PolicyIndex === undefined ? indexOfContent(list, rule, core) : indexInRange(list, rule.PolicyIndex),
      ),
    );
    await store(core, group, { [direction]: list.filter((_policy, index) => !doomed.has(index)) });
    return {};
  },
});

/** No match is ResourceNotFound (facts, section 10: GUESS). */
function indexOfContent(list: readonly PolicyRecord[], rule: PolicyParameters, core: CloudCore): number {
  const wanted = parsePolicy(rule, core.clock.now());
  const index = list.findIndex((policy) => samePolicy(policy, wanted));
  if (index < 0)
    throw new ApiError(
      'ResourceNotFound',
      `there is no rule ${wanted.action} ${wanted.protocol} ${wanted.port} with this peer`,
    );
  return index;
}

function indexInRange(list: readonly PolicyRecord[], index: number): number {
  if (index < 0 || index >= list.length)
    throw new ApiError('InvalidParameterValue.Range', `PolicyIndex is ${index}; the list has ${list.length} rules`);
  return index;
}

const replacePolicy = defineAction({
  name: 'ReplaceSecurityGroupPolicy',
  services: ['vpc'],
  parameters: groupAndSet.extend({ OriginalSecurityGroupPolicySet: policySetParameters.optional() }),
  handle: async ({ SecurityGroupId, SecurityGroupPolicySet }, { core }) => {
    const group = findGroup(core, SecurityGroupId);
    const { direction, rules } = oneDirection(group, SecurityGroupPolicySet);
    const [rule, ...more] = rules;
    if (rule?.PolicyIndex === undefined || more.length > 0)
      throw new ApiError('InvalidParameterValue', 'exactly one rule with its PolicyIndex');
    const index = indexInRange(group[direction], rule.PolicyIndex);
    await store(core, group, { [direction]: group[direction].with(index, parsePolicy(rule, core.clock.now())) });
    return {};
  },
});

const modifyPolicies = defineAction({
  name: 'ModifySecurityGroupPolicies',
  services: ['vpc'],
  parameters: groupAndSet.extend({ SortPolicys: bool.optional() }),
  handle: async ({ SecurityGroupId, SecurityGroupPolicySet: set, SortPolicys = false }, { core }) => {
    const group = findGroup(core, SecurityGroupId);
    // Version "0" empties both lists, whatever they say (facts, section 10).
    if (set.Version === '0') {
      await store(core, group, { ingress: [], egress: [] });
      return {};
    }
    checkVersion(group, set);
    if (set.Ingress === undefined || set.Egress === undefined)
      throw new ApiError(
        'InvalidParameterValue.Empty',
        'both Ingress and Egress are required; they replace everything',
      );
    if ([...set.Ingress, ...set.Egress].some((rule) => rule.PolicyIndex !== undefined))
      throw new ApiError('InvalidParameter.Coexist', 'PolicyIndex is not allowed here');
    await store(core, group, {
      ingress: resetList(core, group.ingress, set.Ingress, SortPolicys),
      egress: resetList(core, group.egress, set.Egress, SortPolicys),
    });
    return {};
  },
});

/** Without `sort`, rules that survive keep their present order and new ones follow. */
function resetList(
  core: CloudCore,
  present: readonly PolicyRecord[],
  rules: readonly PolicyParameters[],
  sort: boolean,
): PolicyRecord[] {
  const wanted = rules.map((rule) => parsePolicy(rule, core.clock.now()));
  if (sort) return wanted;
  const survivors = present.filter((policy) => wanted.some((other) => samePolicy(policy, other)));
  return [...survivors, ...wanted.filter((policy) => !survivors.some((other) => samePolicy(policy, other)))];
}

const describePolicies = defineAction({
  name: 'DescribeSecurityGroupPolicies',
  services: ['vpc'],
  parameters: z.object({ SecurityGroupId: text, Filters: filterList.optional() }),
  handle: ({ SecurityGroupId, Filters = [] }, { core }) => {
    const group = findGroup(core, SecurityGroupId);
    const unknown = Filters.find((filter) => filter.Name !== 'direction');
    if (unknown !== undefined)
      throw new ApiError(
        'InvalidParameter.FilterInvalidKey',
        `the filter \`${unknown.Name}\` is not simulated; known: direction`,
      );
    const direction = Filters[0]?.Values[0]?.toUpperCase() ?? 'ALL';
    const ingress = direction === 'OUTBOUND' ? [] : group.ingress;
    const egress = direction === 'INBOUND' ? [] : group.egress;
    return {
      SecurityGroupPolicySet: {
        Version: String(group.version),
        Ingress: ingress.map(policyAnswer),
        Egress: egress.map(policyAnswer),
        PolicyStatistics: { ...statistics('Ingress', group.ingress), ...statistics('Egress', group.egress) },
      },
    };
  },
});

function statistics(direction: string, list: readonly PolicyRecord[]): object {
  const six = list.filter((policy) => policy.cidr6 !== '').length;
  return { [`${direction}IPv4TotalCount`]: list.length - six, [`${direction}IPv6TotalCount`]: six };
}

/** The rules of security groups. */
export const securityGroupPolicyActions: readonly Action[] = [
  createPolicies,
  deletePolicies,
  replacePolicy,
  modifyPolicies,
  describePolicies,
];
