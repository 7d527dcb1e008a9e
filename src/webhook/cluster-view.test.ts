// What admission asks the API for, beside its watches.
import { describe, expect, it, vi } from 'vitest';
import { securityGroupPolicies } from '../api/security-group-policy.ts';
import { silentLogger } from '../base/logger.ts';
import { createFakeClock } from '../../test/fake-clock.ts';
import { configMaps } from '../kube/resources.ts';
import { ApiError } from '../kube/api-error.ts';
import type { KubeClient, KubeObject } from '../kube/types.ts';
import { createClusterView } from './cluster-view.ts';
import { createMemoryCluster } from './testing/memory-cluster.ts';

const policy = (namespace: string, name: string): Parameters<ReturnType<typeof createMemoryCluster>['put']>[1] => ({
  apiVersion: 'vpcresources.tke.cloud.tencent.com/v1beta1',
  kind: 'SecurityGroupPolicy',
  metadata: { namespace, name },
});

describe('the view of the cluster', () => {
  it('says that policies may lag from the moment one passes admission until the watch has it', async () => {
    const cluster = createMemoryCluster();
    const stop = new AbortController();
    const { view, informers } = createClusterView({
      client: cluster.client,
      clock: createFakeClock(),
      logger: silentLogger,
    });
    const running = informers.map((informer) => informer.run(stop.signal));
    await vi.waitUntil(() => view.synced);
    await view.announcePolicy({ namespace: 'shop', name: 'web', uid: 'uid-web', generation: 0 });
    expect([view.policiesMayLag('shop'), view.policiesMayLag('other')]).toEqual([true, false]);
    cluster.put(securityGroupPolicies, policy('shop', 'web'));
    await vi.waitUntil(() => !view.policiesMayLag('shop'));
    view.expectPolicy({ namespace: 'other', name: 'db', uid: 'u', generation: 1 });
    expect(view.policiesMayLag('other')).toBe(true);
    stop.abort();
    await Promise.all(running);
  });

  it('is whole, with no policies, in a cluster without the add-on SecurityGroupPolicy', async () => {
    const { client } = createMemoryCluster();
    const list: KubeClient['list'] = (resource, options) =>
      resource.plural === securityGroupPolicies.plural
        ? Promise.reject(new ApiError({ status: 404, reason: 'NotFound', message: 'no such kind' }))
        : client.list(resource, options);
    const stop = new AbortController();
    const { view, informers } = createClusterView({
      client: { ...client, list },
      clock: createFakeClock(),
      logger: silentLogger,
    });
    const running = informers.map((informer) => informer.run(stop.signal));
    await vi.waitUntil(() => view.synced);
    expect([view.policies('shop'), await view.readPolicies('shop')]).toEqual([[], []]);
    stop.abort();
    await Promise.all(running);
  });

  it('says that every policy may lag while another replica could have admitted one unheard', () => {
    const replicas = { toldOfAll: false, announce: () => Promise.resolve() };
    const { client } = createMemoryCluster();
    const { view } = createClusterView({ client, clock: createFakeClock(), logger: silentLogger, replicas });
    expect(view.policiesMayLag('shop')).toBe(true);
    replicas.toldOfAll = true;
    expect(view.policiesMayLag('shop')).toBe(false);
  });

  it('reads the policies of one namespace from the API, without waiting for a watch', async () => {
    const cluster = createMemoryCluster();
    cluster.put(securityGroupPolicies, policy('shop', 'web'));
    cluster.put(securityGroupPolicies, policy('other', 'db'));
    const { view } = createClusterView({ client: cluster.client, clock: createFakeClock(), logger: silentLogger });
    expect(view.policies('shop')).toEqual([]);
    expect((await view.readPolicies('shop')).map(({ metadata }) => metadata.name)).toEqual(['web']);
  });

  it('reads the default network and the IP mode from their ConfigMaps, hot', async () => {
    const cluster = createMemoryCluster();
    const stop = new AbortController();
    const { view, informers } = createClusterView({
      client: cluster.client,
      clock: createFakeClock(),
      logger: silentLogger,
    });
    const running = informers.map((informer) => informer.run(stop.signal));
    const write = async (name: string, data: Record<string, string>, inForce?: string): Promise<void> => {
      cluster.put(configMaps, {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: {
          name,
          namespace: 'kube-system',
          ...(inForce === undefined ? {} : { annotations: { 'tke.cloud.tencent.com/ip-mode-in-force': inForce } }),
        },
        data,
      } as KubeObject);
      await vi.waitUntil(() => view.synced && seen(name, data));
    };
    const seen = (name: string, data: Record<string, string>): boolean =>
      informers.some((informer) => {
        const found = informer.get(`kube-system/${name}`) as { data?: object } | undefined;
        return JSON.stringify(found?.data) === JSON.stringify(data);
      });
    expect(view.defaultNetworks()).toEqual({ ok: true, names: ['tke-route-eni'] });
    expect(view.sharesAddresses()).toBe(true);
    await write('tke-cni-agent-conf', { '00-multus.conf': '{"defaultDelegates":"tke-bridge"}' });
    await write('tke-eni-ipamd', { 'vpcCni.ipMode': 'static' });
    expect(view.defaultNetworks()).toEqual({ ok: true, names: ['tke-bridge'] });
    expect(view.sharesAddresses()).toBe(false);
    await write('tke-eni-ipamd', { 'vpcCni.ipMode': 'static', region: 'r' }, 'non-static');
    expect(view.sharesAddresses()).toBe(true);
    stop.abort();
    await Promise.all(running);
  });
});
