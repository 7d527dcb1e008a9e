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
