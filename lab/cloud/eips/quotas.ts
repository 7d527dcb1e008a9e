// How many EIPs an account may have, buy in a day and bind to one instance (facts, section 18).
import { ApiError } from '../api-error.ts';
import type { CloudCore } from '../core.ts';
import { subEnisOf, enisOf, type InstanceRecord } from '../state.ts';

const CHINA_OFFSET_MS = 8 * 3_600_000;

/** Today's counters, at zero after China's midnight (GUESS on the zone). */
export function todaysBook(core: CloudCore): CloudCore['state']['eipBook']['today'] {
  const { today } = core.state.eipBook;
  const day = new Date(core.clock.now().getTime() + CHINA_OFFSET_MS).toISOString().slice(0, 10);
  if (today.day !== day) Object.assign(today, { day, bought: 0, reallocated: 0 });
  return today;
}

/** Throws AddressQuotaLimitExceeded over the total and `.DailyAllocate` over the day's purchases. */
export function checkPurchase(core: CloudCore, count: number): void {
  const { eipTotalQuota, eipDailyApply } = core.settings;
  const { eips } = core.state.eipBook;
  if (eips.size + count > eipTotalQuota)
    throw new ApiError(
      'AddressQuotaLimitExceeded',
      `${eips.size} EIPs and ${count} more; the quota is ${eipTotalQuota}`,
    );
  const { bought } = todaysBook(core);
  if (bought + count > eipDailyApply)
    throw new ApiError(
      'AddressQuotaLimitExceeded.DailyAllocate',
      `${bought} EIPs bought today and ${count} more; the quota of a day is ${eipDailyApply}`,
    );
}

/** Throws `AddressQuotaLimitExceeded.DailyAllocate` when no ordinary public address is left for today. */
export function checkReallocation(core: CloudCore): void {
  const { reallocated } = todaysBook(core);
  if (reallocated >= core.settings.publicIpDailyAssign)
    throw new ApiError(
      'AddressQuotaLimitExceeded.DailyAllocate',
      `${reallocated} ordinary public addresses were given today; the quota is ${core.settings.publicIpDailyAssign}`,
    );
}

/** Throws LimitExceeded.InstanceAddressQuota when the instance's ENIs, sub-ENIs included (GUESS), carry all they may. */
export function checkInstancePlace(core: CloudCore, instance: InstanceRecord): void {
  const used = eipsOfInstance(core, instance.instanceId);
  if (used >= instance.eipQuantity)
    throw new ApiError(
      'LimitExceeded.InstanceAddressQuota',
      `${instance.instanceId} has ${used} EIPs; its model takes ${instance.eipQuantity}`,
    );
}

function eipsOfInstance(core: CloudCore, instanceId: string): number {
  const { state } = core;
  const trunks = enisOf(state, instanceId).filter((eni) => eni.kind !== 'sub');
  const enis = new Set(
    trunks.flatMap((eni) => [eni, ...(eni.trunking ? subEnisOf(state, eni.eniId) : [])]).map(({ eniId }) => eniId),
  );
  return [...state.eipBook.eips.values()].filter((eip) => eip.binding !== null && enis.has(eip.binding.eniId)).length;
}
