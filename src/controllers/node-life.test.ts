// Nodes against a real API server and the simulated cloud: nec, trunk, extended resource, and their end.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitForObjects } from '../../lab/wait.ts';
import { labels, resourceNames, SUPER_NODE_INSTANCE_TYPE } from '../api/keys.ts';
import { type NodeEniConfig, nodeEniConfigs } from '../api/node-eni-config.ts';
import { trunkEniName, vpcEnis } from '../api/vpc-eni.ts';
import { nodes } from '../kube/resources.ts';
import { disposableWorld, isReady, startWorld, type World } from './testing/world.ts';

const necOf = async (world: World, name: string, done: (nec: NodeEniConfig) => boolean, what: string) => {
  const found = (all: readonly NodeEniConfig[]) => all.find((nec) => nec.metadata.name === name);
  const isDone = (all: readonly NodeEniConfig[]): boolean => {
    const nec = found(all);
    return nec !== undefined && done(nec);
  };
  return found(await waitForObjects(world.client, nodeEniConfigs, isDone, { what, timeoutMs: 10_000 }));
};
const quotaOf = (world: World, index: number, quota: number) =>
  necOf(world, world.nodeNames[index] ?? '', (nec) => nec.status?.subENI?.quota === quota, `quota ${quota}`);
const published = async (
  world: World,
  name: string,
  quantity: string,
  resource: string = resourceNames.subEni,
): Promise<void> => {
  await waitForObjects(
    world.client,
    nodes,
    (all) =>
      all.some(
        (node) =>
          node.metadata.name === name &&
          node.status?.allocatable?.[resource] === quantity &&
          node.status.capacity?.[resource] === quantity,
      ),
    { what: `${quantity} published on ${name}`, timeoutMs: 10_000 },
  );
};

describe('a general node', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld({ instanceTypes: ['SA5.LARGE8', 'S5.LARGE8', 'SA5.16XLARGE256'] });
    await world.client.create(nodes, {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'eklet-1', labels: { [labels.instanceType]: SUPER_NODE_INSTANCE_TYPE } },
      spec: { providerID: 'qcloud:///800006/ins-super001' },
    });
    await world.client.create(nodes, { apiVersion: 'v1', kind: 'Node', metadata: { name: 'control-plane' } });
    world.ipamd();
    await world.nodesReady();
  });
  afterAll(() => world.close());

  it('of a listed model has a nec with instance, zone, model, quota and trunk', async () => {
    const nec = await quotaOf(world, 0, 100);
    expect(nec?.spec).toMatchObject({
      instanceID: world.instanceIds[0],
      zone: 'ap-guangzhou-3',
      instanceType: 'SA5.LARGE8',
    });
    expect(nec?.status?.eniInfos).toMatchObject([{ index: 1, trunk: true, securityGroups: [] }]);
    await published(world, world.nodeNames[0] ?? '', '100');
  });

  it('with 64 cores carries 256', async () => {
    await quotaOf(world, 2, 256);
  });

  it('of another model carries none, says why, and gets no trunk', async () => {
    const nec = await quotaOf(world, 1, 0);
    expect(nec?.status?.subENI?.reason).toContain('S5');
    await published(world, world.nodeNames[1] ?? '', '0');
    const { items } = await world.client.list(vpcEnis);
    expect(items.map((eni) => eni.metadata.name)).not.toContain(trunkEniName(world.nodeNames[1] ?? ''));
  });

  it('follows an explicit maxSubENI, and its default again when it is removed', async () => {
    const name = world.nodeNames[2] ?? '';
    await world.client.patch(nodeEniConfigs, name, { type: 'merge', body: { spec: { maxSubENI: 7 } } });
    await published(world, name, '7');
    await world.client.patch(nodeEniConfigs, name, { type: 'merge', body: { spec: { maxSubENI: null } } });
    await published(world, name, '256');
  });

  it('offers one EIP less than its instance takes, whatever its model, or as many as its nec says', async () => {
    const [small = '', other = '', large = ''] = world.nodeNames;
    await published(world, small, '1', resourceNames.eip);
    await published(world, other, '1', resourceNames.eip);
    await published(world, large, '9', resourceNames.eip);
    await world.client.patch(nodeEniConfigs, large, { type: 'merge', body: { spec: { maxEIP: 20 } } });
    await published(world, large, '20', resourceNames.eip);
    const nec = await necOf(world, small, ({ status }) => status?.eip !== undefined, 'the EIPs of a node');
    expect(nec?.status?.eip?.reason).toBe('2 of 4 cores, less the one of the node itself');
  });

  it('gets its resource back after a kubelet reset its status', async () => {
    const name = world.nodeNames[0] ?? '';
    const gone = { [resourceNames.subEni]: null };
    await world.client.patch(
      nodes,
      name,
      { type: 'merge', body: { status: { capacity: gone, allocatable: gone } } },
      { subresource: 'status' },
    );
    await published(world, name, '100');
  });

  it('that is a super node, or no CVM, gets no nec', async () => {
    const { items } = await world.client.list(nodeEniConfigs);
    expect(items.map((nec) => nec.metadata.name).toSorted()).toEqual([...world.nodeNames].toSorted());
  });

  it('loses its resource when Trunking is switched off, and has it again when it is on', async () => {
    const name = world.nodeNames[0] ?? '';
    await world.setValues({ 'vpcCni.trunkingEni.enableSubEni': 'false' });
    await published(world, name, '0');
    await world.setValues({});
    await published(world, name, '100');
  });

  it('that is deleted loses its trunk in the cloud, then its objects', async () => {
    const [name = ''] = world.nodeNames;
    const { items } = await world.client.list(vpcEnis);
    const trunk = items.find((eni) => eni.metadata.name === trunkEniName(name))?.status?.eni?.eniID;
    await world.client.delete(nodes, name);
    await waitForObjects(world.client, nodeEniConfigs, (all) => !all.some((nec) => nec.metadata.name === name), {
      what: 'the nec gone',
      timeoutMs: 10_000,
    });
    const { items: left } = await world.client.list(vpcEnis);
    expect(left.map((eni) => eni.metadata.name)).not.toContain(trunkEniName(name));
    expect(world.cloud.snapshot().enis.map((eni) => eni.eniId)).not.toContain(trunk);
  });
});

