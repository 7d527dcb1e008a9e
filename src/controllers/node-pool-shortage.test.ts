// What stands in the way of shared addresses, and who is told: dry subnets, refusals, caps, pauses, lost replies; taint and condition of nodes.
import { describe, it } from 'vitest';
import { annotations, taints } from '../api/keys.ts';
import { nodeEniConfigs } from '../api/node-eni-config.ts';
import type { NodeEniConfig } from '../api/node-eni-config.ts';
import { nodes } from '../kube/resources.ts';
import type { Node } from '../kube/resources.ts';
import { ENI_IP_UNAVAILABLE } from './node/condition/controller.ts';
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
  nodeOf,
  offers,
  running,
  sharedPod,
} from './testing/shared-world.ts';
import { disposableWorld, type World } from './testing/world.ts';

const ONE = { instanceTypes: ['SA5.LARGE8'] } as const;
const FLAGS = { enableNodeTaint: true, enableNodeCondition: true };

const conditionOf = (found: NodeEniConfig, type = 'SharedAddresses') =>
  found.status?.conditions?.find((condition) => condition.type === type);
const annotate = (world: World, values: Readonly<Record<string, string | null>>) =>
  world.client.patch(nodeEniConfigs, nodeName(world, 0), {
    type: 'merge',
    body: { metadata: { annotations: values } },
  });
const pods = (world: World, count: number, prefix = 'pod'): Promise<readonly string[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => sharedPod(world, `${prefix}-${index}`))).then((made) =>
    made.map((pod) => pod.metadata.name),
  );
const isTainted = (node: Node): boolean =>
  node.spec?.taints?.some((taint) => taint.key === taints.eniIpUnavailable) === true;
const exhaustion = (node: Node): string | undefined =>
  node.status?.conditions?.find((condition) => condition.type === ENI_IP_UNAVAILABLE)?.status;

describe('a subnet without free addresses', { concurrent: true }, () => {
  it('gives what it has, is told in the nec, and is used again when it has more', async ({ expect }) => {
    await using world = await disposableWorld(ONE);
    const first = world.ipamd({ flags: FLAGS });
    const name = nodeName(world, 0);
    await offers(world, name, '27');
    world.cloud.admin.drainSubnet({ subnetId: 'subnet-pods0003' });
    const names = await pods(world, 7);
    const told = await nec(
      world,
      name,
      (each) => conditionOf(each)?.reason === 'SubnetExhausted',
      'told that it is dry',
    );
    expect(conditionOf(told)?.message).toContain('subnet-pods0003');
    expect((await world.events('SubnetExhausted')).map((event) => event.involvedObject.name)).toContain(name);
    await nodeOf(world, name, (node) => isTainted(node) && exhaustion(node) === 'True', 'taint and condition');
    expect(boundOn(world, 0)).toHaveLength(5);
    expect(cloudEnis(world)).toHaveLength(1);
    world.cloud.admin.refillSubnets();
    // A subnet rests for a minute; another leader knows nothing of it.
    await first.stop();
    world.ipamd({ flags: FLAGS });
    await running(world, names);
    await nodeOf(world, name, (node) => !isTainted(node) && exhaustion(node) === 'False', 'both taken back');
  });

  it('is left alone while another one of the zone serves', async ({ expect }) => {
    await using world = await disposableWorld({ ...ONE, values: { subnetIds: 'subnet-pods0003,subnet-node0003' } });
    world.ipamd();
    await offers(world, nodeName(world, 0), '27');
    world.cloud.admin.drainSubnet({ subnetId: 'subnet-pods0003' });
    const names = await pods(world, 7);
    await running(world, names);
    const enis = await cloudShows(world, (all) => all.length === 2, 'a second ENI');
    expect(enis.map((eni) => eni.subnetId).toSorted()).toEqual(['subnet-node0003', 'subnet-pods0003']);
  });
});

