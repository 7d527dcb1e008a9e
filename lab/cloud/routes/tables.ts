// Route tables of VPCs: the default one, which table a subnet uses, and the codes for unknown ones.
import { ApiError } from '../api-error.ts';
import type { CloudCore } from '../core.ts';
import { isId } from '../ids.ts';
import { findVpc } from '../lookup.ts';
import type { TagRecord } from '../state.ts';
import type { NatRecord, RouteTableRecord } from './route-state.ts';

/** Adds a table without routes of its own. */
export function addRouteTable(
  core: CloudCore,
  table: { readonly vpcId: string; readonly name: string; readonly main: boolean; readonly tags: readonly TagRecord[] },
): RouteTableRecord {
  const record: RouteTableRecord = {
    ...table,
    routeTableId: core.newId('rtb'),
    routes: [],
    createdAt: core.clock.now(),
  };
  core.state.routeBook.tables.set(record.routeTableId, record);
  return record;
}

/** Tables of a VPC, the default one among them. */
export function tablesOf(core: CloudCore, vpcId: string): RouteTableRecord[] {
  return [...core.state.routeBook.tables.values()].filter((table) => table.vpcId === vpcId);
}

/** The default table of a VPC; a VPC that was laid out without one gets it now. */
export function mainTable(core: CloudCore, vpcId: string): RouteTableRecord {
  return (
    tablesOf(core, vpcId).find((table) => table.main) ??
    addRouteTable(core, { vpcId: findVpc(core, vpcId).vpcId, name: 'default', main: true, tags: [] })
  );
}

/** The id of the table that a subnet uses. */
export function tableOfSubnet(core: CloudCore, subnet: { readonly subnetId: string; readonly vpcId: string }): string {
  return core.state.routeBook.associations.get(subnet.subnetId) ?? mainTable(core, subnet.vpcId).routeTableId;
}

/** Packets obey a route once it is answered. Throws InternalError. */
export async function tellPackets(core: CloudCore): Promise<void> {
  core.touch();
  await core.settle();
}

/** Throws Malformed or ResourceNotFound. */
export function findRouteTable(core: CloudCore, id: string): RouteTableRecord {
  return found(core.state.routeBook.tables.get(id), 'rtb', id);
}

/** Throws Malformed or ResourceNotFound. */
export function findNat(core: CloudCore, id: string): NatRecord {
  return found(core.state.routeBook.nats.get(id), 'nat', id);
}

function found<T>(record: T | undefined, prefix: string, id: string): T {
  if (!isId(prefix, id))
    throw new ApiError(
      'InvalidParameterValue.Malformed',
      `\`${id}\` is malformed; an id looks like ${prefix}-xxxxxxxx`,
    );
  if (record === undefined) throw new ApiError('ResourceNotFound', `\`${id}\` does not exist`);
  return record;
}
