// Keys of the machine's CVM role, from the metadata service.
import { z } from 'zod';

import type { Clock } from '../base/clock.ts';
import type { CredentialSource } from './credentials.ts';
import { temporaryCredentials, type TemporaryCredential } from './credentials-temporary.ts';

export interface RoleCredentialOptions {
  readonly clock: Clock;
  /** Default the metadata service of every CVM. */
  readonly metadataUrl?: string;
  /** Default: asked from the metadata service. */
  readonly roleName?: string;
  /** For tests; default the global fetch, which no proxy variable reaches. */
  readonly fetch?: typeof globalThis.fetch;
}

const METADATA_URL = 'http://metadata.tencentyun.com/latest/meta-data';
const TIMEOUT_MS = 5_000;

const answer = z.object({
  Code: z.literal('Success'),
  TmpSecretId: z.string(),
  TmpSecretKey: z.string(),
  Token: z.string(),
  ExpiredTime: z.number(),
});

/** The instance must have a role bound (facts of the SDK: CvmRoleCredential). */
export function roleCredentials(options: RoleCredentialOptions): CredentialSource {
  const { clock, metadataUrl = METADATA_URL, roleName, fetch = globalThis.fetch } = options;
  const base = `${metadataUrl.replace(/\/$/, '')}/cam/security-credentials/`;
  const get = async (url: string): Promise<string> => {
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (!response.ok) throw new Error(`${url} answered ${response.status}; is a role bound to this instance?`);
    return response.text();
  };
  const fetchKeys = async (): Promise<TemporaryCredential> => {
    const role = roleName ?? (await get(base)).trim();
    const keys = answer.parse(JSON.parse(await get(`${base}${role}`)));
    return {
      secretId: keys.TmpSecretId,
      secretKey: keys.TmpSecretKey,
      token: keys.Token,
      expiresAt: new Date(keys.ExpiredTime * 1000),
    };
  };
  return temporaryCredentials({ clock, source: `the CVM role at ${metadataUrl}`, fetchKeys });
}
