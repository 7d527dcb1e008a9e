import { afterEach, describe, expect, test } from 'vitest';

import {
  attachedTrunk,
  createdEni,
  eniRequest,
  GROUP_ID,
  INSTANCE_ID,
  listEnis,
  NODE_GROUP_ID,
  openAccount,
  OTHER_ZONE_SUBNET_ID,
  SMALL_SUBNET_ID,
  SUBNET_ID,
  subEniRequest,
  type TestAccount,
  type TestAccountOptions,
  TASK_MS,
  VPC_ID,
} from './testing/account.ts';

let account: TestAccount;
const open = async (options: TestAccountOptions = {}): Promise<TestAccount> => {
  account = await openAccount(options);
  return account;
};
afterEach(() => account.close());

const taskOf = async (taskId: unknown): Promise<unknown> =>
  (await account.call('vpc', 'DescribeVpcTaskResult', { TaskId: taskId }))['Status'];

describe('the life of an ENI', () => {
  test('is PENDING until its task time has passed, then AVAILABLE with its task SUCCESS', async () => {
    await open();
    const answer = await account.call('vpc', 'CreateNetworkInterface', eniRequest);
    const { NetworkInterfaceId: id, State } = createdEni(answer);
    await account.clock.advance(TASK_MS - 1);
    const before = (await listEnis(account, { NetworkInterfaceIds: [id] }))[0]?.State;
    const running = await taskOf(answer['RequestId']);
    await account.clock.advance(1);
    const after = (await listEnis(account, { NetworkInterfaceIds: [id] }))[0]?.State;
    expect([State, before, running, after, await taskOf(answer['RequestId'])]).toEqual([
      'PENDING',
      'PENDING',
      'RUNNING',
      'AVAILABLE',
      'SUCCESS',
    ]);
  });

  test('attached, it stays AVAILABLE and is INUSE; detached and deleted, it is gone', async () => {
    await open();
    const { NetworkInterfaceId } = createdEni(await account.call('vpc', 'CreateNetworkInterface', eniRequest));
    await account.tasksEnd();
    await account.call('vpc', 'AttachNetworkInterface', { NetworkInterfaceId, InstanceId: INSTANCE_ID });
    const attaching = (await listEnis(account, { NetworkInterfaceIds: [NetworkInterfaceId] }))[0]?.State;
    await account.tasksEnd();
    const attached = (await listEnis(account, { NetworkInterfaceIds: [NetworkInterfaceId] }))[0];
    expect([attaching, attached?.State, attached?.NetworkInterfaceState]).toEqual(['ATTACHING', 'AVAILABLE', 'INUSE']);
    expect(attached?.Attachment).toMatchObject({ InstanceId: INSTANCE_ID, DeviceIndex: 1 });

    expect(await account.refusal('vpc', 'DeleteNetworkInterface', { NetworkInterfaceId })).toBe('ResourceInUse');
    await account.call('vpc', 'DetachNetworkInterface', { NetworkInterfaceId, InstanceId: INSTANCE_ID });
    await account.tasksEnd();
    await account.call('vpc', 'DeleteNetworkInterface', { NetworkInterfaceId });
    await account.tasksEnd();
    expect(
      await account.refusal('vpc', 'DescribeNetworkInterfaces', { NetworkInterfaceIds: [NetworkInterfaceId] }),
    ).toBe('ResourceNotFound');
  });

  test('reaches its instance in the fabric only when the attaching task has run', async () => {
    await open();
    const { NetworkInterfaceId } = createdEni(await account.call('vpc', 'CreateNetworkInterface', eniRequest));
    await account.tasksEnd();
    const port = (): unknown => account.cloud.snapshot().enis.find((eni) => eni.eniId === NetworkInterfaceId);
    await account.call('vpc', 'AttachNetworkInterface', { NetworkInterfaceId, InstanceId: INSTANCE_ID });
    const before = port();
    await account.tasksEnd();
    expect([before, port()]).toMatchObject([
      { instanceId: null, deviceIndex: null },
      { instanceId: INSTANCE_ID, deviceIndex: 1 },
    ]);
  });

  test('refuses a second call while its task runs', async () => {
    await open();
    const { NetworkInterfaceId } = createdEni(await account.call('vpc', 'CreateNetworkInterface', eniRequest));
    expect(
      await account.refusal('vpc', 'AttachNetworkInterface', { NetworkInterfaceId, InstanceId: INSTANCE_ID }),
    ).toBe('UnsupportedOperation.InvalidState');
  });

  test('is not shown before the read delay has passed', async () => {
    await open({ settings: { readDelayMs: 1000 } });
    await account.call('vpc', 'CreateNetworkInterface', eniRequest);
    const byName = { Filters: [{ Name: 'network-interface-name', Values: ['eni'] }] };
    const early = await listEnis(account, byName);
    await account.clock.advance(1000);
    expect([early.length, (await listEnis(account, byName)).length]).toEqual([0, 1]);
  });
});

