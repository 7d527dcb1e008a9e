// Sub-ENIs whose address a claim keeps: held in the cloud after the Pod, given to the next Pod of the name wherever it is, let go with the claim.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VPC } from '../../lab/layout.ts';
import { waitForObjects } from '../../lab/wait.ts';
import { annotations, networks, resourceNames } from '../api/keys.ts';
import { subEniName, type VpcEni, vpcEnis } from '../api/vpc-eni.ts';
import { type VpcIpClaim, vpcIpClaims } from '../api/vpc-ip-claim.ts';
import { systemClock } from '../base/clock.ts';
import { silentLogger } from '../base/logger.ts';
import { staticCredentials } from '../cloud/credentials.ts';
import { createTencentCloud } from '../cloud/tencent-cloud.ts';
import { type Node, nodes, type Pod, pods } from '../kube/resources.ts';
import { isReady, startWorld, type World } from './testing/world.ts';

/** Other tests may be using the machine. */
const LONG_MS = 60_000;
const KEPT_POLICY = { [annotations.vpcIpClaimDeletePolicy]: 'Never' };

describe('a sub-ENI with a kept address', { timeout: 90_000 }, () => {
  let world: World;
  let here: string;
  let elsewhere: string;
  beforeAll(async () => {
    world = await startWorld({ settings: { subEniFollowsZone: true } });
    [here = '', elsewhere = ''] = world.nodeNames;
    world.ipamd();
    await world.nodesReady();
  }, 90_000);
  afterAll(() => world.close());

  const createKept = (name: string, node: string, more: Record<string, string> = {}): Promise<Pod> =>
    world.createPod(name, {
      node,
      annotations: {
        [annotations.networks]: networks.subEni,
        [annotations.securityGroupId]: world.group,
        ...KEPT_POLICY,
        ...more,
      },
    });
  const of = (name: string, enis: readonly VpcEni[]): readonly VpcEni[] =>
    enis.filter((eni) => eni.spec.pod?.name === name);
  const until = async (
    name: string,
    done: (enis: readonly VpcEni[]) => boolean,
    what: string,
  ): Promise<readonly VpcEni[]> => of(name, await world.subEniObjects((enis) => done(of(name, enis)), what, LONG_MS));
  const ready = async (pod: Pod): Promise<string> => {
    const wanted = subEniName(pod.metadata.uid ?? '');
    const enis = await until(
      pod.metadata.name,
      (all) => all.some((eni) => eni.metadata.name === wanted && isReady(eni)),
      `${wanted} ready`,
    );
    return addressOf(enis.find((eni) => eni.metadata.name === wanted));
  };
  const addressOf = (eni: VpcEni | undefined): string => eni?.status?.eni?.addresses[0]?.ip ?? '';
  const kept = (name: string) => until(name, ([eni]) => eni?.status?.phase === 'Kept', `${name} kept`);
  const claim = (name: string, done: (claim: VpcIpClaim | undefined) => boolean, what: string): Promise<unknown> =>
    waitForObjects(world.client, vpcIpClaims, (all) => done(all.find(({ metadata }) => metadata.name === name)), {
      what: `claim ${name} ${what}`,
    });
  const inCloud = (ip: string): number =>
    world.cloud.snapshot().enis.filter((eni) => eni.kind === 'sub' && JSON.stringify(eni).includes(`"${ip}"`)).length;
  const removeClaim = (name: string): Promise<void> => world.client.delete(vpcIpClaims, name, { namespace: 'default' });
  const offered = (node: string, amount: string): Promise<unknown> =>
    waitForObjects<Node>(
      world.client,
      nodes,
      (all) =>
        all.find(({ metadata }) => metadata.name === node)?.status?.allocatable?.[resourceNames.subEni] === amount,
      { what: `${amount} sub-ENIs offered by ${node}` },
    );

  it('stays in the cloud after its Pod, and counts on its node, while the claim keeps it', async () => {
    const ip = await ready(await createKept('db-0', here));
    await claim('db-0', (found) => found?.status?.phase === 'Bound' && found.status.vpcIP === ip, 'bound');
    await world.deletePod('db-0');
    await kept('db-0');
    await claim('db-0', (found) => found?.status?.phase === 'Unbound' && found.status.vpcIP === ip, 'unbound');
    expect([inCloud(ip), world.calls('DeleteSubNetworkInterface')]).toEqual([1, 0]);
    await offered(here, '99');
  });

  it('is given up for the next Pod of the name, which gets the address on another node in another zone', async () => {
    const [former] = await kept('db-0');
    const ip = addressOf(former);
    const pod = await createKept('db-0', elsewhere);
    expect(await ready(pod)).toBe(ip);
    expect(inCloud(ip)).toBe(1);
    const [only, ...others] = await until('db-0', (enis) => enis.length === 1, 'only the new one');
    expect(others).toEqual([]);
    expect(only?.spec).toMatchObject({ nodeName: elsewhere, address: ip, claimed: true });
    await claim('db-0', (found) => found?.status?.podUID === pod.metadata.uid, 'of the new Pod');
    await offered(here, '100');
  });

  it('goes when somebody deletes the claim, and the claim goes after it', async () => {
    await world.deletePod('db-0');
    const [eni] = await kept('db-0');
    await removeClaim('db-0');
    await claim('db-0', (found) => found === undefined, 'gone');
    expect(inCloud(addressOf(eni))).toBe(0);
    await until('db-0', (enis) => enis.length === 0, 'no object left');
  });

  it('keeps the address of a living Pod whose claim somebody deletes', async () => {
    const pod = await createKept('cache-0', here);
    const ip = await ready(pod);
    await claim('cache-0', (found) => found?.status?.phase === 'Bound', 'bound');
    const [before] = (await world.client.list(vpcIpClaims, { namespace: 'default' })).items;
    await removeClaim('cache-0');
    await claim(
      'cache-0',
      (found) => found?.metadata.uid !== before?.metadata.uid && found?.status?.vpcIP === ip,
      'made again',
    );
    expect(inCloud(ip)).toBe(1);
    await world.deletePod('cache-0');
    await kept('cache-0');
    await removeClaim('cache-0');
    await until('cache-0', (enis) => enis.length === 0, 'no object left');
  });

  it('goes with its Pod when nothing keeps it', async () => {
    const pod = await world.createPod('plain-0', { node: here });
    const ip = await ready(pod);
    await world.deletePod('plain-0');
    await until('plain-0', (enis) => enis.length === 0, 'released');
    expect(inCloud(ip)).toBe(0);
  });

  it('has a nominated address from the start', async () => {
    expect(await ready(await createKept('asked-0', here, { [annotations.nominatedVpcIp]: '10.0.36.77' }))).toBe(
      '10.0.36.77',
    );
    await world.deletePod('asked-0');
    await kept('asked-0');
    await removeClaim('asked-0');
    await until('asked-0', (enis) => enis.length === 0, 'no object left');
  });

  it('is refused for a policy of another word, which the event names', async () => {
    await createKept('odd-0', here, { [annotations.vpcIpClaimDeletePolicy]: 'never' });
    const [event] = await world.events('FailedAllocateENI');
    expect(event?.message).toContain('vpc-ip-claim-delete-policy="never": expected "Immediate" or "Never"');
    await world.deletePod('odd-0');
  });

  it('does not hold up the trunk of a node that is deleted', async () => {
    const ip = await ready(await createKept('last-0', elsewhere));
    await claim('last-0', (found) => found?.status?.vpcIP === ip, 'bound');
    await world.deletePod('last-0');
    await kept('last-0');
    await world.client.delete(nodes, elsewhere);
    await until('last-0', (enis) => enis.length === 0, 'let go');
    await waitForObjects(world.client, vpcEnis, (all) => all.every(({ spec }) => spec.nodeName !== elsewhere), {
      what: 'the trunk gone',
    });
    // The claim still knows the number, and the next Pod gets it if nobody took it meanwhile.
    expect(await ready(await createKept('last-0', here))).toBe(ip);
  });
});

