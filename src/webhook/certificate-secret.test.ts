// The shared Secret: several replicas agree on one set, whoever comes first.
import { describe, expect, it } from 'vitest';
import { secrets } from '../kube/resources.ts';
import { CERTIFICATE_SECRET, type CertificateSecretOptions, ensureCertificateSecret } from './certificate-secret.ts';
import { defaultLives } from './certificate-set.ts';
import { createMemoryCluster, type MemoryCluster } from './testing/memory-cluster.ts';

const start = Date.parse('2026-01-01T00:00:00Z');

const optionsFor = ({ client }: MemoryCluster, days = 0): CertificateSecretOptions => ({
  client,
  namespace: 'ns',
  plan: { names: ['web.ns.svc'], authorityName: 'web', ...defaultLives },
  now: () => new Date(start + days * 86_400_000),
  signal: new AbortController().signal,
});

describe('the certificate Secret', () => {
  it('is made once by replicas that start together, and all serve the same set', async () => {
    const cluster = createMemoryCluster();
    const sets = await Promise.all([1, 2, 3].map(() => ensureCertificateSecret(optionsFor(cluster))));
    expect(new Set(sets.map(({ leaf }) => leaf.cert)).size).toBe(1);
    expect(cluster.read(secrets, `ns/${CERTIFICATE_SECRET}`)?.metadata.labels).toEqual({
      'app.kubernetes.io/managed-by': 'trunkline',
    });
  });

  it('is renewed once by replicas that notice together', async () => {
    const cluster = createMemoryCluster();
    const before = await ensureCertificateSecret(optionsFor(cluster));
    const sets = await Promise.all([1, 2, 3].map(() => ensureCertificateSecret(optionsFor(cluster, 300))));
    expect(new Set(sets.map(({ leaf }) => leaf.cert)).size).toBe(1);
    expect(sets[0]?.leaf.cert).not.toBe(before.leaf.cert);
    expect(sets[0]?.authority).toEqual(before.authority);
  });

  it('is only read while nothing is due', async () => {
    const cluster = createMemoryCluster();
    await ensureCertificateSecret(optionsFor(cluster));
    const before = cluster.calls.length;
    await ensureCertificateSecret(optionsFor(cluster, 100));
    expect(cluster.calls.slice(before)).toEqual(['get secrets']);
  });

  it('is made anew when a half of it is missing', async () => {
    const cluster = createMemoryCluster();
    cluster.put(secrets, { apiVersion: 'v1', kind: 'Secret', metadata: { name: CERTIFICATE_SECRET, namespace: 'ns' } });
    const set = await ensureCertificateSecret(optionsFor(cluster));
    expect(set.leaf.cert).toContain('BEGIN CERTIFICATE');
    expect(cluster.calls).toEqual(['get secrets', 'replace secrets']);
  });
});
