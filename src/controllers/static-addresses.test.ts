// Static mode end to end, without packets: from a Pod to its claim and its address, and back (facts/tke.md 6.2).
import { describe, it } from 'vitest';
import { nodes, pods } from '../kube/resources.ts';
import { type VpcIpClaim, vpcIpClaims } from '../api/vpc-ip-claim.ts';
import { vpcIps } from '../api/vpc-ip.ts';
import {
  boundOn,
  cloudShows,
  mutations,
  nodeName,
  nodeOf,
  offers,
  running,
  setNodeReady,
} from './testing/shared-world.ts';
import {
  addressesOf,
  addressOf,
  claimOf,
  claims,
  NEVER,
  nothingHeld,
  ONE,
  SAME_ZONE,
  staticPod,
  staticWorld,
  vipOf,
  vips,
} from './testing/static-world.ts';
import type { World } from './testing/world.ts';
import { POD_SUBNET_IDS } from '../../lab/layout.ts';

describe('an ordinary Pod in static mode', { concurrent: true, timeout: 90_000 }, () => {
  it('gets a claim and an address of its own, and both go with it', async ({ expect }) => {
    await using world = await staticWorld(ONE);
    world.ipamd();
    const node = nodeName(world, 0);
    await offers(world, node, '27');
    expect(boundOn(world, 0)).toEqual([]);
    const pod = await staticPod(world, 'web-0');
    const ip = await addressOf(world, 'web-0');
    const claim = await claimOf(world, 'web-0', ({ status }) => status?.phase === 'Bound', 'the claim bound');
    expect(claim.spec).toMatchObject({ deletePolicy: 'Immediate', kind: 'Shared' });
    expect(claim.status).toMatchObject({ podUID: pod.metadata.uid, nodeName: node, vpcIP: ip });
    const vip = await vipOf(world, ip, ({ status }) => status?.phase === 'Assigned', 'the address assigned');
    expect(vip.status).toMatchObject({ podUID: pod.metadata.uid, nodeName: node, gateway: expect.any(String) });
    expect(vip.metadata.labels?.['tke.cloud.tencent.com/node-name']).toBe(node);
    expect(boundOn(world, 0)).toEqual([ip]);
    const [event] = await world.events('SucceedSetPodIP');
    expect(JSON.parse(event?.message ?? '')).toMatchObject({ podIP: ip, staticMode: true, staticIP: false });
    await world.deletePod('web-0');
    await nothingHeld(world);
  });

  it('gets its kept address back on another node of the zone, and the claim says what is held meanwhile', async ({
    expect,
  }) => {
    await using world = await staticWorld(SAME_ZONE);
    world.ipamd();
    await offers(world, nodeName(world, 0), '27');
    await staticPod(world, 'db-0', { marks: NEVER });
    const ip = await addressOf(world, 'db-0');
    await world.deletePod('db-0');
    const unbound = await claimOf(world, 'db-0', ({ status }) => status?.phase === 'Unbound', 'the claim kept');
    expect(unbound.status).toMatchObject({ vpcIP: ip, unboundSince: expect.any(String) });
    expect(unbound.status).not.toHaveProperty('releaseAt');
    const kept = await vipOf(world, ip, ({ status }) => status?.phase === 'Unassigned', 'the address off its ENI');
    expect(kept.status).toMatchObject({ unassignedSince: expect.any(String) });
    expect(kept.status).not.toHaveProperty('eniID');
    expect(boundOn(world, 0)).toEqual([]);
    await staticPod(world, 'db-0', { index: 2, marks: NEVER });
    expect(await addressOf(world, 'db-0')).toBe(ip);
    expect(boundOn(world, 2)).toEqual([ip]);
  });

  it('waits with its kept address where no subnet of the zone fits, and says so', async ({ expect }) => {
    await using world = await staticWorld();
    world.ipamd();
    await offers(world, nodeName(world, 0), '27');
    await staticPod(world, 'db-0', { marks: NEVER });
    const ip = await addressOf(world, 'db-0');
    await world.deletePod('db-0');
    await staticPod(world, 'db-0', { index: 1, marks: NEVER });
    const waiting = await claimOf(world, 'db-0', (claim) => reason(claim) === 'ZoneMismatch', 'the reason');
    expect(waiting.status?.conditions?.[0]?.message).toContain(`${ip} of subnet-`);
    const [event] = await world.events('FailedAllocateIP');
    expect(event?.message).toContain('ZoneMismatch');
    await world.deletePod('db-0');
    await staticPod(world, 'db-0', { index: 0, marks: NEVER });
    expect(await addressOf(world, 'db-0')).toBe(ip);
  });

  it('keeps its address without a call when the next Pod of its name comes to the same node before it is let go', async ({
    expect,
  }) => {
    await using world = await staticWorld(ONE);
    const ipamd = world.ipamd();
    await offers(world, nodeName(world, 0), '27');
    await staticPod(world, 'db-0', { marks: NEVER });
    const ip = await addressOf(world, 'db-0');
    await claimOf(world, 'db-0', ({ status }) => status?.phase === 'Bound', 'the claim bound');
    await ipamd.stop();
    await world.deletePod('db-0');
    const next = await staticPod(world, 'db-0', { marks: NEVER });
    const before = mutations(world).length;
    world.ipamd();
    expect(await addressOf(world, 'db-0')).toBe(ip);
    await vipOf(world, ip, ({ status }) => status?.podUID === next.metadata.uid, 'the next Pod');
    expect(mutations(world).slice(before)).toEqual([]);
  });

  it('is not let in on an address that the agent has not reported torn down', async ({ expect }) => {
    await using world = await staticWorld({ ...SAME_ZONE, agentless: 1 });
    world.ipamd();
    await offers(world, nodeName(world, 0), '27');
    await nodeOf(world, nodeName(world, 2), () => true, 'the node');
    const first = await staticPod(world, 'db-0', { index: 2, marks: NEVER });
    const held = await vips(world, (all) => all.some(({ status }) => status?.phase === 'Assigned'), 'its address');
    const ip = held[0]?.metadata.name ?? '';
    await world.deletePod('db-0');
    await staticPod(world, 'db-0', { index: 0, marks: NEVER });
    await claimOf(world, 'db-0', (claim) => reason(claim) === 'WaitingForRelease', 'that it waits');
    expect(boundOn(world, 2)).toEqual([ip]);
    const vip = await vipOf(world, ip, () => true, 'the address');
    expect(vip.status).toMatchObject({ phase: 'Assigned', podUID: first.metadata.uid });
    await world.client.delete(nodes, nodeName(world, 2));
    world.cloud.admin.terminateInstance(world.instanceIds[2] ?? '');
    expect(await addressOf(world, 'db-0')).toBe(ip);
  });

  it('shares the calls with the Pods that come with it: one to bind many', async ({ expect }) => {
    await using world = await staticWorld(ONE);
    const ipamd = world.ipamd();
    await offers(world, nodeName(world, 0), '27');
    await ipamd.stop();
    const names = Array.from({ length: 9 }, (_, index) => `web-${index}`);
    await Promise.all(names.map((name) => staticPod(world, name)));
    const before = mutations(world).length;
    world.ipamd();
    const addresses = await running(world, names);
    expect(new Set(addresses.values()).size).toBe(9);
    expect(mutations(world).slice(before)).toEqual(['AssignPrivateIpAddresses']);
  });

  it('gets a further ENI when the first is full', async ({ expect }) => {
    await using world = await staticWorld(ONE);
    world.ipamd();
    await offers(world, nodeName(world, 0), '27');
    const names = Array.from({ length: 11 }, (_, index) => `web-${index}`);
    await Promise.all(names.map((name) => staticPod(world, name)));
    const addresses = await running(world, names);
    expect(new Set(addresses.values()).size).toBe(11);
    expect(boundOn(world, 0).toSorted()).toEqual([...addresses.values()].toSorted());
  });
});

