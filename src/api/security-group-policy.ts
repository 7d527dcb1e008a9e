// SecurityGroupPolicy (sgp): which security groups the Pods of a namespace get (spec 001, 002).
import { z } from 'zod';
import type { LabelSelector } from '../kube/resources.ts';
import type { KubeObject, Resource } from '../kube/types.ts';
import { conditionSchema, securityGroupIdSchema } from './common.ts';

const labelSelectorSchema = z.object({
  matchLabels: z.record(z.string(), z.string()).optional(),
  matchExpressions: z
    .array(
      z.object({
        key: z.string(),
        operator: z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist']),
        values: z.array(z.string()).optional(),
      }),
    )
    .optional(),
});

/** How an edit reaches running Pods (ADR 0020). */
export const updateStrategyTypes = ['OnDelete', 'Live'] as const;

const updateStrategySchema = z.object({
  type: z
    .enum(updateStrategyTypes)
    .describe(
      'OnDelete: Pods keep the groups they were created with until they are rebuilt (spec 001, 002). Live: the groups of running Pods on sub-ENIs are changed in place; needs vpc:ModifyNetworkInterfaceAttribute.',
    ),
  podsPerSecond: z
    .int()
    .min(1)
    .max(100)
    .optional()
    .describe('Live: Pods whose change is begun in a second; 5 when absent.'),
  paused: z
    .boolean()
    .optional()
    .describe('Live: true begins no further change; Pods that were changed keep their new groups.'),
});

export const securityGroupPolicySpecSchema = z.object({
  podSelector: labelSelectorSchema
    .optional()
    .describe('Selects Pods by their labels. {} selects every Pod of the namespace.'),
  serviceAccountSelector: labelSelectorSchema
    .optional()
    .describe('Selects Pods by the labels of their ServiceAccount.'),
  securityGroups: z.object({
    groupIds: z.array(securityGroupIdSchema).min(1).describe('Security groups, in order of priority.'),
  }),
  updateStrategy: updateStrategySchema
    .optional()
    .describe('Ours: what an edit of the policy does to Pods that run. Absent: OnDelete, as documented.'),
});

const podCount = (what: string) => z.int().min(0).max(2_147_483_647).optional().describe(what);

export const securityGroupPolicyStatusSchema = z.object({
  observedGeneration: z.int().min(0).max(9_007_199_254_740_991).optional(),
  matched: podCount('Pods that the selectors match now and that have not ended.'),
  programmed: podCount('Of them, those whose groups are in force as this policy gives them now.'),
  drifted: podCount('Pods that run with other groups than this policy gives now.'),
  failed: podCount('Pods that wait because their groups cannot be put into force.'),
  missed: podCount('Pods that got past admission without the groups.'),
  differing: z
    .array(z.object({ pod: z.string(), reason: z.string(), message: z.string() }))
    .optional()
    .describe('The first 20 Pods that are not programmed, and why.'),
  preflight: z
    .array(z.object({ requirement: z.string(), message: z.string(), command: z.string().optional() }))
    .optional()
    .describe('The first 10 rules that the groups lack (spec 001, conditions), with the command that adds each.'),
  conditions: z.array(conditionSchema).optional(),
});

export interface SecurityGroupPolicySpec {
  podSelector?: LabelSelector;
  serviceAccountSelector?: LabelSelector;
  securityGroups: { groupIds: string[] };
  updateStrategy?: { type: (typeof updateStrategyTypes)[number]; podsPerSecond?: number; paused?: boolean };
}
export type SecurityGroupPolicyStatus = z.infer<typeof securityGroupPolicyStatusSchema>;
export interface SecurityGroupPolicy extends KubeObject {
  spec: SecurityGroupPolicySpec;
  status?: SecurityGroupPolicyStatus;
}

export const securityGroupPolicies: Resource<SecurityGroupPolicy> = {
  group: 'vpcresources.tke.cloud.tencent.com',
  version: 'v1beta1',
  plural: 'securitygrouppolicies',
  kind: 'SecurityGroupPolicy',
  namespaced: true,
};
