// Node security groups on a real API and the simulated cloud: what spec 000 says, row by row.
import { describe, expect, it } from 'vitest';
import { createCloudClient } from '../../lab/cloud-client.ts';
import { POD_SUBNET_IDS, VPC } from '../../lab/layout.ts';
import { waitForObjects } from '../../lab/wait.ts';
import { annotations } from '../api/keys.ts';
import { vpcEnis } from '../api/vpc-eni.ts';
import { nodes } from '../kube/resources.ts';
import { first, nodeGroup, nodeGroupsWorld, type NodeGroupsWorld, second } from './testing/node-groups.ts';
import { isReady } from './testing/world.ts';

const on = { enableSecurityGroups: true };
const list = (...groups: string[]) => ({ ...on, securityGroups: groups });

/** As an exclusive ENI is there, or what somebody attached in the console; answers its id. */
async function attachByHand(world: NodeGroupsWorld, groups: readonly string[]): Promise<string> {
  const cloud = createCloudClient(world.cloud);
  const made = await cloud.call('vpc', 'CreateNetworkInterface', {
    VpcId: VPC.vpcId,
    SubnetId: POD_SUBNET_IDS[0],
    NetworkInterfaceName: 'exclusive',
    SecurityGroupIds: groups,
  });
  const { NetworkInterfaceId } = made['NetworkInterface'] as { NetworkInterfaceId: string };
  await cloud.call('vpc', 'AttachNetworkInterface', { NetworkInterfaceId, InstanceId: world.instanceIds[0] });
  cloud.close();
  return NetworkInterfaceId;
}

describe('--enable-security-groups', () => {
  it('is off by default: ENIs have no group, and nothing is changed, not even by an edit or the annotation', async () => {
    await using world = await nodeGroupsWorld();
    world.ipamd({ flags: { securityGroups: [first] } });
    await world.untilBound([]);
    await world.editNec([first]);
    await world.annotate('yes');
    await world.nodesReady();
    expect((await world.nec()).status?.securityGroups?.state).toBe('Off');
    expect((await world.nec()).spec.securityGroups).toEqual([first]);
    expect(world.changes()).toBe(0);
  });

  it('on without a list: each node has the groups of its instance, in their order, from the creating call on', async () => {
    await using world = await nodeGroupsWorld();
    const cloud = createCloudClient(world.cloud);
    await cloud.call('cvm', 'ModifyInstancesAttribute', {
      InstanceIds: world.instanceIds,
      SecurityGroups: [second, nodeGroup, first],
    });
    cloud.close();
    world.ipamd({ flags: on });
    await world.untilBound([second, nodeGroup, first]);
    const nec = await world.nec();
    expect(nec.spec.securityGroups).toEqual([second, nodeGroup, first]);
    expect(nec.status?.securityGroups).toMatchObject({ state: 'Managed', origin: 'instance' });
    expect(world.changes()).toBe(0);
  });

  it('on with a list: each node has that list, in its order, from the creating call on', async () => {
    await using world = await nodeGroupsWorld();
    world.ipamd({ flags: list(second, first) });
    await world.untilBound([second, first]);
    expect((await world.nec()).status?.securityGroups).toMatchObject({ state: 'Managed', origin: 'flag' });
    expect(world.changes()).toBe(0);
  });

  it('as add-on values: turned on while it runs, without a restart', async () => {
    await using world = await nodeGroupsWorld();
    world.ipamd();
    await world.untilBound([]);
    await world.setValues({
      'vpcCni.securityGroups.enableSecurityGroups': 'true',
      'vpcCni.securityGroups.securityGroups': `${first}, ${second}`,
    });
    await world.untilBound([first, second]);
  });

  it('turned on binds ENIs that have no group, and holds those that have others to the list', async () => {
    await using world = await nodeGroupsWorld({ instanceTypes: ['SA5.LARGE8', 'SA5.LARGE8'] });
    const [bare = '', other = ''] = world.nodeNames;
    const before = world.ipamd();
    await world.untilBound([], 1, bare);
    await world.untilBound([], 1, other);
    await before.stop();
    for (const { eniId } of world.bound(other))
      world.cloud.admin.setEniGroups({ eniId, securityGroupIds: [nodeGroup, second] });
    world.ipamd({ flags: list(first, second) });
    await world.untilBound([first, second], 1, bare);
    await world.untilBound([first, second], 1, other);
  });

  it('turned on again keeps a list that was set before, and holds the ENIs to it', async () => {
    await using world = await nodeGroupsWorld();
    const before = world.ipamd({ flags: list(first) });
    await world.untilBound([first]);
    await before.stop();
    for (const { eniId } of world.bound()) world.cloud.admin.setEniGroups({ eniId, securityGroupIds: [] });
    world.ipamd({ flags: list(second) });
    await world.untilBound([first]);
    expect((await world.nec()).spec.securityGroups).toEqual([first]);
  });

  it('with another list reaches new nodes only', async () => {
    await using world = await nodeGroupsWorld({ instanceTypes: ['SA5.LARGE8', 'SA5.LARGE8'] });
    const [old = '', fresh = ''] = world.nodeNames;
    const held = await world.client.get(nodes, fresh);
    await world.client.delete(nodes, fresh);
    const before = world.ipamd({ flags: list(first) });
    await world.untilBound([first], 1, old);
    await before.stop();
    const calls = world.changes();
    world.ipamd({ flags: list(second) });
    const { resourceVersion: _, uid: __, ...metadata } = held.metadata;
    await world.client.create(nodes, { ...held, metadata });
    await world.untilBound([second], 1, fresh);
    await world.untilBound([first], 1, old);
    expect(world.changes()).toBe(calls);
  });
});