describe('an address that a claim keeps', { concurrent: true, timeout: 90_000 }, () => {
  it('is given back when the cloud gives it to another Pod, which gets one that is free', async ({ expect }) => {
    await using world = await staticWorld(ONE);
    world.ipamd();
    const ip = await keptAndNext(world, []);
    world.cloud.admin.refillSubnets();
    const before = mutations(world).length;
    await staticPod(world, 'web-0');
    expect(await addressOf(world, 'web-0')).not.toBe(ip);
    expect(mutations(world).slice(before, before + 2)).toEqual([ASSIGN, ASSIGN]);
    await cloudShows(world, () => !boundOn(world, 0).includes(ip), 'the kept address given back');
    await staticPod(world, 'db-0', { marks: NEVER });
    expect(await addressOf(world, 'db-0')).toBe(ip);
  });

  it('is not given and taken back in rounds when the node has one place left: the next Pod gets one by name', async ({
    expect,
  }) => {
    await using world = await staticWorld({ instanceTypes: ['SA5.SMALL1'] });
    world.ipamd();
    const ip = await keptAndNext(world, ['web-0', 'web-1', 'web-2', 'web-3']);
    world.cloud.admin.refillSubnets();
    const before = mutations(world).length;
    await staticPod(world, 'web-4');
    const address = await addressOf(world, 'web-4');
    expect(mutations(world).slice(before)).toEqual([ASSIGN, UNASSIGN, ASSIGN]);
    const named = world.cloud.requestLog().findLast(({ action }) => action === ASSIGN);
    expect(named?.body).toMatchObject({ PrivateIpAddresses: [{ PrivateIpAddress: address }] });
    expect(address).not.toBe(ip);
  });

  it('is left alone where no other is free: the Pod is told so, and nothing more is called', async ({ expect }) => {
    await using world = await staticWorld({ instanceTypes: ['SA5.SMALL1'] });
    world.ipamd();
    await keptAndNext(world, ['web-0', 'web-1', 'web-2', 'web-3']);
    const before = mutations(world).length;
    await staticPod(world, 'web-4');
    await claimOf(world, 'web-4', (claim) => reason(claim) === 'SubnetExhausted', 'the reason');
    expect(mutations(world).slice(before)).toEqual([ASSIGN, UNASSIGN]);
  });
});