describe('limits of ENIs', () => {
  test('an instance takes no more ENIs than its model allows', async () => {
    await open({ instanceType: 'SA5.MEDIUM4' });
    for (let index = 1; index < 4; index += 1) await attachedTrunk(account);
    const { NetworkInterfaceId } = createdEni(await account.call('vpc', 'CreateNetworkInterface', eniRequest));
    await account.tasksEnd();
    expect(
      await account.refusal('vpc', 'AttachNetworkInterface', { NetworkInterfaceId, InstanceId: INSTANCE_ID }),
    ).toBe('LimitExceeded');
  });

  test('a subnet without a free address refuses, and an address that comes back is used again', async () => {
    await open();
    const request = { ...eniRequest, SubnetId: SMALL_SUBNET_ID };
    const ids: string[] = [];
    for (let index = 0; index < 5; index += 1)
      ids.push(createdEni(await account.call('vpc', 'CreateNetworkInterface', request)).NetworkInterfaceId);
    expect(await account.refusal('vpc', 'CreateNetworkInterface', request)).toBe('ResourceInsufficient.Subnet');
    await account.tasksEnd();
    await account.call('vpc', 'DeleteNetworkInterface', { NetworkInterfaceId: ids[0] });
    await account.tasksEnd();
    expect(await account.refusal('vpc', 'CreateNetworkInterface', request)).toBe('none');
  });

  test('DescribeSubnets counts the free addresses', async () => {
    await open();
    await account.call('vpc', 'CreateNetworkInterface', { ...eniRequest, SubnetId: SMALL_SUBNET_ID });
    const answer = await account.call('vpc', 'DescribeSubnets', { SubnetIds: [SMALL_SUBNET_ID] });
    expect(answer['SubnetSet']).toMatchObject([{ AvailableIpAddressCount: 4, TotalIpAddressCount: 5 }]);
  });

  test.each([
    ['an address in use', [{ PrivateIpAddress: '10.0.1.2' }], 'ResourceInUse'],
    ['the gateway', [{ PrivateIpAddress: '10.0.1.1' }], 'InvalidParameterValue.Reserved'],
    ['an address outside the subnet', [{ PrivateIpAddress: '10.0.2.9' }], 'InvalidParameterValue.Range'],
  ])('refuses %s', async (_what, PrivateIpAddresses, code) => {
    await open();
    expect(await account.refusal('vpc', 'CreateNetworkInterface', { ...eniRequest, PrivateIpAddresses })).toBe(code);
  });

  test('a group that does not exist is ResourceNotFound, and no address is lost', async () => {
    await open();
    const request = { ...eniRequest, SecurityGroupIds: ['sg-absent01'] };
    expect(await account.refusal('vpc', 'CreateNetworkInterface', request)).toBe('ResourceNotFound');
    const answer = await account.call('vpc', 'DescribeSubnets', { SubnetIds: [SUBNET_ID] });
    expect(answer['SubnetSet']).toMatchObject([{ AvailableIpAddressCount: 252 }]);
  });

  test('an instance of another zone does not take the ENI', async () => {
    await open();
    const { NetworkInterfaceId } = createdEni(
      await account.call('vpc', 'CreateNetworkInterface', { ...eniRequest, SubnetId: OTHER_ZONE_SUBNET_ID }),
    );
    await account.tasksEnd();
    expect(
      await account.refusal('vpc', 'AttachNetworkInterface', { NetworkInterfaceId, InstanceId: INSTANCE_ID }),
    ).toBe('UnsupportedOperation.ZoneMismatch');
  });
});

