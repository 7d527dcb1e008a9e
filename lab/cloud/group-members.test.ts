import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import {
  attachedTrunk,
  createdEni,
  eniRequest,
  GROUP_ID,
  INSTANCE_ID,
  listEnis,
  NODE_GROUP_ID,
  openAccount,
  SUBNET_ID,
  subEniRequest,
  type TestAccount,
} from './testing/account.ts';

let account: TestAccount;
const grouped = { ...eniRequest, SecurityGroupIds: [GROUP_ID] };
const OTHER_INSTANCE = 'ins-test0002';
const members = async (): Promise<number> =>
  (await listEnis(account, { Filters: [{ Name: 'groups.security-group-id', Values: [GROUP_ID] }] })).length;
const refusal = (action: string, body: object) => account.refusal('vpc', action, body);

beforeEach(async () => {
  account = await openAccount({ settings: { membersPerGroup: 2 } });
});
afterEach(() => account.close());

const newEni = async (body: object): Promise<string> => {
  const { NetworkInterfaceId } = createdEni(await account.call('vpc', 'CreateNetworkInterface', body));
  await account.tasksEnd();
  return NetworkInterfaceId;
};

describe('a group with as many members as it takes', () => {
  test('takes no further ENI and no sub-ENI, and no address is lost', async () => {
    const trunk = await attachedTrunk(account);
    await newEni(grouped);
    await newEni(grouped);
    const free = async () => JSON.stringify(await account.call('vpc', 'DescribeSubnets', { SubnetIds: [SUBNET_ID] }));
    const count = (text: string) => /"AvailableIpAddressCount":(\d+)/.exec(text)?.[1];
    const before = count(await free());
    expect(await refusal('CreateNetworkInterface', grouped)).toBe('LimitExceeded');
    expect(await refusal('CreateSubNetworkInterface', subEniRequest(trunk))).toBe('LimitExceeded');
    expect(count(await free())).toBe(before);
  });

  test('keeps those it has when they are named again', async () => {
    const NetworkInterfaceIds = [await newEni(grouped), await newEni(grouped)];
    const again = { NetworkInterfaceIds, SecurityGroupIds: [GROUP_ID] };
    expect(await refusal('AssociateNetworkInterfaceSecurityGroups', again)).toBe('none');
    const [NetworkInterfaceId] = NetworkInterfaceIds;
    const modified = { NetworkInterfaceId, SecurityGroupIds: [NODE_GROUP_ID, GROUP_ID] };
    expect(await refusal('ModifyNetworkInterfaceAttribute', modified)).toBe('none');
    const third = await newEni(eniRequest);
    expect(await refusal('ModifyNetworkInterfaceAttribute', { ...modified, NetworkInterfaceId: third })).toBe(
      'LimitExceeded',
    );
    expect(await members()).toBe(2);
  });

  test('has room again when a member leaves', async () => {
    const leaving = await newEni(grouped);
    await newEni(grouped);
    await account.call('vpc', 'DisassociateNetworkInterfaceSecurityGroups', {
      NetworkInterfaceIds: [leaving],
      SecurityGroupIds: [GROUP_ID],
    });
    expect(await refusal('CreateNetworkInterface', grouped)).toBe('none');
  });
});

test('ENIs that would join together are refused together', async () => {
  const NetworkInterfaceIds = [await newEni(eniRequest), await newEni(eniRequest), await newEni(eniRequest)];
  const body = { NetworkInterfaceIds, SecurityGroupIds: [GROUP_ID] };
  expect(await refusal('AssociateNetworkInterfaceSecurityGroups', body)).toBe('LimitExceeded');
  expect(await members()).toBe(0);
});

test.each([
  ['ModifyInstancesAttribute', { SecurityGroups: [GROUP_ID] }],
  ['AssociateSecurityGroups', { SecurityGroupIds: [GROUP_ID] }],
])('an instance is refused by %s with the code of the cvm service', async (action, body) => {
  await newEni(grouped);
  account.cloud.admin.runInstance({
    instanceId: OTHER_INSTANCE,
    instanceType: 'SA5.LARGE8',
    zone: 'ap-guangzhou-3',
    subnetId: SUBNET_ID,
    securityGroupIds: [],
  });
  const both = { InstanceIds: [INSTANCE_ID, OTHER_INSTANCE], ...body };
  expect(await account.refusal('cvm', action, both)).toBe('LimitExceeded.CvmsVifsPerSecGroupLimitExceeded');
  expect(await account.refusal('cvm', action, { ...both, InstanceIds: [INSTANCE_ID] })).toBe('none');
  await account.tasksEnd();
  expect(await members()).toBe(2);
});

test('the quota is told', async () => {
  expect(await account.call('vpc', 'DescribeSecurityGroupLimits')).toMatchObject({
    SecurityGroupLimitSet: { SecurityGroupInstanceLimit: 2 },
  });
});
