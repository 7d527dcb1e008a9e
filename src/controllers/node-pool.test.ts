// Shared addresses of nodes against a real API server and the simulated cloud: joining, growing, shrinking, and who is told.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { annotations, resourceNames } from '../api/keys.ts';
import { nodeEniConfigs } from '../api/node-eni-config.ts';
import { nodes } from '../kube/resources.ts';
import {
  boundOn,
  cloudEnis,
  listedOn,
  mutations,
  nec,
  nodeName,
  offers,
  requested,
  running,
  sharedPod,
} from './testing/shared-world.ts';
import { disposableWorld, isReady, startWorld, type World } from './testing/world.ts';

const TRUNKING_OFF = { 'vpcCni.trunkingEni.enableSubEni': 'false' };

describe('a node that joins', { concurrent: true }, () => {
  it.each([
    ['a trunk', {}],
    ['a shared ENI', TRUNKING_OFF],
  ])('gets %s with its first addresses by two calls, and offers all it may have', async (_, values) => {
    await using world = await disposableWorld({ instanceTypes: ['SA5.LARGE8'], values });
    world.ipamd();
    await offers(world, nodeName(world, 0), '27');
    await listedOn(world, nodeName(world, 0), 5);
    expect(boundOn(world, 0)).toHaveLength(5);
    expect(mutations(world)).toEqual(['CreateNetworkInterface', 'AttachNetworkInterface']);
    const { metadata, status } = await nec(
      world,
      nodeName(world, 0),
      (each) => each.status?.routeENI?.bound === 5,
      '5',
    );
    expect(status?.routeENI).toMatchObject({
      quota: 27,
      maxENI: 3,
      maxIPPerENI: 9,
      minWarmTarget: 5,
      maxWarmTarget: 5,
    });
    expect(metadata.annotations).toMatchObject({
      [annotations.routeEniIpMinWarmTarget]: '5',
      [annotations.routeEniIpMaxWarmTarget]: '5',
    });
    expect(status?.eniInfos).toMatchObject([{ index: 1, securityGroups: [] }]);
  });

  it('is left alone by an ipamd that finds everything as it should be', async () => {
    await using world = await disposableWorld({ instanceTypes: ['SA5.LARGE8', 'S5.LARGE8'] });
    const first = world.ipamd();
    await offers(world, nodeName(world, 0), '27');
    await offers(world, nodeName(world, 1), '27');
    await sharedPod(world, 'a');
    await running(world, ['a']);
    await listedOn(world, nodeName(world, 0), 6);
    await first.stop();
    const before = mutations(world).length;
    const second = world.ipamd();
    await requested(world, 'DescribeNetworkInterfaces');
    await sharedPod(world, 'b', 1);
    await listedOn(world, nodeName(world, 1), 6);
    await second.stop();
    expect(mutations(world).slice(before)).toEqual(['AssignPrivateIpAddresses']);
  });
});

