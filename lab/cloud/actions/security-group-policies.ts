// The rules of a security group: create, delete, replace, reset. Each answers only when the fabric obeys.
import { z } from 'zod';
import { type Action, bool, defineAction, text } from '../action.ts';
import { ApiError } from '../api-error.ts';
import type { CloudCore } from '../core.ts';
import { findGroup } from '../lookup.ts';
import { parsePolicy, type PolicyParameters, type PolicySet, policySetParameters, samePolicy } from '../policy.ts';
import {
  checkRules,
  CREATE_CODES,
  type Direction,
  REPLACE_CODES,
  type RuleCodes,
  type RuleLists,
} from '../policy-checks.ts';
import type { PolicyRecord, SecurityGroupRecord } from '../state.ts';

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

/** Checks the whole set, stores it and waits for the fabric. */
async function store(
  core: CloudCore,
  group: SecurityGroupRecord,
  change: Partial<RuleLists>,
  codes: RuleCodes,
): Promise<void> {
  const lists = { ingress: group.ingress, egress: group.egress, ...change };
  checkRules(core, group, lists, codes);
  Object.assign(group, lists);
  group.version += 1;
  group.updatedAt = core.clock.now();
  core.touch();
  await core.settle();
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
    const added = rules.map((rule) => readRule(core, rule));
    await store(core, group, { [direction]: list.toSpliced(index ?? list.length, 0, ...added) }, CREATE_CODES);
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
    if (indexed.length > 0 && (indexed.length < rules.length || indexed.some(hasContent)))
      throw new ApiError('InvalidParameter.Coexist', 'rules by PolicyIndex and rules by content exclude each other');
    const list = group[direction];
    const doomed = new Set(
      rules.map((rule) =>
        rule.PolicyIndex === undefined ? indexOfContent(core, list, rule) : indexInRange(list, rule.PolicyIndex),
      ),
    );
    const left = list.filter((_policy, index) => !doomed.has(index));
    if (left.length < list.length) await store(core, group, { [direction]: left }, REPLACE_CODES);
    return {};
  },
});

function hasContent(rule: PolicyParameters): boolean {
  const { PolicyIndex: _index, PolicyDescription: _text, ModifyTime: _time, Priority: _priority, ...content } = rule;
  return Object.values(content).some((value) => value !== undefined && value !== '');
}

/** -1 where the settings let a rule without a match pass. */
function indexOfContent(core: CloudCore, list: readonly PolicyRecord[], rule: PolicyParameters): number {
  const wanted = readRule(core, rule);
  const index = list.findIndex((policy) => samePolicy(policy, wanted));
  if (index < 0 && core.settings.unmatchedRuleIsNotFound)
    throw new ApiError(
      'ResourceNotFound',
      `there is no rule ${wanted.action} ${wanted.protocol} ${wanted.port} with this peer`,
    );
  return index;
}

function readRule(core: CloudCore, rule: PolicyParameters): PolicyRecord {
  return parsePolicy(rule, core.clock.now(), core.settings.myPublicIp);
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
    await store(core, group, { [direction]: group[direction].with(index, readRule(core, rule)) }, REPLACE_CODES);
    return {};
  },
});

/** `Policy` writes rules anew in their places, `Priority` moves them, `Both` does both (facts, section 10). */
const replacePolicies = defineAction({
  name: 'ReplaceSecurityGroupPolicies',
  services: ['vpc'],
  parameters: groupAndSet.extend({
    OriginalSecurityGroupPolicySet: policySetParameters.optional(),
    UpdateType: text.optional(),
  }),
  handle: async ({ SecurityGroupId, SecurityGroupPolicySet, OriginalSecurityGroupPolicySet, UpdateType }, { core }) => {
    const kind = UpdateType ?? 'Policy';
    if (kind !== 'Policy' && kind !== 'Priority' && kind !== 'Both')
      throw new ApiError('InvalidParameterValue.Invalid', `UpdateType is \`${kind}\`; Policy, Priority or Both`);
    const group = findGroup(core, SecurityGroupId);
    const { direction, rules } = oneDirection(group, SecurityGroupPolicySet);
    const list = group[direction];
    const places = rules.map((rule) => placeOf(list, rule));
    if (new Set(places).size < places.length)
      throw new ApiError('InvalidParameterValue', 'the same PolicyIndex stands twice');
    const from = kind === 'Policy' ? places : originalPlaces(list, direction, rules, OriginalSecurityGroupPolicySet);
    const written = rules.flatMap((rule, index) => {
      const present = list[from[index] ?? -1];
      if (kind !== 'Priority') return [readRule(core, rule)];
      return present === undefined ? [] : [present];
    });
    await store(core, group, { [direction]: moved(list, from, places, written) }, REPLACE_CODES);
    return {};
  },
});

