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
});

export const securityGroupPolicyStatusSchema = z.object({
  observedGeneration: z.int().min(0).max(9_007_199_254_740_991).optional(),
  conditions: z.array(conditionSchema).optional(),
});

export interface SecurityGroupPolicySpec {
  podSelector?: LabelSelector;
  serviceAccountSelector?: LabelSelector;
  securityGroups: { groupIds: string[] };
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
