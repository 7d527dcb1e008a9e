// For tests: an embedded API server with an administrator's client.
import { systemClock } from '../../../src/base/clock.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import { createKubeClient } from '../../../src/kube/client.ts';
import { configMaps, serviceAccounts } from '../../../src/kube/resources.ts';
import type { KubeClient } from '../../../src/kube/types.ts';
import { startApiServer } from '../apiserver/index.ts';
import type { ApiServer, FindNodeStreams } from '../apiserver/index.ts';

export interface ApiBench {
  readonly api: ApiServer;
  readonly client: KubeClient;
  readonly close: () => Promise<void>;
}

/** On a free port of loopback. Webhooks that name a Service reach nothing. */
export async function startApiBench(options: { readonly nodeStreams?: FindNodeStreams } = {}): Promise<ApiBench> {
  const clock = systemClock;
  const logger = silentLogger;
  const api = await startApiServer({
    clock,
    logger,
    listen: { host: '127.0.0.1', port: 0 },
    resolveService: () => Promise.resolve(undefined),
    ...options,
  });
  const { server, caPem, auth } = api.adminConnection();
  const connection = { server, caPem, auth: { readToken: () => Promise.resolve(auth.token) } };
  const client = createKubeClient({ connection, clock, logger, qps: 1000, burst: 1000 });
  // Nobody else makes them here, and Pods need them.
  await client.create(
    serviceAccounts,
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace: 'default' } },
    { namespace: 'default' },
  );
  await client.create(
    configMaps,
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'kube-root-ca.crt', namespace: 'default' },
      data: { 'ca.crt': caPem },
    },
    { namespace: 'default' },
  );
  return {
    api,
    client,
    close: async () => {
      client.close();
      await api.close();
    },
  };
}
