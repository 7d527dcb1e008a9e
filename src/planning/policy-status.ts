// What the status of a SecurityGroupPolicy says: do its groups exist, can they take effect, and on which nodes. Pure.
import type { Condition } from '../kube/types.ts';

/** A condition before it has a time. */
export type ConditionInput = Omit<Condition, 'lastTransitionTime'>;

export interface PolicyFacts {
  readonly groupIds: readonly string[];
  readonly hasSelector: boolean;
  /** Ids of `groupIds` that the cloud knows. */
  readonly existing: ReadonlySet<string>;
  /** `vpcCni.trunkingEni.enableSubEni`. */
  readonly trunkingEnabled: boolean;
  /** Nodes whose sub-ENI quota is above 0. */
  readonly capableNodes: number;
}

/** Conditions GroupsExist, TrunkingAvailable and Ready, in this order; Ready is about the policy itself, TrunkingAvailable about the cluster. */
export function planPolicyConditions(facts: PolicyFacts): readonly ConditionInput[] {
  const missing = facts.groupIds.filter((id) => !facts.existing.has(id));
  const groups: ConditionInput =
    missing.length === 0
      ? { type: 'GroupsExist', status: 'True', reason: 'AllFound', message: 'every security group exists' }
      : {
          type: 'GroupsExist',
          status: 'False',
          reason: 'GroupsMissing',
          message: `not in this account and region: ${missing.join(', ')}; Pods that match wait on general nodes until they exist`,
        };
  return [groups, trunking(facts), ready(facts, missing)];
}

function trunking({ trunkingEnabled, capableNodes }: PolicyFacts): ConditionInput {
  const type = 'TrunkingAvailable';
  if (!trunkingEnabled)
    return {
      type,
      status: 'False',
      reason: 'TrunkingDisabled',
      message:
        'vpcCni.trunkingEni.enableSubEni is not true: the groups take effect on super nodes only (spec 001); set it in the add-on values (spec 002)',
    };
  if (capableNodes === 0)
    return {
      type,
      status: 'False',
      reason: 'NoCapableNode',
      message: 'no general or native node has a sub-ENI quota above 0; see status.subENI.reason of each nec',
    };
  return {
    type,
    status: 'True',
    reason: 'NodesAvailable',
    message: `${capableNodes} ${capableNodes === 1 ? 'node carries' : 'nodes carry'} sub-ENIs`,
  };
}

function ready({ hasSelector, groupIds }: PolicyFacts, missing: readonly string[]): ConditionInput {
  const type = 'Ready';
  if (!hasSelector)
    return {
      type,
      status: 'False',
      reason: 'NoSelector',
      message: 'neither podSelector nor serviceAccountSelector is set',
    };
  if (groupIds.length === 0)
    return { type, status: 'False', reason: 'NoGroups', message: 'securityGroups.groupIds is empty' };
  if (missing.length > 0)
    return { type, status: 'False', reason: 'GroupsMissing', message: `missing: ${missing.join(', ')}` };
  return { type, status: 'True', reason: 'Accepted', message: 'Pods created from now on that match get the groups' };
}