describe('a node with Pods', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld({ instanceTypes: ['SA5.LARGE8', 'SA5.LARGE8'] });
    world.ipamd();
    await offers(world, nodeName(world, 0), '27');
    await offers(world, nodeName(world, 1), '27');
  });
  afterAll(() => world.close());

  it('serves a burst beyond its pool by one call, or one per ENI', async () => {
    const before = mutations(world).length;
    const names = Array.from({ length: 12 }, (_, index) => `burst-${index}`);
    await Promise.all(names.map((name) => sharedPod(world, name)));
    const addresses = await running(world, names);
    expect(new Set(addresses.values()).size).toBe(12);
    const enis = await listedOn(world, nodeName(world, 0), 17);
    expect(enis).toHaveLength(2);
    expect(boundOn(world, 0)).toHaveLength(17);
    const calls = mutations(world).slice(before);
    expect(calls.filter((action) => action === 'CreateNetworkInterface')).toHaveLength(1);
    expect(calls.length).toBeLessThanOrEqual(6);
  });

  it('tells each Pod its address, once', async () => {
    const told = (await world.events('SucceedSetPodIP')).map((event) => JSON.parse(event.message) as { podIP: string });
    const addresses = await running(world, ['burst-0']);
    expect(told.filter((each) => each.podIP === addresses.get('burst-0'))).toMatchObject([
      { name: 'burst-0', cniTypes: ['tke-route-eni'], staticMode: false },
    ]);
  });

  it('says in its nec how many Pods there are, and that all is well', async () => {
    const found = await nec(world, nodeName(world, 0), (each) => each.status?.routeENI?.bound === 17, 'bound');
    expect(found.status?.routeENI?.pods).toBe(12);
    expect(found.status?.conditions).toContainEqual(
      expect.objectContaining({ type: 'SharedAddresses', status: 'True' }),
    );
    expect(found.status?.eniInfos?.map((info) => info.index)).toEqual([1, 2]);
  });

  it('is asked for addresses back when its targets are lowered, and told that they were accepted', async () => {
    const name = nodeName(world, 1);
    const set = (min: string | null, max: string | null) =>
      world.client.patch(nodeEniConfigs, name, {
        type: 'merge',
        body: {
          metadata: {
            annotations: { [annotations.routeEniIpMinWarmTarget]: min, [annotations.routeEniIpMaxWarmTarget]: max },
          },
        },
      });
    await set('8', '8');
    await listedOn(world, name, 8);
    const [accepted] = await world.events('SucceedSetRouteENIWarmTarget');
    expect(accepted?.message).toBe('min 5 -> 8, max 5 -> 8');
    await set('9', '3');
    const bad = await nec(world, name, (each) => hasCondition(each, 'PoolSettings', 'False'), 'the refusal');
    expect(bad.status?.routeENI).toMatchObject({ minWarmTarget: 8, maxWarmTarget: 8 });
    await set('2', null);
    await nec(
      world,
      name,
      (each) => JSON.stringify(each.status?.conditions).includes('is set without'),
      'the other one',
    );
    expect((await world.events('InvalidWarmTarget')).length).toBeGreaterThan(0);
    expect(boundOn(world, 1)).toHaveLength(8);
  });
});

const hasCondition = (
  { status }: { readonly status?: { readonly conditions?: readonly { type: string; status: string }[] | undefined } },
  type: string,
  value: string,
): boolean => status?.conditions?.some((each) => each.type === type && each.status === value) === true;

describe('changed defaults', () => {
  it('reach new nodes only; with auto sync also those whose targets nobody set', async () => {
    const values = { ...TRUNKING_OFF, 'vpcCni.routeEni.ipMinWarmTarget': '3', 'vpcCni.routeEni.ipMaxWarmTarget': '3' };
    await using world = await disposableWorld({ instanceTypes: ['S5.LARGE8', 'S5.LARGE8'], values });
    world.ipamd();
    const [untouched, chosen] = [nodeName(world, 0), nodeName(world, 1)];
    await listedOn(world, untouched, 3);
    await listedOn(world, chosen, 3);
    const own = { [annotations.routeEniIpMinWarmTarget]: '4', [annotations.routeEniIpMaxWarmTarget]: '4' };
    await world.client.patch(nodeEniConfigs, chosen, { type: 'merge', body: { metadata: { annotations: own } } });
    await listedOn(world, chosen, 4);
    const six = { 'vpcCni.routeEni.ipMinWarmTarget': '6', 'vpcCni.routeEni.ipMaxWarmTarget': '6' };
    await world.setValues(six);
    await world.client.delete(nodeEniConfigs, chosen);
    await nec(world, chosen, (each) => each.status?.routeENI?.minWarmTarget === 6, 'made anew with the new defaults');
    expect(boundOn(world, 0)).toHaveLength(3);
    await world.client.patch(nodeEniConfigs, chosen, { type: 'merge', body: { metadata: { annotations: own } } });
    await world.setValues({ ...six, 'vpcCni.routeEni.enableIpWarmTargetAutoSync': 'true' });
    await listedOn(world, untouched, 6);
    const kept = await nec(world, chosen, (each) => each.status?.routeENI?.minWarmTarget === 4, 'its own');
    expect(kept.metadata.annotations).toMatchObject(own);
  });
});

