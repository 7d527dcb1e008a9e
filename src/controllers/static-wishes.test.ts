// Nominated addresses and subnets, addresses that somebody else took, and what is told when a wish cannot be met (facts/tke.md 4.1, 13).
import { describe, it } from 'vitest';
import { POD_SUBNET_IDS, VPC } from '../../lab/layout.ts';
import { annotations, networks } from '../api/keys.ts';
import { vpcIpClaims } from '../api/vpc-ip-claim.ts';
import { createWireClient } from '../../lab/cloud/testing/wire-client.ts';
import { boundOn, cloudEnis, nodeName, offers } from './testing/shared-world.ts';
import { addressOf, claimOf, NEVER, ONE, staticPod, staticWorld, vipOf } from './testing/static-world.ts';
import type { World } from './testing/world.ts';

const reason = (claim: { status?: { conditions?: { type: string; reason: string }[] | undefined } }): string =>
  claim.status?.conditions?.find(({ type }) => type === 'Bound')?.reason ?? '';

/** Somebody else in the VPC takes an address: an ENI of the account with it as its own. */
async function takenByOthers(world: World, ip: string, subnetId: string): Promise<void> {
  const { host } = new URL(world.cloud.endpoint);
  const client = createWireClient({ ...world.cloud, endpoint: host }, () => new Date());
  const [own] = cloudEnis(world);
  const { code, text } = await client.call('vpc', 'CreateNetworkInterface', {
    VpcId: VPC.vpcId,
    SubnetId: subnetId,
    NetworkInterfaceName: 'of somebody else',
    PrivateIpAddresses: [{ PrivateIpAddress: ip, Primary: true }],
    SecurityGroupIds: own?.securityGroupIds ?? [],
  });
  client.close();
  if (code !== 'none') throw new Error(text);
}

describe('a nominated address', { concurrent: true, timeout: 90_000 }, () => {
  it('is the one that the Pod gets', async ({ expect }) => {
    await using world = await staticWorld(ONE);
    world.ipamd();
    await staticPod(world, 'a', { marks: { [annotations.nominatedVpcIp]: '10.0.32.77' } });
    expect(await addressOf(world, 'a')).toBe('10.0.32.77');
    const claim = await claimOf(world, 'a', ({ status }) => status?.phase === 'Bound', 'the claim bound');
    expect(claim.spec.nominatedIP).toBe('10.0.32.77');
  });

  it('outside every subnet is refused with words, and holds up nobody else', async ({ expect }) => {
    await using world = await staticWorld(ONE);
    world.ipamd();
    await staticPod(world, 'a', { marks: { [annotations.nominatedVpcIp]: '10.99.0.1' } });
    await staticPod(world, 'b');
    await addressOf(world, 'b');
    const claim = await claimOf(world, 'a', (each) => reason(each) === 'NominatedInvalid', 'the reason');
    expect(claim.status?.phase).toBe('Failed');
    const [event] = await world.events('FailedAllocateIP');
    expect(event?.message).toContain('"10.99.0.1" is in none of the subnets');
  });

  it('that is taken is told, and given once it is free; others are not held up', async ({ expect }) => {
    await using world = await staticWorld(ONE);
    world.ipamd();
    await offers(world, nodeName(world, 0), '27');
    await staticPod(world, 'first');
    const taken = await addressOf(world, 'first');
    await staticPod(world, 'a', { marks: { [annotations.nominatedVpcIp]: taken } });
    await staticPod(world, 'b', { marks: { [annotations.nominatedVpcIp]: '10.0.32.99' } });
    expect(await addressOf(world, 'b')).toBe('10.0.32.99');
    const claim = await claimOf(world, 'a', (each) => reason(each) === 'AddressTaken', 'the reason');
    expect(claim.status?.conditions?.[0]?.message).toContain(`${taken} is held by VpcIPClaim default/first`);
    const holder = await vipOf(world, taken, () => true, 'the address');
    expect(holder.status?.phase).toBe('Assigned');
    await world.deletePod('first');
    expect(await addressOf(world, 'a')).toBe(taken);
  });
});

