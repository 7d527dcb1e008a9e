// What the lab leaves in a cluster that goes on: nothing of ours on its namespaces.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { finalizers, WEBHOOK_EXEMPT_LABEL } from '../src/api/keys.ts';
import { systemClock } from '../src/base/clock.ts';
import { silentLogger } from '../src/base/logger.ts';
import { namespaces } from '../src/kube/resources.ts';
import { startCluster, type Cluster } from './cluster.ts';
import { uninstall } from './uninstall.ts';

describe('uninstall', () => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await startCluster({
      clock: systemClock,
      logger: silentLogger,
      onFailure: (error) => {
        throw error;
      },
    });
  });
  afterAll(() => cluster.close());

  it('deletes the namespaces that were made, and takes our finalizer and mark off the others', async () => {
    const { client } = cluster;
    const make = (name: string, own: readonly string[]): Promise<unknown> =>
      client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name, finalizers: [...own] } });
    await make('made', []);
    await make('theirs', ['example.com/other', finalizers.namespace]);
    const mark = { metadata: { labels: { [WEBHOOK_EXEMPT_LABEL]: '' } } };
    await client.patch(namespaces, 'kube-system', { type: 'merge', body: mark });
    await uninstall(client, { namespaces: ['made'], objects: [], nodeNames: [] });
    const { items } = await client.list(namespaces);
    expect(items.map(({ metadata }) => metadata.name)).not.toContain('made');
    const theirs = items.find(({ metadata }) => metadata.name === 'theirs');
    expect(theirs?.metadata.finalizers).toEqual(['example.com/other']);
    const system = items.find(({ metadata }) => metadata.name === 'kube-system');
    expect(system?.metadata.labels).not.toHaveProperty(WEBHOOK_EXEMPT_LABEL);
  });
});
