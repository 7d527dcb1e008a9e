// Two clusters with container subnets in common: each has an ipamd and an API of its own, and the cloud is the same (facts/tke.md 6.2, rule 5).
import { describe, it } from 'vitest';
import { annotations } from '../api/keys.ts';
import { vpcIpClaims } from '../api/vpc-ip-claim.ts';
import { boundOn, cloudEnis, cloudShows, nodeName, offers } from './testing/shared-world.ts';
import { addressesOf, addressOf, claimOf, NEVER, ONE, staticPod, staticWorld, vipOf } from './testing/static-world.ts';
import type { World } from './testing/world.ts';

const OTHER = 'cls-other001';

/** The second one, in the cloud of the first. */
const beside = (first: World): Promise<World & AsyncDisposable> =>
  staticWorld({ ...ONE, beside: { cloud: first.cloud, clusterId: OTHER } });

const reason = (claim: { status?: { conditions?: { type: string; reason: string }[] | undefined } }): string =>
  claim.status?.conditions?.find(({ type }) => type === 'Bound')?.reason ?? '';

describe('two clusters on one subnet', { concurrent: true, timeout: 90_000 }, () => {
  it('have addresses of their own, and neither touches what the other has', async ({ expect }) => {
    await using one = await staticWorld(ONE);
    await using two = await beside(one);
    const ipamds = [one.ipamd(), two.ipamd()];
    const worlds = [one, two];
    const names = ['web-0', 'web-1', 'web-2'];
    await Promise.all(worlds.map((world) => offers(world, nodeName(world, 0), '27')));
    await Promise.all(worlds.flatMap((world) => names.map((name) => staticPod(world, name))));
    const [ours = [], theirs = []] = await Promise.all(
      worlds.map(async (world) => [...(await addressesOf(world, names)).values()]),
    );
    expect(new Set([...ours, ...theirs]).size).toBe(6);
    const enis = (): string[] => cloudEnis(one).map(({ eniId }) => eniId);
    const before = enis();
    // A start is when what is nobody's is looked for; the other cluster's is not.
    await Promise.all(ipamds.map((ipamd) => ipamd.stop()));
    one.ipamd();
    await staticPod(one, 'web-3');
    await addressOf(one, 'web-3');
    await one.deletePod('web-0');
    await cloudShows(one, () => boundOn(one, 0).length === 3, 'the address of the Pod that went given back');
    expect(boundOn(two, 0).toSorted()).toEqual(theirs.toSorted());
    expect(enis()).toEqual(before);
  });

  it('can take each other the kept addresses, which is told, and then the Pod waits for it without disturbing the other', async ({
    expect,
  }) => {
    await using one = await staticWorld(ONE);
    await using two = await beside(one);
    one.ipamd();
    two.ipamd();
    await staticPod(one, 'db-0', { marks: NEVER });
    const ip = await addressOf(one, 'db-0');
    await one.deletePod('db-0');
    await vipOf(one, ip, ({ status }) => status?.phase === 'Unassigned', 'the address kept');
    await staticPod(two, 'thief', { marks: { [annotations.nominatedVpcIp]: ip } });
    expect(await addressOf(two, 'thief')).toBe(ip);
    await staticPod(one, 'db-0', { marks: NEVER });
    const waiting = await claimOf(one, 'db-0', (claim) => reason(claim) === 'AddressTaken', 'the reason');
    expect(waiting.status?.conditions?.[0]?.message).toContain(`${ip} is in use by somebody else in the VPC`);
    expect([boundOn(one, 0), boundOn(two, 0)]).toEqual([[], [ip]]);
    // It is deleted: what the other has is not released with it.
    await one.client.delete(vpcIpClaims, 'db-0', { namespace: 'default' });
    expect(await addressOf(one, 'db-0')).not.toBe(ip);
    expect(boundOn(two, 0)).toEqual([ip]);
  });
});
