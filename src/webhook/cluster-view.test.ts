// What admission asks the API for, beside its watches.
import { describe, expect, it } from 'vitest';
import { securityGroupPolicies } from '../api/security-group-policy.ts';
import { silentLogger } from '../base/logger.ts';
import { createFakeClock } from '../../test/fake-clock.ts';
import { createClusterView } from './cluster-view.ts';
import { createMemoryCluster } from './testing/memory-cluster.ts';

const policy = (namespace: string, name: string): Parameters<ReturnType<typeof createMemoryCluster>['put']>[1] => ({
  apiVersion: 'vpcresources.tke.cloud.tencent.com/v1beta1',
  kind: 'SecurityGroupPolicy',
  metadata: { namespace, name },
});

describe('the view of the cluster', () => {
  it('says that policies may lag for five seconds after one of the namespace was admitted', async () => {
    const clock = createFakeClock();
    const { view } = createClusterView({ client: createMemoryCluster().client, clock, logger: silentLogger });
    view.expectPolicyChange('shop');
    expect([view.policiesMayLag('shop'), view.policiesMayLag('other')]).toEqual([true, false]);
    await clock.advance(4_999);
    expect(view.policiesMayLag('shop')).toBe(true);
    await clock.advance(1);
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
});
