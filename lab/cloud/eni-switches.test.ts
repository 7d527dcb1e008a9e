import { afterEach, expect, test } from 'vitest';
import {
  createdEni,
  eniRequest,
  GROUP_ID,
  INSTANCE_ID,
  listEnis,
  NODE_GROUP_ID,
  openAccount,
  type TestAccount,
} from './testing/account.ts';

let account: TestAccount;
afterEach(() => account.close());

const newEni = async (body: object = {}): Promise<string> => {
  const eni = createdEni(await account.call('vpc', 'CreateNetworkInterface', { ...eniRequest, ...body }));
  await account.tasksEnd();
  return eni.NetworkInterfaceId;
};

test('with attachOneAtATime an instance refuses a second attachment until the first is done', async () => {
  account = await openAccount({ settings: { attachOneAtATime: true } });
  const ids = [await newEni(), await newEni()];
  const [first, second] = ids.map((NetworkInterfaceId) => ({ NetworkInterfaceId, InstanceId: INSTANCE_ID }));
  await account.call('vpc', 'AttachNetworkInterface', first);
  const during = await account.refusal('vpc', 'AttachNetworkInterface', second);
  await account.tasksEnd();
  expect([during, await account.refusal('vpc', 'AttachNetworkInterface', second)]).toEqual([
    'UnsupportedOperation.MutexOperationTaskRunning',
    'none',
  ]);
});

test.each([
  [true, [GROUP_ID, NODE_GROUP_ID]],
  [false, [NODE_GROUP_ID]],
])('with associateAppends %s the groups become %j', async (associateAppends, groups) => {
  account = await openAccount({ settings: { associateAppends } });
  const id = await newEni({ SecurityGroupIds: [GROUP_ID] });
  await account.call('vpc', 'AssociateNetworkInterfaceSecurityGroups', {
    NetworkInterfaceIds: [id],
    SecurityGroupIds: [NODE_GROUP_ID],
  });
  expect((await listEnis(account, { NetworkInterfaceIds: [id] }))[0]?.GroupSet).toEqual(groups);
});

test.each([
  [true, 'none'],
  [false, 'UnsupportedOperation'],
])('with primaryEniTakesGroups %s a primary ENI answers %s', async (primaryEniTakesGroups, code) => {
  account = await openAccount({ settings: { primaryEniTakesGroups } });
  const [primary] = await listEnis(account, { Filters: [{ Name: 'is-primary', Values: ['TRUE'] }] });
  const body = { NetworkInterfaceId: primary?.NetworkInterfaceId, NetworkInterfaceName: 'renamed' };
  const withGroups = { ...body, SecurityGroupIds: [GROUP_ID] };
  expect(await account.refusal('vpc', 'ModifyNetworkInterfaceAttribute', withGroups)).toBe(code);
  const [after] = await listEnis(account, { Filters: [{ Name: 'is-primary', Values: ['TRUE'] }] });
  expect(after?.GroupSet).toEqual(code === 'none' ? [GROUP_ID] : [NODE_GROUP_ID]);
  expect(after?.['NetworkInterfaceName'] === 'renamed').toBe(code === 'none');
});

test.each([
  [true, 0],
  [false, 1],
])('with noGroupIsOpen %s the fabric is told %d groups of an ENI that has none', async (noGroupIsOpen, count) => {
  account = await openAccount({ settings: { noGroupIsOpen } });
  const eniId = await newEni();
  await account.call('vpc', 'AttachNetworkInterface', { NetworkInterfaceId: eniId, InstanceId: INSTANCE_ID });
  await account.tasksEnd();
  const { enis, securityGroups } = account.cloud.snapshot();
  const told = enis.find((eni) => eni.eniId === eniId)?.securityGroupIds ?? ['not told'];
  expect(told).toHaveLength(count);
  for (const id of told)
    expect(securityGroups.find((group) => group.securityGroupId === id)).toMatchObject({ ingress: [], egress: [] });
});

test('an action may take a time of its own', async () => {
  account = await openAccount({ settings: { taskMsByAction: { CreateNetworkInterface: 5000 } } });
  const id = await newEni();
  const before = (await listEnis(account, { NetworkInterfaceIds: [id] }))[0]?.State;
  await account.clock.advance(5000);
  expect([before, (await listEnis(account, { NetworkInterfaceIds: [id] }))[0]?.State]).toEqual([
    'PENDING',
    'AVAILABLE',
  ]);
});
