import { afterEach, describe, expect, test } from 'vitest';

import { NODE_GROUP_ID, openAccount, type TestAccount, VPC_ID } from './testing/account.ts';

let account: TestAccount;
afterEach(() => account.close());

const DESCRIBES = [
  ['DescribeNetworkInterfaces', 'NetworkInterfaceIds', 'eni-absent01'],
  ['DescribeSecurityGroups', 'SecurityGroupIds', 'sg-absent01'],
  ['DescribeVpcs', 'VpcIds', 'vpc-absent01'],
  ['DescribeSubnets', 'SubnetIds', 'subnet-absent01'],
  ['DescribeRouteTables', 'RouteTableIds', 'rtb-absent01'],
  ['DescribeNatGateways', 'NatGatewayIds', 'nat-absent01'],
] as const;

describe.each(DESCRIBES)('%s of an id that does not exist', (action, ids, absent) => {
  test('is ResourceNotFound', async () => {
    account = await openAccount();
    expect(await account.refusal('vpc', action, { [ids]: [absent] })).toBe('ResourceNotFound');
  });

  test('is an empty set where the switch says so, and a malformed id is refused still', async () => {
    account = await openAccount({ settings: { unknownIdIsNotFound: false } });
    expect(await account.call('vpc', action, { [ids]: [absent] })).toMatchObject({ TotalCount: 0 });
    expect(await account.refusal('vpc', action, { [ids]: ['what'] })).toMatch(/Malformed$/);
  });
});

test('an id that is named twice is answered once, beside those that exist', async () => {
  account = await openAccount({ settings: { unknownIdIsNotFound: false } });
  expect(await account.call('vpc', 'DescribeVpcs', { VpcIds: [VPC_ID, 'vpc-absent01', VPC_ID] })).toMatchObject({
    TotalCount: 1,
    VpcSet: [{ VpcId: VPC_ID }],
  });
  const SecurityGroupIds = [NODE_GROUP_ID, NODE_GROUP_ID];
  expect(await account.call('vpc', 'DescribeSecurityGroups', { SecurityGroupIds })).toMatchObject({ TotalCount: 1 });
});