const ASSIGN = 'AssignPrivateIpAddresses';
const UNASSIGN = 'UnassignPrivateIpAddresses';

/** Of the first node, besides `others`: the address that db-0 had, kept and the only one of its subnet that is free, until the subnet is refilled. */
async function keptAndNext(world: World, others: readonly string[]): Promise<string> {
  await staticPod(world, 'db-0', { marks: NEVER });
  const ip = await addressOf(world, 'db-0');
  await Promise.all(others.map((name) => staticPod(world, name)));
  await addressesOf(world, others);
  for (const subnetId of POD_SUBNET_IDS) world.cloud.admin.drainSubnet({ subnetId });
  await world.deletePod('db-0');
  await vipOf(world, ip, ({ status }) => status?.phase === 'Unassigned', 'the address kept');
  return ip;
}

describe('a node that is shut down in the cloud', { concurrent: true, timeout: 90_000 }, () => {
  it('lets go of the addresses of Pods that are gone, though its ENI is attached to nothing any more', async ({
    expect,
  }) => {
    await using world = await staticWorld({ ...SAME_ZONE, agentless: 1 });
    world.ipamd();
    await offers(world, nodeName(world, 0), '27');
    await staticPod(world, 'db-0', { index: 2, marks: NEVER });
    const held = await vips(world, (all) => all.some(({ status }) => status?.phase === 'Assigned'), 'its address');
    const ip = held[0]?.metadata.name ?? '';
    await setNodeReady(world, nodeName(world, 2), 'Unknown');
    world.cloud.admin.stopInstance(world.instanceIds[2] ?? '');
    await cloudShows(world, (enis) => enis.some(({ instanceId }) => instanceId === null), 'the ENI detached');
    await world.deletePod('db-0');
    await vipOf(world, ip, ({ status }) => status?.phase === 'Unassigned', 'the address off the ENI');
    await staticPod(world, 'db-0', { index: 0, marks: NEVER });
    expect(await addressOf(world, 'db-0')).toBe(ip);
    expect(boundOn(world, 0)).toEqual([ip]);
  });
});

describe('a claim that is edited by hand', { concurrent: true, timeout: 90_000 }, () => {
  it('is kept or released as it says now', async () => {
    await using world = await staticWorld(ONE);
    world.ipamd();
    await staticPod(world, 'web-0', { marks: NEVER });
    const ip = await addressOf(world, 'web-0');
    await world.deletePod('web-0');
    await vipOf(world, ip, ({ status }) => status?.phase === 'Unassigned', 'the address kept');
    const spec = { deletePolicy: 'Immediate' };
    await world.client.patch(vpcIpClaims, 'web-0', { type: 'merge', body: { spec } }, { namespace: 'default' });
    await nothingHeld(world);
  });

  it('counts its time from now on when that cannot be read any more, and tells the address that it holds', async ({
    expect,
  }) => {
    await using world = await staticWorld({ ...ONE, values: { 'vpcCni.claimExpiredDuration': '2h' } });
    world.ipamd();
    await staticPod(world, 'web-0', { marks: NEVER });
    const ip = await addressOf(world, 'web-0');
    await world.deletePod('web-0');
    await claimOf(world, 'web-0', ({ status }) => status?.releaseAt !== undefined, 'the claim kept');
    const editedAt = Date.now();
    const status = { unboundSince: 'yesterday', releaseAt: 'soon' };
    const options = { namespace: 'default', subresource: 'status' } as const;
    await world.client.patch(vpcIpClaims, 'web-0', { type: 'merge', body: { status } }, options);
    const isRead = ({ status: now }: VpcIpClaim): boolean => !Number.isNaN(Date.parse(now?.releaseAt ?? ''));
    const mended = await claimOf(world, 'web-0', isRead, 'a time again');
    const { unboundSince = '', releaseAt = '', vpcIP } = mended.status ?? {};
    expect(vpcIP).toBe(ip);
    // The resolution of both is a second at worst.
    expect(Date.parse(unboundSince)).toBeGreaterThanOrEqual(editedAt - 1_000);
    expect(Date.parse(releaseAt) - Date.parse(unboundSince)).toBe(7_200_000);
  });

  it('finds its Pod and its address again when its status was emptied', async ({ expect }) => {
    await using world = await staticWorld(ONE);
    world.ipamd();
    const pod = await staticPod(world, 'web-0', { marks: NEVER });
    const ip = await addressOf(world, 'web-0');
    await claimOf(world, 'web-0', ({ status }) => status?.phase === 'Bound', 'the claim bound');
    const body = { status: null };
    await world.client.patch(
      vpcIpClaims,
      'web-0',
      { type: 'merge', body },
      { namespace: 'default', subresource: 'status' },
    );
    const again = await claimOf(world, 'web-0', ({ status }) => status?.phase === 'Bound', 'the claim bound again');
    expect(again.status).toMatchObject({ podUID: pod.metadata.uid, vpcIP: ip });
  });
});

