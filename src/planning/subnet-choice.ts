// Which subnet a new ENI is made in. Pure.
import { labels } from '../api/keys.ts';
import type { Subnet } from '../cloud/vpc-cloud.ts';
import { contains, parseAddress, parseCidr } from '../securitygroup/address.ts';

export type SubnetChoice =
  | { readonly kind: 'subnet'; readonly subnet: Subnet }
  | { readonly kind: 'none'; readonly reason: string };

/**
 * Of the container subnets in the zone the one with most free addresses; one that was found dry rests alone (DESIGN, decision 8) and does
 * not hold up the others. Ties go by id, so that the choice is stable.
 */
export function chooseSubnet(subnets: readonly Subnet[], zone: string, resting: ReadonlySet<string>): SubnetChoice {
  const inZone = subnets.filter((subnet) => subnet.zone === zone);
  if (inZone.length === 0)
    return {
      kind: 'none',
      reason: `none of the container subnets (${subnets.map((subnet) => subnet.subnetId).join(', ')}) is in zone ${zone}`,
    };
  const usable = inZone.filter((subnet) => !resting.has(subnet.subnetId) && subnet.availableIpCount > 0);
  const [best] = [...usable].sort(
    (a, b) => b.availableIpCount - a.availableIpCount || a.subnetId.localeCompare(b.subnetId),
  );
  if (best === undefined)
    return {
      kind: 'none',
      reason: `the container subnets of zone ${zone} (${inZone.map((subnet) => subnet.subnetId).join(', ')}) have no free address`,
    };
  return { kind: 'subnet', subnet: best };
}

/** The subnet that an address is of, whatever its zone: a sub-ENI's address may be of another one than its node (spec 002, Solution Strengths). */
export function subnetOf(address: string, subnets: readonly Subnet[]): SubnetChoice {
  const ip = parseAddress(address);
  const subnet = subnets.find(({ cidr }) => {
    const block = parseCidr(cidr);
    return ip !== undefined && block !== undefined && contains(block, ip);
  });
  if (subnet !== undefined) return { kind: 'subnet', subnet };
  return {
    kind: 'none',
    reason: `address ${address} is in none of the container subnets (${subnets.map(({ subnetId, cidr }) => `${subnetId} ${cidr}`).join(', ')})`,
  };
}

/** Where a node's ENIs may be made: what its label names, else the container subnets (facts/tke.md 4.3). */
export function nodeSubnetIds(
  nodeLabels: Readonly<Record<string, string>>,
  containerSubnetIds: readonly string[],
): readonly string[] {
  // A label allows no comma.
  const named = (nodeLabels[labels.routeEniSubnetIds] ?? '').split(/[,._\s]+/).filter((id) => id !== '');
  return named.length > 0 ? [...new Set(named)] : containerSubnetIds;
}
