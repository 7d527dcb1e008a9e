// NodeENIConfig (nec): one per node, named like it; what the node may have and what it has.
import { z } from 'zod';
import type { KubeObject, Resource } from '../kube/types.ts';
import { conditionSchema, securityGroupIdSchema } from './common.ts';

export const nodeEniConfigSpecSchema = z.object({
  instanceID: z.string().optional().describe('CVM instance of the node, ins-xxxxxxxx.'),
  zone: z.string().optional(),
  instanceType: z.string().optional().describe('Model of the instance, e.g. SA5.LARGE8.'),
  securityGroups: z
    .array(securityGroupIdSchema)
    .optional()
    .describe('Security groups of the node ENIs; order is priority (spec 000).'),
  maxSubENI: z
    .int()
    .min(0)
    .max(256)
    .optional()
    .describe('Explicit sub-ENI quota. Overrides the model list of spec 002, for accounts whose ticket was granted.'),
  maxRouteENI: z.int().min(0).max(64).optional(),
  maxIPPerENI: z.int().min(0).max(256).optional(),
  maxEIP: z
    .int()
    .min(0)
    .max(64)
    .optional()
    .describe(
      'Explicit number of Pods with an EIP. Overrides the table by cores, for models and accounts that may bind more.',
    ),
  desiredRouteENIIP: z.int().min(0).max(4096).optional(),
});

export const eniInfoSchema = z.object({
  eniID: z.string(),
  index: z.int().min(0).max(63).describe('Stable small number of the ENI on this node; route tables derive from it.'),
  mac: z.string(),
  primaryIP: z.string(),
  subnetID: z.string(),
  subnetCIDR: z.string(),
  gateway: z.string(),
  securityGroups: z.array(z.string()),
  trunk: z.boolean().optional(),
  pendingOperation: z
    .string()
    .optional()
    .describe('attach, detach, or gone while Pods still have its addresses; its index stays taken meanwhile.'),
});

/** What strict routing depends on in the node's kernel (spec 002, Data Plane Solution). */
export const routingStatusSchema = z.object({
  strict: z.boolean().describe('Some Pod of the node has strict routing.'),
  tcpEarlyDemux: z.boolean().optional().describe('In effect; absent when the kernel has no such switch.'),
  udpEarlyDemux: z.boolean().optional().describe('In effect; absent when the kernel has no such switch.'),
  ipvs: z.boolean().describe('The service proxy of the node works with IPVS.'),
  nodeLocalDNS: z.boolean().describe('A DNS cache of the node listens on an address inside it.'),
  message: z.string().optional().describe('What another program did to the rule that strict routing stands on.'),
});
export type RoutingStatus = z.infer<typeof routingStatusSchema>;

export const nodeEniConfigStatusSchema = z.object({
  eniInfos: z.array(eniInfoSchema).optional().describe('ENIs that ipamd manages on the node.'),
  subENI: z
    .object({ quota: z.int().min(0).max(256), reason: z.string() })
    .optional()
    .describe('Sub-ENI quota in force and why it is that.'),
  directENI: z
    .object({ quota: z.int().min(0).max(256), reason: z.string() })
    .optional()
    .describe(
      'Exclusive ENIs that the instance could have, and why none is offered: the node publishes direct-eni as 0.',
    ),
  eip: z
    .object({ quota: z.int().min(0).max(64), reason: z.string() })
    .optional()
    .describe('Most Pods with an EIP, what the node offers as eip, and why it is that many (spec 004).'),
  node: z
    .object({
      linkDriver: z.enum(['vlan', 'veth', 'unavailable']),
      ready: z.boolean(),
      message: z.string().optional(),
      sysctls: z.record(z.string(), z.string()).optional(),
      agentVersion: z.string().optional(),
      quickRelease: z
        .boolean()
        .optional()
        .describe('--enable-quick-release of the agent: surplus addresses go all at once (facts/tke.md 5.1).'),
      routing: routingStatusSchema.optional(),
    })
    .optional()
    .describe('Written by the node agent alone.'),
  securityGroups: z
    .object({
      state: z
        .enum(['Off', 'Managed', 'Disabled', 'Blocked'])
        .describe('Off: the feature is not on. Disabled: by the annotation of the node. Blocked: see the condition.'),
      origin: z
        .enum(['flag', 'instance', 'user'])
        .optional()
        .describe('Where spec.securityGroups came from: the global list, the instance, or an edit.'),
      written: z
        .array(z.string())
        .optional()
        .describe('spec.securityGroups as ipamd wrote it last; another value there is an edit of a user.'),
      inForce: z
        .array(z.string())
        .optional()
        .describe('What new ENIs get and existing ones are held to; stays while spec.securityGroups cannot be used.'),
      annotation: z
        .string()
        .optional()
        .describe('Value of disable-node-eni-security-groups on the node that was acted on last.'),
    })
    .optional()
    .describe('Node security groups (spec 000).'),
  routeENI: z
    .object({
      quota: z.int().min(0).max(4096).describe('Most Pods with a shared address: what the node offers as eni-ip.'),
      reason: z.string(),
      maxENI: z.int().min(0).max(64),
      maxIPPerENI: z.int().min(0).max(256),
      minWarmTarget: z.int().min(0).max(4096),
      maxWarmTarget: z.int().min(0).max(4096),
      bound: z.int().min(0).max(4096).describe('Secondary addresses on the ENIs of the node.'),
      pods: z.int().min(0).max(4096).describe('Pods on the node that use one or wait for one.'),
      target: z.string().describe('What the pool works towards, and why.'),
    })
    .optional()
    .describe('Shared addresses of the node (facts: non-static IP mode).'),
  conditions: z.array(conditionSchema).optional(),
});

export type NodeEniConfigSpec = z.infer<typeof nodeEniConfigSpecSchema>;
export type NodeEniConfigStatus = z.infer<typeof nodeEniConfigStatusSchema>;
export type EniInfo = z.infer<typeof eniInfoSchema>;
export interface NodeEniConfig extends KubeObject {
  spec: NodeEniConfigSpec;
  status?: NodeEniConfigStatus;
}

/** Condition of a nec by which ipamd says whether the node shares addresses; by the reason `staticMode` it never does. */
export const sharedAddressesCondition = { type: 'SharedAddresses', staticMode: 'StaticMode' } as const;

/** Condition of a nec in static mode: whether anything is in the way of binding addresses to the node. */
export const staticAddressesCondition = { type: 'StaticAddresses' } as const;

export const nodeEniConfigs: Resource<NodeEniConfig> = {
  group: 'networking.tke.cloud.tencent.com',
  version: 'v1',
  plural: 'nodeeniconfigs',
  kind: 'NodeENIConfig',
  namespaced: false,
};