describe('a claim that is deleted by hand', { concurrent: true, timeout: 90_000 }, () => {
  it('is made again while its Pod lives, and the Pod keeps its address', async ({ expect }) => {
    await using world = await staticWorld(ONE);
    world.ipamd();
    const pod = await staticPod(world, 'web-0', { marks: NEVER });
    const ip = await addressOf(world, 'web-0');
    const first = await claimOf(world, 'web-0', ({ status }) => status?.phase === 'Bound', 'the claim bound');
    const before = mutations(world).length;
    await world.client.delete(vpcIpClaims, 'web-0', { namespace: 'default' });
    const again = await claimOf(
      world,
      'web-0',
      ({ metadata, status }) => metadata.uid !== first.metadata.uid && status?.phase === 'Bound',
      'the claim bound again',
    );
    expect(again.status).toMatchObject({ vpcIP: ip, podUID: pod.metadata.uid });
    const vip = await vipOf(world, ip, () => true, 'the address');
    expect(vip.spec.claim?.uid).toBe(again.metadata.uid);
    expect(mutations(world).slice(before)).toEqual([]);
    expect((await world.client.get(pods, 'web-0', { namespace: 'default' })).status?.podIP).toBe(ip);
  });

  it('releases what it kept after its Pod', async () => {
    await using world = await staticWorld(ONE);
    world.ipamd();
    await staticPod(world, 'web-0', { marks: NEVER });
    const ip = await addressOf(world, 'web-0');
    await world.deletePod('web-0');
    await vipOf(world, ip, ({ status }) => status?.phase === 'Unassigned', 'the address kept');
    await world.client.delete(vpcIpClaims, 'web-0', { namespace: 'default' });
    await nothingHeld(world);
  });
});

describe('a VpcIP', { concurrent: true, timeout: 90_000 }, () => {
  it('that nobody holds is deleted after seven days, and not before', async ({ expect }) => {
    await using world = await staticWorld(ONE);
    const day = 24 * 3_600_000;
    const left = async (ip: string, days: number): Promise<void> => {
      const made = await world.client.create(vpcIps, {
        apiVersion: 'networking.tke.cloud.tencent.com/v1',
        kind: 'VpcIP',
        metadata: { name: ip },
        spec: { type: 'Pod', subnetID: 'subnet-pods0003' },
      });
      const unassignedSince = new Date(Date.now() - days * day).toISOString();
      const body = { status: { phase: 'Unassigned', unassignedSince } };
      await world.client.patch(vpcIps, made.metadata.name, { type: 'merge', body }, { subresource: 'status' });
    };
    await left('10.0.32.200', 8);
    await left('10.0.32.201', 6);
    world.ipamd();
    const kept = await vips(world, (all) => all.length === 1, 'the older one gone');
    expect(kept.map(({ metadata }) => metadata.name)).toEqual(['10.0.32.201']);
  });

  it('that is deleted by hand while its Pod lives stays on its ENI until the Pod has ended', async ({ expect }) => {
    await using world = await staticWorld(ONE);
    world.ipamd();
    await staticPod(world, 'web-0', { marks: NEVER });
    const ip = await addressOf(world, 'web-0');
    await world.client.delete(vpcIps, ip);
    await staticPod(world, 'web-1');
    await addressOf(world, 'web-1');
    expect(boundOn(world, 0)).toContain(ip);
    await world.deletePod('web-0');
    await vips(world, (all) => all.every(({ metadata }) => metadata.name !== ip), 'the VpcIP gone');
    expect(boundOn(world, 0)).not.toContain(ip);
    await claims(world, (all) => all.some(({ status }) => status?.phase === 'Unbound'), 'the claim kept');
  });
});

const reason = (claim: { readonly status?: { conditions?: { type: string; reason: string }[] | undefined } }): string =>
  claim.status?.conditions?.find(({ type }) => type === 'Bound')?.reason ?? '';
