// Decoders of the answers that only diagnosis asks for: route tables, NAT gateways, EIPs and parameter templates.
import { z } from 'zod';
import type { PageOf } from '../../cloud/decode.ts';
import type { CloudEip, CloudNatGateway, CloudRouteTable } from './picture.ts';

const listOf = <T extends z.ZodType>(item: T) =>
  z
    .array(item)
    .nullish()
    .transform((list) => list ?? []);
const text = z
  .string()
  .nullish()
  .transform((value) => value ?? '');

const routeTable = z
  .object({
    RouteTableId: z.string(),
    VpcId: z.string(),
    Main: z.boolean().nullish(),
    AssociationSet: listOf(z.object({ SubnetId: z.string() })),
    RouteSet: listOf(
      z.object({
        DestinationCidrBlock: text,
        GatewayType: text,
        GatewayId: text,
        Enabled: z.boolean().nullish(),
      }),
    ),
  })
  .transform(
    (raw): CloudRouteTable => ({
      routeTableId: raw.RouteTableId,
      vpcId: raw.VpcId,
      main: raw.Main ?? false,
      subnetIds: raw.AssociationSet.map(({ SubnetId }) => SubnetId),
      routes: raw.RouteSet.flatMap((route) =>
        route.Enabled === false || route.DestinationCidrBlock === ''
          ? []
          : [
              {
                routeTableId: raw.RouteTableId,
                destination: route.DestinationCidrBlock,
                gatewayType: route.GatewayType,
                gatewayId: route.GatewayId,
              },
            ],
      ),
    }),
  );

const natGateway = z
  .object({
    NatGatewayId: z.string(),
    VpcId: z.string(),
    State: text,
    PublicIpAddressSet: listOf(z.object({ PublicIpAddress: text })),
  })
  .transform(
    (raw): CloudNatGateway => ({
      natGatewayId: raw.NatGatewayId,
      vpcId: raw.VpcId,
      state: raw.State,
      publicIps: raw.PublicIpAddressSet.map(({ PublicIpAddress }) => PublicIpAddress).filter((ip) => ip !== ''),
    }),
  );

const eip = z
  .object({
    AddressId: z.string(),
    AddressIp: text,
    AddressStatus: text,
    InstanceId: text,
    NetworkInterfaceId: text,
    PrivateAddressIp: text,
  })
  .transform(
    (raw): CloudEip => ({
      addressId: raw.AddressId,
      publicIp: raw.AddressIp,
      status: raw.AddressStatus,
      instanceId: raw.InstanceId,
      eniId: raw.NetworkInterfaceId,
      privateIp: raw.PrivateAddressIp,
    }),
  );

export const routeTablesPage = z
  .object({ TotalCount: z.number(), RouteTableSet: listOf(routeTable) })
  .transform((raw): PageOf<CloudRouteTable> => ({ items: raw.RouteTableSet, total: raw.TotalCount }));

export const natGatewaysPage = z
  .object({ TotalCount: z.number(), NatGatewaySet: listOf(natGateway) })
  .transform((raw): PageOf<CloudNatGateway> => ({ items: raw.NatGatewaySet, total: raw.TotalCount }));

export const eipsPage = z
  .object({ TotalCount: z.number(), AddressSet: listOf(eip) })
  .transform((raw): PageOf<CloudEip> => ({ items: raw.AddressSet, total: raw.TotalCount }));

export const vpcsPage = z
  .object({
    TotalCount: z.number(),
    VpcSet: listOf(
      z.object({
        VpcId: z.string(),
        CidrBlock: text,
        AssistantCidrSet: listOf(z.object({ CidrBlock: text })),
      }),
    ),
  })
  .transform(
    (raw): PageOf<NamedList> => ({
      items: raw.VpcSet.map((vpc) => ({
        id: vpc.VpcId,
        values: [vpc.CidrBlock, ...vpc.AssistantCidrSet.map(({ CidrBlock }) => CidrBlock)].filter(
          (cidr) => cidr !== '',
        ),
      })),
      total: raw.TotalCount,
    }),
  );

/** A template with its entries, or a group of templates with their ids. */
export interface NamedList {
  readonly id: string;
  readonly values: readonly string[];
}

const total = { TotalCount: z.number() };
const page = (items: readonly NamedList[], count: number): PageOf<NamedList> => ({ items, total: count });

export const addressTemplatesPage = z
  .object({
    ...total,
    AddressTemplateSet: listOf(z.object({ AddressTemplateId: z.string(), AddressSet: listOf(z.string()) })),
  })
  .transform((raw) =>
    page(
      raw.AddressTemplateSet.map((each) => ({ id: each.AddressTemplateId, values: each.AddressSet })),
      raw.TotalCount,
    ),
  );

export const addressTemplateGroupsPage = z
  .object({
    ...total,
    AddressTemplateGroupSet: listOf(
      z.object({ AddressTemplateGroupId: z.string(), AddressTemplateIdSet: listOf(z.string()) }),
    ),
  })
  .transform((raw) =>
    page(
      raw.AddressTemplateGroupSet.map((each) => ({
        id: each.AddressTemplateGroupId,
        values: each.AddressTemplateIdSet,
      })),
      raw.TotalCount,
    ),
  );

export const serviceTemplatesPage = z
  .object({
    ...total,
    ServiceTemplateSet: listOf(z.object({ ServiceTemplateId: z.string(), ServiceSet: listOf(z.string()) })),
  })
  .transform((raw) =>
    page(
      raw.ServiceTemplateSet.map((each) => ({ id: each.ServiceTemplateId, values: each.ServiceSet })),
      raw.TotalCount,
    ),
  );

export const serviceTemplateGroupsPage = z
  .object({
    ...total,
    ServiceTemplateGroupSet: listOf(
      z.object({ ServiceTemplateGroupId: z.string(), ServiceTemplateIdSet: listOf(z.string()) }),
    ),
  })
  .transform((raw) =>
    page(
      raw.ServiceTemplateGroupSet.map((each) => ({
        id: each.ServiceTemplateGroupId,
        values: each.ServiceTemplateIdSet,
      })),
      raw.TotalCount,
    ),
  );
