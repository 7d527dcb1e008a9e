// Whether a group may have these rules: what they name exists, nothing is there twice, and the quotas hold.
import { ApiError } from './api-error.ts';
import type { CloudCore } from './core.ts';
import { findGroup } from './lookup.ts';
import { samePolicy } from './policy.ts';
import { expandPolicy } from './policy-expand.ts';
import { findTemplate, findTemplateGroup } from './policy-templates.ts';
import { quotas } from './settings.ts';
import type { PolicyRecord, SecurityGroupRecord } from './state.ts';

export type Direction = 'ingress' | 'egress';
export type RuleLists = Readonly<Record<Direction, PolicyRecord[]>>;

/** Error codes differ between the actions (facts, section 10). */
export interface RuleCodes {
  readonly tooMany: string;
  /** After expanding templates and groups. */
  readonly tooManyExpanded: string;
  readonly duplicate: string;
}

export const CREATE_CODES: RuleCodes = {
  tooMany: 'LimitExceeded.SecurityGroupPolicySet',
  tooManyExpanded: 'UnsupportedOperation.SgNumExceedLimit',
  duplicate: 'UnsupportedOperation.DuplicatePolicy',
};
export const REPLACE_CODES: RuleCodes = {
  tooMany: 'LimitExceeded',
  tooManyExpanded: 'LimitExceeded',
  duplicate: 'UnsupportedOperation.DuplicatePolicy',
};
/** GUESS on the duplicate: the action lists no code of its own for it. */
export const WITH_GROUP_CODES: RuleCodes = { ...REPLACE_CODES, duplicate: 'InvalidParameterValue' };

/** Throws ApiError for the first thing that is wrong; changes nothing. */
export function checkRules(
  core: CloudCore,
  group: Pick<SecurityGroupRecord, 'projectId'>,
  lists: RuleLists,
  codes: RuleCodes,
): void {
  const all = [...lists.ingress, ...lists.egress];
  for (const policy of all) checkNames(core, group, policy);
  for (const list of [lists.ingress, lists.egress]) checkList(core, list, codes);
  const naming = all.filter((policy) => policy.securityGroupId !== '').length;
  if (naming > quotas.rulesNamingGroups)
    throw new ApiError(codes.tooMany, `${naming} rules name a group; at most ${quotas.rulesNamingGroups}`);
}

/** A rule names groups of its own project only (facts, section 11); GUESS on that code. */
function checkNames(core: CloudCore, group: Pick<SecurityGroupRecord, 'projectId'>, policy: PolicyRecord): void {
  const { templates } = core.state;
  if (policy.securityGroupId !== '' && findGroup(core, policy.securityGroupId).projectId !== group.projectId)
    throw new ApiError('InvalidParameterValue', `${policy.securityGroupId} belongs to another project`);
  if (policy.addressId !== '') findTemplate(templates, 'address', policy.addressId);
  if (policy.addressGroupId !== '') findTemplateGroup(templates, 'address', policy.addressGroupId);
  if (policy.serviceId !== '') findTemplate(templates, 'service', policy.serviceId);
  if (policy.serviceGroupId !== '') findTemplateGroup(templates, 'service', policy.serviceGroupId);
}

function checkList(core: CloudCore, list: readonly PolicyRecord[], codes: RuleCodes): void {
  if (list.length > quotas.rulesPerDirection)
    throw new ApiError(codes.tooMany, `${list.length} rules; at most ${quotas.rulesPerDirection} per direction`);
  const twice = list.find((policy, index) => list.findIndex((other) => samePolicy(other, policy)) !== index);
  if (twice !== undefined)
    throw new ApiError(codes.duplicate, `the same rule twice: ${twice.action} ${twice.protocol} ${twice.port}`);
  const limit = core.settings.expandedPolicyLimit;
  if (expandedCount(core, list) > limit)
    throw new ApiError(codes.tooManyExpanded, `more than ${limit} rules after expanding templates and groups`);
}

/** A rule that names a group counts once for each address of what is bound to it, and once when nothing is. */
export function expandedCount(core: CloudCore, list: readonly PolicyRecord[]): number {
  const members = memberCounts(core, new Set(list.map((policy) => policy.securityGroupId)));
  return list.reduce(
    (sum, policy) =>
      sum + expandPolicy(policy, core.state.templates).length * Math.max(1, members.get(policy.securityGroupId) ?? 1),
    0,
  );
}

function memberCounts(core: CloudCore, groups: ReadonlySet<string>): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  if ([...groups].every((id) => id === '')) return counts;
  for (const eni of core.state.enis.values())
    for (const id of eni.securityGroupIds)
      if (groups.has(id)) counts.set(id, (counts.get(id) ?? 0) + eni.addresses.length);
  return counts;
}
