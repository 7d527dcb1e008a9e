// Which shared addresses the node can hand out right now: pools of ENIs whose device is plugged in, without what makes no sense. Pure.
import type { VpcEni } from '../api/vpc-eni.ts';
import type { AddressUse } from '../planning/address-pool.ts';
import { contains, parseAddress, parseCidr } from '../securitygroup/address.ts';
import type { AddressBook, PoolView } from './address-book.ts';
import type { PluggedEni } from './node-enis.ts';

/** The pool of an ENI of this node, as ipamd lists it. */
export interface NodePool extends PoolView {
  /** Name of the VpcENI. */
  readonly name: string;
  readonly use: AddressUse | undefined;
}

/** Pools of the node's trunk and shared ENIs, whether their devices are there or not, by name. */
export const nodePools = (enis: readonly VpcEni[], nodeName: string): readonly NodePool[] =>
  enis.flatMap((eni) => poolOf(eni, nodeName) ?? []).toSorted((a, b) => (a.name < b.name ? -1 : 1));

/** Undefined for an ENI of another node, a sub-ENI, and one that ipamd has not listed addresses of. */
export function poolOf({ metadata, spec, status }: VpcEni, nodeName: string): NodePool | undefined {
  if (spec.nodeName !== nodeName || spec.type === 'SubENI') return undefined;
  if (status?.pool === undefined || metadata.uid === undefined) return undefined;
  return { name: metadata.name, eni: metadata.uid, pool: status.pool, use: status.use };
}

export interface AddressOffers {
  readonly views: readonly PoolView[];
  /** By UID of the VpcENI. */
  readonly devices: ReadonlyMap<string, PluggedEni>;
  /** One sentence for each thing that makes no sense and is therefore not offered. */
  readonly problems: readonly string[];
}

/** `plugged`: what the node controller has set up; an ENI that ipamd lists for the node no more is not in it. */
export function addressOffers(
  enis: readonly VpcEni[],
  plugged: readonly PluggedEni[],
  book: AddressBook,
  nodeName: string,
): AddressOffers {
  const problems: string[] = [];
  const devices = new Map<string, PluggedEni>();
  const claimed = claims(nodePools(enis, nodeName), book);
  for (const [ip, names] of claimed)
    if (names.length > 1) problems.push(`address ${ip} is not used: VpcENIs ${names.join(' and ')} both list it`);
  const views = enis.flatMap((eni): PoolView | [] => {
    const pool = poolOf(eni, nodeName);
    const device = plugged.find(({ eniID }) => eniID === eni.status?.eni?.eniID);
    if (pool === undefined || device === undefined || eni.metadata.deletionTimestamp !== undefined) return [];
    const wrong = mismatch(eni, device, [...devices.values()].includes(device));
    if (wrong !== undefined) {
      problems.push(`VpcENI ${pool.name} is not used: ${wrong}`);
      return [];
    }
    devices.set(pool.eni, device);
    const { addresses, unusable } = sensibleAddresses(pool, device);
    problems.push(...unusable);
    const own = addresses.filter(({ ip }) => (claimed.get(ip)?.length ?? 0) < 2);
    return { eni: pool.eni, pool: { ...pool.pool, addresses: own } };
  });
  return { views, devices, problems };
}

/**
 * By address, the VpcENIs that may have it in the cloud: those that list it and have not got it back from us. An ENI whose device is not there
 * counts too.
 */
function claims(pools: readonly NodePool[], book: AddressBook): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const { name, eni, pool } of pools) {
    const marks = book.enis[eni]?.released ?? [];
    for (const { ip, since } of pool.addresses) {
      if (marks.some((mark) => mark.ip === ip && mark.generation >= since)) continue;
      found.set(ip, [...(found.get(ip) ?? []), name]);
    }
  }
  return found;
}

function mismatch({ status }: VpcEni, { eniID, mac }: PluggedEni, isTwin: boolean): string | undefined {
  if (isTwin) return `another VpcENI claims ENI ${eniID} too; expected one for each ENI`;
  const own = status?.eni?.macAddress;
  if (own !== undefined && own.toLowerCase() !== mac.toLowerCase())
    return `its MAC is ${own}, but the NodeENIConfig lists ENI ${eniID} with ${mac}`;
  return undefined;
}

function sensibleAddresses(
  { name, pool }: NodePool,
  { gateway, subnetCIDR, eniID }: PluggedEni,
): { readonly addresses: PoolView['pool']['addresses']; readonly unusable: readonly string[] } {
  const subnet = parseCidr(subnetCIDR);
  const whyNot = (ip: string): string | undefined => {
    const address = parseAddress(ip);
    if (address?.family !== 4) return 'not an IPv4 address';
    if (subnet === undefined || !contains(subnet, address)) return `not in the subnet ${subnetCIDR} of ENI ${eniID}`;
    return ip === gateway ? `the gateway of ENI ${eniID}` : undefined;
  };
  const judged = pool.addresses.map((address) => ({ address, why: whyNot(address.ip) }));
  return {
    addresses: judged.flatMap(({ address, why }) => (why === undefined ? [address] : [])),
    unusable: judged.flatMap(({ address, why }) =>
      why === undefined ? [] : [`address "${address.ip}" of VpcENI ${name} is not used: it is ${why}`],
    ),
  };
}
