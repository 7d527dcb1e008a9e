// Keys for a ServiceAccount's own token: STS AssumeRoleWithWebIdentity.
import { Agent as HttpsAgent } from 'node:https';
import { readFile } from 'node:fs/promises';

import { CommonClient } from 'tencentcloud-sdk-nodejs-common';
import { z } from 'zod';

import type { Clock } from '../base/clock.ts';
import { http } from '../base/node-http.ts';
import type { CredentialSource } from './credentials.ts';
import { temporaryCredentials, type TemporaryCredential } from './credentials-temporary.ts';

export interface OidcCredentialOptions {
  readonly clock: Clock;
  readonly region: string;
  readonly providerId: string;
  readonly roleArn: string;
  /** Read anew for each refresh, since the kubelet rotates it. */
  readonly tokenFile: string;
  readonly sessionName?: string;
  readonly durationSeconds?: number;
  /** Base URL; default the public endpoint. */
  readonly stsEndpoint?: string;
}

const DURATION_SECONDS = 7200;

const answer = z.object({
  ExpiredTime: z.number(),
  Credentials: z.object({ TmpSecretId: z.string(), TmpSecretKey: z.string(), Token: z.string() }),
});

/** The call is not signed: the token is the proof. */
export function oidcCredentials(options: OidcCredentialOptions): CredentialSource {
  const { clock, tokenFile } = options;
  const url = new URL(options.stsEndpoint ?? 'https://sts.tencentcloudapi.com');
  const agent = url.protocol === 'http:' ? new http.Agent() : new HttpsAgent();
  const client = new CommonClient(url.host, '2018-08-13', {
    credential: {},
    region: options.region,
    profile: { httpProfile: { endpoint: url.host, protocol: `${url.protocol}//`, reqTimeout: 10, agent } },
  });
  const fetchKeys = async (): Promise<TemporaryCredential> => {
    const body = {
      ProviderId: options.providerId,
      WebIdentityToken: (await readFile(tokenFile, 'utf8')).trim(),
      RoleArn: options.roleArn,
      RoleSessionName: options.sessionName ?? 'trunkline',
      DurationSeconds: options.durationSeconds ?? DURATION_SECONDS,
    };
    const keys = answer.parse(await client.request('AssumeRoleWithWebIdentity', body, { skipSign: true }));
    return {
      secretId: keys.Credentials.TmpSecretId,
      secretKey: keys.Credentials.TmpSecretKey,
      token: keys.Credentials.Token,
      expiresAt: new Date(keys.ExpiredTime * 1000),
    };
  };
  return temporaryCredentials({ clock, source: `role ${options.roleArn} through OIDC`, fetchKeys });
}
