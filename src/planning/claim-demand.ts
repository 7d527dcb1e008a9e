// What a Pod's annotations ask of its address, and what of that cannot be met (facts/tke.md 4.1, 6.2). Pure.
import ipaddr from 'ipaddr.js';
import { claimDurationMs } from '../api/claim-duration.ts';
import { annotations } from '../api/keys.ts';
import { claimDeletePolicies, type ClaimDeletePolicy } from '../api/vpc-ip-claim.ts';

export interface ClaimDemand {
  readonly deletePolicy: ClaimDeletePolicy;
  readonly expiredDuration?: string;
  readonly nominatedIP?: string;
  readonly nominatedSubnetIDs?: readonly string[];
}

export type DemandResult =
  | { readonly ok: true; readonly demand: ClaimDemand }
  /** One line each: annotation, value, what is accepted. The Pod waits: it is not given less than it asked for. */
  | { readonly ok: false; readonly problems: readonly string[] };

/** Only the words themselves are looked at; whether they can be met is `placeNominated`. */
export function readDemand(marks: Readonly<Record<string, string>>): DemandResult {
  const problems: string[] = [];
  const refuse = (key: string, value: string, what: string): undefined =>
    void problems.push(`annotation ${key}="${value}": ${what}`);
  const read = <T>(key: string, accept: (value: string) => T | undefined): T | undefined => {
    const value = marks[key]?.trim();
    return value === undefined || value === '' ? undefined : accept(value);
  };
  const deletePolicy = read(annotations.vpcIpClaimDeletePolicy, (value) => {
    const found = claimDeletePolicies.find((policy) => policy === value);
    return found ?? refuse(annotations.vpcIpClaimDeletePolicy, value, 'expected "Immediate" or "Never"');
  });
  const expiredDuration = read(annotations.claimExpiredDuration, (value) => {
    const duration = claimDurationMs(value);
    return duration.ok ? value : refuse(annotations.claimExpiredDuration, value, duration.problem);
  });
  const nominatedIP = read(annotations.nominatedVpcIp, (value) =>
    ipaddr.IPv4.isValidFourPartDecimal(value)
      ? value
      : refuse(annotations.nominatedVpcIp, value, 'expected one IPv4 address, e.g. 10.0.32.5'),
  );
  const nominatedSubnetIDs = read(annotations.nominatedEniSubnets, (value) => {
    const ids = value
      .split(',')
      .map((id) => id.trim())
      .filter((id) => id !== '');
    const wrong = ids.find((id) => !/^subnet-[a-z0-9]{8}$/.test(id));
    if (wrong === undefined) return [...new Set(ids)];
    return refuse(
      annotations.nominatedEniSubnets,
      value,
      `"${wrong}" is not a subnet id; expected a comma list such as subnet-12ab34cd`,
    );
  });
  if (problems.length > 0) return { ok: false, problems };
  return {
    ok: true,
    demand: {
      deletePolicy: deletePolicy ?? 'Immediate',
      ...(expiredDuration === undefined ? {} : { expiredDuration }),
      ...(nominatedIP === undefined ? {} : { nominatedIP }),
      ...(nominatedSubnetIDs === undefined ? {} : { nominatedSubnetIDs }),
    },
  };
}

/** A subnet that an address may come from. */
export interface DemandSubnet {
  readonly subnetId: string;
  readonly cidr: string;
  readonly zone: string;
}

export interface PlaceFacts {
  readonly nominatedIP: string | undefined;
  readonly nominatedSubnetIDs: readonly string[] | undefined;
  /** Where ENIs of the Pod's node may be made, and those that were nominated, as far as the cloud knows them. */
  readonly subnets: readonly DemandSubnet[];
  /** Where ENIs of the node may be made when nobody nominates any: the container subnets, or what the node's label names. */
  readonly nodeSubnetIds: readonly string[];
  readonly zone: string;
  /** `--only-nominated-eni-subnets`: addresses only for those who nominate (facts/tke.md 5.1). */
  readonly onlyNominated: boolean;
}

export type Place =
  | {
      readonly ok: true;
      readonly subnetIds: readonly string[];
      readonly nominated?: { readonly ip: string; readonly subnetId: string };
    }
  | {
      readonly ok: false;
      readonly reason: 'NominatedInvalid' | 'ZoneMismatch' | 'NotNominated' | 'AddressTaken';
      readonly message: string;
    };

/**
 * The subnets that the address may be of on a node of this zone, and the one of a nominated address. GUESS: with `--only-nominated-eni-subnets`
 * an address is bound only for Pods that nominate subnets (or an address); the documents give no more than the flag's name and one line.
 */
export function placeNominated(facts: PlaceFacts): Place {
  const { nominatedIP, nominatedSubnetIDs, subnets, zone } = facts;
  if (facts.onlyNominated && nominatedSubnetIDs === undefined && nominatedIP === undefined)
    return {
      ok: false,
      reason: 'NotNominated',
      message: `ipamd runs with --only-nominated-eni-subnets: set annotation ${annotations.nominatedEniSubnets} to the subnets that the address may come from`,
    };
  const wanted = nominatedSubnetIDs ?? facts.nodeSubnetIds;
  const known = wanted.flatMap((id) => subnets.find(({ subnetId }) => subnetId === id) ?? []);
  if (nominatedSubnetIDs !== undefined && known.length < wanted.length) {
    const missing = wanted.filter((id) => !known.some(({ subnetId }) => subnetId === id));
    return {
      ok: false,
      reason: 'NominatedInvalid',
      message: `annotation ${annotations.nominatedEniSubnets}: the cloud knows no subnet ${missing.join(', ')} in this VPC`,
    };
  }
  const here = known.filter((subnet) => subnet.zone === zone).map(({ subnetId }) => subnetId);
  if (nominatedIP === undefined) {
    if (here.length > 0) return { ok: true, subnetIds: here };
    return { ok: false, reason: 'ZoneMismatch', message: `no subnet of zone ${zone} is among ${zones(known)}` };
  }
  const of = known.find(({ cidr }) => isIn(nominatedIP, cidr));
  const asked = `annotation ${annotations.nominatedVpcIp}="${nominatedIP}"`;
  if (of === undefined)
    return {
      ok: false,
      reason: 'NominatedInvalid',
      message: `${asked} is in none of the subnets ${known.map(({ subnetId, cidr }) => `${subnetId} (${cidr})`).join(', ')}`,
    };
  if (of.zone !== zone)
    return {
      ok: false,
      reason: 'ZoneMismatch',
      message: `${asked} is of ${of.subnetId} in zone ${of.zone}; the node is in zone ${zone}`,
    };
  return { ok: true, subnetIds: [of.subnetId], nominated: { ip: nominatedIP, subnetId: of.subnetId } };
}

const zones = (known: readonly DemandSubnet[]): string =>
  known.map(({ subnetId, zone }) => `${subnetId} (${zone})`).join(', ') || 'the subnets';

const isIn = (ip: string, cidr: string): boolean => ipaddr.IPv4.parse(ip).match(ipaddr.IPv4.parseCIDR(cidr));
