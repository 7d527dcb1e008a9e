// Our own client and informer against the server, as every program of the lab uses them.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import { createKubeClient } from '../../../src/kube/client.ts';
import { createInformer } from '../../../src/kube/informer.ts';
import { configMaps } from '../../../src/kube/resources.ts';
import type { ConfigMap } from '../../../src/kube/resources.ts';
import type { KubeClient } from '../../../src/kube/types.ts';
import { startApiServer } from './index.ts';
import type { ApiServer } from './index.ts';

let api: ApiServer;
let client: KubeClient;
const stop = new AbortController();
beforeAll(async () => {
  const common = { clock: systemClock, logger: silentLogger };
  api = await startApiServer({
    ...common,
    listen: { host: '127.0.0.1', port: 0 },
    resolveService: () => Promise.resolve(undefined),
  });
  const { server, caPem, auth } = api.adminConnection();
  client = createKubeClient({
    ...common,
    connection: { server, caPem, auth: { readToken: () => Promise.resolve(auth.token) } },
  });
});
afterAll(async () => {
  stop.abort();
  await api.close();
});

it('an informer sees what exists, what is applied and what is deleted', async () => {
  const map = (name: string): ConfigMap => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: 'default' },
  });
  await client.create(configMaps, map('before'), { namespace: 'default' });
  const informer = createInformer({ client, resource: configMaps, clock: systemClock, logger: silentLogger });
  const seen: string[] = [];
  const done = Promise.withResolvers<void>();
  informer.onChange(({ type, key }) => {
    seen.push(`${type} ${key}`);
    if (type === 'deleted') done.resolve();
  });
  void informer.run(stop.signal);
  await informer.synced;
  const body = { ...map('live'), data: { a: '1' } };
  await client.patch(
    configMaps,
    'live',
    { type: 'apply', body, force: true },
    { namespace: 'default', fieldManager: 'tester' },
  );
  await client.patch(configMaps, 'live', { type: 'merge', body: { data: { a: '2' } } }, { namespace: 'default' });
  await client.delete(configMaps, 'live', { namespace: 'default' });
  await done.promise;
  expect(seen).toEqual(['added default/before', 'added default/live', 'updated default/live', 'deleted default/live']);
});
