// Who uses security groups and how many there may be: statistics, references and limits, derived from the account at each call.
import { z } from 'zod';
import { type Action, defineAction, textList } from '../action.ts';
import { ApiError } from '../api-error.ts';
import type { CloudCore } from '../core.ts';
import { findGroup } from '../lookup.ts';
import { quotas } from '../settings.ts';

/** Groups with a rule that names this one; the group itself may be among them. */
export function referrersOf(core: CloudCore, securityGroupId: string): readonly string[] {
  return [...core.state.securityGroups.values()]
    .filter((group) => [...group.ingress, ...group.egress].some((policy) => policy.securityGroupId === securityGroupId))
    .map((group) => group.securityGroupId);
}

/** Existing groups, at least one and at most as many as a describe call takes. */
function checkIds(core: CloudCore, ids: readonly string[]): void {
  if (ids.length === 0 || ids.length > quotas.idsPerDescribe)
    throw new ApiError(
      'InvalidParameterValue.LimitExceeded',
      `SecurityGroupIds has ${ids.length} entries; 1 to ${quotas.idsPerDescribe} are allowed`,
    );
  for (const id of ids) findGroup(core, id);
}

interface Uses {
  cvm: number;
  eni: number;
}

/** Instances by their primary ENIs; every other ENI for itself. GUESS: sub-ENIs count as ENIs. */
function countUses(core: CloudCore, ids: readonly string[]): ReadonlyMap<string, Uses> {
  const uses = new Map<string, Uses>(ids.map((id) => [id, { cvm: 0, eni: 0 }]));
  for (const [id, use] of uses)
    for (const eni of core.state.enis.by('group', id)) use[eni.kind === 'primary' ? 'cvm' : 'eni'] += 1;
  return uses;
}

/** Rules that name each group, those of the group itself included (GUESS). */
function countNamingRules(core: CloudCore): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const group of core.state.securityGroups.values())
    for (const { securityGroupId } of [...group.ingress, ...group.egress])
      if (securityGroupId !== '') counts.set(securityGroupId, (counts.get(securityGroupId) ?? 0) + 1);
  return counts;
}

const describeAssociationStatistics = defineAction({
  name: 'DescribeSecurityGroupAssociationStatistics',
  services: ['vpc'],
  parameters: z.object({ SecurityGroupIds: textList }),
  handle: ({ SecurityGroupIds }, { core }) => {
    checkIds(core, SecurityGroupIds);
    const uses = countUses(core, SecurityGroupIds);
    const naming = countNamingRules(core);
    return {
      SecurityGroupAssociationStatisticsSet: SecurityGroupIds.map((id) => {
        const { cvm, eni } = uses.get(id) ?? { cvm: 0, eni: 0 };
        return {
          SecurityGroupId: id,
          CVM: cvm,
          CDB: 0,
          ENI: eni,
          SG: naming.get(id) ?? 0,
          CLB: 0,
          InstanceStatistics: [
            { InstanceType: 'CVM', InstanceCount: cvm },
            { InstanceType: 'ENI', InstanceCount: eni },
          ],
          TotalCount: cvm + eni,
        };
      }),
    };
  },
});

const describeReferences = defineAction({
  name: 'DescribeSecurityGroupReferences',
  services: ['vpc'],
  parameters: z.object({ SecurityGroupIds: textList }),
  handle: ({ SecurityGroupIds }, { core }) => {
    checkIds(core, SecurityGroupIds);
    return {
      ReferredSecurityGroupSet: SecurityGroupIds.map((id) => ({
        SecurityGroupId: id,
        ReferredSecurityGroupIds: [...referrersOf(core, id)],
      })),
    };
  },
});

/** Facts, section 18. GUESS: the three limits whose values were not found all follow `expandedPolicyLimit`. */
const describeLimits = defineAction({
  name: 'DescribeSecurityGroupLimits',
  services: ['vpc'],
  parameters: z.object({}),
  handle: (_parameters, { core }) => ({
    SecurityGroupLimitSet: {
      SecurityGroupLimit: quotas.securityGroups,
      SecurityGroupPolicyLimit: quotas.rulesPerDirection,
      ReferedSecurityGroupLimit: quotas.rulesNamingGroups,
      SecurityGroupInstanceLimit: core.settings.membersPerGroup,
      InstanceSecurityGroupLimit: quotas.groupsPerEni,
      SecurityGroupExtendedPolicyLimit: core.settings.expandedPolicyLimit,
      SecurityGroupReferedCvmAndEniLimit: core.settings.expandedPolicyLimit,
      SecurityGroupReferedSvcLimit: core.settings.expandedPolicyLimit,
    },
  }),
});

/** What uses security groups. */
export const securityGroupStatisticsActions: readonly Action[] = [
  describeAssociationStatistics,
  describeReferences,
  describeLimits,
];