describe('an account that is not allowed to make sub-ENI calls', () => {
  it('is asked once, shows quota 0 with the reason on every node, and its Pods wait without a storm', async () => {
    await using world = await disposableWorld();
    world.cloud.admin.failNext({ action: 'CreateSubNetworkInterface', code: 'InvalidAction', times: 1000 });
    world.ipamd();
    await world.nodesReady();
    await world.createPod('first');
    const nec = await quotaOf(world, 1, 0);
    expect(nec?.status?.conditions?.find((each) => each.type === 'Ready')).toMatchObject({
      status: 'False',
      reason: 'SubEniCallsRefused',
    });
    await world.createPod('second', { node: world.nodeNames[1] ?? '' });
    const refused = (reason: string) => reason === 'SubEniCallsRefused' || reason === 'CloudUnknownAction';
    await world.subEniObjects(
      (enis) =>
        enis.length === 2 &&
        enis.every((eni) => eni.status?.conditions?.some((each) => each.type === 'Ready' && refused(each.reason))),
      'both told',
    );
    expect(world.calls('CreateSubNetworkInterface')).toBe(1);
    expect((await world.events('FailedAllocateENI')).length).toBeGreaterThanOrEqual(1);
  });
});

describe('an account without Trunking ENI', () => {
  it('has quota 0 on every node, and the reason says so', async () => {
    await using world = await disposableWorld({ settings: { subEniAllowed: false } });
    world.ipamd();
    const nec = await quotaOf(world, 0, 0);
    expect(nec?.status?.subENI?.reason).toContain('the account may lack Trunking ENI');
    expect(world.calls('CreateNetworkInterface')).toBe(0);
  });
});

describe('a restart of ipamd', () => {
  it('changes nothing in the cloud when nothing is to be done', async () => {
    await using world = await disposableWorld();
    const first = world.ipamd();
    await world.nodesReady();
    await world.createPod('web');
    await world.subEniObjects((enis) => enis.some(isReady), 'the sub-ENI ready');
    await first.stop();
    const before = world.cloud.requestLog().length;
    world.ipamd();
    await world.createPod('proof');
    await world.subEniObjects((enis) => enis.length === 2 && enis.every(isReady), 'a sub-ENI of the new process');
    const mutating = world.cloud
      .requestLog()
      .slice(before)
      .map((entry) => entry.action)
      .filter((action) => !/^(Describe|Check)/.test(action));
    expect(mutating).toEqual(['CreateSubNetworkInterface']);
  });
});