describe('a refusal', { concurrent: true }, () => {
  it('of further addresses is told with its cure, and tried again after a while', async ({ expect }) => {
    await using world = await disposableWorld(ONE);
    world.ipamd({ timings: { lookAgainMs: 1_000 } });
    const name = nodeName(world, 0);
    await offers(world, name, '27');
    world.cloud.admin.failNext({ action: 'AssignPrivateIpAddresses', code: 'LimitExceeded' });
    const names = await pods(world, 2);
    const told = await nec(world, name, (each) => conditionOf(each)?.reason === 'CloudQuotaExceeded', 'the quota');
    expect(conditionOf(told)?.message).toMatch(/LimitExceeded.*ask for a higher quota/s);
    expect((await world.events('CloudQuotaExceeded')).length).toBeGreaterThan(0);
    await running(world, names);
    await listedOn(world, name, 7);
    await nec(
      world,
      name,
      (each) => conditionOf(each)?.status === 'True' && each.status?.routeENI?.bound === 7,
      'healed',
    );
    expect(world.calls('AssignPrivateIpAddresses')).toBe(2);
  });

  it('of the limits of instances lets the documented ones count', async ({ expect }) => {
    await using world = await disposableWorld({ instanceTypes: ['S5.2XLARGE16'] });
    const denied = { action: 'DescribeNetworkInterfaceLimit', code: 'UnauthorizedOperation', times: 1000 };
    world.cloud.admin.failNext(denied);
    world.ipamd();
    await offers(world, nodeName(world, 0), '95');
    const found = await nec(world, nodeName(world, 0), (each) => each.status?.routeENI !== undefined, 'the quota');
    expect(found.status?.routeENI?.reason).toContain('documented for 8 cores');
  });
});

describe('a lost reply', { concurrent: true }, () => {
  it.each([
    ['AssignPrivateIpAddresses', 7],
    ['UnassignPrivateIpAddresses', 5],
  ])('to %s costs no address: what is on the ENI is ours', async (action, count) => {
    await using world = await disposableWorld({ ...ONE, values: { 'vpcCni.routeEni.enableQuickRelease': 'true' } });
    world.ipamd({ timings: { releaseRoundMs: 200 } });
    const name = nodeName(world, 0);
    await listedOn(world, name, 5);
    world.cloud.admin.dropReply({ action });
    const names = await pods(world, 2);
    await running(world, names);
    await listedOn(world, name, 7);
    if (count === 5) for (const pod of names) await world.deletePod(pod);
    const enis = await listedOn(world, name, count);
    expectSame(boundOn(world, 0), listedIn(enis));
  });
});

describe('an address task', { concurrent: true }, () => {
  it('that fails afterwards is made good by another call', async () => {
    await using world = await disposableWorld(ONE);
    world.ipamd();
    const name = nodeName(world, 0);
    await listedOn(world, name, 5);
    world.cloud.admin.failTask({ action: 'AssignPrivateIpAddresses' });
    await running(world, await pods(world, 6));
    const enis = await listedOn(world, name, 11);
    expectSame(boundOn(world, 0), listedIn(enis));
  });

  it('that never ends is told, and the Pods get their addresses elsewhere', async ({ expect }) => {
    await using world = await disposableWorld(ONE);
    world.ipamd({ timings: { stuckMs: 400 } });
    const name = nodeName(world, 0);
    await offers(world, name, '27');
    world.cloud.admin.stallTask({ action: 'AssignPrivateIpAddresses' });
    await running(world, await pods(world, 8));
    expect((await world.events('AddressStuck'))[0]?.message).toContain('did not settle');
    world.cloud.admin.releaseTasks();
  });
});

const expectSame = (one: readonly string[], other: readonly string[]): void => {
  const [a, b] = [[...one].toSorted().join(), [...other].toSorted().join()];
  if (a !== b) throw new Error(`the cloud has ${a}, the pool lists ${b}`);
};

