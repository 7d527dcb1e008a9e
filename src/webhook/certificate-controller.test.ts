// Order of a change of authority: trusted everywhere first, served only after that has spread.
import { describe, expect, it } from 'vitest';
import { createFakeClock } from '../../test/fake-clock.ts';
import { mutatingWebhookConfigurations, secrets } from '../kube/resources.ts';
import type { KubeObject } from '../kube/types.ts';
import { createCertificateController } from './certificate-controller.ts';
import { CERTIFICATE_SECRET } from './certificate-secret.ts';
import { createAwaitedLog } from './testing/awaited-log.ts';
import { createMemoryCluster } from './testing/memory-cluster.ts';

const HOUR_MS = 3_600_000;

describe('a new authority', () => {
  it('is trusted by the configurations ten seconds before its certificate is served', async () => {
    const cluster = createMemoryCluster();
    cluster.put(mutatingWebhookConfigurations, {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'MutatingWebhookConfiguration',
      metadata: { name: 'hook' },
      webhooks: [{ name: 'a.example.com', clientConfig: {} }],
    } as KubeObject);
    const clock = createFakeClock();
    const log = createAwaitedLog();
    const served: string[] = [];
    const { controller, informers } = createCertificateController({
      client: cluster.client,
      clock,
      logger: log.logger,
      serviceName: 'web',
      serviceNamespace: 'ns',
      servingNames: [],
      configurationName: 'hook',
      lives: { authorityLifeMs: 3 * HOUR_MS, leafLifeMs: 3 * HOUR_MS },
      useCertificate: ({ cert }) => void served.push(cert),
    });
    const stop = new AbortController();
    const ended = Promise.all([...informers, controller].map((part) => part.run(stop.signal)));
    await log.seen('server certificate is in use');
    const leafNow = (): string =>
      Buffer.from(
        (cluster.read(secrets, `ns/${CERTIFICATE_SECRET}`) as { data?: Record<string, string> } | undefined)?.data?.[
          'tls.crt'
        ] ?? '',
        'base64',
      ).toString('utf8');
    const first = leafNow();

    await clock.advance(2.5 * HOUR_MS);
    await log.seen('webhook configurations trust the current authority', 2);
    expect(leafNow()).not.toBe(first);
    expect(served).toEqual([first]);

    await clock.advance(9_000);
    expect(served).toEqual([first]);
    await clock.advance(2_000);
    await log.seen('server certificate is in use', 2);
    expect(served).toEqual([first, leafNow()]);
    stop.abort();
    await ended;
  });
});
