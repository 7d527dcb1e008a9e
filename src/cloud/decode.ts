// Decoders of the API's answers: unknown in, our own types out.
import { z } from 'zod';

import type { Eni, EniLimits, Instance, SecurityGroupSummary, Subnet } from './vpc-cloud.ts';

const nullableList = <T extends z.ZodType>(item: T) =>
  z
    .array(item)
    .nullish()
    .transform((list) => list ?? []);

/** The objects of a page: null when there are none, but never left out, lest an answer of another shape look empty. */
const pageOf = <T extends z.ZodType>(item: T) =>
  z
    .array(item)
    .nullable()
    .transform((list) => list ?? []);

const KINDS: Readonly<Record<number, Eni['kind']>> = { 0: 'secondary', 1: 'primary', 2: 'sub' };

/** A state this project does not know counts as PENDING: not usable yet. */
const eniState = z.enum(['PENDING', 'AVAILABLE', 'ATTACHING', 'DETACHING', 'DELETING']).catch('PENDING');

const networkInterface = z
  .object({
    NetworkInterfaceId: z.string(),
    NetworkInterfaceName: z.string().nullish(),
    EniType: z.number().nullish(),
    Primary: z.boolean().nullish(),
    State: eniState,
    VpcId: z.string(),
    SubnetId: z.string(),
    MacAddress: z.string(),
    PrivateIpAddressSet: nullableList(
      z.object({ PrivateIpAddress: z.string(), Primary: z.boolean().nullish(), State: z.string().nullish() }),
    ),
    GroupSet: nullableList(z.string()),
    Attachment: z.object({ InstanceId: z.string(), DeviceIndex: z.number().nullish() }).nullish(),
    TagSet: nullableList(z.object({ Key: z.string(), Value: z.string() })),
    // GUESS: names of the two sub-ENI fields.
    VlanId: z.number().int().min(1).max(4094).nullish(),
    TrunkNetworkInterfaceId: z.string().nullish(),
  })
  .transform((raw): Eni => {
    const addresses = raw.PrivateIpAddressSet.map((address) => ({
      ip: address.PrivateIpAddress,
      primary: address.Primary ?? false,
      settled: (address.State ?? 'AVAILABLE') === 'AVAILABLE',
    }));
    return {
      eniId: raw.NetworkInterfaceId,
      name: raw.NetworkInterfaceName ?? '',
      kind: KINDS[raw.EniType ?? -1] ?? (raw.Primary === true ? 'primary' : 'secondary'),
      state: raw.State,
      vpcId: raw.VpcId,
      subnetId: raw.SubnetId,
      mac: raw.MacAddress.toLowerCase(),
      addresses: addresses.toSorted((a, b) => Number(b.primary) - Number(a.primary)),
      securityGroups: raw.GroupSet,
      ...(raw.Attachment == null || raw.Attachment.InstanceId === ''
        ? {}
        : { attachment: { instanceId: raw.Attachment.InstanceId, deviceIndex: raw.Attachment.DeviceIndex ?? 0 } }),
      ...(raw.VlanId == null ? {} : { vlanId: raw.VlanId }),
      ...(raw.TrunkNetworkInterfaceId == null ? {} : { trunkEniId: raw.TrunkNetworkInterfaceId }),
      tags: raw.TagSet.map((tag) => ({ key: tag.Key, value: tag.Value })),
    };
  });

const instance = z
  .object({
    InstanceId: z.string(),
    InstanceType: z.string(),
    CPU: z.number(),
    InstanceState: z.string(),
    Placement: z.object({ Zone: z.string() }),
    VirtualPrivateCloud: z.object({ VpcId: z.string(), SubnetId: z.string() }),
    PrivateIpAddresses: nullableList(z.string()),
    SecurityGroupIds: nullableList(z.string()),
  })
  .transform(
    (raw): Instance => ({
      instanceId: raw.InstanceId,
      instanceType: raw.InstanceType,
      cpu: raw.CPU,
      zone: raw.Placement.Zone,
      state: raw.InstanceState,
      vpcId: raw.VirtualPrivateCloud.VpcId,
      subnetId: raw.VirtualPrivateCloud.SubnetId,
      privateIps: raw.PrivateIpAddresses,
      securityGroups: raw.SecurityGroupIds,
    }),
  );

