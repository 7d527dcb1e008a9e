import { afterEach, describe, expect, test, vi } from 'vitest';

import { createRandom } from './fault-random.ts';
import { createFaults } from './faults.ts';
import {
  attachedTrunk,
  createdEni,
  eniRequest,
  GROUP_ID,
  INSTANCE_ID,
  listEnis,
  NODE_GROUP_ID,
  openAccount,
  SMALL_SUBNET_ID,
  TASK_MS,
  type TestAccount,
} from './testing/account.ts';

let account: TestAccount;
const open = async (): Promise<void> => {
  account = await openAccount();
};
afterEach(() => account?.close());

/** A detached ENI that is ready. */
async function newEni(body: object = {}): Promise<string> {
  const eni = createdEni(await account.call('vpc', 'CreateNetworkInterface', { ...eniRequest, ...body }));
  await account.tasksEnd();
  return eni.NetworkInterfaceId;
}
const only = async (id: string) => (await listEnis(account, { NetworkInterfaceIds: [id] }))[0];

describe('chances and ranges', () => {
  const hits = (seed: number): string => {
    const faults = createFaults(createRandom(seed));
    faults.failNext({ action: 'A', code: 'InternalError', probability: 0.3 });
    return Array.from({ length: 200 }, () => (faults.takeError('A') === undefined ? '.' : 'x')).join('');
  };

  test('errors by chance come about as often as asked, the same for the same seed', () => {
    const count = hits(1).replaceAll('.', '').length;
    expect(count).toBeGreaterThan(40);
    expect(count).toBeLessThan(80);
    expect([hits(1) === hits(1), hits(1) === hits(2)]).toEqual([true, false]);
  });

  test('times counts the calls that were hit', () => {
    const faults = createFaults(createRandom(1));
    faults.failNext({ action: 'A', code: 'InternalError', probability: 0.5, times: 3 });
    expect(
      Array.from({ length: 100 }, () => faults.takeError('A')).filter((error) => error !== undefined),
    ).toHaveLength(3);
  });

  test('a delay of a range stays within it and does not touch other actions; * means every action', () => {
    const faults = createFaults(createRandom(1));
    faults.delay({ action: 'A', ms: [10, 20] });
    const seen = Array.from({ length: 100 }, () => faults.takeDelay('A'));
    expect([Math.min(...seen), Math.max(...seen), faults.takeDelay('B')]).toEqual([10, 20, 0]);
    faults.delay({ action: '*', ms: 5, times: 1 });
    expect([faults.takeDelay('B'), faults.takeDelay('B')]).toEqual([5, 0]);
  });

  test.each([0, 1.5, Number.NaN])('a chance of %d is refused', (probability) => {
    expect(() => createFaults(createRandom(1)).failNext({ action: 'A', code: 'X', probability })).toThrow(RangeError);
  });
});

describe('time', () => {
  test('a delayed call answers only when its time has come', async () => {
    await open();
    account.cloud.admin.delay({ action: 'DescribeVpcs', ms: 5000, times: 1 });
    const late = account.call('vpc', 'DescribeVpcs');
    await vi.waitFor(() => expect(account.clock.pendingTimers).toBe(1));
    await account.clock.advance(4999);
    expect(account.cloud.requestLog()).toEqual([]);
    await account.clock.advance(1);
    expect(await late).toMatchObject({ TotalCount: 1 });
  });

  test('a new ENI is hidden from lists until its time has come', async () => {
    await open();
    account.cloud.admin.hideNew({ ms: 1000 });
    const filter = { Filters: [{ Name: 'eni-type', Values: ['0'] }] };
    await newEni();
    expect(await listEnis(account, filter)).toEqual([]);
    await account.clock.advance(1000 - TASK_MS);
    expect(await listEnis(account, filter)).toHaveLength(1);
  });
});

