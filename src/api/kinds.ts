// The complete list of the kinds we own: what their CRDs say beyond the schemas.
import type { z } from 'zod';
import type { Resource } from '../kube/types.ts';
import { eipClaimSpecSchema, eipClaimStatusSchema, eipClaims } from './eip-claim.ts';
import { nodeEniConfigSpecSchema, nodeEniConfigStatusSchema, nodeEniConfigs } from './node-eni-config.ts';
import {
  securityGroupPolicies,
  securityGroupPolicySpecSchema,
  securityGroupPolicyStatusSchema,
} from './security-group-policy.ts';
import { vpcEniSpecSchema, vpcEniStatusSchema, vpcEnis } from './vpc-eni.ts';
import { vpcIpClaimSpecSchema, vpcIpClaimStatusSchema, vpcIpClaims } from './vpc-ip-claim.ts';
import { vpcIpSpecSchema, vpcIpStatusSchema, vpcIps } from './vpc-ip.ts';

export interface PrinterColumn {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'boolean' | 'date';
  readonly jsonPath: string;
  readonly description?: string;
  /** 1: only with `-o wide`. */
  readonly priority?: 0 | 1;
}

/** A CEL rule on the kind's `spec`. Only has(), comparison, logic and oldSelf are used, which every server evaluates cheaply. */
export interface CelRule {
  readonly rule: string;
  readonly message: string;
}

export interface KindDefinition {
  readonly resource: Resource;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly spec: z.ZodObject;
  readonly status: z.ZodObject;
  readonly rules: readonly CelRule[];
  readonly columns: readonly PrinterColumn[];
}

const age: PrinterColumn = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' };

const immutable = (field: string): CelRule => ({
  rule: `self.${field} == oldSelf.${field}`,
  message: `${field} cannot be changed`,
});

const immutableOptional = (field: string): CelRule => ({
  rule: `has(self.${field}) == has(oldSelf.${field}) && (!has(self.${field}) || self.${field} == oldSelf.${field})`,
  message: `${field} cannot be changed`,
});

