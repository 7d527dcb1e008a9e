// Unbinds EIPs whose private address or ENI is gone, whatever took it away (facts, section 8, UnassignPrivateIpAddresses).
import type { AccountState } from '../state.ts';
import { unbindEip } from './eip-state.ts';

/**
 * Leaves the addresses UNBIND and the account paying for them. GUESS (facts, section 17): that it holds for a deleted ENI and for an
 * address that migrates to another ENI as well. Costs one look at every bound EIP. Returns how many it unbound.
 */
export function sweepBindings(state: AccountState, nowMs: number): number {
  let unbound = 0;
  const { bindings, eips } = state.eipBook;
  for (const addressId of bindings.values()) {
    const eip = eips.get(addressId);
    const binding = eip?.binding;
    if (eip === undefined || binding === undefined || binding === null) continue;
    const eni = state.enis.get(binding.eniId);
    if (eni?.addresses.some((address) => address.ip === binding.privateIp) === true) continue;
    unbindEip(state.eipBook, eip);
    unbound += 1;
    // A task that is under way decides about the phase at its end.
    if (eip.phase === 'BOUND') eip.phase = 'UNBIND';
    eip.idleSince ??= nowMs;
  }
  return unbound;
}
