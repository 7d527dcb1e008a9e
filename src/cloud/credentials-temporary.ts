// Temporary keys: kept until shortly before they end, fetched once however many calls wait for them.
import type { Clock } from '../base/clock.ts';
import { errorText } from '../base/errors.ts';
import type { Credential, CredentialSource } from './credentials.ts';
import { CloudError, cloudErrors } from './errors.ts';

export interface TemporaryCredential extends Credential {
  readonly expiresAt: Date;
}

/** Refreshed when less than this is left. */
const EARLY_MS = 5 * 60_000;
/** After a failed refresh, keys that are still valid are used this long before the next try. */
const AFTER_FAILURE_MS = 15_000;

/** Keeps what `fetchKeys` gives. Throws CLOUD-CREDENTIALS only when no valid keys are at hand. */
export function temporaryCredentials(options: {
  readonly clock: Clock;
  readonly source: string;
  readonly fetchKeys: () => Promise<TemporaryCredential>;
}): CredentialSource {
  const { clock, source, fetchKeys } = options;
  let kept: TemporaryCredential | undefined;
  let pending: Promise<Credential> | undefined;
  let restUntil = 0;

  const isValid = (keys: TemporaryCredential | undefined, earlyMs: number): keys is TemporaryCredential =>
    keys !== undefined && keys.expiresAt.getTime() - clock.now().getTime() > earlyMs;
  const refresh = async (): Promise<Credential> => {
    try {
      kept = await fetchKeys();
      return kept;
    } catch (error) {
      restUntil = clock.monotonicMs() + AFTER_FAILURE_MS;
      if (isValid(kept, 0)) return kept;
      throw new CloudError(cloudErrors.credentials, `no keys from ${source}: ${errorText(error)}`, {
        action: 'credentials',
        cause: error,
      });
    } finally {
      pending = undefined;
    }
  };
  return {
    get: () => {
      if (isValid(kept, EARLY_MS) || (isValid(kept, 0) && clock.monotonicMs() < restUntil))
        return Promise.resolve(kept);
      pending ??= refresh();
      return pending;
    },
  };
}
