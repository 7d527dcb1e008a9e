// DescribeVpcs and DescribeSubnets.
import { z } from 'zod';
import { type Action, defineAction, filterList, integer, text, textList } from '../action.ts';
import type { CloudCore } from '../core.ts';
import { findSubnet, findVpc, namedBy } from '../lookup.ts';
import { pageByToken } from '../page-token.ts';
import { applyFilters, checkIdsOrFilters, exact, flag, fuzzy, pageOf } from '../paging.ts';
import { tableOfSubnet } from '../routes/tables.ts';
import type { SubnetRecord, VpcRecord } from '../state.ts';
import { vpcTime } from './eni-answer.ts';

const vpcFilters = {
  'vpc-id': exact((vpc: VpcRecord) => vpc.vpcId),
  'vpc-name': fuzzy((vpc: VpcRecord) => vpc.name),
  'cidr-block': exact((vpc: VpcRecord) => vpc.cidr),
  'is-default': flag((vpc: VpcRecord) => vpc.isDefault),
  // Neither IPv6 nor a line of another operator is simulated.
  'ipv6-cidr-block': () => false,
  'isp-type': () => false,
  'address-type': exact((_vpc: VpcRecord) => 'IPv4'),
};

const subnetFilters = {
  'subnet-id': exact((subnet: SubnetRecord) => subnet.subnetId),
  'vpc-id': exact((subnet: SubnetRecord) => subnet.vpcId),
  'subnet-name': fuzzy((subnet: SubnetRecord) => subnet.name),
  'cidr-block': exact((subnet: SubnetRecord) => subnet.cidr),
  zone: exact((subnet: SubnetRecord) => subnet.zone),
  'is-default': flag((_subnet: SubnetRecord) => false),
  'is-remote-vpc-snat': flag((_subnet: SubnetRecord) => false),
  'cdc-id': () => false,
  'is-cdc-subnet': exact((_subnet: SubnetRecord) => '0'),
};

const describeVpcs = defineAction({
  name: 'DescribeVpcs',
  services: ['vpc'],
  parameters: z.object({
    VpcIds: textList.optional(),
    Filters: filterList.optional(),
    Offset: integer.optional(),
    Limit: integer.optional(),
  }),
  handle: ({ VpcIds, Filters = [], Offset, Limit }, { core }) => {
    checkIdsOrFilters(VpcIds, Filters, 'VpcIds');
    const chosen =
      VpcIds === undefined || VpcIds.length === 0 ? [...core.state.vpcs.values()] : namedBy(core, VpcIds, findVpc);
    const page = pageOf(applyFilters(chosen, Filters, vpcFilters), Offset, Limit);
    return { TotalCount: page.total, VpcSet: page.items.map(vpcAnswer) };
  },
});

const describeSubnets = defineAction({
  name: 'DescribeSubnets',
  services: ['vpc'],
  parameters: z.object({
    SubnetIds: textList.optional(),
    Filters: filterList.optional(),
    Offset: integer.optional(),
    Limit: integer.optional(),
    MaxResults: integer.optional(),
    NextToken: text.optional(),
  }),
  handle: ({ SubnetIds, Filters = [], ...wish }, { core }) => {
    checkIdsOrFilters(SubnetIds, Filters, 'SubnetIds');
    const chosen =
      SubnetIds === undefined || SubnetIds.length === 0
        ? [...core.state.subnets.values()]
        : namedBy(core, SubnetIds, findSubnet);
    const page = pageByToken(applyFilters(chosen, Filters, subnetFilters), wish, (subnet) => subnet.subnetId);
    return {
      TotalCount: page.total,
      SubnetSet: page.items.map((subnet) => subnetAnswer(core, subnet)),
      NextToken: page.nextToken,
    };
  },
});

/** The whole `Vpc` object. */
export function vpcAnswer(vpc: VpcRecord): object {
  return {
    VpcId: vpc.vpcId,
    VpcName: vpc.name,
    CidrBlock: vpc.cidr,
    IsDefault: vpc.isDefault,
    EnableMulticast: vpc.enableMulticast ?? false,
    CreatedTime: vpcTime(vpc.createdAt),
    DnsServerSet: [...(vpc.dnsServers ?? ['183.60.83.19', '183.60.82.98'])],
    DomainName: vpc.domainName ?? '',
    DhcpOptionsId: '',
    EnableDhcp: true,
    Ipv6CidrBlock: '',
    TagSet: [...vpc.tags],
    AssistantCidrSet: [],
  };
}

/** The whole `Subnet` object. */
export function subnetAnswer(core: CloudCore, subnet: SubnetRecord): object {
  return {
    VpcId: subnet.vpcId,
    SubnetId: subnet.subnetId,
    SubnetName: subnet.name,
    CidrBlock: subnet.cidr,
    IsDefault: false,
    EnableBroadcast: subnet.enableBroadcast ?? false,
    Zone: subnet.zone,
    RouteTableId: tableOfSubnet(core, subnet),
    CreatedTime: vpcTime(subnet.createdAt),
    AvailableIpAddressCount: subnet.addresses.available(),
    TotalIpAddressCount: subnet.addresses.total,
    Ipv6CidrBlock: '',
    NetworkAclId: '',
    IsRemoteVpcSnat: false,
    TagSet: [...subnet.tags],
    CdcId: '',
    IsCdcSubnet: 0,
  };
}

/** What the vpc service says of networks. */
export const vpcActions: readonly Action[] = [describeVpcs, describeSubnets];