describe('the annotation disable-node-eni-security-groups', () => {
  it('yes unbinds all and stops; nothing binds meanwhile; no binds what the policy then says', async () => {
    await using world = await nodeGroupsWorld();
    world.ipamd({ flags: { enableSecurityGroups: true }, timings: { orphanIntervalMs: 60 } });
    await world.setValues({ 'vpcCni.securityGroups.securityGroups': `${first},${second}` });
    await world.untilBound([first, second]);

    await world.annotate('yes');
    await world.untilBound([]);
    await world.untilCondition(({ reason }) => reason === 'Disabled', 'the nec says that it is disabled');
    const stopped = await world.nec();
    expect(stopped.status?.securityGroups).toEqual({ state: 'Disabled', annotation: 'yes' });
    expect(stopped.spec.securityGroups).toBeUndefined();

    const calls = world.changes();
    await world.editNec([second]);
    await world.setValues({ 'vpcCni.securityGroups.securityGroups': second });
    await world.untilCondition(
      ({ message }) => message.includes('binds nothing'),
      'the nec says that the edit binds nothing',
    );
    expect(world.bound().map((eni) => eni.groups)).toEqual(world.bound().map(() => []));
    expect(world.changes()).toBe(calls);

    await world.setValues({ 'vpcCni.securityGroups.securityGroups': `${second},${first}` });
    await world.annotate('no');
    await world.untilBound([second, first]);
    expect((await world.nec()).spec.securityGroups).toEqual([second, first]);
  });

  it('yes and no faster than ipamd acts still computes the list anew, also where it was no before', async () => {
    await using world = await nodeGroupsWorld();
    const held = Promise.withResolvers<void>();
    const busy = Promise.withResolvers<void>();
    world.ipamd({
      flags: on,
      beforeWrite: (what) => {
        if (!what.startsWith('associate')) return undefined;
        busy.resolve();
        return held.promise;
      },
    });
    await world.setValues({ 'vpcCni.securityGroups.securityGroups': first });
    await world.annotate('no');
    await world.untilCondition(
      ({ status }, nec) => status === 'True' && nec.status?.securityGroups?.annotation === 'no',
      'no',
    );
    await world.editNec([first, second]);
    await busy.promise;
    await world.setValues({ 'vpcCni.securityGroups.securityGroups': `${nodeGroup},${first}` });
    await world.annotate('yes');
    await world.annotate('no');
    held.resolve();
    await world.untilBound([nodeGroup, first]);
    expect((await world.nec()).status?.securityGroups).toMatchObject({ origin: 'flag', annotation: 'no' });
  });

  it('yes leaves alone what somebody binds by hand afterwards', async () => {
    await using world = await nodeGroupsWorld();
    world.ipamd({ flags: list(first), timings: { orphanIntervalMs: 60 } });
    await world.untilBound([first]);
    await world.annotate('yes');
    await world.untilBound([]);
    for (const { eniId } of world.bound()) world.cloud.admin.setEniGroups({ eniId, securityGroupIds: [second] });
    await world.listings(3);
    expect(world.bound().map((eni) => eni.groups)).toEqual([[second]]);
  });

  it('yes holds for a further ENI of a node that runs: it is made without groups', async () => {
    await using world = await nodeGroupsWorld();
    world.ipamd({ flags: list(first) });
    await world.untilBound([first]);
    await world.annotate('yes');
    await world.untilBound([]);
    const calls = world.changes();
    const wish = { [annotations.desiredRouteEniPodNum]: '12' };
    await world.client.patch(nodes, world.node, { type: 'merge', body: { metadata: { annotations: wish } } });
    await world.untilBound([], 2);
    expect(world.changes()).toBe(calls);
  });

  it('yes holds for an ENI that is made meanwhile, and after a new start', async () => {
    await using world = await nodeGroupsWorld();
    await world.annotate('yes');
    const before = world.ipamd({ flags: list(first) });
    await world.untilBound([]);
    await before.stop();
    world.ipamd({ flags: list(first) });
    await world.untilCondition(({ reason }) => reason === 'Disabled', 'the nec says that it is disabled');
    await world.untilBound([]);
    expect(world.changes()).toBe(0);
  });
});

