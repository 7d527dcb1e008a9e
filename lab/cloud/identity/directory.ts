// All accounts of one simulated cloud and every key that signs for them: who a secretId belongs to, and the temporary keys of role sessions.
import { createHash } from 'node:crypto';
import { ApiError } from '../api-error.ts';
import type { ClientTokens } from '../client-tokens.ts';
import type { CloudCore } from '../core.ts';
import type { RateLimiter } from '../rate-limits.ts';
import type { AcceptedCredential } from '../signature.ts';
import type { AccountIdentity, Caller } from './caller.ts';
import type { CamRole, CamStore } from './cam-store.ts';
import type { OidcProvider } from './web-identity.ts';

/** One account: what it owns, what it may ask how often, and its CAM. */
export interface SimulatedAccount extends AccountIdentity {
  readonly core: CloudCore;
  readonly limiter: RateLimiter;
  readonly tokens: ClientTokens;
  readonly cam: CamStore;
  /** By provider id. */
  readonly oidcProviders: Map<string, OidcProvider>;
}

export interface OwnedKey extends AcceptedCredential {
  readonly account: SimulatedAccount;
  readonly caller: Caller;
}

export interface SessionKeys extends Required<AcceptedCredential> {
  readonly roleName: string;
}

export interface SessionRequest {
  readonly session: string;
  readonly durationSeconds: number;
  readonly sessionPolicy?: string;
}

export interface Directory {
  /** The account that the cloud started with. */
  readonly main: SimulatedAccount;
  readonly accounts: ReadonlyMap<string, SimulatedAccount>;
  /** Throws Error when the uin is taken. */
  add(account: SimulatedAccount): void;
  account(uin: string): SimulatedAccount | undefined;
  /** One map look-up, whatever the number of keys. */
  findKey(secretId: string): OwnedKey | undefined;
  addKey(credential: AcceptedCredential, account: SimulatedAccount, caller: Caller): void;
  removeKey(secretId: string): void;
  /** Permanent keys from the account's id source. */
  newKeys(account: SimulatedAccount, caller: Caller): AcceptedCredential;
  /** Temporary keys of a role; they end by the account's clock. Throws `InvalidParameter.OverTimeError` for a bad duration. */
  startSession(account: SimulatedAccount, role: CamRole, request: SessionRequest): SessionKeys;
  /** Every key that still signs or is remembered as ended. */
  keys(): readonly OwnedKey[];
}

/** STS: the longest session of a role (GUESS beyond the default of two hours). */
const MAX_SESSION_SECONDS = 43_200;
export const DEFAULT_SESSION_SECONDS = 7200;
/** Ended keys answer TokenFailure this long, then SecretIdNotFound. */
const REMEMBER_ENDED_MS = 3_600_000;

export function createDirectory(main: SimulatedAccount): Directory {
  const accounts = new Map([[main.uin, main]]);
  const keys = new Map<string, OwnedKey>();
  const directory: Directory = {
    main,
    accounts,
    add: (account) => {
      if (accounts.has(account.uin)) throw new Error(`an account with uin ${account.uin} exists`);
      accounts.set(account.uin, account);
    },
    account: (uin) => accounts.get(uin),
    findKey: (secretId) => keys.get(secretId),
    keys: () => [...keys.values()],
    addKey: (credential, account, caller) => {
      keys.set(credential.secretId, { ...credential, account, caller });
    },
    removeKey: (secretId) => {
      keys.delete(secretId);
    },
    newKeys: (account, caller) => {
      const { ids } = account.core;
      const credential = {
        secretId: `AKID${ids.uuid().replaceAll('-', '')}`,
        secretKey: ids.uuid().replaceAll('-', ''),
      };
      directory.addKey(credential, account, caller);
      return credential;
    },
    startSession: (account, role, { session, durationSeconds, sessionPolicy }) => {
      const longest = role.sessionDuration === 0 ? MAX_SESSION_SECONDS : role.sessionDuration;
      if (durationSeconds <= 0 || durationSeconds > longest)
        throw new ApiError('InvalidParameter.OverTimeError', `DurationSeconds must be 1 to ${longest}`);
      const now = account.core.clock.now().getTime();
      forgetEnded(keys, now);
      const { ids } = account.core;
      const made: SessionKeys = {
        secretId: `AKID${tokenText(ids.uuid(), 60)}`,
        secretKey: tokenText(ids.uuid(), 44),
        token: tokenText(ids.uuid(), 180),
        validUntil: new Date(Math.floor(now / 1000) * 1000 + durationSeconds * 1000),
        roleName: role.roleName,
      };
      directory.addKey(made, account, {
        kind: 'role',
        uin: account.uin,
        roleId: role.roleId,
        roleName: role.roleName,
        session,
        sessionPolicy: sessionPolicy ?? null,
      });
      return made;
    },
  };
  return directory;
}

function forgetEnded(keys: Map<string, OwnedKey>, now: number): void {
  for (const [secretId, { validUntil }] of keys)
    if (validUntil !== undefined && now - validUntil.getTime() > REMEMBER_ENDED_MS) keys.delete(secretId);
}

/** Long texts as STS gives them, from one unique id. */
function tokenText(id: string, length: number): string {
  let text = '';
  for (let part = 0; text.length < length; part += 1)
    text += createHash('sha256').update(`${id}/${part}`).digest('base64url').replaceAll(/[-_]/g, 'x');
  return text.slice(0, length);
}
