// The life of a Pod's sub-ENI against a real API server and the simulated cloud: made, told, released.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { finalizers, labels } from '../api/keys.ts';
import { vpcEnis } from '../api/vpc-eni.ts';
import { isReady, startWorld, type World } from './testing/world.ts';

describe('a Pod with its own security group', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld();
    world.ipamd();
    await world.nodesReady();
  });
  afterAll(() => world.close());

  const ready = (name: string) =>
    world.subEniObjects(
      (enis) => enis.some((eni) => eni.spec.pod?.name === name && isReady(eni)),
      `the sub-ENI of ${name} ready`,
    );
  const gone = (name: string) =>
    world.subEniObjects((enis) => !enis.some((eni) => eni.spec.pod?.name === name), `the VpcENI of ${name} gone`);

  it('gets a sub-ENI with its groups, found by the documented labels and ids', async () => {
    const pod = await world.createPod('web');
    await ready('web');
    const selector = `${labels.podName}=web,${labels.podNamespace}=default`;
    const { items } = await world.client.list(vpcEnis, { labelSelector: selector });
    const [eni] = items;
    expect(items).toHaveLength(1);
    expect(eni?.metadata).toMatchObject({ name: `sub-${pod.metadata.uid}`, finalizers: [finalizers.eni] });
    expect(world.subEnis()).toEqual([{ eniId: eni?.status?.eni?.eniID, groups: [world.group] }]);
    expect(eni?.status?.eni).toMatchObject({ gateway: '10.0.32.1', subnetCIDR: '10.0.32.0/22' });
  });

  it('is told its address in the documented event', async () => {
    const [event] = await world.events('SucceedSetPodIP');
    const text = JSON.parse(event?.message ?? '{}') as Record<string, unknown>;
    expect(text).toMatchObject({
      namespace: 'default',
      name: 'web',
      podIP: expect.stringMatching(/^10\.0\.3[2-5]\./),
      cniTypes: ['tke-sub-eni'],
      nodeType: 'Normal',
      staticMode: true,
    });
  });

  it('costs one create, one check, one delete and one look that it is gone', async () => {
    const before = world.cloud.requestLog().length;
    await world.createPod('thrifty');
    await ready('thrifty');
    await world.deletePod('thrifty');
    await gone('thrifty');
    const actions = world.cloud
      .requestLog()
      .slice(before)
      .map((entry) => entry.action);
    expect(actions.filter((action) => action.endsWith('SubNetworkInterface'))).toEqual([
      'CreateSubNetworkInterface',
      'DeleteSubNetworkInterface',
    ]);
    // The watcher may look a moment too early while it learns how long tasks take.
    expect(actions.length).toBeLessThanOrEqual(6);
  });

  it('keeps it when the object is deleted by hand, until the Pod ends', async () => {
    const pod = await world.createPod('kept');
    await ready('kept');
    const name = `sub-${pod.metadata.uid}`;
    await world.client.delete(vpcEnis, name);
    await world.subEniObjects(
      (enis) =>
        enis.some(
          (eni) =>
            eni.metadata.name === name &&
            eni.status?.conditions?.some((each) => each.type === 'Deletable' && each.status === 'False'),
        ),
      'the condition that it is in use',
    );
    expect(world.calls('DeleteSubNetworkInterface')).toBe(1);
    await world.deletePod('kept');
    await gone('kept');
  });

  it('is refused as a whole when one group is malformed', async () => {
    await world.createPod('wrong', { groups: `${world.group},sg-SHOUT` });
    await world.createPod('after');
    await ready('after');
    const events = await world.events('FailedAllocateENI');
    expect(events.find((event) => event.involvedObject.name === 'wrong')?.message).toContain('sg-SHOUT');
    const { items } = await world.client.list(vpcEnis, { labelSelector: `${labels.podName}=wrong` });
    expect(items).toEqual([]);
  });

  it('waits while a group is missing, says which, and starts once it exists', async () => {
    await world.createPod('early', { groups: 'sg-later001' });
    await world.subEniObjects(
      (enis) => enis.some((eni) => eni.spec.pod?.name === 'early' && eni.status?.phase === 'Failed'),
      'the failure told',
    );
    const { items } = await world.client.list(vpcEnis, { labelSelector: `${labels.podName}=early` });
    const told = items[0]?.status?.conditions?.find((each) => each.type === 'Ready');
    expect(told).toMatchObject({ status: 'False', reason: 'CloudResourceNotFound' });
    expect(told?.message).toContain('sg-later001');
    world.cloud.admin.createSecurityGroup({ name: 'later', securityGroupId: 'sg-later001' });
    await ready('early');
    expect(world.subEnis().some((eni) => eni.groups.includes('sg-later001'))).toBe(true);
  });
});