describe('DescribeNetworkInterfaces', () => {
  test.each([
    ['the instance', 'attachment.instance-id', INSTANCE_ID, 2],
    ['being primary', 'is-primary', 'TRUE', 1],
    ['kind sub-ENI', 'eni-type', '2', 1],
    ['kind secondary', 'eni-type', '0', 1],
    ['VPC', 'vpc-id', VPC_ID, 3],
    ['name', 'network-interface-name', 'pod', 1],
    ['tag', 'tag:owner', 'pod-1', 1],
    ['group', 'groups.security-group-id', NODE_GROUP_ID, 1],
  ])('finds by %s', async (_what, Name, value, count) => {
    await open();
    const trunk = await attachedTrunk(account);
    await account.call('vpc', 'CreateSubNetworkInterface', {
      ...subEniRequest(trunk),
      Tags: [{ Key: 'owner', Value: 'pod-1' }],
    });
    expect(await listEnis(account, { Filters: [{ Name, Values: [value] }] })).toHaveLength(count);
  });

  test('pages with the full count', async () => {
    await open();
    for (let index = 0; index < 4; index += 1) await account.call('vpc', 'CreateNetworkInterface', eniRequest);
    const page = await account.call('vpc', 'DescribeNetworkInterfaces', { Offset: 3, Limit: 3 });
    expect([page['TotalCount'], page['NetworkInterfaceSet']]).toMatchObject([5, { length: 2 }]);
  });

  test('refuses unknown filters, ids beside filters and too large pages', async () => {
    await open();
    const filter = { Name: 'vpc-id', Values: [VPC_ID] };
    const codes = [
      { Filters: [{ Name: 'colour', Values: ['red'] }] },
      { NetworkInterfaceIds: ['eni-aaaaaaaa'], Filters: [filter] },
      { Limit: 101 },
      { NetworkInterfaceIds: ['eni-1'] },
    ].map((body) => account.refusal('vpc', 'DescribeNetworkInterfaces', body));
    expect(await Promise.all(codes)).toEqual([
      'InvalidParameter.FilterInvalidKey',
      'InvalidParameter.Coexist',
      'InvalidParameterValue.Range',
      'InvalidParameterValue.Malformed',
    ]);
  });
});

describe('groups of an ENI', () => {
  test('are added at the end, taken away, and refused for a primary ENI', async () => {
    await open();
    const { NetworkInterfaceId } = createdEni(
      await account.call('vpc', 'CreateNetworkInterface', { ...eniRequest, SecurityGroupIds: [NODE_GROUP_ID] }),
    );
    await account.tasksEnd();
    const change = { NetworkInterfaceIds: [NetworkInterfaceId], SecurityGroupIds: [GROUP_ID] };
    await account.call('vpc', 'AssociateNetworkInterfaceSecurityGroups', change);
    const both = (await listEnis(account, { NetworkInterfaceIds: [NetworkInterfaceId] }))[0]?.GroupSet;
    await account.call('vpc', 'DisassociateNetworkInterfaceSecurityGroups', {
      ...change,
      SecurityGroupIds: [NODE_GROUP_ID],
    });
    const one = (await listEnis(account, { NetworkInterfaceIds: [NetworkInterfaceId] }))[0]?.GroupSet;
    expect([both, one]).toEqual([[NODE_GROUP_ID, GROUP_ID], [GROUP_ID]]);
    const [primary] = await listEnis(account, { Filters: [{ Name: 'is-primary', Values: ['TRUE'] }] });
    expect(
      await account.refusal('vpc', 'AssociateNetworkInterfaceSecurityGroups', {
        ...change,
        NetworkInterfaceIds: [primary?.NetworkInterfaceId],
      }),
    ).toBe('UnsupportedOperation');
  });

  test('are replaced, and the name changed, by ModifyNetworkInterfaceAttribute', async () => {
    await open();
    const { NetworkInterfaceId } = createdEni(
      await account.call('vpc', 'CreateNetworkInterface', { ...eniRequest, SecurityGroupIds: [NODE_GROUP_ID] }),
    );
    await account.tasksEnd();
    const NetworkInterfaceName = 'renamed';
    const SecurityGroupIds = [GROUP_ID];
    await account.call('vpc', 'ModifyNetworkInterfaceAttribute', {
      NetworkInterfaceId,
      NetworkInterfaceName,
      SecurityGroupIds,
    });
    expect(await listEnis(account, { NetworkInterfaceIds: [NetworkInterfaceId] })).toMatchObject([
      { NetworkInterfaceName, GroupSet: SecurityGroupIds },
    ]);
  });
});