describe('the ENIs of a managed node', () => {
  it('follow an edit of the nec at once: other groups, another order, none, and the policy again', async () => {
    await using world = await nodeGroupsWorld();
    world.ipamd({ flags: list(first) });
    await world.untilBound([first]);
    await world.editNec([first, second, nodeGroup]);
    await world.untilBound([first, second, nodeGroup]);
    await world.editNec([nodeGroup, first, second]);
    await world.untilBound([nodeGroup, first, second]);
    await world.editNec([]);
    await world.untilBound([]);
    await world.editNec(null);
    await world.untilBound([first]);
    expect(world.calls('ModifyNetworkInterfaceAttribute')).toBe(0);
  });

  it('follow it where Associate replaces the groups, too', async () => {
    await using world = await nodeGroupsWorld({ settings: { associateAppends: false } });
    world.ipamd({ flags: list(first) });
    await world.untilBound([first]);
    await world.editNec([second, first]);
    await world.untilBound([second, first]);
    await world.editNec([first, second]);
    await world.untilBound([first, second]);
  });

  it('changed by hand in the cloud are put right at the next look at all ENIs', async () => {
    await using world = await nodeGroupsWorld();
    world.ipamd({ flags: list(first, second), timings: { orphanIntervalMs: 60 } });
    await world.untilBound([first, second]);
    await world.untilCondition(({ status }) => status === 'True', 'in step');
    const repaired = world.events('SyncSecurityGroups');
    for (const { eniId } of world.bound()) world.cloud.admin.setEniGroups({ eniId, securityGroupIds: [second, first] });
    await repaired;
    await world.untilBound([first, second]);
  });

  it('are never the primary one or one that ipamd did not make, and sub-ENIs keep the groups of their Pods', async () => {
    await using world = await nodeGroupsWorld({ settings: { taskMs: 0 } });
    const exclusive = await attachByHand(world, [second]);
    world.ipamd({ flags: list(first), timings: { orphanIntervalMs: 60 } });
    await world.nodesReady();
    await world.createPod('web', { groups: second });
    await world.subEniObjects((enis) => enis.some(isReady), 'the sub-ENI ready');
    await world.editNec([nodeGroup, first]);
    const wanted = `[${nodeGroup},${first}]`;
    await world.untilCondition(({ status, message }) => status === 'True' && message.includes(wanted), 'in step');
    await world.listings(3);
    const others = world.bound().filter((eni) => eni.eniId !== exclusive);
    expect(others.map((eni) => eni.groups)).toEqual([[nodeGroup, first]]);
    expect(world.bound().find((eni) => eni.eniId === exclusive)?.groups).toEqual([second]);
    expect(world.subEnis().map((eni) => eni.groups)).toEqual([[second]]);
    const primary = world.cloud.snapshot().enis.filter((eni) => eni.kind === 'primary');
    expect(primary.map((eni) => eni.securityGroupIds)).toEqual([[nodeGroup]]);
    await world.annotate('yes');
    await world.untilCondition(({ reason }) => reason === 'Disabled', 'disabled');
    expect(world.bound().map((eni) => [eni.eniId === exclusive, eni.groups])).toEqual(
      expect.arrayContaining([
        [true, [second]],
        [false, []],
      ]),
    );
  });

  it('that are busy for a moment are tried again at once, with growing pauses', async () => {
    await using world = await nodeGroupsWorld();
    world.ipamd({ flags: list(first), timings: { lookAgainMs: 600_000 } });
    await world.untilBound([first]);
    const action = 'AssociateNetworkInterfaceSecurityGroups';
    world.cloud.admin.failNext({ action, code: 'UnsupportedOperation.InvalidState', times: 8 });
    await world.editNec([first, second]);
    await world.untilBound([first, second]);
    expect(world.calls(action)).toBe(9);
  });

  it('of which one fails: that one alone is tried again, and the node is not said to be done', async () => {
    await using world = await nodeGroupsWorld({
      values: { 'vpcCni.routeEni.ipMinWarmTarget': '12', 'vpcCni.routeEni.ipMaxWarmTarget': '12' },
    });
    world.ipamd({ flags: list(first), timings: { lookAgainMs: 3_000 } });
    await world.untilBound([first], 2);
    await world.untilCondition(({ status }) => status === 'True', 'in step');
    const calls = world.changes();
    world.cloud.admin.failNext({ action: 'AssociateNetworkInterfaceSecurityGroups', code: 'UnsupportedOperation' });
    await world.editNec([first, second]);
    const told = await world.untilCondition(({ message }) => /1 of 2 ENIs not in step/.test(message), 'not in step');
    expect(told.status).toBe('False');
    const failed = /not in step: (eni-\w+)/.exec(told.message)?.[1];
    const groups = world.bound().map((eni) => [eni.eniId === failed, eni.groups]);
    expect(groups).toEqual(
      expect.arrayContaining([
        [true, [first]],
        [false, [first, second]],
      ]),
    );
    await world.untilNodeCondition('False', /UnsupportedOperation/);
    await world.untilBound([first, second], 2);
    await world.untilCondition(({ status }) => status === 'True', 'in step again');
    // Both, of which one failed, then that one.
    expect(world.changes() - calls).toBe(3);
  });
});

