// How long a kept address outlives its Pod: which of the settings counts (spec 004, expiry). Pure.
import { claimDurationMs } from '../api/claim-duration.ts';

export interface ExpirySettings {
  /** `--claim-expired-duration`, in milliseconds. */
  readonly flagMs: number | undefined;
  /** The add-on value. */
  readonly valueMs: number | undefined;
  /** What was set when the cluster was created, in seconds. */
  readonly creationSeconds: number | undefined;
}

/** In milliseconds; undefined: kept until somebody releases it, which is the default (facts/tke.md 6.2, rule 4). A flag wins over a value (ADR 0012). */
export function expiryMs(
  own: readonly (string | undefined)[],
  { flagMs, valueMs, creationSeconds }: ExpirySettings,
): number | undefined {
  for (const text of own) {
    const read = text === undefined ? undefined : claimDurationMs(text);
    if (read?.ok === true) return read.ms;
  }
  return flagMs ?? valueMs ?? (creationSeconds === undefined ? undefined : creationSeconds * 1000);
}
