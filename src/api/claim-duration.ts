// How long a kept address may be set to outlive its Pod (spec 004, expiry).
import { goDurationMs } from '../base/flags.ts';

/** Nothing shorter is accepted (spec 004: any value not below 5m). */
export const SHORTEST_MS = 5 * 60_000;
/** Seconds at the creation of a cluster: [300, 15768000) (facts/tke.md 5.3). */
export const CREATION_SECONDS = { min: 300, max: 15_767_999 } as const;

export type DurationResult =
  | { readonly ok: true; readonly ms: number }
  | { readonly ok: false; readonly problem: string };

/** A Go duration of at least five minutes; the problem says what was given and what would be right. */
export function claimDurationMs(text: string): DurationResult {
  const ms = goDurationMs(text);
  if (ms === undefined)
    return { ok: false, problem: `"${text}" is not a duration; expected one with units such as 5m, 1h or 1h30m` };
  if (ms < SHORTEST_MS) return { ok: false, problem: `"${text}" is too short; expected at least 5m` };
  return { ok: true, ms };
}
