// One replica of the webhook speaks to another: over TLS of the shared authority, with a word that only holders of its key know.
import { createHmac, timingSafeEqual } from 'node:crypto';
import https from 'node:https';
import { z } from 'zod';
import type { PolicyChange } from './expected-policies.ts';

/** Where a replica is told of a policy. */
export const REPLICA_PATH = '/expect-policy-change';

export const policyChangeSchema = z.strictObject({
  namespace: z.string().min(1),
  name: z.string().min(1),
  uid: z.string(),
  generation: z.int().min(0),
});

/** What the replicas share, out of their certificate Secret. */
export interface ReplicaTrust {
  /** PEM of the authorities. */
  readonly bundle: string;
  readonly token: string;
}

/** The same for all replicas that hold the authority's private key, and nothing of the key can be learned from it. */
export const replicaToken = (authorityKeyPem: string): string =>
  createHmac('sha256', authorityKeyPem).update('replicas of the webhook').digest('hex');

export function isReplicaToken(authorization: string | undefined, token: string): boolean {
  const given = Buffer.from(authorization ?? '');
  const wanted = Buffer.from(`Bearer ${token}`);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

const TIMEOUT_MS = 2_000;

/** `refused`: the address answers that nothing listens there. Throws when it does not answer in 2 s, or not with 204. */
export function tellReplica(
  url: string,
  change: PolicyChange,
  options: ReplicaTrust & { readonly servername: string },
): Promise<'told' | 'refused'> {
  return new Promise((resolve, reject) => {
    const body = JSON.stringify(change);
    const request = https.request(
      `${url}${REPLICA_PATH}`,
      {
        method: 'POST',
        ca: options.bundle,
        servername: options.servername,
        agent: false,
        signal: AbortSignal.timeout(TIMEOUT_MS),
        headers: {
          authorization: `Bearer ${options.token}`,
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
        },
      },
      (response) => {
        response.resume();
        if (response.statusCode === 204) resolve('told');
        else reject(new Error(`it answered ${response.statusCode}`));
      },
    );
    request.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED') resolve('refused');
      else reject(error);
    });
    request.end(body);
  });
}
