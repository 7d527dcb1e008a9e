// Where an EIP is: which instance stands behind its ENI, and which of the two bound states that makes.
import type { AccountState, EniRecord, InstanceRecord } from '../state.ts';
import type { CloudSettings } from '../settings.ts';
import type { EipRecord } from './eip-state.ts';
import { natHolding } from './nat-holder.ts';

/** The instance whose port carries the ENI; a sub-ENI's is its trunk's. Undefined for an ENI that dangles. */
export function instanceIdBehind(state: AccountState, eni: EniRecord): string | undefined {
  const trunk = eni.trunkEniId === null ? undefined : state.enis.get(eni.trunkEniId);
  return (eni.kind === 'sub' ? trunk : eni)?.attachment?.instanceId;
}

/** The ENI that the EIP is bound to, or being bound to. */
export const eniOf = (state: AccountState, eip: EipRecord): EniRecord | undefined =>
  eip.binding === null ? undefined : state.enis.get(eip.binding.eniId);

/** The instance whose primary address carries the EIP. */
export function instanceOfPrimaryAddress(state: AccountState, eip: EipRecord): InstanceRecord | undefined {
  const eni = eniOf(state, eip);
  if (eni?.kind !== 'primary' || eni.addresses[0]?.ip !== eip.binding?.privateIp) return undefined;
  return state.instances.get(instanceIdBehind(state, eni) ?? '');
}

/** `AddressStatus` (facts, section 17). */
export function addressStatus(state: AccountState, settings: CloudSettings, eip: EipRecord): string {
  if (eip.phase === 'UNBIND' && natHolding(state, eip) !== undefined) return 'BIND';
  if (eip.phase !== 'BOUND') return eip.phase;
  const eni = eniOf(state, eip);
  if (eni === undefined || instanceIdBehind(state, eni) === undefined) return 'BIND_ENI';
  return eni.kind === 'primary' || settings.attachedEniIsBind ? 'BIND' : 'BIND_ENI';
}
