// Trust in the configurations: put where it is missing, nothing else touched.
import { describe, expect, it } from 'vitest';
import { mutatingWebhookConfigurations, validatingWebhookConfigurations } from '../kube/resources.ts';
import { ensureCaBundle } from './ca-bundle.ts';
import { createMemoryCluster, type MemoryCluster } from './testing/memory-cluster.ts';

const BUNDLE = 'pem';
const encoded = Buffer.from(BUNDLE).toString('base64');

const ensure = ({ client }: MemoryCluster): Promise<{ readonly changed: boolean }> =>
  ensureCaBundle({ client, name: 'hook', bundle: BUNDLE, fieldManager: 'me', signal: new AbortController().signal });

const configuration = (kind: string): never =>
  ({
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind,
    metadata: { name: 'hook', labels: { mine: 'kept' } },
    webhooks: [
      { name: 'a.example.com', clientConfig: { service: { name: 'web' } }, failurePolicy: 'Fail' },
      { name: 'b.example.com', clientConfig: { caBundle: 'b2xk' } },
    ],
  }) as never;

describe('the trusted bundle', () => {
  it('is put into every webhook of both configurations, and nothing else changes', async () => {
    const cluster = createMemoryCluster();
    cluster.put(mutatingWebhookConfigurations, configuration('MutatingWebhookConfiguration'));
    cluster.put(validatingWebhookConfigurations, configuration('ValidatingWebhookConfiguration'));
    expect(await ensure(cluster)).toEqual({ changed: true });
    for (const resource of [mutatingWebhookConfigurations, validatingWebhookConfigurations])
      expect(cluster.read(resource, 'hook')).toMatchObject({
        metadata: { labels: { mine: 'kept' } },
        webhooks: [
          {
            name: 'a.example.com',
            clientConfig: { service: { name: 'web' }, caBundle: encoded },
            failurePolicy: 'Fail',
          },
          { name: 'b.example.com', clientConfig: { caBundle: encoded } },
        ],
      });
  });

  it('is not written again when it is there', async () => {
    const cluster = createMemoryCluster();
    cluster.put(mutatingWebhookConfigurations, configuration('MutatingWebhookConfiguration'));
    await ensure(cluster);
    const before = cluster.calls.length;
    expect(await ensure(cluster)).toEqual({ changed: false });
    expect(cluster.calls.slice(before).filter((call) => call.startsWith('replace'))).toEqual([]);
  });

  it('waits for a configuration that does not exist yet', async () => {
    expect(await ensure(createMemoryCluster())).toEqual({ changed: false });
  });

  it('meets a change of somebody else as a conflict', async () => {
    const cluster = createMemoryCluster();
    cluster.put(mutatingWebhookConfigurations, configuration('MutatingWebhookConfiguration'));
    cluster.onWrite(() => {
      cluster.onWrite(() => undefined);
      cluster.put(mutatingWebhookConfigurations, configuration('MutatingWebhookConfiguration'));
    });
    await expect(ensure(cluster)).rejects.toMatchObject({ retry: 'conflict' });
  });
});
