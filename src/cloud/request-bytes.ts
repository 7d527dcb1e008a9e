// The exact parameters of creating calls. Pure; the same request gives the same bytes, keys in the order written here.
import type { AllocateEipRequest } from './eip-calls.ts';
import type { CreateEniRequest, CreateSubEniRequest, Tag } from './vpc-cloud.ts';

interface ApiTag {
  readonly Key: string;
  readonly Value: string;
}

export interface CreateNetworkInterfaceParameters {
  readonly VpcId: string;
  readonly NetworkInterfaceName: string;
  readonly SubnetId: string;
  readonly NetworkInterfaceDescription: string;
  readonly SecurityGroupIds: readonly string[];
  readonly Tags: readonly ApiTag[];
  readonly TrunkingFlag?: 'Enable';
  readonly SecondaryPrivateIpAddressCount?: number;
  readonly ClientToken: string;
}

/** GUESS: spec 002 names the action, no public source gives its shape; this file and decode.ts are all that knows it. */
export interface CreateSubNetworkInterfaceParameters {
  readonly VpcId: string;
  readonly SubnetId: string;
  readonly TrunkNetworkInterfaceId: string;
  readonly NetworkInterfaceName: string;
  readonly NetworkInterfaceDescription: string;
  readonly SecurityGroupIds: readonly string[];
  readonly PrivateIpAddresses?: readonly { readonly PrivateIpAddress: string }[];
  readonly Tags: readonly ApiTag[];
  readonly ClientToken: string;
}

/** Tags in the given order; order of groups is their priority and is kept. */
export function createEniParameters(request: CreateEniRequest): CreateNetworkInterfaceParameters {
  return {
    VpcId: request.vpcId,
    NetworkInterfaceName: request.name,
    SubnetId: request.subnetId,
    NetworkInterfaceDescription: request.description,
    SecurityGroupIds: [...request.securityGroups],
    Tags: request.tags.map(apiTag),
    ...(request.trunk === true ? { TrunkingFlag: 'Enable' as const } : {}),
    ...((request.secondaryAddressCount ?? 0) > 0
      ? { SecondaryPrivateIpAddressCount: request.secondaryAddressCount }
      : {}),
    ClientToken: request.clientToken,
  };
}

/** As `createEniParameters`, for a sub-ENI on its trunk. */
export function createSubEniParameters(request: CreateSubEniRequest): CreateSubNetworkInterfaceParameters {
  return {
    VpcId: request.vpcId,
    SubnetId: request.subnetId,
    TrunkNetworkInterfaceId: request.trunkEniId,
    NetworkInterfaceName: request.name,
    NetworkInterfaceDescription: request.description,
    SecurityGroupIds: [...request.securityGroups],
    ...(request.address === undefined ? {} : { PrivateIpAddresses: [{ PrivateIpAddress: request.address }] }),
    Tags: request.tags.map(apiTag),
    ClientToken: request.clientToken,
  };
}

/** One address: the attributes as they are, then name, tags and token. */
export function allocateAddressesParameters(request: AllocateEipRequest): Readonly<Record<string, unknown>> {
  return {
    AddressCount: 1,
    ...request.attributes,
    AddressName: request.name,
    Tags: request.tags.map(apiTag),
    ClientToken: request.clientToken,
  };
}

function apiTag(tag: Tag): ApiTag {
  return { Key: tag.key, Value: tag.value };
}
