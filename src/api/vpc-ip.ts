// VpcIP (vip): one private address of the VPC, named by the address; it appears only after the cloud answered.
import { z } from 'zod';
import type { KubeObject, Resource } from '../kube/types.ts';
import { conditionSchema } from './common.ts';

export const vpcIpSpecSchema = z.object({
  type: z.enum(['Pod']).describe('Who the address is for.'),
  subnetID: z.string().min(1).describe('Subnet the address belongs to.'),
  claim: z
    .object({ namespace: z.string().min(1), name: z.string().min(1), uid: z.string().min(1) })
    .optional()
    .describe('VpcIPClaim that holds the address. Absent: nobody does, and it is collected after seven days.'),
});

export const vpcIpStatusSchema = z.object({
  phase: z
    .enum(['Attaching', 'Assigned', 'Detaching', 'Unassigned', 'Failed'])
    .optional()
    .describe('Attaching for long means that the node has no ENI or address quota left.'),
  eniID: z.string().optional().describe('ENI that carries the address now, or is about to; the id in the cloud.'),
  eniName: z.string().optional().describe('The same ENI as VpcENI.'),
  nodeName: z.string().optional().describe('Node of that ENI.'),
  podUID: z.string().optional().describe('Pod that may use the address: with phase Assigned, nobody else may.'),
  gateway: z.string().optional().describe('First hop of the subnet.'),
  subnetCIDR: z.string().optional(),
  unassignedSince: z.string().optional().describe('Since when the address is bound to no ENI, RFC 3339.'),
  agent: z
    .object({
      state: z.enum(['Wired', 'TornDown']),
      podUID: z.string(),
      containerID: z.string().optional(),
      observedAt: z.string(),
    })
    .optional()
    .describe('Written by the node agent alone.'),
  conditions: z.array(conditionSchema).optional(),
});

export type VpcIpSpec = z.infer<typeof vpcIpSpecSchema>;
export type VpcIpStatus = z.infer<typeof vpcIpStatusSchema>;
export interface VpcIp extends KubeObject {
  spec: VpcIpSpec;
  status?: VpcIpStatus;
}

export const vpcIps: Resource<VpcIp> = {
  group: 'networking.tke.cloud.tencent.com',
  version: 'v1',
  plural: 'vpcips',
  kind: 'VpcIP',
  namespaced: false,
};
