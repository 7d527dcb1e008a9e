// What to tell people when the cloud sells no further EIP, and when that ends (facts of the cloud API, section 18). Pure.
import type { EipQuotas } from '../cloud/eip-calls.ts';

/** The day of purchases begins at midnight in China, UTC+8 without summer time (GUESS on the zone). */
const CHINA_OFFSET_MS = 8 * 3_600_000;
const DAY_MS = 24 * 3_600_000;

/** When the count of purchases begins anew, in Unix milliseconds; always later than `nowMs`. */
export const nextQuotaDayMs = (nowMs: number): number =>
  (Math.floor((nowMs + CHINA_OFFSET_MS) / DAY_MS) + 1) * DAY_MS - CHINA_OFFSET_MS;

/** `daily`: the code said that the day's purchases are used up, which alone ends by itself. `quotas`: as the cloud counts them; undefined when it would not say. */
export function quotaWords(daily: boolean, quotas: EipQuotas | undefined, nowMs: number): string {
  const count = daily ? quotas?.daily : quotas?.total;
  const figures = count === undefined ? '' : ` (${count.used} of ${count.limit})`;
  if (daily)
    return `no EIP can be bought today: the purchases of the day are used up${figures}; the count begins anew at ${new Date(nextQuotaDayMs(nowMs)).toISOString()}, and releasing EIPs does not give purchases back. Keep EIPs (eip-claim-delete-policy "Never") or designate existing ones (eip-id-list)`;
  return `no EIP can be bought: the region has as many EIPs as the account may have${figures}. Release idle ones (kubectl get eipc -A shows them; trunkline eip orphans finds those without a claim) or ask for a higher quota`;
}
