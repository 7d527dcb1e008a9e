// DescribeVpcPrivateIpAddresses, DescribeUsedIpAddress and DescribeVpcLimits. GUESS: the members of the first answer, the resource types of both.
import { isIPv4 } from 'node:net';
import { z } from 'zod';
import { type Action, defineAction, integer, text, textList } from '../action.ts';
import { ApiError } from '../api-error.ts';
import type { CloudCore } from '../core.ts';
import { findSubnet, findVpc } from '../lookup.ts';
import { pageOf } from '../paging.ts';
import { quotas } from '../settings.ts';
import type { EniRecord } from '../state.ts';
import { vpcTime } from './eni-answer.ts';

interface UsedAddress {
  readonly ip: string;
  readonly eni: EniRecord;
}

/** The holders of the addresses in the VPC, in the order asked for. Throws Malformed and LimitExceeded. */
function usedAddresses(core: CloudCore, vpcId: string, ips: readonly string[]): UsedAddress[] {
  if (ips.length > quotas.idsPerDescribe)
    throw new ApiError('InvalidParameterValue.LimitExceeded', `at most ${quotas.idsPerDescribe} addresses per call`);
  const wrong = ips.find((ip) => !isIPv4(ip));
  if (wrong !== undefined) throw new ApiError('InvalidParameterValue.Malformed', `\`${wrong}\` is no IPv4 address`);
  return [...new Set(ips)].flatMap((ip) => {
    const eni = core.state.enis.by('address', ip).find((candidate) => candidate.vpcId === vpcId);
    return eni === undefined ? [] : [{ ip, eni }];
  });
}

/** The primary address of an instance's own ENI is the instance's, every other one the ENI's. */
function resourceOf({ ip, eni }: UsedAddress): { readonly type: string; readonly id: string } {
  const instanceId = eni.attachment?.instanceId;
  const isInstance = eni.kind === 'primary' && eni.addresses.some((address) => address.ip === ip && address.primary);
  return isInstance && instanceId !== undefined ? { type: 'CVM', id: instanceId } : { type: 'ENI', id: eni.eniId };
}

const describePrivate = defineAction({
  name: 'DescribeVpcPrivateIpAddresses',
  services: ['vpc'],
  parameters: z.object({ VpcId: text, PrivateIpAddresses: textList }),
  handle: ({ VpcId, PrivateIpAddresses }, { core }) => {
    const vpc = findVpc(core, VpcId);
    return {
      VpcPrivateIpAddressSet: usedAddresses(core, vpc.vpcId, PrivateIpAddresses).map((used) => ({
        PrivateIpAddress: used.ip,
        CidrBlock: core.state.subnets.get(used.eni.subnetId)?.cidr ?? '',
        PrivateIpAddressType: resourceOf(used).type,
        CreatedTime: vpcTime(used.eni.createdAt),
      })),
    };
  },
});

const describeUsed = defineAction({
  name: 'DescribeUsedIpAddress',
  services: ['vpc'],
  parameters: z.object({
    VpcId: text,
    SubnetId: text.optional(),
    IpAddresses: textList.optional(),
    Offset: integer.optional(),
    Limit: integer.optional(),
  }),
  handle: ({ VpcId, SubnetId, IpAddresses, Offset, Limit }, { core }) => {
    const vpc = findVpc(core, VpcId);
    const subnet = SubnetId === undefined ? undefined : findSubnet(core, SubnetId);
    if (subnet !== undefined && subnet.vpcId !== vpc.vpcId)
      throw new ApiError('InvalidParameterValue', `subnet ${subnet.subnetId} is not in ${vpc.vpcId}`);
    const all =
      IpAddresses === undefined
        ? (subnet === undefined
            ? core.state.enis.by('vpc', vpc.vpcId)
            : core.state.enis.by('subnet', subnet.subnetId)
          ).flatMap((eni) => eni.addresses.map(({ ip }) => ({ ip, eni })))
        : usedAddresses(core, vpc.vpcId, IpAddresses).filter(
            ({ eni }) => subnet === undefined || eni.subnetId === subnet.subnetId,
          );
    const page = pageOf(all, Offset, Limit);
    return {
      TotalCount: page.total,
      IpAddressStates: page.items.map((used) => ({
        VpcId: used.eni.vpcId,
        SubnetId: used.eni.subnetId,
        IpAddress: used.ip,
        ResourceType: resourceOf(used).type,
        ResourceId: resourceOf(used).id,
      })),
    };
  },
});

/** Names of the limits; `vpc-max-enis` and `eni-max-private-ips` are in facts, section 18, the others GUESS in the same style. */
const LIMITS: Readonly<Record<string, (core: CloudCore) => number>> = {
  'appid-max-vpcs': ({ settings }) => settings.vpcQuota,
  'vpc-max-subnets': ({ settings }) => settings.subnetsPerVpc,
  'vpc-max-route-tables': ({ settings }) => settings.routeTablesPerVpc,
  'route-table-max-policies': ({ settings }) => settings.routesPerTable,
  'vpc-max-nat-gateways': ({ settings }) => settings.natsPerVpc,
  'vpc-max-enis': ({ settings }) => settings.enisPerVpc,
  'eni-max-private-ips': ({ settings }) => settings.unboundEniPrivateIps,
};

const describeLimits = defineAction({
  name: 'DescribeVpcLimits',
  services: ['vpc'],
  parameters: z.object({ LimitTypes: textList }),
  handle: ({ LimitTypes }, { core }) => ({
    VpcLimitSet: LimitTypes.map((type) => {
      const limit = Object.hasOwn(LIMITS, type) ? LIMITS[type] : undefined;
      if (limit === undefined)
        throw new ApiError(
          'InvalidParameterValue',
          `\`${type}\` is no limit of this simulator; known: ${Object.keys(LIMITS).join(', ')}`,
        );
      return { LimitType: type, LimitValue: limit(core) };
    }),
  }),
});

/** What is used and what may be used. */
export const usageActions: readonly Action[] = [describePrivate, describeUsed, describeLimits];
