// How the ENIs of a node end, and come back: node gone, instance returned or shut down, detached and deleted by hand; checked in the cloud for leaks.
import { describe, expect, it } from 'vitest';
import { waitForObjects } from '../../lab/wait.ts';
import { cvmClient } from './testing/cvm.ts';
import { annotations, labels } from '../api/keys.ts';
import { nodeEniConfigs } from '../api/node-eni-config.ts';
import { sharedEniName, trunkEniName, vpcEnis } from '../api/vpc-eni.ts';
import { nodes } from '../kube/resources.ts';
import {
  boundOn,
  cloudEnis,
  cloudShows,
  enisOf,
  listedIn,
  listedOn,
  mutations,
  nec,
  nodeName,
  offers,
  requested,
  running,
  setNodeReady,
  sharedPod,
} from './testing/shared-world.ts';
import { disposableWorld, isReady, type World } from './testing/world.ts';

const ONE = { instanceTypes: ['SA5.LARGE8'] } as const;
const TRUNKING_OFF = { 'vpcCni.trunkingEni.enableSubEni': 'false' };
/** Both listings and their distance short, so that drift shows at once. */
const WATCHFUL = { orphanIntervalMs: 150, orphanSpacingMs: 100 };

/** A node with twelve Pods on two ENIs. */
async function crowd(world: World): Promise<readonly string[]> {
  const names = Array.from({ length: 12 }, (_, index) => `pod-${index}`);
  await Promise.all(names.map((name) => sharedPod(world, name)));
  await running(world, names);
  await listedOn(world, nodeName(world, 0), 17);
  return names;
}

const noEnis = (world: World, name: string) => enisOf(world, name, (enis) => enis.length === 0, 'no VpcENI left');

describe('a node that is deleted', { concurrent: true, timeout: 60_000 }, () => {
  it('keeps its ENIs while its Pods exist, then loses all of them', async ({ expect }) => {
    await using world = await disposableWorld(ONE);
    world.ipamd();
    const name = nodeName(world, 0);
    await offers(world, name, '27');
    const pods = await crowd(world);
    await world.client.delete(nodes, name);
    await Promise.all(pods.slice(1).map((pod) => world.deletePod(pod)));
    expect(cloudEnis(world)).toHaveLength(2);
    expect(mutations(world)).not.toContain('DetachNetworkInterface');
    await world.deletePod(pods[0] ?? '');
    await noEnis(world, name);
    expect(cloudEnis(world)).toEqual([]);
    await waitForObjects(world.client, nodeEniConfigs, (all) => all.length === 0, {
      what: 'no nec',
      timeoutMs: 10_000,
    });
  });

  it('and made again with another instance gets new ENIs, and the old ones go', async ({ expect }) => {
    await using world = await disposableWorld({ instanceTypes: ['SA5.LARGE8', 'SA5.LARGE8'], agentless: 1 });
    const first = world.ipamd();
    const name = nodeName(world, 0);
    await listedOn(world, name, 5);
    const [old] = cloudEnis(world).filter((eni) => eni.instanceId === world.instanceIds[0]);
    await first.stop();
    const node = await world.client.get(nodes, name);
    await world.client.delete(nodes, nodeName(world, 1));
    await world.client.delete(nodes, name);
    // The second instance has the same zone as its name says; only its id counts here.
    const { resourceVersion: _, uid: __, ...metadata } = node.metadata;
    const providerID = `qcloud:///ap-guangzhou-6/${world.instanceIds[1]}`;
    await world.client.create(nodes, { ...node, metadata, spec: { providerID } });
    world.ipamd();
    const [trunk] = await enisOf(
      world,
      name,
      (enis) => enis.length === 1 && enis.every((eni) => eni.spec.instanceID === world.instanceIds[1] && isReady(eni)),
      'a trunk for the new instance',
    );
    const left = await cloudShows(world, (enis) => !enis.some((eni) => eni.eniId === old?.eniId), 'the old one gone');
    expect(left.map((eni) => [eni.eniId, eni.instanceId])).toEqual([[trunk?.status?.eni?.eniID, world.instanceIds[1]]]);
  });
});

describe('a node that was renamed', { concurrent: true, timeout: 60_000 }, () => {
  it('has ENIs under its new name, and those of the old one go', async ({ expect }) => {
    await using world = await disposableWorld({ instanceTypes: ['SA5.LARGE8', 'SA5.LARGE8'], agentless: 1 });
    world.ipamd();
    const [name, other] = [nodeName(world, 0), nodeName(world, 1)];
    await listedOn(world, name, 5);
    await listedOn(world, other, 5);
    const node = await world.client.get(nodes, other);
    const { resourceVersion: _, uid: __, ...metadata } = node.metadata;
    await world.client.delete(nodes, other);
    await world.client.create(nodes, { ...node, metadata: { ...metadata, name: 'renamed' } });
    const [trunk] = await listedOn(world, 'renamed', 5);
    await noEnis(world, other);
    const left = await cloudShows(world, (enis) => enis.length === 2, 'two trunks');
    expect(left.filter((eni) => eni.instanceId === world.instanceIds[1]).map((eni) => eni.eniId)).toEqual([
      trunk?.status?.eni?.eniID,
    ]);
  });
});

