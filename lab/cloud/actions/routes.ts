// CreateRoutes, ReplaceRoutes and DeleteRoutes.
import { z } from 'zod';
import { type Action, defineAction, integer, text } from '../action.ts';
import { ApiError } from '../api-error.ts';
import { checkRouteList, newRoute, routeAnswer, routeParameters } from '../routes/routes.ts';
import type { RouteRecord, RouteTableRecord } from '../routes/route-state.ts';
import { findRouteTable, tellPackets } from '../routes/tables.ts';
import { tableAnswer } from './route-tables.ts';

/** The route that RouteId or RouteItemId names, else the one to the destination. Throws RecordNotExists, and SystemRoute for LOCAL. */
function findRoute(
  table: RouteTableRecord,
  wish: {
    readonly RouteId?: number | undefined;
    readonly RouteItemId?: string | undefined;
    readonly DestinationCidrBlock?: string | undefined;
  },
): RouteRecord {
  if (wish.RouteId === 0) throw new ApiError('UnsupportedOperation.SystemRoute', 'the LOCAL route cannot be changed');
  const found = table.routes.find((route) => {
    if (wish.RouteId !== undefined) return route.routeId === wish.RouteId;
    if (wish.RouteItemId !== undefined) return route.routeItemId === wish.RouteItemId;
    return route.destination === wish.DestinationCidrBlock;
  });
  if (found === undefined)
    throw new ApiError('UnsupportedOperation.RecordNotExists', `${table.routeTableId} has no such route`);
  return found;
}

const create = defineAction({
  name: 'CreateRoutes',
  services: ['vpc'],
  parameters: z.object({ RouteTableId: text, Routes: z.array(routeParameters).min(1) }),
  handle: async ({ RouteTableId, Routes }, { core }) => {
    const table = findRouteTable(core, RouteTableId);
    const { routeBook } = core.state;
    const made = Routes.map((wish, index) => newRoute(core, table, wish, routeBook.nextRouteId + index));
    const routes = [...table.routes, ...made];
    checkRouteList(core, routes);
    table.routes = routes;
    // Numbers are used up only by what succeeds.
    routeBook.nextRouteId += made.length;
    await tellPackets(core);
    return { TotalCount: 1, RouteTableSet: [tableAnswer(core, table)] };
  },
});

const replace = defineAction({
  name: 'ReplaceRoutes',
  services: ['vpc'],
  parameters: z.object({ RouteTableId: text, Routes: z.array(routeParameters).min(1) }),
  handle: async ({ RouteTableId, Routes }, { core }) => {
    const table = findRouteTable(core, RouteTableId);
    if (Routes.some((wish) => wish.RouteId === undefined && wish.RouteItemId === undefined))
      throw new ApiError('MissingParameter', 'each of Routes needs its RouteId');
    const pairs = Routes.map((wish) => {
      const old = findRoute(table, wish);
      return { old, made: newRoute(core, table, wish, old.routeId) };
    });
    const routes = table.routes.map((route) => pairs.find(({ old }) => old === route)?.made ?? route);
    checkRouteList(core, routes);
    table.routes = routes;
    await tellPackets(core);
    return {
      OldRouteSet: pairs.map(({ old }) => routeAnswer(table, old)),
      NewRouteSet: pairs.map(({ made }) => routeAnswer(table, made)),
    };
  },
});

const remove = defineAction({
  name: 'DeleteRoutes',
  services: ['vpc'],
  parameters: z.object({
    RouteTableId: text,
    Routes: z
      .array(
        z.looseObject({
          RouteId: integer.optional(),
          RouteItemId: text.optional(),
          DestinationCidrBlock: text.optional(),
        }),
      )
      .min(1),
  }),
  handle: async ({ RouteTableId, Routes }, { core }) => {
    const table = findRouteTable(core, RouteTableId);
    const gone = new Set(Routes.map((wish) => findRoute(table, wish)));
    table.routes = table.routes.filter((route) => !gone.has(route));
    await tellPackets(core);
    return { RouteSet: [...gone].map((route) => routeAnswer(table, route)) };
  },
});

/** Routes of users; the fabric follows those that lead to a NAT gateway or to the own public address. */
export const routeActions: readonly Action[] = [create, replace, remove];
