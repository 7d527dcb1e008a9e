// CreateNatGateway, DeleteNatGateway, ModifyNatGatewayAttribute and DescribeNatGateways. GUESS: the parameters of the first three.
import { z } from 'zod';
import { type Action, defineAction, filterList, integer, tagList, text, textList } from '../action.ts';
import { ApiError } from '../api-error.ts';
import type { CloudCore } from '../core.ts';
import { requireNoTask } from '../eips/eip-tasks.ts';
import { findSubnet, findVpc, namedBy } from '../lookup.ts';
import { checkNetworkName } from '../networks.ts';
import { applyFilters, checkIdsOrFilters, exact, fuzzy, pageOf } from '../paging.ts';
import type { NatRecord } from '../routes/route-state.ts';
import { findNat } from '../routes/tables.ts';
import { natCreation, natDeletion } from '../tasks/nat-tasks.ts';
import { buyOrdinaryEips } from './eips.ts';
import { vpcTime } from './eni-answer.ts';

/** GUESS: that a call buys. */
const MOST_ADDRESSES = 20;
const MAX_FILTERS = 10;
const MAX_FILTER_VALUES = 5;

/** The EIPs with these public addresses. Throws ResourceNotFound, ResourceInUse for one that serves another gateway or is bound, and MutexTaskRunning. */
export function eipsByIp(core: CloudCore, ips: readonly string[]): string[] {
  return ips.map((ip) => {
    const eip = [...core.state.eipBook.eips.values()].find((candidate) => candidate.ip === ip);
    if (eip === undefined) throw new ApiError('ResourceNotFound', `the account has no EIP ${ip}`);
    const nat = [...core.state.routeBook.nats.values()].find((other) => other.addressIds.includes(eip.addressId));
    if (nat !== undefined || eip.binding !== null)
      throw new ApiError(
        'ResourceInUse',
        `${eip.addressId} is in use${nat === undefined ? '' : ` on ${nat.natGatewayId}`}`,
      );
    // One that is being bought or given back could be gone when the gateway is there.
    requireNoTask(eip);
    return eip.addressId;
  });
}

function natAnswer(core: CloudCore, nat: NatRecord): object {
  return {
    NatGatewayId: nat.natGatewayId,
    NatGatewayName: nat.name,
    VpcId: nat.vpcId,
    SubnetId: nat.subnetId,
    Zone: nat.zone,
    State: nat.state,
    InternetMaxBandwidthOut: nat.maxBandwidthOut,
    MaxConcurrentConnection: nat.maxConcurrentConnection,
    PublicIpAddressSet: nat.addressIds.map((addressId) => ({
      AddressId: addressId,
      PublicIpAddress: core.state.eipBook.eips.get(addressId)?.ip ?? '',
      IsBlocked: core.state.eipBook.eips.get(addressId)?.blocked ?? false,
      BlockType: '',
    })),
    CreatedTime: vpcTime(nat.createdAt),
    TagSet: [...nat.tags],
  };
}

const create = defineAction({
  name: 'CreateNatGateway',
  services: ['vpc'],
  parameters: z.object({
    NatGatewayName: text,
    VpcId: text,
    InternetMaxBandwidthOut: integer.optional(),
    MaxConcurrentConnection: integer.optional(),
    PublicIpAddresses: textList.optional(),
    /** Addresses to buy for it. */
    AddressCount: integer.optional(),
    Zone: text.optional(),
    SubnetId: text.optional(),
    Tags: tagList.optional(),
  }),
  handle: (wish, { core, requestId }) => {
    checkNetworkName('NatGatewayName', wish.NatGatewayName);
    const { vpcId } = findVpc(core, wish.VpcId);
    const subnet = wish.SubnetId === undefined ? undefined : findSubnet(core, wish.SubnetId);
    if (subnet !== undefined && subnet.vpcId !== vpcId)
      throw new ApiError('InvalidParameterValue', `subnet ${subnet.subnetId} is not in ${vpcId}`);
    const { nats } = core.state.routeBook;
    const { natsPerVpc } = core.settings;
    if ([...nats.values()].filter((nat) => nat.vpcId === vpcId).length >= natsPerVpc)
      throw new ApiError('LimitExceeded', `${vpcId} has ${natsPerVpc} NAT gateways`);
    const { AddressCount: count = 0 } = wish;
    if (count < 0 || count > MOST_ADDRESSES)
      throw new ApiError(
        'InvalidParameterValue.Range',
        `AddressCount is ${count}; it must be from 0 to ${MOST_ADDRESSES}`,
      );
    const own = eipsByIp(core, [...new Set(wish.PublicIpAddresses ?? [])]);
    const addressIds = [...own, ...buyOrdinaryEips(core, 'CreateNatGateway', count)];
    const nat: NatRecord = {
      natGatewayId: core.newId('nat'),
      vpcId,
      name: wish.NatGatewayName,
      state: 'PENDING',
      addressIds,
      maxConcurrentConnection: wish.MaxConcurrentConnection ?? 1_000_000,
      maxBandwidthOut: wish.InternetMaxBandwidthOut ?? 100,
      zone: wish.Zone ?? subnet?.zone ?? '',
      subnetId: subnet?.subnetId ?? '',
      tags: wish.Tags ?? [],
      createdAt: core.clock.now(),
    };
    nats.set(nat.natGatewayId, nat);
    const answer = natAnswer(core, nat);
    core.startTask('CreateNatGateway', requestId, natCreation.plan({ natGatewayId: nat.natGatewayId }));
    return { NatGatewaySet: [answer], TotalCount: 1 };
  },
});

