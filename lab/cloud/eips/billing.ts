// What an EIP costs and may do by its charge type: limits of bandwidth, prepaid terms, arrears, time spent unbound.
import { ApiError } from '../api-error.ts';
import type { EipRecord, InternetChargeType } from './eip-state.ts';

/** Every charge type with its highest bandwidth in Mbps (facts, section 12, AllocateAddresses). */
export const HIGHEST_BANDWIDTH: Readonly<Record<InternetChargeType, number>> = {
  BANDWIDTH_PACKAGE: 2000,
  BANDWIDTH_POSTPAID_BY_HOUR: 100,
  BANDWIDTH_PREPAID_BY_MONTH: 200,
  TRAFFIC_POSTPAID_BY_HOUR: 100,
};

export const CHARGE_TYPES = Object.keys(HIGHEST_BANDWIDTH) as readonly InternetChargeType[];

/** At most two changes of the charge type per address (facts, section 12). */
export const MOST_CHARGE_TYPE_CHANGES = 2;

export interface PrepaidTerms {
  /** Months. */
  readonly Period: number;
  readonly AutoRenewFlag?: number | undefined;
}

/** The charge type of this name. Throws InvalidParameterValue (GUESS on the code). */
export function chargeTypeOf(name: string): InternetChargeType {
  const known = CHARGE_TYPES.find((type) => type === name);
  if (known === undefined)
    throw new ApiError(
      'InvalidParameterValue',
      `InternetChargeType \`${name}\` is not one of ${CHARGE_TYPES.join(', ')}`,
    );
  return known;
}

/** Throws BandwidthTooSmall below 1 Mbps and BandwidthOutOfRange above what the charge type allows. */
export function checkBandwidth(chargeType: InternetChargeType, mbps: number): void {
  if (mbps < 1)
    throw new ApiError(
      'InvalidParameterValue.BandwidthTooSmall',
      `InternetMaxBandwidthOut is ${mbps}; at least 1 Mbps`,
    );
  const highest = HIGHEST_BANDWIDTH[chargeType];
  if (mbps > highest)
    throw new ApiError(
      'InvalidParameterValue.BandwidthOutOfRange',
      `InternetMaxBandwidthOut is ${mbps}; ${chargeType} allows 1 to ${highest} Mbps`,
    );
}

/** When a prepaid address ends; null for the other charge types. Throws MissingParameter without terms (facts, section 12). */
export function deadlineOf(chargeType: InternetChargeType, terms: PrepaidTerms | undefined, now: Date): Date | null {
  if (chargeType !== 'BANDWIDTH_PREPAID_BY_MONTH') return null;
  if (terms === undefined)
    throw new ApiError('MissingParameter', 'AddressChargePrepaid is required by BANDWIDTH_PREPAID_BY_MONTH');
  if (terms.Period < 1)
    throw new ApiError(
      'InvalidParameterValue.Range',
      `AddressChargePrepaid.Period is ${terms.Period}; at least 1 month`,
    );
  const end = new Date(now);
  end.setUTCMonth(end.getUTCMonth() + terms.Period);
  return end;
}

/** As `RenewFlag` spells it (GUESS, after the values of other prepaid products); empty for what is not prepaid. */
export function renewFlagOf(chargeType: InternetChargeType, terms: PrepaidTerms | undefined): string {
  if (chargeType !== 'BANDWIDTH_PREPAID_BY_MONTH') return '';
  return terms?.AutoRenewFlag === 1 ? 'NOTIFY_AND_AUTO_RENEW' : 'NOTIFY_AND_MANUAL_RENEW';
}

/** An address in arrears is neither bound nor changed (facts, section 12). */
export function requirePaid(eip: EipRecord): void {
  if (eip.arrears) throw new ApiError('OperationDenied.AddressInArrears', `${eip.addressId} is in arrears`);
}

export interface EipBill {
  readonly chargeType: InternetChargeType;
  readonly arrears: boolean;
  /** Milliseconds bound to nothing, which is what the address itself costs for (facts tke.md, section 8). */
  readonly idleMs: number;
}

/** `nowMs` is monotonic. */
export function billOf(eip: EipRecord, nowMs: number): EipBill {
  const running = eip.idleSince === null ? 0 : nowMs - eip.idleSince;
  return { chargeType: eip.chargeType, arrears: eip.arrears, idleMs: eip.idleMs + running };
}

/** The address is bound from now on: it stops costing. */
export function endIdle(eip: EipRecord, nowMs: number): void {
  if (eip.idleSince !== null) eip.idleMs += nowMs - eip.idleSince;
  eip.idleSince = null;
}