describe('the caps of a node', { concurrent: true }, () => {
  it('are refused below what is in use; above it, what is idle goes at once, with ENIs and all', async ({ expect }) => {
    await using world = await disposableWorld(ONE);
    world.ipamd();
    const name = nodeName(world, 0);
    await offers(world, name, '27');
    await running(world, await pods(world, 12));
    await listedOn(world, name, 17);
    await enisOf(world, name, (enis) => usedOn(enis) === 12, 'the use reported');
    await annotate(world, { [annotations.routeEniMaxAttach]: '1' });
    const told = await nec(world, name, (each) => conditionOf(each, 'PoolSettings')?.status === 'False', 'the refusal');
    expect(conditionOf(told, 'PoolSettings')).toMatchObject({ reason: 'CapBelowUse' });
    expect(told.status?.routeENI).toMatchObject({ quota: 27, maxENI: 3 });
    expect((await world.events('CapBelowUse')).length).toBeGreaterThan(0);
    for (let index = 4; index < 12; index += 1) await world.deletePod(`pod-${index}`);
    await enisOf(world, name, (enis) => usedOn(enis) === 4, 'the use reported');
    await annotate(world, { [annotations.routeEniMaxAttach]: null });
    await annotate(world, { [annotations.routeEniMaxAttach]: '2', [annotations.maxIpPerRouteEni]: '6' });
    await offers(world, name, '12');
    const enis = await enisOf(world, name, (all) => listedIn(all).length <= 12, 'idle ones given back');
    expect(enis.every((eni) => (eni.status?.pool?.addresses.length ?? 0) <= 6)).toBe(true);
    const back = await nec(world, name, (each) => conditionOf(each, 'PoolSettings')?.status === 'True', 'accepted');
    expect(back.status?.routeENI).toMatchObject({ maxENI: 2, maxIPPerENI: 6 });
  });
});

const usedOn = (
  enis: readonly { readonly status?: { readonly use?: { readonly inUse: readonly unknown[] } | undefined } }[],
) => enis.reduce((sum, eni) => sum + (eni.status?.use?.inUse.length ?? 0), 0);

describe('a nec that is edited into nonsense', { concurrent: true }, () => {
  it('is put right where the cloud knows better, refused where the kind does, and costs no call', async ({
    expect,
  }) => {
    await using world = await disposableWorld(ONE);
    world.ipamd();
    const name = nodeName(world, 0);
    await offers(world, name, '27');
    await listedOn(world, name, 5);
    const before = await nec(world, name, (each) => each.status?.routeENI?.bound === 5, 'settled');
    const edit = (body: object, subresource?: 'status') =>
      world.client.patch(
        nodeEniConfigs,
        name,
        { type: 'merge', body },
        subresource === undefined ? {} : { subresource },
      );
    await edit({ spec: { instanceID: 'ins-nonsense', zone: 'nowhere-9', instanceType: 'X9.HUGE1' } });
    await nec(world, name, (each) => JSON.stringify(each.spec) === JSON.stringify(before.spec), 'the spec put right');
    const told = await world.events('NodeENIConfigCorrected');
    expect(told[0]?.message).toContain('spec.instanceID was "ins-nonsense" and is "ins-');
    expect(told[0]?.message).toContain('spec.zone was "nowhere-9"');
    await edit({ status: { eniInfos: [], routeENI: null, subENI: null } }, 'status');
    const after = await nec(world, name, (each) => each.status?.routeENI?.bound === 5, 'the status put right');
    expect(after.status?.eniInfos).toEqual(before.status?.eniInfos);
    await expect(edit({ spec: { maxRouteENI: -1 } })).rejects.toThrow(/maxRouteENI/);
    await expect(edit({ spec: { desiredRouteENIIP: 'many' } })).rejects.toThrow(/desiredRouteENIIP/);
    await edit({ spec: { maxRouteENI: 0 } });
    await offers(world, name, '0');
    await edit({ spec: { maxRouteENI: null } });
    await offers(world, name, '27');
    await listedOn(world, name, 5);
    const changed = mutations(world).filter((action) => /^(Create|Delete|Attach|Detach)/.test(action));
    expect(changed).toEqual(['CreateNetworkInterface', 'AttachNetworkInterface']);
  });
});

describe('a wanted number', { concurrent: true }, () => {
  it('is bound ahead of Pods; one that is no number is told and changes nothing', async ({ expect }) => {
    await using world = await disposableWorld(ONE);
    world.ipamd();
    const name = nodeName(world, 0);
    await offers(world, name, '27');
    const set = (value: string) =>
      world.client.patch(nodes, name, {
        type: 'merge',
        body: { metadata: { annotations: { [annotations.desiredRouteEniPodNum]: value } } },
      });
    await set('12');
    await listedOn(world, name, 12);
    await set('many');
    const told = await nec(world, name, (each) => conditionOf(each, 'PoolSettings')?.status === 'False', 'told');
    expect(conditionOf(told, 'PoolSettings')?.message).toContain('"many"; expected a whole number');
  });
});

