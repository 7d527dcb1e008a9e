// Nominated addresses and subnets, addresses that somebody else took, and what is told when a wish cannot be met (facts/tke.md 4.1, 13).
import { describe, it } from 'vitest';
import { POD_SUBNET_IDS, VPC } from '../../lab/layout.ts';
import { annotations, networks, resourceNames } from '../api/keys.ts';
import { nodeEniConfigs } from '../api/node-eni-config.ts';
import { vpcIpClaims } from '../api/vpc-ip-claim.ts';
import { nodes, type Pod, pods } from '../kube/resources.ts';
import { createWireClient } from '../../lab/cloud/testing/wire-client.ts';
import { boundOn, cloudEnis, nec, nodeName, offers } from './testing/shared-world.ts';
import { addressOf, claimOf, claims, NEVER, ONE, staticPod, staticWorld, told, vipOf } from './testing/static-world.ts';
import { disposableWorld, type World } from './testing/world.ts';

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

describe('a zone that sells nothing any more', { timeout: 90_000 }, () => {
  it('ends a nominated address, and nominated subnets, in condition and event; what is there stays', async ({
    expect,
  }) => {
    await using world = await staticWorld(ONE);
    world.ipamd();
    await offers(world, nodeName(world, 0), '27');
    await staticPod(world, 'there');
    const ip = await addressOf(world, 'there');
    const zone = 'ap-guangzhou-3';
    world.cloud.admin.closeZone({ zone });
    const before = cloudEnis(world).map(({ eniId, addresses }) => [eniId, addresses]);
    const marks = {
      // In a subnet without an ENI on the node, and on the one that it has.
      subnets: { [annotations.nominatedEniSubnets]: 'subnet-node0003' },
      address: { [annotations.nominatedVpcIp]: '10.0.32.77' },
    };
    for (const name of ['subnets', 'address'] as const) {
      await staticPod(world, name, { marks: marks[name] });
      const claim = await claimOf(world, name, (each) => reason(each) === 'CloudQuotaExceeded', 'the reason');
      expect(claim.status?.conditions?.find(({ type }) => type === 'Bound')?.message).toContain(
        `zone ${zone} is closed`,
      );
      expect(claim.status?.vpcIP).toBeUndefined();
    }
    await told(world, 'FailedAllocateIP', `zone ${zone} is closed`, ['address', 'subnets']);
    expect(cloudEnis(world).map(({ eniId, addresses }) => [eniId, addresses])).toEqual(before);
    const vip = await vipOf(world, ip, () => true, 'the address that was there');
    expect(vip.status?.phase).toBe('Assigned');
    world.cloud.admin.closeZone({ zone, open: true });
    expect(await addressOf(world, 'address')).toBe('10.0.32.77');
    expect(await addressOf(world, 'subnets')).toMatch(/^10\.0\.1\./);
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

describe('a Pod that asks for an exclusive ENI', { timeout: 90_000 }, () => {
  it('is recorded and told, whichever way it asks, and never looks served', async ({ expect }) => {
    await using world = await staticWorld(ONE);
    world.ipamd();
    await offers(world, nodeName(world, 0), '27');
    const marks = { ...NEVER, [annotations.networks]: `${networks.routeEni},${networks.directEni}` };
    await staticPod(world, 'exclusive', { marks });
    await exclusiveByDefault(world, 'by-default', nodeName(world, 0));
    await staticPod(world, 'a');
    await addressOf(world, 'a');
    for (const name of ['exclusive', 'by-default']) {
      const claim = await claimOf(world, name, (each) => reason(each) === 'ExclusiveENINotServed', 'the reason');
      expect(claim.spec).toMatchObject({ kind: 'DirectENI', deletePolicy: 'Immediate' });
      expect(claim.status?.phase).toBe('Failed');
      expect(claim.status?.vpcIP).toBeUndefined();
    }
    await told(world, 'FailedAllocateIP', 'have no data path in this version', ['by-default', 'exclusive']);
    expect(boundOn(world, 0)).toHaveLength(1);
    const node = await world.client.get(nodes, nodeName(world, 0));
    expect(node.status?.allocatable?.[resourceNames.directEni]).toBe('0');
    const { status } = await world.client.get(nodeEniConfigs, nodeName(world, 0));
    expect(status?.directENI).toEqual({
      quota: 19,
      reason: '20 extended ENIs of the model, less one; none is offered, since this version has no data path for them',
    });
    // Its policy is Never, and there is nothing to keep.
    await world.deletePod('exclusive');
    await world.client.delete(vpcIpClaims, 'by-default', { namespace: 'default' });
    await claims(world, (all) => all.every((each) => each.metadata.name !== 'exclusive'), 'no claim without its Pod');
    const again = await claimOf(world, 'by-default', (each) => reason(each) === 'ExclusiveENINotServed', 'made again');
    expect(again.spec.kind).toBe('DirectENI');
  });

  it('gets no address of a pool either, and is told why it stays Pending before it has a node', async ({ expect }) => {
    await using world = await disposableWorld({ ...ONE, values: { 'vpcCni.trunkingEni.enableSubEni': 'false' } });
    world.ipamd();
    const own = await nec(world, nodeName(world, 0), ({ status }) => status?.routeENI?.bound === 5, 'a warm pool');
    await exclusiveByDefault(world, 'waits');
    const [event] = await world.events('FailedAllocateIP');
    expect(event?.involvedObject.name).toBe('waits');
    expect(event?.message).toContain('use tke-route-eni');
    await exclusiveByDefault(world, 'bound', nodeName(world, 0));
    await claimOf(world, 'bound', (each) => reason(each) === 'ExclusiveENINotServed', 'the reason');
    expect(await world.client.get(nodeEniConfigs, own.metadata.name)).toMatchObject({
      status: { routeENI: { pods: 0 } },
    });
  });
});

/** A Pod of a cluster whose default network is tke-direct-eni, as admission leaves it. */
const exclusiveByDefault = (world: World, name: string, onNode?: string): Promise<Pod> =>
  world.client.create(pods, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default' },
    spec: {
      ...(onNode === undefined ? {} : { nodeName: onNode }),
      containers: [{ name: 'main', image: 'sample', resources: { limits: { [resourceNames.directEni]: '1' } } }],
    },
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