it('while calls are paused nothing is changed, which the nec says; then it is changed at once', async () => {
  await using world = await nodeGroupsWorld();
  world.ipamd({ flags: list(first), timings: { lookAgainMs: 600_000 } });
  await world.untilBound([first]);
  await world.setValues({ paused: 'all' });
  await world.editNec([second]);
  await world.untilCondition(({ reason }) => reason === 'Paused', 'the nec says that calls are paused');
  expect(world.changes()).toBe(0);
  await world.setValues({ paused: 'none' });
  await world.untilBound([second]);
});

it('an ipamd that starts anew with everything in step changes nothing', async () => {
  await using world = await nodeGroupsWorld();
  const before = world.ipamd({ flags: list(first, second) });
  await world.untilBound([first, second]);
  await world.untilCondition(({ status }) => status === 'True', 'in step');
  await before.stop();
  const versions = async (): Promise<string> => {
    const enis = await waitForObjects(world.client, vpcEnis, () => true, { what: 'the objects' });
    return JSON.stringify([...enis, await world.nec()].map((each) => each.metadata.resourceVersion));
  };
  const was = await versions();
  const lines: string[] = [];
  const told = Promise.withResolvers<void>();
  world.ipamd({
    flags: list(first, second),
    onLine: (line) => {
      lines.push(line);
      told.resolve();
    },
  });
  await told.promise;
  expect(lines).toHaveLength(1);
  expect(world.changes()).toBe(0);
  expect(await versions()).toBe(was);
});