describe('a burst that needs two further ENIs', () => {
  it('has them attached one after the other', async () => {
    const settings = { attachOneAtATime: true, taskMsByAction: { AttachNetworkInterface: 600 } };
    await using world = await disposableWorld({ instanceTypes: ['S5.LARGE8'], settings });
    world.ipamd();
    await offers(world, nodeName(world, 0), '27');
    const names = Array.from({ length: 20 }, (_, index) => `pod-${index}`);
    await Promise.all(names.map((name) => sharedPod(world, name)));
    await running(world, names);
    const attaches = world.cloud.requestLog().filter((entry) => entry.action === 'AttachNetworkInterface');
    expect(attaches.map((entry) => entry.outcome)).toEqual(['ok', 'ok', 'ok']);
  });
});

describe('surplus', { concurrent: true }, () => {
  it.each([
    ['one at a time', {}, false, 1],
    ['all at once with quick release', { 'vpcCni.routeEni.enableQuickRelease': 'true' }, false, 3],
    ['all at once where the agent was started with --enable-quick-release', {}, true, 3],
  ])('is given back in rounds, %s, and the agent is asked first', async (_, values, byAgent, perCall) => {
    await using world = await disposableWorld({ instanceTypes: ['SA5.LARGE8'], values });
    world.ipamd({ timings: { releaseRoundMs: 200 } });
    await listedOn(world, nodeName(world, 0), 5);
    if (byAgent) {
      await offers(world, nodeName(world, 0), '27');
      const body = { status: { node: { quickRelease: true } } };
      await world.client.patch(nodeEniConfigs, nodeName(world, 0), { type: 'merge', body }, { subresource: 'status' });
    }
    for (const name of ['a', 'b', 'c']) await sharedPod(world, name);
    await running(world, ['a', 'b', 'c']);
    await listedOn(world, nodeName(world, 0), 8);
    for (const name of ['a', 'b', 'c']) await world.deletePod(name);
    const [eni] = await listedOn(world, nodeName(world, 0), 5);
    expect([...boundOn(world, 0)].toSorted()).toEqual(
      (eni?.status?.pool?.addresses ?? []).map(({ ip }) => ip).toSorted(),
    );
    const calls = mutations(world).filter((action) => action === 'UnassignPrivateIpAddresses');
    expect(calls.length).toBe(3 / perCall);
    expect(cloudEnis(world)).toHaveLength(1);
  });
});

describe('a node that is full of one kind of Pods', { concurrent: true }, () => {
  it('still offers all it has for the other kind, and serves it', async ({ expect }) => {
    await using world = await disposableWorld({ instanceTypes: ['SA5.LARGE8'] });
    world.ipamd();
    const name = nodeName(world, 0);
    await offers(world, name, '27');
    const caps = { maxSubENI: 2, maxRouteENI: 1, maxIPPerENI: 3 };
    await world.client.patch(nodeEniConfigs, name, { type: 'merge', body: { spec: caps } });
    await offers(world, name, '3');
    const all = [
      [resourceNames.eniIp, '3'],
      [resourceNames.subEni, '2'],
    ];
    const offered = async (): Promise<unknown> => {
      const { allocatable = {} } = (await world.client.get(nodes, name)).status ?? {};
      return all.map(([resource = '']) => [resource, allocatable[resource]]);
    };
    for (const pod of ['sub-a', 'sub-b']) await world.createPod(pod);
    await world.subEniObjects(
      (enis) => enis.length === 2 && enis.every(isReady),
      'two sub-ENIs, as many as it may have',
    );
    expect(await offered()).toEqual(all);
    for (const pod of ['a', 'b', 'c']) await sharedPod(world, pod);
    await running(world, ['a', 'b', 'c']);
    expect(await offered()).toEqual(all);
    await world.deletePod('sub-a');
    await world.subEniObjects((enis) => enis.length === 1, 'one sub-ENI less');
    await world.createPod('sub-c');
    await world.subEniObjects(
      (enis) => enis.length === 2 && enis.every(isReady),
      'a sub-ENI on a node without a free address',
    );
    expect(await offered()).toEqual(all);
  });
});

describe('the extended resource eni-ip', () => {
  it('is published again after a kubelet reset it', async () => {
    await using world = await disposableWorld({ instanceTypes: ['S5.LARGE8'] });
    world.ipamd();
    const name = nodeName(world, 0);
    await offers(world, name, '27');
    const gone = { [resourceNames.eniIp]: null };
    const body = { status: { capacity: gone, allocatable: gone } };
    await world.client.patch(nodes, name, { type: 'merge', body }, { subresource: 'status' });
    await offers(world, name, '27');
  });
});
