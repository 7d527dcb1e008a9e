// Creates, changes and deletes VPCs and subnets.
import { z } from 'zod';
import { type Action, defineAction, tagList, text, textList } from '../action.ts';
import { ApiError } from '../api-error.ts';
import { findSubnet, findVpc } from '../lookup.ts';
import { addSubnet, addVpc, checkNetworkName, checkSubnetCidr, checkVpcCidr, subnetsOf } from '../networks.ts';
import { tablesOf } from '../routes/tables.ts';
import { checkProductTags } from '../tagging/tag-rules.ts';
import { subnetAnswer, vpcAnswer } from './vpcs.ts';

/** Spelt as text (facts, section 13, CreateVpc). */
const spelt = z.union([z.boolean(), z.enum(['true', 'false', 'TRUE', 'FALSE'])], { error: 'expected true or false' });
const isTrue = (value: z.output<typeof spelt>): boolean => String(value).toLowerCase() === 'true';
const MAX_DNS_SERVERS = 4;

function checkDns(servers: readonly string[] | undefined): void {
  if ((servers?.length ?? 0) > MAX_DNS_SERVERS)
    throw new ApiError('InvalidParameterValue.LimitExceeded', `at most ${MAX_DNS_SERVERS} DnsServers`);
}

const createVpc = defineAction({
  name: 'CreateVpc',
  services: ['vpc'],
  parameters: z.object({
    VpcName: text,
    CidrBlock: text,
    EnableMulticast: spelt.optional(),
    DnsServers: textList.optional(),
    DomainName: text.optional(),
    Tags: tagList.optional(),
    EnableRouteVpcPublish: spelt.optional(),
    EnableRouteVpcPublishIpv6: spelt.optional(),
  }),
  handle: (wish, { core }) => {
    checkNetworkName('VpcName', wish.VpcName);
    checkVpcCidr(wish.CidrBlock);
    checkProductTags(wish.Tags ?? []);
    checkDns(wish.DnsServers);
    const { vpcQuota } = core.settings;
    if (core.state.vpcs.size >= vpcQuota)
      throw new ApiError('LimitExceeded', `the account has ${vpcQuota} VPCs in its region and may have no more`);
    const vpc = addVpc(core, { name: wish.VpcName, cidr: wish.CidrBlock, tags: wish.Tags ?? [] });
    if (wish.EnableMulticast !== undefined) vpc.enableMulticast = isTrue(wish.EnableMulticast);
    if (wish.DnsServers !== undefined) vpc.dnsServers = wish.DnsServers;
    if (wish.DomainName !== undefined) vpc.domainName = wish.DomainName;
    return { Vpc: vpcAnswer(vpc) };
  },
});

const deleteVpc = defineAction({
  name: 'DeleteVpc',
  services: ['vpc'],
  parameters: z.object({ VpcId: text }),
  handle: ({ VpcId }, { core }) => {
    const vpc = findVpc(core, VpcId);
    const { nats, tables } = core.state.routeBook;
    const [subnet] = subnetsOf(core, VpcId);
    const holder =
      subnet?.subnetId ??
      [...nats.values()].find((nat) => nat.vpcId === VpcId)?.natGatewayId ??
      [...core.state.clusters.values()].find((cluster) => cluster.vpcId === VpcId)?.clusterId;
    if (holder !== undefined) throw new ApiError('ResourceInUse', `${vpc.vpcId} still holds ${holder}`);
    for (const table of tablesOf(core, VpcId)) tables.delete(table.routeTableId);
    core.state.vpcs.delete(VpcId);
    return {};
  },
});

const modifyVpc = defineAction({
  name: 'ModifyVpcAttribute',
  services: ['vpc'],
  parameters: z.object({
    VpcId: text,
    VpcName: text.optional(),
    EnableMulticast: spelt.optional(),
    DnsServers: textList.optional(),
    DomainName: text.optional(),
    EnableCdcPublish: spelt.optional(),
  }),
  handle: (wish, { core }) => {
    const vpc = findVpc(core, wish.VpcId);
    checkNetworkName('VpcName', wish.VpcName ?? '');
    checkDns(wish.DnsServers);
    vpc.name = wish.VpcName ?? vpc.name;
    if (wish.EnableMulticast !== undefined) vpc.enableMulticast = isTrue(wish.EnableMulticast);
    if (wish.DnsServers !== undefined) vpc.dnsServers = wish.DnsServers;
    if (wish.DomainName !== undefined) vpc.domainName = wish.DomainName;
    return {};
  },
});

const createSubnet = defineAction({
  name: 'CreateSubnet',
  services: ['vpc'],
  parameters: z.object({
    VpcId: text,
    SubnetName: text,
    CidrBlock: text,
    Zone: text,
    Tags: tagList.optional(),
    CdcId: text.optional(),
  }),
  handle: (wish, { core }) => {
    const vpc = findVpc(core, wish.VpcId);
    checkNetworkName('SubnetName', wish.SubnetName);
    checkProductTags(wish.Tags ?? []);
    // Which zones a region has is no fact here: any of its region's spelling passes (GUESS).
    if (!new RegExp(`^${core.region}-\\d+$`).test(wish.Zone))
      throw new ApiError('InvalidParameterValue.ZoneConflict', `zone ${wish.Zone} is not one of ${core.region}`);
    checkSubnetCidr(core, vpc, wish.CidrBlock);
    const { subnetsPerVpc } = core.settings;
    if (subnetsOf(core, vpc.vpcId).length >= subnetsPerVpc)
      throw new ApiError('LimitExceeded', `${vpc.vpcId} has ${subnetsPerVpc} subnets and may have no more`);
    const subnet = addSubnet(core, {
      vpcId: vpc.vpcId,
      name: wish.SubnetName,
      cidr: wish.CidrBlock,
      zone: wish.Zone,
      tags: wish.Tags ?? [],
    });
    return { Subnet: subnetAnswer(core, subnet) };
  },
});

const deleteSubnet = defineAction({
  name: 'DeleteSubnet',
  services: ['vpc'],
  parameters: z.object({ SubnetId: text }),
  handle: ({ SubnetId }, { core }) => {
    const subnet = findSubnet(core, SubnetId);
    const [eni] = core.state.enis.by('subnet', SubnetId);
    const nat = [...core.state.routeBook.nats.values()].find((candidate) => candidate.subnetId === SubnetId);
    const holder = eni?.eniId ?? nat?.natGatewayId;
    if (holder !== undefined) throw new ApiError('ResourceInUse', `${subnet.subnetId} still holds ${holder}`);
    core.state.routeBook.associations.delete(SubnetId);
    core.state.subnets.delete(SubnetId);
    core.touch();
    return {};
  },
});

const modifySubnet = defineAction({
  name: 'ModifySubnetAttribute',
  services: ['vpc'],
  parameters: z.object({ SubnetId: text, SubnetName: text.optional(), EnableBroadcast: spelt.optional() }),
  handle: (wish, { core }) => {
    const subnet = findSubnet(core, wish.SubnetId);
    checkNetworkName('SubnetName', wish.SubnetName ?? '');
    subnet.name = wish.SubnetName ?? subnet.name;
    if (wish.EnableBroadcast !== undefined) subnet.enableBroadcast = isTrue(wish.EnableBroadcast);
    return {};
  },
});

/** The life of VPCs and subnets; parameters of the Modify calls are GUESS, the facts only name them. */
export const vpcLifeActions: readonly Action[] = [
  createVpc,
  deleteVpc,
  modifyVpc,
  createSubnet,
  deleteSubnet,
  modifySubnet,
];
