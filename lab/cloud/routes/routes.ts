// Routes of a table: how they are checked, numbered and answered.
import { z } from 'zod';
import { bool, integer, text } from '../action.ts';
import { vpcTime } from '../actions/eni-answer.ts';
import { parseCidr4 } from '../addresses.ts';
import { ApiError } from '../api-error.ts';
import type { CloudCore } from '../core.ts';
import type { RouteRecord, RouteTableRecord } from './route-state.ts';

/** What a user may route to (facts, section 13, Route). */
const GATEWAY_TYPES = [
  'CVM',
  'VPN',
  'DIRECTCONNECT',
  'PEERCONNECTION',
  'HAVIP',
  'NAT',
  'NORMAL_CVM',
  'EIP',
  'LOCAL_GATEWAY',
  'INTRANAT',
  'USER_CCN',
  'GWLB_ENDPOINT',
] as const;

/** A route as it is sent; members that only answers carry are taken and ignored. */
export const routeParameters = z.looseObject({
  DestinationCidrBlock: text.optional(),
  GatewayType: z.enum(GATEWAY_TYPES),
  GatewayId: text,
  RouteId: integer.optional(),
  RouteItemId: text.optional(),
  RouteDescription: text.optional(),
  Enabled: bool.optional(),
});
export type RouteWish = z.output<typeof routeParameters>;

/** A record of the wish under this number, not yet in the table. Throws Malformed, VpcCidrConflict and ResourceNotFound. */
export function newRoute(core: CloudCore, table: RouteTableRecord, wish: RouteWish, routeId: number): RouteRecord {
  const destination = wish.DestinationCidrBlock ?? '';
  if (parseCidr4(destination) === undefined)
    throw new ApiError('InvalidParameterValue.Malformed', `\`${destination}\` is no IPv4 network`);
  if (destination === core.state.vpcs.get(table.vpcId)?.cidr)
    throw new ApiError('InvalidParameterValue.VpcCidrConflict', `${destination} is the range of the VPC itself`);
  if (wish.GatewayType === 'NAT' && core.state.routeBook.nats.get(wish.GatewayId)?.vpcId !== table.vpcId)
    throw new ApiError('ResourceNotFound', `\`${wish.GatewayId}\` is no NAT gateway of ${table.vpcId}`);
  return {
    routeId,
    routeItemId: `rti-${routeId.toString(36).padStart(8, '0')}`,
    destination,
    gatewayType: wish.GatewayType,
    gatewayId: wish.GatewayId,
    description: wish.RouteDescription ?? '',
    enabled: wish.Enabled ?? true,
    createdAt: core.clock.now(),
  };
}

/**
 * Two routes to one network from one table are refused (equal-cost routes are not simulated), but for one to the sender's own public address
 * beside another: that is how an EIP goes before a NAT gateway (document 552/30012).
 */
export function checkRouteList(core: CloudCore, routes: readonly RouteRecord[]): void {
  const isSame = (a: RouteRecord, b: RouteRecord): boolean =>
    a.destination === b.destination && (a.gatewayType === 'EIP') === (b.gatewayType === 'EIP');
  const twice = routes.find((route, index) => routes.findIndex((other) => isSame(other, route)) !== index);
  if (twice !== undefined)
    throw new ApiError('InvalidParameterValue.Duplicate', `there is a route to ${twice.destination}`);
  if (routes.length > core.settings.routesPerTable)
    throw new ApiError('LimitExceeded', `a route table has at most ${core.settings.routesPerTable} routes`);
}

/** The route within the VPC, which every table has and nobody changes. */
export const localRoute = (core: CloudCore, table: RouteTableRecord): RouteRecord => ({
  routeId: 0,
  routeItemId: '',
  destination: core.state.vpcs.get(table.vpcId)?.cidr ?? '',
  gatewayType: 'LOCAL',
  gatewayId: 'Local',
  description: '',
  enabled: true,
  createdAt: table.createdAt,
});

/** The whole `Route` object. GUESS: the LOCAL route is of type NETD. */
export const routeAnswer = (table: RouteTableRecord, route: RouteRecord): object => ({
  RouteId: route.routeId,
  RouteItemId: route.routeItemId,
  RouteTableId: table.routeTableId,
  DestinationCidrBlock: route.destination,
  DestinationIpv6CidrBlock: '',
  GatewayType: route.gatewayType,
  GatewayId: route.gatewayId,
  RouteDescription: route.description,
  Enabled: route.enabled,
  RouteType: route.gatewayType === 'LOCAL' ? 'NETD' : 'USER',
  PublishedToVbc: false,
  CreatedTime: vpcTime(route.createdAt),
});
