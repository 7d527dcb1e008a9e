// Adds VPCs and subnets, with the rules of their address ranges.
import { cidrContains, createAddressPool, ipToNumber, parseCidr4 } from './addresses.ts';
import { ApiError } from './api-error.ts';
import type { CloudCore } from './core.ts';
import { addRouteTable, mainTable } from './routes/tables.ts';
import type { SubnetRecord, TagRecord, VpcRecord } from './state.ts';

/** Where a VPC may lie, and its shortest prefix there (facts, section 13, CreateVpc). */
const VPC_RANGES = [
  { base: ipToNumber('10.0.0.0') ?? 0, prefix: 12 },
  { base: ipToNumber('172.16.0.0') ?? 0, prefix: 12 },
  { base: ipToNumber('192.168.0.0') ?? 0, prefix: 16 },
] as const;
const LONGEST_PREFIX = 28;
const SHORTEST_SUBNET_PREFIX = 16;
const MAX_NAME_BYTES = 60;

/** Throws TooLong above 60 bytes. */
export function checkNetworkName(parameter: string, name: string): void {
  if (Buffer.byteLength(name) > MAX_NAME_BYTES)
    throw new ApiError('InvalidParameterValue.TooLong', `${parameter} has more than ${MAX_NAME_BYTES} bytes`);
}

/** Throws Malformed for what is no network and InvalidParameterValue for one outside the ranges of a VPC. */
export function checkVpcCidr(cidr: string): void {
  const range = parseCidr4(cidr);
  if (range === undefined)
    throw new ApiError('InvalidParameterValue.Malformed', `\`${cidr}\` is no IPv4 network such as 10.0.0.0/16`);
  if (range.prefix > LONGEST_PREFIX || !VPC_RANGES.some((outer) => cidrContains(outer, range)))
    throw new ApiError(
      'InvalidParameterValue',
      `${cidr} must lie within 10.0.0.0/12, 172.16.0.0/12 or 192.168.0.0/16, with a prefix up to /${LONGEST_PREFIX}`,
    );
}

/** Throws Malformed, SubnetRange (outside the VPC or of a wrong size) or SubnetConflict (overlap); which is which: GUESS. */
export function checkSubnetCidr(core: CloudCore, vpc: VpcRecord, cidr: string): void {
  const outer = parseCidr4(vpc.cidr);
  const inner = parseCidr4(cidr);
  if (inner === undefined)
    throw new ApiError('InvalidParameterValue.Malformed', `\`${cidr}\` is no IPv4 network such as 10.0.0.0/24`);
  if (inner.prefix < SHORTEST_SUBNET_PREFIX || inner.prefix > LONGEST_PREFIX)
    throw new ApiError(
      'InvalidParameterValue.SubnetRange',
      `the prefix of ${cidr} must be from /${SHORTEST_SUBNET_PREFIX} to /${LONGEST_PREFIX}`,
    );
  if (outer === undefined || !cidrContains(outer, inner))
    throw new ApiError('InvalidParameterValue.SubnetRange', `${cidr} is not within ${vpc.cidr}`);
  for (const other of subnetsOf(core, vpc.vpcId)) {
    const range = parseCidr4(other.cidr);
    if (range !== undefined && (cidrContains(range, inner) || cidrContains(inner, range)))
      throw new ApiError('InvalidParameterValue.SubnetConflict', `${cidr} overlaps ${other.cidr} of ${other.subnetId}`);
  }
}

/** Subnets of a VPC, oldest first. */
export function subnetsOf(core: CloudCore, vpcId: string): SubnetRecord[] {
  return [...core.state.subnets.values()].filter((subnet) => subnet.vpcId === vpcId);
}

/** Adds a VPC with its default route table; the range must have been checked. */
export function addVpc(
  core: CloudCore,
  vpc: { readonly name: string; readonly cidr: string; readonly tags: readonly TagRecord[]; readonly vpcId?: string },
): VpcRecord {
  const vpcId = vpc.vpcId ?? core.newId('vpc');
  const record: VpcRecord = {
    vpcId,
    name: vpc.name,
    cidr: vpc.cidr,
    isDefault: false,
    createdAt: core.clock.now(),
    tags: vpc.tags,
  };
  core.state.vpcs.set(vpcId, record);
  addRouteTable(core, { vpcId, name: 'default', main: true, tags: [] });
  return record;
}

/** Adds a subnet, which uses the default route table; the range must have been checked. */
export function addSubnet(
  core: CloudCore,
  subnet: {
    readonly vpcId: string;
    readonly name: string;
    readonly cidr: string;
    readonly zone: string;
    readonly tags: readonly TagRecord[];
  },
): SubnetRecord {
  const range = parseCidr4(subnet.cidr);
  if (range === undefined) throw new ApiError('InvalidParameterValue.Malformed', `\`${subnet.cidr}\` is no network`);
  const record: SubnetRecord = {
    ...subnet,
    subnetId: core.newId('subnet'),
    addresses: createAddressPool(range),
    createdAt: core.clock.now(),
  };
  core.state.subnets.set(record.subnetId, record);
  mainTable(core, subnet.vpcId);
  return record;
}
