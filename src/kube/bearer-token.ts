// The bearer token as the client sees it: read again now and then, since the kubelet and others rotate token files.
import type { Clock } from '../base/clock.ts';
import { errorText } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';

export interface BearerToken {
  /** The token to send, at most a minute old; `undefined` when the connection has none. */
  current(): Promise<string | undefined>;
  /** Forgets a token that the server refused; false when there is nothing to read again. */
  discard(): boolean;
}

const MAX_AGE_MS = 60_000;

/** A file that cannot be read or is empty in the middle of a rotation leaves the last good token in force. */
export function createBearerToken(options: {
  readonly readToken: (() => Promise<string>) | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}): BearerToken {
  const { readToken, clock, logger } = options;
  let known: { readonly token: string; readonly readAtMs: number } | undefined;
  let fresh = false;
  if (readToken === undefined) return { current: () => Promise.resolve(undefined), discard: () => false };
  return {
    current: async () => {
      if (known !== undefined && fresh && clock.monotonicMs() - known.readAtMs < MAX_AGE_MS) return known.token;
      try {
        const token = await readToken();
        if (token === '') throw new Error('the token is empty');
        known = { token, readAtMs: clock.monotonicMs() };
        fresh = true;
      } catch (error) {
        if (known === undefined) throw error;
        logger.warn({ error: errorText(error) }, 'bearer token cannot be read again; the last one stays in use');
      }
      return known.token;
    },
    discard: () => {
      fresh = false;
      return true;
    },
  };
}