describe('a zone that is lost', { timeout: 90_000 }, () => {
  it('gives the address of its sub-ENI to another one, once nothing there can be using it and not before', async () => {
    const world = await startWorld({ settings: { subEniFollowsZone: true }, agentless: 1 });
    try {
      const [here = '', lost = ''] = world.nodeNames;
      world.ipamd();
      await world.nodesReady();
      const create = (node: string): Promise<Pod> => {
        const sub = { [annotations.networks]: networks.subEni, [annotations.securityGroupId]: world.group };
        return world.createPod('db-0', { node, annotations: { ...sub, ...KEPT_POLICY } });
      };
      const own = (pod: Pod) => (enis: readonly VpcEni[]) =>
        enis.some((eni) => eni.metadata.name === subEniName(pod.metadata.uid ?? '') && isReady(eni));
      const former = await create(lost);
      const [eni] = await world.subEniObjects(own(former), 'the sub-ENI ready', LONG_MS);
      const ip = eni?.status?.eni?.addresses[0]?.ip;
      await waitForObjects(world.client, vpcIpClaims, ([claim]) => claim?.status?.vpcIP === ip, { what: 'bound' });
      // By force: nobody there says that the Pod has ended.
      await world.deletePod('db-0');
      const next = await create(here);
      expect((await world.events('WaitingForRelease'))[0]?.message).toContain(eni?.metadata.name);
      expect(world.subEnis().map(({ eniId }) => eniId)).toEqual([eni?.status?.eni?.eniID]);
      world.cloud.admin.stopInstance(world.instanceIds[1] ?? '');
      const enis = await world.subEniObjects(own(next), 'the next one ready', LONG_MS);
      expect(enis.map(({ spec, status }) => [spec.nodeName, status?.eni?.addresses[0]?.ip])).toEqual([[here, ip]]);
      expect(world.subEnis()).toHaveLength(1);
    } finally {
      await world.close();
    }
  });
});

