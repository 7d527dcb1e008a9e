// Route tables and their association with subnets.
import { z } from 'zod';
import { type Action, bool, defineAction, filterList, integer, tagList, text, textList } from '../action.ts';
import { ApiError } from '../api-error.ts';
import type { CloudCore } from '../core.ts';
import { findSubnet, findVpc, namedBy } from '../lookup.ts';
import { checkNetworkName, subnetsOf } from '../networks.ts';
import { applyFilters, checkIdsOrFilters, exact, flag, fuzzy, pageOf } from '../paging.ts';
import { localRoute, routeAnswer } from '../routes/routes.ts';
import type { RouteTableRecord } from '../routes/route-state.ts';
import { addRouteTable, findRouteTable, mainTable, tableOfSubnet, tablesOf, tellPackets } from '../routes/tables.ts';
import { vpcTime } from './eni-answer.ts';

/** The whole `RouteTable` object, its LOCAL route included. */
export function tableAnswer(core: CloudCore, table: RouteTableRecord, withRoutes = true): object {
  const local = localRoute(core, table);
  return {
    VpcId: table.vpcId,
    RouteTableId: table.routeTableId,
    RouteTableName: table.name,
    AssociationSet: subnetsOf(core, table.vpcId)
      .filter((subnet) => tableOfSubnet(core, subnet) === table.routeTableId)
      .map(({ subnetId }) => ({ SubnetId: subnetId, RouteTableId: table.routeTableId })),
    RouteSet: withRoutes ? [local, ...table.routes].map((route) => routeAnswer(table, route)) : [],
    Main: table.main,
    CreatedTime: vpcTime(table.createdAt),
    TagSet: [...table.tags],
  };
}

const describe = defineAction({
  name: 'DescribeRouteTables',
  services: ['vpc'],
  parameters: z.object({
    RouteTableIds: textList.optional(),
    Filters: filterList.optional(),
    Offset: integer.optional(),
    Limit: integer.optional(),
    NeedRouterInfo: bool.optional(),
  }),
  handle: ({ RouteTableIds, Filters = [], Offset, Limit, NeedRouterInfo }, { core }) => {
    checkIdsOrFilters(RouteTableIds, Filters, 'RouteTableIds');
    const names = new Set(Filters.map((filter) => filter.Name));
    if (names.has('next-hop-type') && !(names.has('route-table-id') && names.has('vpc-id')))
      throw new ApiError('InvalidParameter.FilterMissParameter', 'next-hop-type needs route-table-id and vpc-id');
    for (const vpcId of core.state.vpcs.keys()) mainTable(core, vpcId);
    const chosen =
      RouteTableIds === undefined || RouteTableIds.length === 0
        ? [...core.state.routeBook.tables.values()]
        : namedBy(core, RouteTableIds, findRouteTable);
    const page = pageOf(
      applyFilters<RouteTableRecord>(chosen, Filters, {
        'route-table-id': exact((table) => table.routeTableId),
        'route-table-name': fuzzy((table) => table.name),
        'vpc-id': exact((table) => table.vpcId),
        'association.main': flag((table) => table.main),
        'next-hop-type': exact((table) => ['LOCAL', ...table.routes.map((route) => route.gatewayType)]),
        visible: flag(() => true),
      }),
      Offset,
      Limit,
    );
    return {
      TotalCount: page.total,
      RouteTableSet: page.items.map((table) => tableAnswer(core, table, NeedRouterInfo ?? true)),
    };
  },
});

const create = defineAction({
  name: 'CreateRouteTable',
  services: ['vpc'],
  parameters: z.object({ VpcId: text, RouteTableName: text, Tags: tagList.optional() }),
  handle: ({ VpcId, RouteTableName, Tags }, { core }) => {
    const vpc = findVpc(core, VpcId);
    checkNetworkName('RouteTableName', RouteTableName);
    mainTable(core, vpc.vpcId);
    const { routeTablesPerVpc } = core.settings;
    if (tablesOf(core, vpc.vpcId).length >= routeTablesPerVpc)
      throw new ApiError('LimitExceeded', `${vpc.vpcId} has ${routeTablesPerVpc} route tables`);
    const table = addRouteTable(core, { vpcId: vpc.vpcId, name: RouteTableName, main: false, tags: Tags ?? [] });
    return { RouteTable: tableAnswer(core, table) };
  },
});

const remove = defineAction({
  name: 'DeleteRouteTable',
  services: ['vpc'],
  parameters: z.object({ RouteTableId: text }),
  handle: ({ RouteTableId }, { core }) => {
    const table = findRouteTable(core, RouteTableId);
    if (table.main) throw new ApiError('UnsupportedOperation', `${table.routeTableId} is the default one of its VPC`);
    if ([...core.state.routeBook.associations.values()].includes(RouteTableId))
      throw new ApiError('ResourceInUse', `${RouteTableId} is used by subnets`);
    core.state.routeBook.tables.delete(RouteTableId);
    return {};
  },
});

const replaceAssociation = defineAction({
  name: 'ReplaceRouteTableAssociation',
  services: ['vpc'],
  parameters: z.object({ SubnetId: text, RouteTableId: text }),
  handle: async ({ SubnetId, RouteTableId }, { core }) => {
    const subnet = findSubnet(core, SubnetId);
    const table = findRouteTable(core, RouteTableId);
    if (table.vpcId !== subnet.vpcId)
      throw new ApiError('UnsupportedOperation.VpcMismatch', `${RouteTableId} is in ${table.vpcId}`);
    const { associations } = core.state.routeBook;
    if (table.main) associations.delete(SubnetId);
    else associations.set(SubnetId, RouteTableId);
    await tellPackets(core);
    return {};
  },
});

/** Tables; codes of the deletion and of the association are GUESS, the facts list none. */
export const routeTableActions: readonly Action[] = [describe, create, remove, replaceAssociation];
