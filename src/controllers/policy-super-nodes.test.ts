// What of document 001's limitations is in the way is told by each policy, as the cluster changes.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SAMPLE_GROUP } from '../../lab/layout.ts';
import { labels, SUPER_NODE_INSTANCE_TYPE } from '../api/keys.ts';
import { nodes } from '../kube/resources.ts';
import { type PolicyWorld, startPolicyWorld } from './testing/policy-world.ts';

const TYPE = 'SuperNodesAvailable';

describe('condition SuperNodesAvailable of a policy', { timeout: 60_000 }, () => {
  let world: PolicyWorld;
  beforeAll(async () => {
    world = await startPolicyWorld({ instanceTypes: ['SA5.LARGE8'] });
    world.ipamd();
    await world.createPolicy('web', [SAMPLE_GROUP.securityGroupId]);
  });
  afterAll(() => world.close());

  it('is False while the cluster has no super node, and does not make the policy unready', async () => {
    expect(await world.untilCondition('web', TYPE, 'NoSuperNode')).toMatchObject({ status: 'False' });
    expect(await world.untilCondition('web', 'Ready', 'Accepted')).toMatchObject({ status: 'True' });
  });

  it('is True once a super node joined', async () => {
    const metadata = { name: 'eklet-1', labels: { [labels.instanceType]: SUPER_NODE_INSTANCE_TYPE } };
    await world.client.create(nodes, { apiVersion: 'v1', kind: 'Node', metadata });
    expect(await world.untilCondition('web', TYPE, 'RequirementsMet')).toMatchObject({ status: 'True' });
  });

  it('is False when a node shows that the cluster is dual-stack, and names the node', async () => {
    const [name = ''] = world.nodeNames;
    const { status } = await world.client.get(nodes, name);
    const addresses = [...(status?.addresses ?? []), { type: 'InternalIP', address: '2402:4e00::5' }];
    await world.client.patch(
      nodes,
      name,
      { type: 'merge', body: { status: { addresses } } },
      { subresource: 'status' },
    );
    expect(await world.untilCondition('web', TYPE, 'DualStackCluster')).toMatchObject({
      status: 'False',
      message: expect.stringContaining(`node ${name} has addresses of both families`) as string,
    });
  });
});
