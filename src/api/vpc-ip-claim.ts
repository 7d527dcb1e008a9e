// VpcIPClaim (vipc): a Pod's demand for a private address, of the Pod's namespace and name; it may outlive the Pod.
import { z } from 'zod';
import type { KubeObject, Resource } from '../kube/types.ts';
import { conditionSchema } from './common.ts';

/** What becomes of a claim when its Pod is deleted: gone with it (the default), or kept for a Pod of the same name. */
export const claimDeletePolicies = ['Immediate', 'Never'] as const;
export type ClaimDeletePolicy = (typeof claimDeletePolicies)[number];

/** What a claim holds (spec 002: a sub-ENI has an address of its own and takes none of the shared quota). */
export const claimKinds = ['Shared', 'SubENI', 'DirectENI'] as const;
export type ClaimKind = (typeof claimKinds)[number];

/** The workload that a claim is released with. */
export const claimOwnerSchema = z.object({
  apiVersion: z.string().min(1),
  kind: z.string().min(1),
  name: z.string().min(1),
  uid: z.string().min(1),
});

export const vpcIpClaimSpecSchema = z.object({
  deletePolicy: z
    .enum(claimDeletePolicies)
    .default('Immediate')
    .describe('Never keeps the address after the Pod is deleted.'),
  expiredDuration: z.string().optional().describe('Go duration after which a kept address is released, e.g. 1h.'),
  nominatedIP: z.string().optional().describe('Address wished for; taken when it is free.'),
  nominatedSubnetIDs: z.array(z.string().min(1)).optional().describe('Subnets the address must come from.'),
  kind: z
    .enum(claimKinds)
    .default('Shared')
    .describe(
      'What the claim holds. Shared: an address on a shared ENI of the node. SubENI: a sub-ENI with its address. DirectENI: nothing, since exclusive ENIs are not served; it records the demand and says so.',
    ),
  owner: claimOwnerSchema
    .optional()
    .describe(
      'Top-level workload of the Pod; the address is released once that is deleted. Set only when --enable-ownerref was on before the workload was made.',
    ),
});

export const vpcIpClaimStatusSchema = z.object({
  phase: z.enum(['Pending', 'Bound', 'Unbound', 'Failed']).optional(),
  podUID: z.string().optional().describe('Pod that uses the claim now.'),
  nodeName: z.string().optional().describe('Node of that Pod.'),
  vpcIP: z.string().optional().describe('Name of the VpcIP, which is the address.'),
  unboundSince: z.string().optional().describe('Since when no Pod uses the claim, RFC 3339.'),
  releaseAt: z.string().optional().describe('When the address is released unless a Pod takes it, RFC 3339.'),
  conditions: z.array(conditionSchema).optional(),
});

export type VpcIpClaimSpec = z.infer<typeof vpcIpClaimSpecSchema>;
export type VpcIpClaimStatus = z.infer<typeof vpcIpClaimStatusSchema>;
export interface VpcIpClaim extends KubeObject {
  spec: VpcIpClaimSpec;
  status?: VpcIpClaimStatus;
}

export const vpcIpClaims: Resource<VpcIpClaim> = {
  group: 'networking.tke.cloud.tencent.com',
  version: 'v1',
  plural: 'vpcipclaims',
  kind: 'VpcIPClaim',
  namespaced: true,
};