describe('an instance', { concurrent: true, timeout: 60_000 }, () => {
  it('that is returned leaves no ENI behind, and gets no new one', async ({ expect }) => {
    await using world = await disposableWorld(ONE);
    world.ipamd();
    const name = nodeName(world, 0);
    await listedOn(world, name, 5);
    world.cloud.admin.terminateInstance(world.instanceIds[0] ?? '');
    await setNodeReady(world, name, 'Unknown');
    await noEnis(world, name);
    expect(cloudEnis(world)).toEqual([]);
    expect(mutations(world)).not.toContain('DetachNetworkInterface');
    // Were another one intended, its node would be asked about now.
    await requested(world, 'DescribeInstances');
    await requested(world, 'DescribeInstances');
    expect((await world.client.list(vpcEnis)).items).toEqual([]);
  });

  it('that is shut down has its ENIs unbound, with their addresses, and has them again when it runs', async ({
    expect,
  }) => {
    await using world = await disposableWorld({ ...ONE, values: TRUNKING_OFF });
    world.ipamd();
    const name = nodeName(world, 0);
    const addresses = listedIn(await listedOn(world, name, 5));
    world.cloud.admin.stopInstance(world.instanceIds[0] ?? '');
    await setNodeReady(world, name, 'Unknown');
    await enisOf(
      world,
      name,
      (enis) => enis.some((eni) => eni.status?.conditions?.some((each) => each.reason === 'InstanceStopped')),
      'told that it is unbound',
    );
    const [unbound] = await cloudShows(world, ([eni]) => eni?.instanceId === null, 'the ENI unbound');
    expect(unbound?.addresses.slice(1).toSorted()).toEqual(addresses.toSorted());
    await cvmClient(world).start(world.instanceIds[0] ?? '');
    const enis = await enisOf(world, name, (all) => all.length === 1 && all.every(isReady), 'attached again');
    expect(listedIn(enis).toSorted()).toEqual(addresses.toSorted());
    expect(boundOn(world, 0).toSorted()).toEqual(addresses.toSorted());
  });

  it('that is shut down keeps a trunk that carries a sub-ENI', async ({ expect }) => {
    await using world = await disposableWorld(ONE);
    world.ipamd();
    const name = nodeName(world, 0);
    await offers(world, name, '27');
    await world.createPod('sub');
    await world.subEniObjects((enis) => enis.length === 1 && enis.every(isReady), 'the sub-ENI');
    world.cloud.admin.stopInstance(world.instanceIds[0] ?? '');
    const asked = requested(world, 'DescribeInstances');
    await setNodeReady(world, name, 'Unknown');
    await asked;
    await requested(world, 'DescribeInstances');
    expect(mutations(world)).not.toContain('DetachNetworkInterface');
  });
});

