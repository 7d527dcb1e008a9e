import { afterEach, describe, expect, test } from 'vitest';
import {
  createdEni,
  eniRequest,
  INSTANCE_ID,
  listEnis,
  openAccount,
  SMALL_SUBNET_ID,
  SUBNET_ID,
  type TestAccount,
  type TestAccountOptions,
  VPC_ID,
} from './testing/account.ts';

let account: TestAccount;
const open = async (options: TestAccountOptions = {}): Promise<TestAccount> => {
  account = await openAccount(options);
  return account;
};
afterEach(() => account.close());

const newEni = async (body: object = {}): Promise<string> => {
  const eni = createdEni(await account.call('vpc', 'CreateNetworkInterface', { ...eniRequest, ...body }));
  await account.tasksEnd();
  return eni.NetworkInterfaceId;
};
const addressesOf = async (id: string): Promise<readonly string[]> =>
  (await listEnis(account, { NetworkInterfaceIds: [id] }))[0]?.PrivateIpAddressSet.map(
    (address) => `${address.PrivateIpAddress} ${String(address['State'])}`,
  ) ?? [];
const free = async (subnetId: string): Promise<unknown> =>
  (await account.call('vpc', 'DescribeSubnets', { SubnetIds: [subnetId] }))['SubnetSet'];

describe('private addresses', () => {
  test('an assigned address is PENDING, then AVAILABLE, and DELETING until it is free again', async () => {
    await open();
    const id = await newEni();
    const secondary = { NetworkInterfaceId: id, PrivateIpAddresses: [{ PrivateIpAddress: '10.0.1.77' }] };
    await account.call('vpc', 'AssignPrivateIpAddresses', secondary);
    expect((await addressesOf(id))[1]).toBe('10.0.1.77 PENDING');
    await account.tasksEnd();
    expect((await addressesOf(id))[1]).toBe('10.0.1.77 AVAILABLE');
    await account.call('vpc', 'UnassignPrivateIpAddresses', secondary);
    expect((await addressesOf(id))[1]).toBe('10.0.1.77 DELETING');
    await account.tasksEnd();
    expect(await addressesOf(id)).toHaveLength(1);
    expect(await account.refusal('vpc', 'AssignPrivateIpAddresses', secondary)).toBe('none');
  });

  test('a second change waits for the first with MutexOperationTaskRunning', async () => {
    await open();
    const NetworkInterfaceId = await newEni();
    const one = { NetworkInterfaceId, SecondaryPrivateIpAddressCount: 1 };
    await account.call('vpc', 'AssignPrivateIpAddresses', one);
    expect(await account.refusal('vpc', 'AssignPrivateIpAddresses', one)).toBe(
      'UnsupportedOperation.MutexOperationTaskRunning',
    );
  });

  test('a failed task gives the addresses back', async () => {
    await open();
    const NetworkInterfaceId = await newEni();
    const before = await free(SUBNET_ID);
    account.cloud.admin.failTask({ action: 'AssignPrivateIpAddresses' });
    await account.call('vpc', 'AssignPrivateIpAddresses', { NetworkInterfaceId, SecondaryPrivateIpAddressCount: 3 });
    await account.tasksEnd();
    expect([await free(SUBNET_ID), (await addressesOf(NetworkInterfaceId)).length]).toEqual([before, 1]);
  });

  test('an attached ENI holds as many as the model of its instance says', async () => {
    await open();
    const NetworkInterfaceId = await newEni({ SecondaryPrivateIpAddressCount: 9 });
    await account.call('vpc', 'AttachNetworkInterface', { NetworkInterfaceId, InstanceId: INSTANCE_ID });
    await account.tasksEnd();
    expect(
      await account.refusal('vpc', 'AssignPrivateIpAddresses', {
        NetworkInterfaceId,
        SecondaryPrivateIpAddressCount: 1,
      }),
    ).toBe('LimitExceeded');
  });

  test('an address migrates to another ENI of its subnet, but not the primary one', async () => {
    await open();
    const source = await newEni({
      PrivateIpAddresses: [{ PrivateIpAddress: '10.0.1.50' }, { PrivateIpAddress: '10.0.1.51' }],
    });
    const target = await newEni();
    const move = { SourceNetworkInterfaceId: source, DestinationNetworkInterfaceId: target };
    expect(await account.refusal('vpc', 'MigratePrivateIpAddress', { ...move, PrivateIpAddress: '10.0.1.50' })).toBe(
      'UnsupportedOperation.PrimaryIp',
    );
    await account.call('vpc', 'MigratePrivateIpAddress', { ...move, PrivateIpAddress: '10.0.1.51' });
    expect((await addressesOf(source))[1]).toBe('10.0.1.51 MIGRATING');
    await account.tasksEnd();
    expect([await addressesOf(source), (await addressesOf(target))[1]]).toEqual([
      ['10.0.1.50 AVAILABLE'],
      '10.0.1.51 AVAILABLE',
    ]);
  });

  test.each([
    ['neither a list nor a count', {}, 'MissingParameter'],
    ['a count of none', { SecondaryPrivateIpAddressCount: 0 }, 'InvalidParameterValue.Range'],
    [
      'an address twice',
      { PrivateIpAddresses: [1, 2].map(() => ({ PrivateIpAddress: '10.0.1.9' })) },
      'InvalidParameterValue.DuplicatePara',
    ],
    [
      'a text that is no address',
      { PrivateIpAddresses: [{ PrivateIpAddress: 'x' }] },
      'InvalidParameterValue.Malformed',
    ],
    ['the gateway', { PrivateIpAddresses: [{ PrivateIpAddress: '10.0.1.1' }] }, 'InvalidParameterValue.Reserved'],
  ])('assigning %s is refused', async (_what, body, code) => {
    await open();
    const NetworkInterfaceId = await newEni();
    expect(await account.refusal('vpc', 'AssignPrivateIpAddresses', { NetworkInterfaceId, ...body })).toBe(code);
  });

  test('used addresses name their holder', async () => {
    await open();
    const id = await newEni({ SubnetId: SMALL_SUBNET_ID });
    const answer = await account.call('vpc', 'DescribeUsedIpAddress', { VpcId: VPC_ID, SubnetId: SMALL_SUBNET_ID });
    expect(answer).toMatchObject({ TotalCount: 1, IpAddressStates: [{ ResourceId: id, ResourceType: 'ENI' }] });
  });
});