describe('tasks that never end', () => {
  test('leave an ENI PENDING until they are released', async () => {
    await open();
    account.cloud.admin.stallTask({ action: 'CreateNetworkInterface' });
    const id = await newEni();
    await account.clock.advance(120_000);
    expect(await only(id)).toMatchObject({ State: 'PENDING' });
    expect(account.cloud.admin.releaseTasks()).toBe(1);
    await account.clock.settle();
    expect(await only(id)).toMatchObject({ State: 'AVAILABLE' });
  });

  test('leave an ENI ATTACHING', async () => {
    await open();
    const id = await newEni();
    account.cloud.admin.stallTask({ action: 'AttachNetworkInterface' });
    await account.call('vpc', 'AttachNetworkInterface', { NetworkInterfaceId: id, InstanceId: INSTANCE_ID });
    await account.clock.advance(120_000);
    expect(await only(id)).toMatchObject({ State: 'ATTACHING' });
  });
});

describe('changes made by hand', () => {
  test('replace the groups of an ENI', async () => {
    await open();
    const id = await newEni({ SecurityGroupIds: [GROUP_ID] });
    account.cloud.admin.setEniGroups({ eniId: id, securityGroupIds: [NODE_GROUP_ID] });
    expect(await only(id)).toMatchObject({ GroupSet: [NODE_GROUP_ID] });
  });

  test('detach and delete an ENI', async () => {
    await open();
    const id = await attachedTrunk(account);
    account.cloud.admin.detachEni(id);
    expect(await only(id)).toMatchObject({ Attachment: null, State: 'AVAILABLE' });
    account.cloud.admin.deleteEni(id);
    expect(await account.refusal('vpc', 'DescribeNetworkInterfaces', { NetworkInterfaceIds: [id] })).toBe(
      'ResourceNotFound',
    );
  });

  test('unassign an address, never the primary one', async () => {
    await open();
    const id = await newEni({ SecondaryPrivateIpAddressCount: 1 });
    const [primary, secondary] = (await only(id))?.PrivateIpAddressSet ?? [];
    const ip = (address: typeof primary) => ({ eniId: id, ip: address?.PrivateIpAddress ?? '' });
    expect(() => account.cloud.admin.unassignAddress(ip(primary))).toThrow('primary');
    account.cloud.admin.unassignAddress(ip(secondary));
    expect((await only(id))?.PrivateIpAddressSet).toHaveLength(1);
  });

  test('are refused while a task works on the ENI', async () => {
    await open();
    account.cloud.admin.stallTask({ action: 'CreateNetworkInterface' });
    const id = await newEni();
    expect(() => account.cloud.admin.deleteEni(id)).toThrow('PENDING');
  });

  test('close a zone: nothing new is sold there, what is there stays, until it is opened or the faults are cleared', async () => {
    await open();
    const id = await newEni();
    const zone = 'ap-guangzhou-3';
    const more = { NetworkInterfaceId: id, SecondaryPrivateIpAddressCount: 1 };
    account.cloud.admin.closeZone({ zone: 'ap-guangzhou-6' });
    await account.call('vpc', 'AssignPrivateIpAddresses', more);
    account.cloud.admin.closeZone({ zone });
    await account.tasksEnd();
    const before = await only(id);
    expect(await account.refusal('vpc', 'CreateNetworkInterface', eniRequest)).toBe('ResourceInsufficient');
    expect(await account.refusal('vpc', 'AssignPrivateIpAddresses', more)).toBe('ResourceInsufficient');
    expect(await only(id)).toEqual(before);
    account.cloud.admin.closeZone({ zone, open: true });
    await newEni();
    account.cloud.admin.closeZone({ zone });
    account.cloud.admin.clearFaults();
    await newEni();
  });

  test('use a subnet up until the faults are cleared', async () => {
    await open();
    const request = { ...eniRequest, SubnetId: SMALL_SUBNET_ID };
    expect(account.cloud.admin.drainSubnet({ subnetId: SMALL_SUBNET_ID, leave: 1 })).toBe(1);
    await account.call('vpc', 'CreateNetworkInterface', request);
    expect(await account.refusal('vpc', 'CreateNetworkInterface', request)).toBe('ResourceInsufficient.Subnet');
    account.cloud.admin.clearFaults();
    expect(await account.call('vpc', 'DescribeSubnets', { SubnetIds: [SMALL_SUBNET_ID] })).toMatchObject({
      SubnetSet: [{ AvailableIpAddressCount: 4 }],
    });
  });
});
