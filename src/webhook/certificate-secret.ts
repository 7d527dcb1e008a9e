// Keeps the certificates in one Secret that all replicas share; the optimistic lock decides who renews.
import { labels, MANAGED_BY } from '../api/keys.ts';
import { isAlreadyExists, isConflict, isNotFound } from '../kube/api-error.ts';
import { type Secret, secrets } from '../kube/resources.ts';
import type { KubeClient } from '../kube/types.ts';
import { type CertificatePlan, type CertificateSet, renewed } from './certificate-set.ts';

/** Documented name of the Secret. */
export const CERTIFICATE_SECRET = 'eni-ip-webhook-certs';

export interface CertificateSecretOptions {
  readonly client: Pick<KubeClient, 'get' | 'create' | 'replace'>;
  readonly namespace: string;
  readonly plan: CertificatePlan;
  readonly now: () => Date;
  readonly signal: AbortSignal;
}

/**
 * The set that is in the Secret, after making or renewing what was due. When another replica was faster, its set is
 * returned; several replicas therefore agree. Throws ApiError when the API refuses.
 */
export async function ensureCertificateSecret(options: CertificateSecretOptions): Promise<CertificateSet> {
  const { client, namespace, plan, signal } = options;
  for (;;) {
    const secret = await readSecret(options);
    const before = secret === undefined ? undefined : decode(secret);
    const after = await renewed(before, plan, options.now());
    if (after === before) return after;
    try {
      if (secret === undefined) await client.create(secrets, encode(namespace, after), { signal });
      else await client.replace(secrets, { ...secret, data: { ...secret.data, ...dataOf(after) } }, { signal });
      return after;
    } catch (error) {
      // Somebody else wrote in between: what stands now is looked at afresh.
      if (!isConflict(error) && !isAlreadyExists(error) && !isNotFound(error)) throw error;
      signal.throwIfAborted();
    }
  }
}

async function readSecret({ client, namespace, signal }: CertificateSecretOptions): Promise<Secret | undefined> {
  try {
    return await client.get(secrets, CERTIFICATE_SECRET, { namespace, signal });
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

const KEYS = {
  leafCert: 'tls.crt',
  leafKey: 'tls.key',
  authorityCert: 'ca.crt',
  authorityKey: 'ca.key',
  previous: 'previous-ca.crt',
} as const;

function decode({ data }: Secret): CertificateSet | undefined {
  const text = (key: string): string => Buffer.from(data?.[key] ?? '', 'base64').toString('utf8');
  const authority = { cert: text(KEYS.authorityCert), key: text(KEYS.authorityKey) };
  const leaf = { cert: text(KEYS.leafCert), key: text(KEYS.leafKey) };
  // Half a set is none: an authority without its key can sign nothing.
  if ([authority.cert, authority.key, leaf.cert, leaf.key].includes('')) return undefined;
  return { authority, leaf, previousAuthorityCert: text(KEYS.previous) };
}

function dataOf(set: CertificateSet): Record<string, string> {
  const base64 = (text: string): string => Buffer.from(text, 'utf8').toString('base64');
  return {
    [KEYS.leafCert]: base64(set.leaf.cert),
    [KEYS.leafKey]: base64(set.leaf.key),
    [KEYS.authorityCert]: base64(set.authority.cert),
    [KEYS.authorityKey]: base64(set.authority.key),
    [KEYS.previous]: base64(set.previousAuthorityCert),
  };
}

function encode(namespace: string, set: CertificateSet): Secret {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: CERTIFICATE_SECRET, namespace, labels: { [labels.managedBy]: MANAGED_BY } },
    type: 'Opaque',
    data: dataOf(set),
  };
}
