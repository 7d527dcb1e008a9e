// Opens one account of a simulated cloud: its core, limits, tokens, CAM and the keys of its root.
import type { Clock } from '../../../src/base/clock.ts';
import type { Logger } from '../../../src/base/logger.ts';
import { type CloudAdmin, createAdmin } from '../admin.ts';
import { createClientTokens } from '../client-tokens.ts';
import { createCore } from '../core.ts';
import { createRateLimiter } from '../rate-limits.ts';
import type { FabricSink } from '../read-model.ts';
import type { CloudSettings } from '../settings.ts';
import type { AcceptedCredential } from '../signature.ts';
import type { AccountIdentity } from './caller.ts';
import { createCamStore } from './cam-store.ts';
import type { Directory, SimulatedAccount } from './directory.ts';
import { createIdentityAdmin, type IdentityAdmin } from './identity-admin.ts';

/** GUESS: any twelve digits and any ten; nothing reads them but resource names. */
export const DEFAULT_ACCOUNT: AccountIdentity = { uin: '100000000001', appId: 1250000001 };

export interface AccountOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly identity: AccountIdentity;
  readonly region: string;
  readonly fabric: FabricSink | undefined;
  readonly seed: number | undefined;
  readonly settings: CloudSettings;
}

/** What is handed out about an account that is open. */
export interface CloudAccount {
  readonly uin: string;
  readonly region: string;
  /** Of the root. */
  readonly secretId: string;
  readonly secretKey: string;
  readonly admin: CloudAdmin;
  readonly identity: IdentityAdmin;
}

/** An account that owns nothing and that no key opens yet. */
export function createAccount(options: AccountOptions): SimulatedAccount {
  const { clock, identity, settings } = options;
  if (!/^\d{6,20}$/.test(identity.uin)) throw new Error(`uin ${identity.uin} must be 6 to 20 digits`);
  return {
    uin: identity.uin,
    appId: identity.appId,
    core: createCore(options),
    limiter: createRateLimiter(clock, settings.rateLimits),
    tokens: createClientTokens(clock, settings.clientTokenLifeMs),
    cam: createCamStore(clock, identity.uin),
    oidcProviders: new Map(),
  };
}

/** Gives the account's root its keys, or hands out those that it had. The directory must know the account. */
export function openAccount(directory: Directory, account: SimulatedAccount, known?: AcceptedCredential): CloudAccount {
  const root = { kind: 'root', uin: account.uin } as const;
  const { secretId, secretKey } = known ?? directory.newKeys(account, root);
  return {
    uin: account.uin,
    region: account.core.region,
    secretId,
    secretKey,
    admin: createAdmin({
      core: account.core,
      limiter: account.limiter,
      credentials: {
        add: (credential: AcceptedCredential) => directory.addKey(credential, account, root),
        remove: (id) => directory.removeKey(id),
      },
    }),
    identity: createIdentityAdmin(directory, account),
  };
}