describe('a kept address that the cloud refuses', { timeout: 90_000 }, () => {
  let world: World;
  let here: string;
  let elsewhere: string;
  beforeAll(async () => {
    world = await startWorld();
    [here = '', elsewhere = ''] = world.nodeNames;
    world.ipamd();
    await world.nodesReady();
  }, 90_000);
  afterAll(() => world.close());

  const create = (node: string): Promise<Pod> =>
    world.createPod('db-0', {
      node,
      annotations: {
        [annotations.networks]: networks.subEni,
        [annotations.securityGroupId]: world.group,
        ...KEPT_POLICY,
      },
    });
  const ready = async (pod: Pod): Promise<string> => {
    const isOwn = (eni: VpcEni): boolean => eni.spec.pod?.uid === pod.metadata.uid && isReady(eni);
    const enis = await world.subEniObjects((all) => all.some(isOwn), 'the sub-ENI ready', LONG_MS);
    return enis.find(isOwn)?.status?.eni?.addresses[0]?.ip ?? '';
  };
  const keep = async (): Promise<VpcEni | undefined> => {
    await world.deletePod('db-0');
    return (await world.subEniObjects(([eni]) => eni?.status?.phase === 'Kept', 'kept', LONG_MS))[0];
  };
  const told = (reason: string, words: string): Promise<unknown> =>
    waitForObjects(
      world.client,
      vpcIpClaims,
      ([claim]) =>
        claim?.status?.conditions?.some((each) => each.reason === reason && each.message.includes(words)) === true,
      { what: `the claim says ${reason}` },
    );

  it('in another zone, is told on Pod and claim, is not lost, and serves again in its own', async () => {
    const ip = await ready(await create(here));
    await waitForObjects(world.client, vpcIpClaims, ([claim]) => claim?.status?.vpcIP === ip, { what: 'bound' });
    await keep();
    await create(elsewhere);
    await told('CloudUnsupported', 'ZoneMismatch');
    expect((await world.events('FailedAllocateENI'))[0]?.message).toContain('ZoneMismatch');
    await world.deletePod('db-0');
    await world.subEniObjects((enis) => enis.length === 0, 'the failed one gone', LONG_MS);
    expect(await ready(await create(here))).toBe(ip);
    await keep();
    await world.client.delete(vpcIpClaims, 'db-0', { namespace: 'default' });
    await waitForObjects(world.client, vpcIpClaims, (all) => all.length === 0, { what: 'the claim gone' });
  });

  it('because somebody took it meanwhile, is told, and serves once that one gave it up', async () => {
    await ready(await create(here));
    await waitForObjects(world.client, vpcIpClaims, ([claim]) => claim?.status?.phase === 'Bound', { what: 'bound' });
    const eni = await keep();
    const ip = eni?.status?.eni?.addresses[0]?.ip ?? '';
    const { cloud } = world;
    const account = createTencentCloud({
      credentials: staticCredentials({ secretId: cloud.secretId, secretKey: cloud.secretKey }),
      region: cloud.region,
      endpoints: { vpc: cloud.endpoint, cvm: cloud.endpoint },
      clock: systemClock,
      logger: silentLogger,
    });
    try {
      await account.deleteSubEni(eni?.status?.eni?.eniID ?? '');
      await expect.poll(() => world.subEnis(), { timeout: LONG_MS }).toEqual([]);
      const other = await account.createEni({
        vpcId: VPC.vpcId,
        subnetId: eni?.status?.eni?.subnetID ?? '',
        name: 'somebody-else',
        description: '',
        securityGroups: [world.group],
        tags: [],
        clientToken: 'somebody-else',
      });
      const state = async (): Promise<unknown> => (await account.describeEnis({ eniIds: [other.eni.eniId] }))[0]?.state;
      await expect.poll(state, { timeout: LONG_MS }).toBe('AVAILABLE');
      await account.assignAddresses({ eniId: other.eni.eniId, addresses: [ip], clientToken: 'somebody-else-2' });
      const pod = await create(here);
      await told('CloudResourceInUse', `${ip} is taken`);
      await expect.poll(state, { timeout: LONG_MS }).toBe('AVAILABLE');
      await account.unassignAddresses({ eniId: other.eni.eniId, addresses: [ip] });
      expect(await ready(pod)).toBe(ip);
    } finally {
      account.close();
    }
  });

  it('and whose claim is deleted then is given up: the waiting Pod gets another one, and nothing is left', async () => {
    const pod = (await world.client.list(pods)).items.find(({ metadata }) => metadata.name === 'db-0');
    const ip = pod === undefined ? '' : await ready(pod);
    await keep();
    world.cloud.admin.failNext({ action: 'CreateSubNetworkInterface', code: 'ResourceInUse', times: Infinity });
    const next = await create(here);
    await told('CloudResourceInUse', 'CreateSubNetworkInterface');
    const [claim] = (await world.client.list(vpcIpClaims)).items;
    expect(claim?.status).toMatchObject({ phase: 'Failed', vpcIP: ip, podUID: next.metadata.uid });
    await world.client.delete(vpcIpClaims, 'db-0', { namespace: 'default' });
    const isNew = (each: VpcIpClaim | undefined): boolean =>
      each !== undefined && each.metadata.uid !== claim?.metadata.uid && each.status?.vpcIP === undefined;
    await waitForObjects(world.client, vpcIpClaims, ([each]) => isNew(each), { what: 'a claim without the address' });
    await world.subEniObjects(
      ([eni]) => eni !== undefined && eni.spec.address === undefined,
      'any address asked for',
      LONG_MS,
    );
    world.cloud.admin.clearFaults();
    const got = await ready(next);
    expect([got === '', world.subEnis().length]).toEqual([false, 1]);
    await waitForObjects(
      world.client,
      vpcIpClaims,
      ([each]) => each?.status?.phase === 'Bound' && each.status.vpcIP === got,
      {
        what: 'the new address kept',
      },
    );
  });

  it('to delete is told, and goes with its claim once the cloud lets it', async () => {
    const eni = await keep();
    world.cloud.admin.failNext({ action: 'DeleteSubNetworkInterface', code: 'ResourceInUse', times: Infinity });
    await world.client.delete(vpcIpClaims, 'db-0', { namespace: 'default' });
    const says = ({ status }: VpcEni): boolean =>
      status?.conditions?.some(
        ({ reason, message }) => reason === 'CloudResourceInUse' && message.includes('DeleteSub'),
      ) === true;
    await world.subEniObjects((enis) => enis.some(says), 'the reason', LONG_MS);
    expect(world.subEnis().map(({ eniId }) => eniId)).toEqual([eni?.status?.eni?.eniID]);
    world.cloud.admin.clearFaults();
    await waitForObjects(world.client, vpcIpClaims, (all) => all.length === 0, { what: 'the claim gone' });
    await world.subEniObjects((enis) => enis.length === 0, 'no object left', LONG_MS);
    expect(world.subEnis()).toEqual([]);
  });

  it('and whose Pod and claim are deleted together leaves nothing', async () => {
    world.cloud.admin.failNext({ action: 'CreateSubNetworkInterface', code: 'ResourceInUse', times: Infinity });
    await create(here);
    await told('CloudResourceInUse', 'CreateSubNetworkInterface');
    await Promise.all([world.client.delete(vpcIpClaims, 'db-0', { namespace: 'default' }), world.deletePod('db-0')]);
    await waitForObjects(world.client, vpcIpClaims, (all) => all.length === 0, { what: 'the claim gone' });
    await world.subEniObjects((enis) => enis.length === 0, 'no object left', LONG_MS);
    expect(world.subEnis()).toEqual([]);
    world.cloud.admin.clearFaults();
  });
});
