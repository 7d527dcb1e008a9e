// EIPClaim (eipc): a Pod's demand for an EIP, of the Pod's namespace and name (spec 004); it may outlive the Pod.
import { z } from 'zod';
import type { KubeObject, Resource } from '../kube/types.ts';
import { conditionSchema } from './common.ts';
import { operationSchema } from './vpc-eni.ts';
import { claimDeletePolicies, claimOwnerSchema } from './vpc-ip-claim.ts';

export const eipClaimSpecSchema = z.object({
  attributes: z
    .string()
    .optional()
    .describe('JSON of the eip-attributes annotation; an empty string means the defaults, 100 Mbps and BGP.'),
  eipIDs: z
    .array(z.string().min(1))
    .optional()
    .describe(
      'Existing EIPs that the Pod may have, of the eip-id-list annotation: one for a Pod with an ordinal, else all. They are unbound, never released.',
    ),
  deletePolicy: z
    .enum(claimDeletePolicies)
    .default('Immediate')
    .describe('Never keeps the EIP after the Pod is deleted.'),
  expiredDuration: z.string().optional().describe('Go duration after which a kept EIP is released, e.g. 1h.'),
  owner: claimOwnerSchema
    .optional()
    .describe(
      'Top-level workload of the Pod; the EIP is released once that is deleted. Set only when --enable-ownerref was on before the workload was made.',
    ),
});

/** For people; programs read the fields. */
export const eipClaimPhases = [
  'Pending',
  'Allocating',
  'Binding',
  'Bound',
  'Unbinding',
  'Unbound',
  'Releasing',
  'Failed',
] as const;

export const eipClaimStatusSchema = z.object({
  phase: z.enum(eipClaimPhases).optional(),
  podUID: z.string().optional().describe('Pod that uses the claim now.'),
  nodeName: z.string().optional().describe('Node of that Pod.'),
  eipID: z.string().optional(),
  publicIP: z.string().optional(),
  created: z
    .boolean()
    .optional()
    .describe('The EIP was bought for this claim and is released with it; absent for one that was designated.'),
  bandwidth: z.int().min(1).max(100_000).optional().describe('Mbps of a bought EIP, as last asked for.'),
  eniID: z.string().optional().describe('ENI the EIP is bound to, or about to be.'),
  privateIP: z.string().optional().describe('Private address on that ENI.'),
  boundPodUID: z.string().optional().describe('Pod whose address that is.'),
  unboundSince: z.string().optional().describe('Since when no Pod uses the EIP, RFC 3339. An unbound EIP costs money.'),
  releaseAt: z.string().optional().describe('When the EIP is released unless a Pod takes it, RFC 3339.'),
  operation: operationSchema.optional().describe('The purchase: its exact request, written before it is sent.'),
  conditions: z.array(conditionSchema).optional(),
});

export type EipClaimSpec = z.infer<typeof eipClaimSpecSchema>;
export type EipClaimStatus = z.infer<typeof eipClaimStatusSchema>;
export interface EipClaim extends KubeObject {
  spec: EipClaimSpec;
  status?: EipClaimStatus;
}

export const eipClaims: Resource<EipClaim> = {
  group: 'networking.tke.cloud.tencent.com',
  version: 'v1',
  plural: 'eipclaims',
  kind: 'EIPClaim',
  namespaced: true,
};