const remove = defineAction({
  name: 'DeleteNatGateway',
  services: ['vpc'],
  parameters: z.object({ NatGatewayId: text }),
  handle: ({ NatGatewayId }, { core, requestId }) => {
    const nat = findNat(core, NatGatewayId);
    const { tables } = core.state.routeBook;
    if (nat.state !== 'AVAILABLE')
      throw new ApiError('UnsupportedOperation.InvalidState', `${NatGatewayId} is ${nat.state}`);
    const user = [...tables.values()].find((table) => table.routes.some((route) => route.gatewayId === NatGatewayId));
    if (user !== undefined) throw new ApiError('ResourceInUse', `${user.routeTableId} routes to ${NatGatewayId}`);
    nat.state = 'DELETING';
    core.startTask('DeleteNatGateway', requestId, natDeletion.plan({ natGatewayId: NatGatewayId }));
    return {};
  },
});

const modify = defineAction({
  name: 'ModifyNatGatewayAttribute',
  services: ['vpc'],
  parameters: z.object({
    NatGatewayId: text,
    NatGatewayName: text.optional(),
    InternetMaxBandwidthOut: integer.optional(),
  }),
  handle: ({ NatGatewayId, NatGatewayName, InternetMaxBandwidthOut }, { core }) => {
    const nat = findNat(core, NatGatewayId);
    checkNetworkName('NatGatewayName', NatGatewayName ?? '');
    nat.name = NatGatewayName ?? nat.name;
    nat.maxBandwidthOut = InternetMaxBandwidthOut ?? nat.maxBandwidthOut;
    return {};
  },
});

const describe = defineAction({
  name: 'DescribeNatGateways',
  services: ['vpc'],
  parameters: z.object({
    NatGatewayIds: textList.optional(),
    Filters: filterList.optional(),
    Offset: integer.optional(),
    Limit: integer.optional(),
  }),
  handle: ({ NatGatewayIds, Filters = [], Offset, Limit }, { core }) => {
    checkIdsOrFilters(NatGatewayIds, Filters, 'NatGatewayIds');
    if (Filters.length > MAX_FILTERS || Filters.some((filter) => filter.Values.length > MAX_FILTER_VALUES))
      throw new ApiError(
        'InvalidParameterValue.LimitExceeded',
        `at most ${MAX_FILTERS} filters of ${MAX_FILTER_VALUES} values`,
      );
    const chosen =
      NatGatewayIds === undefined || NatGatewayIds.length === 0
        ? [...core.state.routeBook.nats.values()]
        : namedBy(core, NatGatewayIds, findNat);
    const page = pageOf(
      applyFilters<NatRecord>(chosen, Filters, {
        'nat-gateway-id': exact((nat) => nat.natGatewayId),
        'vpc-id': exact((nat) => nat.vpcId),
        'nat-gateway-name': fuzzy((nat) => nat.name),
        'nat-state': exact((nat) => nat.state),
      }),
      Offset,
      Limit,
    );
    return { NatGatewaySet: page.items.map((nat) => natAnswer(core, nat)), TotalCount: page.total };
  },
});

/** NAT gateways; no packet passes one. */
export const natGatewayActions: readonly Action[] = [create, remove, modify, describe];
