// The command line against a cluster that has none of our kinds and no cloud behind it: what cannot be known is said, the rest is answered.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { systemClock } from '../src/base/clock.ts';
import { silentLogger } from '../src/base/logger.ts';
import { runCli } from '../src/cli/program.ts';
import { fakeWorld } from '../src/cli/testing/world.ts';
import { createKubeClient } from '../src/kube/client.ts';
import { loadKubeConfig } from '../src/kube/config.ts';
import { pods, serviceAccounts } from '../src/kube/resources.ts';
import { type Cluster, startCluster } from './cluster.ts';

describe('without our kinds', () => {
  let cluster: Cluster;
  const cli = async (...argv: string[]) => {
    const world = fakeWorld({ files: { '/kubeconfig': cluster.api.kubeconfig() }, env: { KUBECONFIG: '/kubeconfig' } });
    return { code: await runCli({ ...world, clock: systemClock }, argv), ...world.printed };
  };

  beforeAll(async () => {
    cluster = await startCluster({
      clock: systemClock,
      logger: silentLogger,
      controllers: false,
      onFailure: (error) => {
        throw error;
      },
    });
    const connection = await loadKubeConfig({ path: '/k', readFile: () => Promise.resolve(cluster.api.kubeconfig()) });
    const client = createKubeClient({ connection, clock: systemClock, logger: silentLogger });
    const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace: 'default' } };
    await client.create(serviceAccounts, account, { namespace: 'default' });
    const web = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'web-0', namespace: 'default' },
      spec: { containers: [{ name: 'a', image: 'a' }] },
    };
    await client.create(pods, web, { namespace: 'default' });
    client.close();
  });
  afterAll(() => cluster.close());

  it('a Pod is explained as far as it goes', async () => {
    const { code, out } = await cli('explain', 'pod', 'web');
    expect(code).toBe(1);
    expect(out).toMatch(/^Pod default\/web-0: Pending/);
    expect(out).toMatch(/Waits for a node that has room for it/);
    expect(out).toMatch(/vpcenis: this cluster has no kind VpcENI/);
    expect(out).toMatch(/cloud: there are no credentials for the cloud\. Set TENCENTCLOUD_SECRET_ID/);
  });

  it('doctor says which kinds are missing and how to install them', async () => {
    const { code, out } = await cli('doctor');
    expect(code).toBe(1);
    expect(out).toMatch(/PROBLEM {2}installation/);
    expect(out).toMatch(/kind VpcENI: .*\n.*kubectl apply -k deploy\/crds/);
    expect(out).toMatch(/unknown {2}cam-actions/);
  });

  it('a policy that is asked for is not found for a reason', async () => {
    const { code, err } = await cli('explain', 'sgp', 'web');
    expect(code).toBe(2);
    expect(err).toMatch(/no SecurityGroupPolicy "web" can be found: this cluster has no kind SecurityGroupPolicy/);
  });
});