function placeOf(list: readonly PolicyRecord[], rule: PolicyParameters): number {
  if (rule.PolicyIndex === undefined)
    throw new ApiError('InvalidParameterValue.Empty', 'every rule needs its PolicyIndex');
  return indexInRange(list, rule.PolicyIndex);
}

/** Where the rules stood, by the original set: as many, in the same order. */
function originalPlaces(
  list: readonly PolicyRecord[],
  direction: Direction,
  rules: readonly PolicyParameters[],
  original: PolicySet | undefined,
): readonly number[] {
  const before = (direction === 'ingress' ? original?.Ingress : original?.Egress) ?? [];
  if (before.length !== rules.length)
    throw new ApiError(
      'InvalidParameterValue',
      `OriginalSecurityGroupPolicySet has ${before.length} rules, SecurityGroupPolicySet ${rules.length}`,
    );
  const places = before.map((rule) => placeOf(list, rule));
  if (new Set(places).size < places.length)
    throw new ApiError('InvalidParameterValue', 'the same PolicyIndex stands twice in the original set');
  return places;
}

/** Takes the rules at `from` out and puts `written` in at `to`; the others keep their order. */
function moved(
  list: readonly PolicyRecord[],
  from: readonly number[],
  to: readonly number[],
  written: readonly PolicyRecord[],
): PolicyRecord[] {
  const result = list.filter((_policy, index) => !from.includes(index));
  const inOrder = written
    .map((policy, index) => ({ policy, place: to[index] ?? 0 }))
    .toSorted((a, b) => a.place - b.place);
  for (const { policy, place } of inOrder) result.splice(place, 0, policy);
  return result;
}

const modifyPolicies = defineAction({
  name: 'ModifySecurityGroupPolicies',
  services: ['vpc'],
  parameters: groupAndSet.extend({ SortPolicys: bool.optional() }),
  handle: async ({ SecurityGroupId, SecurityGroupPolicySet: set, SortPolicys = false }, { core }) => {
    const group = findGroup(core, SecurityGroupId);
    // Version "0" empties both lists, whatever they say (facts, section 10).
    if (set.Version === '0') {
      await store(core, group, { ingress: [], egress: [] }, REPLACE_CODES);
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
    const ingress = resetList(core, group.ingress, set.Ingress, SortPolicys);
    const egress = resetList(core, group.egress, set.Egress, SortPolicys);
    await store(core, group, { ingress, egress }, REPLACE_CODES);
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
  const wanted = rules.map((rule) => readRule(core, rule));
  refuseTwice(wanted);
  if (sort) return wanted;
  const survivors = present.filter((policy) => wanted.some((other) => samePolicy(policy, other)));
  return [...survivors, ...wanted.filter((policy) => !survivors.some((other) => samePolicy(policy, other)))];
}

/** Before survivors are merged, which would hide it. */
function refuseTwice(wanted: readonly PolicyRecord[]): void {
  if (wanted.some((policy, index) => wanted.findIndex((other) => samePolicy(other, policy)) !== index))
    throw new ApiError('UnsupportedOperation.DuplicatePolicy', 'the same rule twice in one direction');
}

/** Changes of the rules of security groups. */
export const securityGroupPolicyActions: readonly Action[] = [
  createPolicies,
  deletePolicies,
  replacePolicy,
  replacePolicies,
  modifyPolicies,
];
