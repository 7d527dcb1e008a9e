// Which address a Pod that is to be placed needs: the one that its claim keeps, the one or the subnets it names, or any. Pure.
import { contains, parseAddress, parseCidr } from '../securitygroup/address.ts';
import { type PlacementDemand, placementReasons } from '../planning/placement.ts';
import type { KnownSubnet } from './subnet-ledger.ts';
import type { AddressView, AddressWish, ClaimView } from './views.ts';

export type AddressDemand =
  | { readonly kind: 'demand'; readonly demand: PlacementDemand }
  /** Nothing of the Pod depends on node or zone. */
  | { readonly kind: 'free' }
  /** No node can serve it. */
  | { readonly kind: 'refused'; readonly reason: string };

export interface DemandInput {
  readonly podUid: string;
  readonly wish: AddressWish;
  /** Of the Pod's namespace and name. */
  readonly claim: ClaimView | undefined;
  readonly addressOf: (ip: string) => AddressView | undefined;
  readonly subnets: readonly KnownSubnet[];
  /** `--only-nominated-eni-subnets`. */
  readonly onlyNominated: boolean;
}

/** A kept address wins over what the Pod names: it is the same Pod come back. */
export function addressDemand({ podUid, wish, claim, addressOf, subnets, onlyNominated }: DemandInput): AddressDemand {
  if (wish.network === 'exclusive') return { kind: 'refused', reason: placementReasons.exclusive };
  if (wish.network === 'other') return { kind: 'free' };
  const kept = claim !== undefined && isForThis(claim, podUid) ? claim.address : undefined;
  const held = kept === undefined ? undefined : addressOf(kept);
  if (kept !== undefined && held !== undefined)
    return { kind: 'demand', demand: { kind: 'address', ip: kept, subnetId: held.subnetId, kept: true } };
  const { nominatedIp: ip, nominatedSubnetIds: subnetIds } = wish;
  if (onlyNominated && ip === undefined && subnetIds === undefined)
    return { kind: 'refused', reason: placementReasons.notNominated };
  // A subnet that nobody uses yet is known to the cloud alone: ipamd is the one to ask for it.
  if (subnetIds?.some((id) => !subnets.some(({ subnetId }) => subnetId === id))) return { kind: 'free' };
  if (ip === undefined) return { kind: 'demand', demand: { kind: 'any', subnetIds } };
  const subnetId = subnetOf(ip, subnets);
  if (subnetId === undefined) return { kind: 'refused', reason: placementReasons.outside(ip) };
  return { kind: 'demand', demand: { kind: 'address', ip, subnetId, kept: false } };
}

/** The address of a claim that goes with its Pod is nothing to the next one. */
const isForThis = (claim: ClaimView, podUid: string): boolean =>
  !claim.subEni && (claim.keeps || claim.podUid === podUid);

function subnetOf(ip: string, subnets: readonly KnownSubnet[]): string | undefined {
  const address = parseAddress(ip);
  if (address === undefined) return undefined;
  return subnets.find(({ cidr }) => {
    const range = parseCidr(cidr);
    return range !== undefined && contains(range, address);
  })?.subnetId;
}
