// VpcENI (veni, vpceni): one trunk ENI of a node or one sub-ENI of a Pod; the record of intent and of what the cloud gave.
import { z } from 'zod';
import type { KubeObject, Resource } from '../kube/types.ts';
import { conditionSchema, securityGroupIdSchema } from './common.ts';

/** Routing mode in force when the Pod was created (spec 002, Data Plane Solution). */
export const enforcingModes = ['standard', 'strict'] as const;
export type EnforcingMode = (typeof enforcingModes)[number];

export const vpcEniSpecSchema = z.object({
  type: z
    .enum(['SubENI', 'Trunk', 'Shared'])
    .describe(
      'SubENI: one Pod. Shared: a node ENI whose secondary addresses Pods share. Trunk: a node ENI that carries sub-ENIs, and shared addresses too.',
    ),
  nodeName: z.string().min(1).describe('Node the ENI serves.'),
  instanceID: z
    .string()
    .optional()
    .describe('Trunk and Shared: the instance it is made for; a node that comes back with another one gets new ENIs.'),
  subnetID: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Shared: the subnet it must be made in, since an address of it is wanted; absent: the emptiest of the zone.',
    ),
  pod: z
    .object({ namespace: z.string().min(1), name: z.string().min(1), uid: z.string().min(1) })
    .optional()
    .describe('The Pod that owns a SubENI. The ENI belongs to the UID, not to the name.'),
  claimed: z
    .boolean()
    .optional()
    .describe(
      "SubENI: the Pod's VpcIPClaim keeps the address; after the Pod the sub-ENI stays for as long as that says so.",
    ),
  address: z.ipv4().optional().describe('SubENI: the address it must have, which the claim kept or the Pod nominated.'),
  securityGroups: z
    .array(securityGroupIdSchema)
    .describe('Groups in order of priority, copied from the admission decision and never re-evaluated.'),
  groupChange: z
    .object({
      from: z.array(z.string()).describe('What the Pod had before.'),
      policies: z
        .array(z.object({ name: z.string(), uid: z.string(), generation: z.int().min(0).max(9_007_199_254_740_991) }))
        .describe('The policies, as they were then, whose groups `securityGroups` unites.'),
      requestedAt: z.string(),
    })
    .optional()
    .describe(
      'SubENI: the last change of its groups in place, by policies in Live mode; absent while the Pod has those of its admission.',
    ),
  enforcingMode: z.enum(enforcingModes).optional().describe('Routing mode in force when the Pod was created.'),
});

/** The exact bytes of a creating call, written before it is sent; a retry of the same attempt sends these bytes again. */
export const operationSchema = z.object({
  action: z.string().describe('Cloud API action, e.g. CreateSubNetworkInterface.'),
  request: z.string().describe('Exact request body (JSON text).'),
  attempt: z.int().min(1).max(1_000_000),
  clientToken: z.string().max(64).optional().describe('Absent for calls that take none.'),
  holder: z.string().describe('Identity of the leader that recorded it.'),
  recordedAt: z.string(),
  requestID: z.string().optional().describe('RequestId of the answer, which is the task id of the asynchronous call.'),
});

export const vpcEniStatusSchema = z.object({
  phase: z
    .enum(['Pending', 'Creating', 'Attaching', 'Ready', 'Kept', 'Releasing', 'Deleting', 'Failed'])
    .optional()
    .describe(
      'Where the ENI is in its life, for people; programs read the fields. Kept: no Pod has it, a claim keeps its address.',
    ),
  operation: operationSchema.optional(),
  eni: z
    .object({
      eniID: z.string().describe('Id in the cloud (spec 002 prints it).'),
      macAddress: z.string(),
      addresses: z.array(z.object({ ip: z.string(), primary: z.boolean().optional() })),
      vlanID: z.int().min(0).max(4094).optional(),
      subnetID: z.string(),
      subnetCIDR: z.string(),
      gateway: z.string(),
      trunkENIID: z.string().optional(),
      securityGroups: z.array(z.string()).describe('Groups bound in the cloud.'),
    })
    .optional(),
  groupsApplied: z
    .array(z.string())
    .optional()
    .describe('SubENI: what the last completed change in place put into force.'),
  pool: z
    .object({
      generation: z
        .int()
        .min(0)
        .max(2_147_483_647)
        .describe('Rises with every change of addresses or release; the agent answers to it.'),
      addresses: z
        .array(z.object({ ip: z.string(), since: z.int().min(0).max(2_147_483_647) }))
        .describe(
          'Secondary addresses that the agent may hand out; one that it gave back at a generation below `since` counts as new.',
        ),
      release: z
        .object({ generation: z.int().min(0).max(2_147_483_647), addresses: z.array(z.string()) })
        .optional()
        .describe('Addresses that ipamd wants back, asked for at this generation.'),
    })
    .optional()
    .describe('Shared addresses of a node ENI; written by ipamd.'),
  use: z
    .object({
      generation: z.int().min(0).max(2_147_483_647).describe('Newest generation of the pool that the agent acted on.'),
      inUse: z.array(z.object({ ip: z.string(), podUID: z.string() })),
      released: z
        .array(z.object({ ip: z.string(), generation: z.int().min(0).max(2_147_483_647) }))
        .describe('Given back: never handed out again, unless ipamd lists it as new after this generation.'),
      refused: z.array(z.string()).describe('Asked back at `generation`, and in use.'),
      observedAt: z.string(),
    })
    .optional()
    .describe('Use of the shared addresses; written by the node agent alone.'),
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

export type VpcEniSpec = z.infer<typeof vpcEniSpecSchema>;
export type VpcEniStatus = z.infer<typeof vpcEniStatusSchema>;
export type VpcEniOperation = z.infer<typeof operationSchema>;
export interface VpcEni extends KubeObject {
  spec: VpcEniSpec;
  status?: VpcEniStatus;
}

export const vpcEnis: Resource<VpcEni> = {
  group: 'networking.tke.cloud.tencent.com',
  version: 'v1',
  plural: 'vpcenis',
  kind: 'VpcENI',
  namespaced: false,
};

/** Object names come from the owner, since the cloud's id is not known before the call (DESIGN section 5). */
export const subEniName = (podUid: string): string => `sub-${podUid}`;
/** The n-th shared ENI of a node, from 1. */
export const sharedEniName = (nodeName: string, number: number): string => `shared-${nodeName}-${number}`;
export const trunkEniName = (nodeName: string): string => `trunk-${nodeName}`;

/** An ENI of the node itself, whose addresses Pods share and which carries the node's groups; never one Pod's (spec 000). */
export const isNodeEni = ({ spec }: VpcEni): boolean => spec.type === 'Trunk' || spec.type === 'Shared';