/** Names and short names as documented (facts of the closed add-ons, CRDs); the short name sgp is the documents' abbreviation. */
export const kinds: readonly KindDefinition[] = [
  {
    resource: nodeEniConfigs,
    singular: 'nodeeniconfig',
    shortNames: ['nec'],
    spec: nodeEniConfigSpecSchema,
    status: nodeEniConfigStatusSchema,
    rules: [
      {
        rule: '!has(self.desiredRouteENIIP) || (has(self.maxRouteENI) && has(self.maxIPPerENI))',
        message: 'desiredRouteENIIP needs maxRouteENI and maxIPPerENI, which bound it',
      },
    ],
    columns: [
      { name: 'Instance', type: 'string', jsonPath: '.spec.instanceID' },
      { name: 'Model', type: 'string', jsonPath: '.spec.instanceType' },
      { name: 'Sub-ENIs', type: 'integer', jsonPath: '.status.subENI.quota', description: 'Sub-ENI quota in force.' },
      {
        name: 'Eni-IPs',
        type: 'integer',
        jsonPath: '.status.routeENI.quota',
        description: 'Most Pods with a shared address.',
      },
      {
        name: 'Bound',
        type: 'integer',
        jsonPath: '.status.routeENI.bound',
        description: 'Secondary addresses on its ENIs.',
      },
      { name: 'Security-Group-Ids', type: 'string', jsonPath: '.spec.securityGroups' },
      { name: 'Zone', type: 'string', jsonPath: '.spec.zone', priority: 1 },
      age,
    ],
  },
  {
    resource: vpcEnis,
    singular: 'vpceni',
    shortNames: ['veni'],
    spec: vpcEniSpecSchema,
    status: vpcEniStatusSchema,
    rules: [
      immutable('type'),
      immutable('nodeName'),
      immutableOptional('pod'),
      immutableOptional('instanceID'),
      immutableOptional('subnetID'),
      immutableOptional('claimed'),
      immutableOptional('address'),
      immutableOptional('enforcingMode'),
    ],
    columns: [
      { name: 'Type', type: 'string', jsonPath: '.spec.type' },
      { name: 'Node', type: 'string', jsonPath: '.spec.nodeName' },
      { name: 'Pod', type: 'string', jsonPath: '.spec.pod.name' },
      { name: 'Phase', type: 'string', jsonPath: '.status.phase' },
      { name: 'ENI', type: 'string', jsonPath: '.status.eni.eniID' },
      { name: 'IP', type: 'string', jsonPath: '.status.eni.addresses[0].ip' },
      { name: 'Security-Group-Ids', type: 'string', jsonPath: '.spec.securityGroups' },
      { name: 'Namespace', type: 'string', jsonPath: '.spec.pod.namespace', priority: 1 },
      age,
    ],
  },
  {
    resource: vpcIps,
    singular: 'vpcip',
    shortNames: ['vip'],
    spec: vpcIpSpecSchema,
    status: vpcIpStatusSchema,
    rules: [immutable('type'), immutable('subnetID')],
    columns: [
      { name: 'Type', type: 'string', jsonPath: '.spec.type' },
      { name: 'Phase', type: 'string', jsonPath: '.status.phase' },
      { name: 'Node', type: 'string', jsonPath: '.status.nodeName' },
      { name: 'ENI', type: 'string', jsonPath: '.status.eniID' },
      { name: 'Claim', type: 'string', jsonPath: '.spec.claim.name' },
      age,
    ],
  },
  {
    resource: vpcIpClaims,
    singular: 'vpcipclaim',
    shortNames: ['vipc'],
    spec: vpcIpClaimSpecSchema,
    status: vpcIpClaimStatusSchema,
    rules: [
      immutableOptional('nominatedIP'),
      immutableOptional('nominatedSubnetIDs'),
      immutableOptional('kind'),
      immutableOptional('owner'),
    ],
    columns: [
      { name: 'Phase', type: 'string', jsonPath: '.status.phase' },
      { name: 'IP', type: 'string', jsonPath: '.status.vpcIP' },
      { name: 'Node', type: 'string', jsonPath: '.status.nodeName' },
      { name: 'Delete-Policy', type: 'string', jsonPath: '.spec.deletePolicy' },
      { name: 'Release-At', type: 'date', jsonPath: '.status.releaseAt', priority: 1 },
      age,
    ],
  },
  {
    resource: eipClaims,
    singular: 'eipclaim',
    shortNames: ['eipc'],
    spec: eipClaimSpecSchema,
    status: eipClaimStatusSchema,
    rules: [
      {
        rule: '!(has(self.attributes) && has(self.eipIDs))',
        message: 'attributes asks for a new EIP and eipIDs for existing ones; set one of them',
      },
      immutableOptional('owner'),
    ],
    columns: [
      { name: 'Phase', type: 'string', jsonPath: '.status.phase' },
      { name: 'EIP', type: 'string', jsonPath: '.status.publicIP' },
      { name: 'EIP-ID', type: 'string', jsonPath: '.status.eipID' },
      { name: 'IP', type: 'string', jsonPath: '.status.privateIP' },
      { name: 'Node', type: 'string', jsonPath: '.status.nodeName' },
      { name: 'Unbound-Since', type: 'date', jsonPath: '.status.unboundSince' },
      { name: 'Delete-Policy', type: 'string', jsonPath: '.spec.deletePolicy' },
      { name: 'Bound', type: 'string', jsonPath: ".status.conditions[?(@.type=='Bound')].reason", priority: 1 },
      { name: 'Release-At', type: 'date', jsonPath: '.status.releaseAt', priority: 1 },
      age,
    ],
  },
  {
    resource: securityGroupPolicies,
    singular: 'securitygrouppolicy',
    shortNames: ['sgp'],
    spec: securityGroupPolicySpecSchema,
    status: securityGroupPolicyStatusSchema,
    rules: [
      {
        rule: 'has(self.podSelector) || has(self.serviceAccountSelector)',
        message: 'podSelector or serviceAccountSelector must be given; {} selects every Pod of the namespace',
      },
    ],
    columns: [
      { name: 'Groups', type: 'string', jsonPath: '.spec.securityGroups.groupIds' },
      { name: 'Matched', type: 'integer', jsonPath: '.status.matched' },
      { name: 'Programmed', type: 'integer', jsonPath: '.status.programmed' },
      { name: 'Drifted', type: 'integer', jsonPath: '.status.drifted' },
      { name: 'Failed', type: 'integer', jsonPath: '.status.failed' },
      { name: 'Missed', type: 'integer', jsonPath: '.status.missed', priority: 1 },
      {
        name: 'Ready',
        type: 'string',
        jsonPath: '.status.conditions[?(@.type=="Ready")].status',
        priority: 1,
      },
      { name: 'Reason', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].reason', priority: 1 },
      age,
    ],
  },
];
