// EIPClaim (eipc): a Pod's demand for an EIP, of the Pod's namespace and name (spec 004); it may outlive the Pod.
import { z } from 'zod';
import type { KubeObject, Resource } from '../kube/types.ts';
import { conditionSchema } from './common.ts';
import { claimDeletePolicies } from './vpc-ip-claim.ts';

export const eipClaimSpecSchema = z.object({
  attributes: z
    .string()
    .optional()
    .describe('JSON of the eip-attributes annotation; an empty string means the defaults, 100 Mbps and BGP.'),
  eipIDs: z
    .array(z.string().min(1))
    .optional()
    .describe('Existing EIPs in the order of the eip-id-list annotation; they are unbound, never released.'),
  deletePolicy: z
    .enum(claimDeletePolicies)
    .default('Immediate')
    .describe('Never keeps the EIP after the Pod is deleted.'),
});

export const eipClaimStatusSchema = z.object({
  phase: z.enum(['Pending', 'Allocating', 'Bound', 'Unbound', 'Failed']).optional(),
  podUID: z.string().optional().describe('Pod that uses the claim now.'),
  eipID: z.string().optional(),
  publicIP: z.string().optional(),
  eniID: z.string().optional().describe('ENI the EIP is bound to.'),
  privateIP: z.string().optional(),
  unboundSince: z
    .string()
    .optional()
    .describe('Since when the EIP is bound to nothing, RFC 3339. An unbound EIP costs money.'),
  releaseAt: z.string().optional().describe('When the EIP is released unless a Pod takes it, RFC 3339.'),
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