const subnet = z
  .object({
    SubnetId: z.string(),
    VpcId: z.string(),
    Zone: z.string(),
    CidrBlock: z.string(),
    AvailableIpAddressCount: z.number(),
  })
  .transform(
    (raw): Subnet => ({
      subnetId: raw.SubnetId,
      vpcId: raw.VpcId,
      zone: raw.Zone,
      cidr: raw.CidrBlock,
      availableIpCount: raw.AvailableIpAddressCount,
    }),
  );

const securityGroup = z
  .object({ SecurityGroupId: z.string(), SecurityGroupName: z.string(), ProjectId: z.string().nullish() })
  .transform(
    (raw): SecurityGroupSummary => ({
      securityGroupId: raw.SecurityGroupId,
      name: raw.SecurityGroupName,
      ...(raw.ProjectId == null ? {} : { projectId: raw.ProjectId }),
    }),
  );

/** One page of a listing. */
export interface PageOf<T> {
  readonly items: readonly T[];
  readonly total: number;
}

export const enisPage = z
  .object({ TotalCount: z.number(), NetworkInterfaceSet: pageOf(networkInterface) })
  .transform((raw): PageOf<Eni> => ({ items: raw.NetworkInterfaceSet, total: raw.TotalCount }));

export const instancesPage = z
  .object({ TotalCount: z.number(), InstanceSet: pageOf(instance) })
  .transform((raw): PageOf<Instance> => ({ items: raw.InstanceSet, total: raw.TotalCount }));

export const subnetsPage = z
  .object({ TotalCount: z.number(), SubnetSet: pageOf(subnet) })
  .transform((raw): PageOf<Subnet> => ({ items: raw.SubnetSet, total: raw.TotalCount }));

export const securityGroupsPage = z
  .object({ TotalCount: z.number(), SecurityGroupSet: pageOf(securityGroup) })
  .transform((raw): PageOf<SecurityGroupSummary> => ({ items: raw.SecurityGroupSet, total: raw.TotalCount }));

/** Whatever the set holds: the rule language has a decoder of its own. */
export const securityGroupPolicies = z
  .object({ SecurityGroupPolicySet: z.unknown() })
  .transform((raw) => raw.SecurityGroupPolicySet);

export const eniLimits = z
  .object({
    EniQuantity: z.number(),
    EniPrivateIpAddressQuantity: z.number(),
    SubEniQuantity: z.number().nullish(),
    ExtendEniQuantity: z.number().nullish(),
  })
  .transform(
    (raw): EniLimits => ({
      eniQuantity: raw.EniQuantity,
      eniPrivateIpQuantity: raw.EniPrivateIpAddressQuantity,
      subEniQuantity: raw.SubEniQuantity ?? 0,
      extendEniQuantity: raw.ExtendEniQuantity ?? 0,
    }),
  );

export const createdEni = z
  .object({ RequestId: z.string(), NetworkInterface: networkInterface })
  .transform((raw) => ({ eni: raw.NetworkInterface, taskId: raw.RequestId }));

/** GUESS, as in request-bytes.ts: the answer must carry what the agent needs at once. */
export const createdSubEni = createdEni.refine(
  ({ eni }) => eni.vlanId !== undefined && eni.addresses.length > 0,
  'a sub-ENI needs VlanId and PrivateIpAddressSet',
);

/** GUESS: no answer of cam is in the facts. */
export const rolePoliciesPage = z
  .object({ TotalNum: z.number(), List: pageOf(z.object({ PolicyName: z.string() })) })
  .transform((raw): PageOf<string> => ({ items: raw.List.map((each) => each.PolicyName), total: raw.TotalNum }));

export const startedTask = z.object({ RequestId: z.string() }).transform((raw) => ({ taskId: raw.RequestId }));

export const assignedAddresses = z
  .object({ RequestId: z.string(), PrivateIpAddressSet: pageOf(z.object({ PrivateIpAddress: z.string() })) })
  .transform((raw) => ({
    addresses: raw.PrivateIpAddressSet.map((address) => address.PrivateIpAddress),
    taskId: raw.RequestId,
  }));

export const taskStatus = z.object({ Status: z.enum(['RUNNING', 'SUCCESS', 'FAILED']) }).transform((raw) => raw.Status);

/** GUESS: no public source gives its shape. */
export const readySet = z
  .object({ SecurityGroupReadySet: z.array(z.object({ NetworkInterfaceId: z.string(), Ready: z.boolean() })) })
  .transform((raw) =>
    raw.SecurityGroupReadySet.map((entry): [string, boolean] => [entry.NetworkInterfaceId, entry.Ready]),
  );
