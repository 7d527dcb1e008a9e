// EIPs that stand for a NAT gateway and not for a private address.
import { ApiError } from '../api-error.ts';
import type { NatRecord } from '../routes/route-state.ts';
import type { AccountState } from '../state.ts';
import type { EipRecord } from './eip-state.ts';

/** The gateway whose traffic leaves by the EIP. */
export function natHolding({ routeBook }: AccountState, eip: EipRecord): NatRecord | undefined {
  for (const nat of routeBook.nats.values()) if (nat.addressIds.includes(eip.addressId)) return nat;
  return undefined;
}

/** Throws UnsupportedOperation.AddressStatusNotPermit: it is bound, though to no private address (facts, section 12). */
export function requireOffNat(state: AccountState, eip: EipRecord): void {
  const nat = natHolding(state, eip);
  if (nat !== undefined)
    throw new ApiError('UnsupportedOperation.AddressStatusNotPermit', `${eip.addressId} is on ${nat.natGatewayId}`);
}