describe('an ENI of a node', { concurrent: true, timeout: 60_000 }, () => {
  it('that was detached by hand is attached again, and its Pods keep their addresses', async ({ expect }) => {
    await using world = await disposableWorld(ONE);
    world.ipamd({ timings: WATCHFUL });
    const name = nodeName(world, 0);
    await offers(world, name, '27');
    const before = listedIn(await listedOn(world, name, 5));
    world.cloud.admin.detachEni(cloudEnis(world)[0]?.eniId ?? '');
    await world.events('EniDetached');
    const enis = await enisOf(world, name, (all) => all.every(isReady), 'attached again');
    expect(listedIn(enis)).toEqual(before);
    expect(boundOn(world, 0)).toHaveLength(5);
  });

  it('that was deleted by hand is made again, with other addresses', async ({ expect }) => {
    await using world = await disposableWorld({ ...ONE, values: TRUNKING_OFF });
    world.ipamd({ timings: WATCHFUL });
    const name = nodeName(world, 0);
    await listedOn(world, name, 5);
    await sharedPod(world, 'stranded');
    await running(world, ['stranded']);
    await listedOn(world, name, 6);
    const [before] = await enisOf(world, name, ([eni]) => eni?.status?.use?.inUse.length === 1, 'the use reported');
    world.cloud.admin.deleteEni(cloudEnis(world)[0]?.eniId ?? '');
    const [after] = await enisOf(
      world,
      name,
      (all) => all.every((eni) => isReady(eni) && eni.status?.eni?.eniID !== before?.status?.eni?.eniID),
      'another one',
    );
    await listedOn(world, name, 6);
    // The agent's table of the old one still has its Pod; the new one gets a table of its own.
    const infos = (await nec(world, name, (each) => each.status?.eniInfos?.length === 2, 'both')).status?.eniInfos;
    expect(infos?.map((info) => [info.eniID === after?.status?.eni?.eniID, info.index])).toEqual([
      [false, 1],
      [true, 2],
    ]);
    expect(after?.metadata.uid).toBe(before?.metadata.uid);
    expect(after?.status?.pool?.generation).toBeGreaterThan(before?.status?.pool?.generation ?? 0);
    expect(cloudEnis(world)).toHaveLength(1);
  });

  it('whose address was taken off by hand gets another one, and the pool no longer lists it', async ({ expect }) => {
    await using world = await disposableWorld(ONE);
    world.ipamd({ timings: WATCHFUL });
    const name = nodeName(world, 0);
    const [ip = ''] = listedIn(await listedOn(world, name, 5));
    world.cloud.admin.unassignAddress({ eniId: cloudEnis(world)[0]?.eniId ?? '', ip });
    const enis = await enisOf(
      world,
      name,
      (all) => listedIn(all).length === 5 && all.some((eni) => (eni.status?.pool?.generation ?? 0) > 1),
      'another address',
    );
    expect(listedIn(enis).toSorted()).toEqual([...boundOn(world, 0)].toSorted());
  });

  it('that is stuck in PENDING is given up, made again, and collected later', async ({ expect }) => {
    await using world = await disposableWorld({ ...ONE, values: TRUNKING_OFF });
    world.cloud.admin.stallTask({ action: 'CreateNetworkInterface' });
    world.ipamd({ timings: { stuckMs: 400, ...WATCHFUL } });
    const name = nodeName(world, 0);
    await listedOn(world, name, 5);
    expect((await world.events('EniStuck'))[0]?.message).toContain('PENDING');
    world.cloud.admin.releaseTasks();
    const [only] = await cloudShows(
      world,
      (enis) => enis.length === 1 && enis[0]?.instanceId !== null,
      'the stuck one collected',
    );
    expect(only?.instanceId).toBe(world.instanceIds[0]);
  });

  it('whose attach failed as a task is attached by another call', async ({ expect }) => {
    await using world = await disposableWorld(ONE);
    world.cloud.admin.failTask({ action: 'AttachNetworkInterface' });
    world.ipamd({ timings: { stuckMs: 400 } });
    await listedOn(world, nodeName(world, 0), 5);
    expect(mutations(world)).toEqual(['CreateNetworkInterface', 'AttachNetworkInterface', 'AttachNetworkInterface']);
  });

  it('that somebody deletes in Kubernetes stays until its addresses are given back, and is made again', async ({
    expect,
  }) => {
    await using world = await disposableWorld({ ...ONE, values: TRUNKING_OFF });
    world.ipamd();
    const name = nodeName(world, 0);
    await listedOn(world, name, 5);
    await sharedPod(world, 'a');
    const ip = (await running(world, ['a'])).get('a') ?? '';
    await listedOn(world, name, 6);
    await world.client.delete(vpcEnis, sharedEniName(name, 1));
    await enisOf(world, name, (all) => all.length === 2 && all.some(isReady), 'another one besides it');
    expect(boundOn(world, 0)).toContain(ip);
    await world.deletePod('a');
    await enisOf(world, name, (all) => all.length === 1 && all.every(isReady), 'only the other one');
    await cloudShows(world, (enis) => enis.length === 1, 'one ENI');
  });
});

describe('the node annotation disable-node-eni', () => {
  it('stops the handling of its ENIs, until it is taken away', async () => {
    await using world = await disposableWorld({ instanceTypes: ['SA5.LARGE8', 'SA5.LARGE8'] });
    const [name, other] = [nodeName(world, 0), nodeName(world, 1)];
    const set = (value: string | null) =>
      world.client.patch(nodes, name, {
        type: 'merge',
        body: { metadata: { annotations: { [annotations.disableNodeEni]: value } } },
      });
    await set('true');
    world.ipamd();
    await offers(world, other, '27');
    expect((await world.client.list(vpcEnis)).items.map((eni) => eni.metadata.name)).toEqual([trunkEniName(other)]);
    await set(null);
    await offers(world, name, '27');
  });
});

describe('the node label route-eni-subnet-ids', () => {
  it('chooses the subnet of its ENIs', async () => {
    await using world = await disposableWorld(ONE);
    const label = { [labels.routeEniSubnetIds]: 'subnet-node0003' };
    await world.client.patch(nodes, nodeName(world, 0), { type: 'merge', body: { metadata: { labels: label } } });
    world.ipamd();
    await listedOn(world, nodeName(world, 0), 5);
    expect(cloudEnis(world).map((eni) => eni.subnetId)).toEqual(['subnet-node0003']);
  });
});