describe('paused', { concurrent: true }, () => {
  it('all binds nothing, and says so; none goes on at once', async ({ expect }) => {
    await using world = await disposableWorld(ONE);
    world.ipamd();
    const name = nodeName(world, 0);
    await offers(world, name, '27');
    await world.setValues({ paused: 'all' });
    const names = await pods(world, 2);
    const told = await nec(world, name, (each) => conditionOf(each)?.reason === 'Paused', 'told that it is paused');
    expect(conditionOf(told)?.message).toContain('paused is "all"');
    expect(mutations(world)).toHaveLength(2);
    await world.setValues({ paused: 'none' });
    await running(world, names);
    await listedOn(world, name, 7);
  });
});

describe('paused deletes', { concurrent: true }, () => {
  it('asks for no address back and unassigns none, while new ones are bound; none goes on at once', async ({
    expect,
  }) => {
    const quick = { 'vpcCni.routeEni.enableQuickRelease': 'true' };
    await using world = await disposableWorld({ ...ONE, values: quick });
    world.ipamd({ timings: { releaseRoundMs: 200 } });
    const name = nodeName(world, 0);
    await listedOn(world, name, 5);
    await running(world, await pods(world, 3));
    await listedOn(world, name, 8);
    await world.setValues({ ...quick, paused: 'deletes' });
    await Promise.all(['pod-0', 'pod-1', 'pod-2'].map((pod) => world.deletePod(pod)));
    const told = await nec(world, name, (each) => conditionOf(each)?.reason === 'Paused', 'told that it is paused');
    expect(conditionOf(told)?.message).toContain('paused is "deletes"');
    await running(world, await pods(world, 6, 'new'));
    const enis = await listedOn(world, name, 11);
    expect(enis.map((eni) => eni.status?.pool?.release)).toEqual(enis.map(() => undefined));
    for (let index = 0; index < 6; index += 1) await world.deletePod(`new-${index}`);
    await nec(world, name, (each) => each.status?.routeENI?.pods === 0, 'no Pod left');
    expect(world.calls('UnassignPrivateIpAddresses')).toBe(0);
    await world.setValues({ ...quick, paused: 'none' });
    expectSame(listedIn(await listedOn(world, name, 5)), boundOn(world, 0));
  });
});

describe('the taint eni-ip-unavailable', { concurrent: true }, () => {
  it('that a node is born with is taken off when it serves, and no other one', async ({ expect }) => {
    await using world = await disposableWorld(ONE);
    const name = nodeName(world, 0);
    const born = [
      { key: 'other', effect: 'NoSchedule' },
      { key: taints.eniIpUnavailable, value: 'true', effect: 'NoSchedule' },
    ];
    await world.client.patch(nodes, name, { type: 'merge', body: { spec: { taints: born } } });
    world.ipamd();
    const node = await nodeOf(world, name, (each) => !isTainted(each), 'the taint gone');
    expect(node?.spec?.taints).toEqual([{ key: 'other', effect: 'NoSchedule' }]);
    await offers(world, name, '27');
  });

  it('is not set on a full node without its flag', async ({ expect }) => {
    await using world = await disposableWorld({ instanceTypes: ['S5.SMALL2'] });
    world.ipamd();
    const name = nodeName(world, 0);
    await offers(world, name, '5');
    await running(world, await pods(world, 5));
    await nec(world, name, (each) => each.status?.routeENI?.pods === 5, 'five Pods');
    const node = await nodeOf(world, name, () => true, 'the node');
    expect([node === undefined || isTainted(node), node && exhaustion(node)]).toEqual([false, undefined]);
  });

  it('and the condition are set on a full node with their flags, and taken back when a Pod goes', async () => {
    await using world = await disposableWorld({ instanceTypes: ['S5.SMALL2'] });
    world.ipamd({ flags: FLAGS });
    const name = nodeName(world, 0);
    await offers(world, name, '5');
    await running(world, await pods(world, 5));
    await nodeOf(world, name, (node) => isTainted(node) && exhaustion(node) === 'True', 'both set');
    await world.deletePod('pod-3');
    await nodeOf(world, name, (node) => !isTainted(node) && exhaustion(node) === 'False', 'both taken back');
  });
});