describe('nominated subnets', { concurrent: true, timeout: 90_000 }, () => {
  it('that no ENI of the node is in get an ENI of their own', async ({ expect }) => {
    await using world = await staticWorld(ONE);
    world.ipamd();
    await offers(world, nodeName(world, 0), '27');
    await staticPod(world, 'a', { marks: { [annotations.nominatedEniSubnets]: 'subnet-node0003' } });
    await addressOf(world, 'a');
    const carriers = cloudEnis(world).filter((eni) => eni.addresses.length === 2);
    expect(carriers.map(({ subnetId }) => subnetId)).toEqual(['subnet-node0003']);
  });

  it('are what every Pod must name with --only-nominated-eni-subnets', async ({ expect }) => {
    await using world = await staticWorld(ONE);
    world.ipamd({ flags: { onlyNominatedEniSubnets: true } });
    await staticPod(world, 'a', { marks: { [annotations.nominatedEniSubnets]: POD_SUBNET_IDS[0] ?? '' } });
    await staticPod(world, 'b');
    await addressOf(world, 'a');
    await claimOf(world, 'b', (each) => reason(each) === 'NotNominated', 'the reason');
    expect(boundOn(world, 0)).toHaveLength(1);
  });
});

describe('a Pod whose annotations are wrong', () => {
  it('waits without a claim, and is told what would be right', async ({ expect }) => {
    await using world = await staticWorld(ONE);
    world.ipamd();
    await staticPod(world, 'a', {
      marks: { [annotations.claimExpiredDuration]: '4m59s', [annotations.vpcIpClaimDeletePolicy]: 'Keep' },
    });
    const [event] = await world.events('FailedAllocateIP');
    expect(event?.message).toContain('"4m59s" is too short; expected at least 5m');
    expect(event?.message).toContain('expected "Immediate" or "Never"');
    expect((await world.client.list(vpcIpClaims)).items).toEqual([]);
  });
});

describe('a Pod that asks for an exclusive ENI', () => {
  it('has no claim, and nothing is called for it', async ({ expect }) => {
    await using world = await staticWorld(ONE);
    world.ipamd();
    await offers(world, nodeName(world, 0), '27');
    await staticPod(world, 'exclusive', { marks: { ...NEVER, [annotations.networks]: networks.directEni } });
    await staticPod(world, 'a');
    await addressOf(world, 'a');
    expect((await world.client.list(vpcIpClaims)).items.map(({ metadata }) => metadata.name)).toEqual(['a']);
    expect(boundOn(world, 0)).toHaveLength(1);
  });
});

describe('a kept address that somebody else took meanwhile', () => {
  it('is not replaced by another: the Pod waits, and a deleted claim lets it have a new one', async ({ expect }) => {
    await using world = await staticWorld(ONE);
    world.ipamd();
    await staticPod(world, 'db-0', { marks: NEVER });
    const ip = await addressOf(world, 'db-0');
    await world.deletePod('db-0');
    const kept = await vipOf(world, ip, ({ status }) => status?.phase === 'Unassigned', 'the address kept');
    await takenByOthers(world, ip, kept.spec.subnetID);
    await staticPod(world, 'db-0', { marks: NEVER });
    await claimOf(world, 'db-0', (each) => reason(each) === 'AddressTaken', 'the reason');
    const [event] = await world.events('FailedAllocateIP');
    expect(event?.message).toContain('kubectl delete vipc');
    await world.deletePod('db-0');
    await world.client.delete(vpcIpClaims, 'db-0', { namespace: 'default' });
    await staticPod(world, 'db-0', { marks: NEVER });
    expect(await addressOf(world, 'db-0')).not.toBe(ip);
  });
});
