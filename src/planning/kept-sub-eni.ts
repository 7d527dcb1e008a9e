// What a claim of kind SubENI means for the sub-ENIs of its Pods: whether one stays after its Pod, and which address the next one must have. Pure.
import { annotations } from '../api/keys.ts';
import { claimDeletePolicies, type VpcIpClaim } from '../api/vpc-ip-claim.ts';

/**
 * While the claim says so and is nobody else's: a claim that another Pod has needs the number for that one, and two sub-ENIs cannot have it.
 * `podUid` is the Pod that the sub-ENI was made for.
 */
export function claimKeeps(claim: VpcIpClaim | undefined, podUid: string): boolean {
  if (claim === undefined || claim.metadata.deletionTimestamp !== undefined) return false;
  if (claim.spec.kind !== 'SubENI' || claim.spec.deletePolicy !== 'Never') return false;
  const user = claim.status?.podUID;
  return user === undefined || user === podUid;
}

export type KeepDemand =
  | { readonly kind: 'not-kept' }
  | { readonly kind: 'kept' }
  | { readonly kind: 'refused'; readonly message: string };

/** Whether a sub-ENI Pod asks for an address that outlives it. What else it asks of the address only counts then. */
export function keepDemand(marks: Readonly<Record<string, string>>): KeepDemand {
  const key = annotations.vpcIpClaimDeletePolicy;
  const value = marks[key]?.trim() ?? '';
  if (value === '' || value === 'Immediate') return { kind: 'not-kept' };
  if (value === 'Never') return { kind: 'kept' };
  return {
    kind: 'refused',
    message: `annotation ${key}="${value}": expected ${claimDeletePolicies.map((policy) => `"${policy}"`).join(' or ')}`,
  };
}

export type ClaimedAddress =
  /** `address`: what it must be; absent: any, since the claim has none yet. */
  { readonly kind: 'may-begin'; readonly address: string | undefined } | { readonly kind: 'wait' };

/** The sub-ENI of a Pod that asks for a kept address is made only once the claim is this Pod's. */
export function claimedAddress(claim: VpcIpClaim | undefined, podUid: string): ClaimedAddress {
  if (claim === undefined || claim.metadata.deletionTimestamp !== undefined) return { kind: 'wait' };
  if (claim.spec.kind !== 'SubENI' || claim.status?.podUID !== podUid) return { kind: 'wait' };
  return { kind: 'may-begin', address: claim.status.vpcIP ?? claim.spec.nominatedIP };
}
