import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';

import { eniRequest, GROUP_ID, NODE_GROUP_ID, openAccount, type TestAccount } from './testing/account.ts';

let account: TestAccount;
beforeEach(async () => {
  account = await openAccount();
});
afterEach(() => account.close());

const web = { Protocol: 'TCP', Port: '80', CidrBlock: '10.0.0.0/16', Action: 'ACCEPT' };
const fromGroup = { Protocol: 'ALL', Port: 'all', SecurityGroupId: GROUP_ID, Action: 'accept' };
const six = { Protocol: 'ICMPv6', Ipv6CidrBlock: '::/0', Action: 'DROP', PolicyDescription: 'no pings' };
const named = { GroupName: 'made', GroupDescription: '' };

const call = (action: string, body: object = {}) => account.call('vpc', action, body);
const refusal = (action: string, body: object = {}) => account.refusal('vpc', action, body);
const create = (id: string, set: object) =>
  call('CreateSecurityGroupPolicies', { SecurityGroupId: id, SecurityGroupPolicySet: set });
const newId = (answer: Readonly<Record<string, unknown>>): string =>
  z.looseObject({ SecurityGroupId: z.string() }).parse(answer['SecurityGroup']).SecurityGroupId;
const rules = async (id: string, Filters?: object[]): Promise<unknown> => {
  const body = { SecurityGroupId: id, ...(Filters === undefined ? {} : { Filters }) };
  return (await call('DescribeSecurityGroupPolicies', body))['SecurityGroupPolicySet'];
};
const ports = async (id = GROUP_ID): Promise<readonly string[]> =>
  z
    .looseObject({ Ingress: z.array(z.looseObject({ Port: z.string() })) })
    .parse(await rules(id))
    .Ingress.map((rule) => rule.Port);

describe('a group is made', () => {
  test('with rules in both directions in one call', async () => {
    const set = { Ingress: [web, six], Egress: [fromGroup] };
    const id = newId(await call('CreateSecurityGroupWithPolicies', { ...named, SecurityGroupPolicySet: set }));
    expect(await rules(id)).toMatchObject({
      Version: '1',
      Ingress: [{ Port: '80' }, { Protocol: 'ICMPV6' }],
      Egress: [{ SecurityGroupId: GROUP_ID }],
      PolicyStatistics: { IngressIPv4TotalCount: 1, IngressIPv6TotalCount: 1, EgressIPv4TotalCount: 1 },
    });
  });

  test('with rules only when all of them are good', async () => {
    const set = { Ingress: [web, { ...web, Port: '70000' }] };
    const code = await refusal('CreateSecurityGroupWithPolicies', { ...named, SecurityGroupPolicySet: set });
    expect([code, (await call('DescribeSecurityGroups'))['TotalCount']]).toEqual(['InvalidParameterValue.Range', 2]);
  });

  test('as a clone of another', async () => {
    await create(GROUP_ID, { Ingress: [web] });
    const id = newId(await call('CloneSecurityGroup', { SecurityGroupId: GROUP_ID, GroupName: 'twin' }));
    await create(GROUP_ID, { Ingress: [six] });
    expect([await ports(id), await ports()]).toEqual([['80'], ['80', 'ALL']]);
  });

  test('as the default group, once, open for all IPv4 and never deleted', async () => {
    const id = newId(await call('CreateDefaultSecurityGroup'));
    const open = [{ Protocol: 'ALL', CidrBlock: '0.0.0.0/0', Action: 'ACCEPT' }];
    expect(await rules(id)).toMatchObject({ Ingress: open, Egress: open });
    expect(newId(await call('CreateDefaultSecurityGroup'))).toBe(id);
    expect(await refusal('DeleteSecurityGroup', { SecurityGroupId: id })).toBe('UnsupportedOperation');
  });
});

test('a group is renamed, and nothing changes when the description is too long', async () => {
  const body = { SecurityGroupId: GROUP_ID, GroupName: 'new' };
  const long = { ...body, GroupName: 'x', GroupDescription: 'x'.repeat(101) };
  await call('ModifySecurityGroupAttribute', body);
  expect(await refusal('ModifySecurityGroupAttribute', long)).toBe('InvalidParameterValue.TooLong');
  expect(await call('DescribeSecurityGroups', { SecurityGroupIds: [GROUP_ID] })).toMatchObject({
    SecurityGroupSet: [{ SecurityGroupName: 'new' }],
  });
});

describe('several rules are replaced', () => {
  const replace = (set: object, more: object = {}) => ({
    SecurityGroupId: GROUP_ID,
    SecurityGroupPolicySet: set,
    ...more,
  });
  const at = (PolicyIndex: number, Port: string) => ({ ...web, PolicyIndex, Port });
  beforeEach(() => create(GROUP_ID, { Ingress: ['1', '2', '3', '4'].map((Port) => ({ ...web, Port })) }));

  test('in their places by default', async () => {
    await call('ReplaceSecurityGroupPolicies', replace({ Ingress: [at(0, '11'), at(2, '33')] }));
    expect(await ports()).toEqual(['11', '2', '33', '4']);
  });

  test('by moving them, as the original set says where they stood', async () => {
    const original = { OriginalSecurityGroupPolicySet: { Ingress: [at(3, '4'), at(0, '1')] } };
    const set = { Ingress: [at(0, '4'), at(3, '1')] };
    await call('ReplaceSecurityGroupPolicies', replace(set, { ...original, UpdateType: 'Priority' }));
    expect(await ports()).toEqual(['4', '2', '3', '1']);
  });

  test('both ways at once', async () => {
    const original = { OriginalSecurityGroupPolicySet: { Ingress: [at(3, '4')] } };
    await call(
      'ReplaceSecurityGroupPolicies',
      replace({ Ingress: [at(1, '44')] }, { ...original, UpdateType: 'Both' }),
    );
    expect(await ports()).toEqual(['1', '44', '2', '3']);
  });

  test.each([
    ['an unknown way', replace({ Ingress: [at(0, '9')] }, { UpdateType: 'Neither' }), 'InvalidParameterValue.Invalid'],
    ['no original to move from', replace({ Ingress: [at(0, '9')] }, { UpdateType: 'Both' }), 'InvalidParameterValue'],
    ['no index', replace({ Ingress: [web] }), 'InvalidParameterValue.Empty'],
    ['an index twice', replace({ Ingress: [at(0, '8'), at(0, '9')] }), 'InvalidParameterValue'],
    ['a rule that is there', replace({ Ingress: [at(0, '2')] }), 'UnsupportedOperation.DuplicatePolicy'],
  ])('not with %s', async (_what, body, code) => {
    expect([await refusal('ReplaceSecurityGroupPolicies', body), await ports()]).toEqual([code, ['1', '2', '3', '4']]);
  });
});

test('rules are not deleted by index and content in one', async () => {
  await create(GROUP_ID, { Ingress: [web] });
  const body = { SecurityGroupId: GROUP_ID, SecurityGroupPolicySet: { Ingress: [{ ...web, PolicyIndex: 0 }] } };
  expect(await refusal('DeleteSecurityGroupPolicies', body)).toBe('InvalidParameter.Coexist');
});

test('at most ten rules of a group name a group, both directions together', async () => {
  const naming = (count: number) =>
    Array.from({ length: count }, (_, index) => ({ ...fromGroup, Protocol: 'TCP', Port: String(index + 1) }));
  await create(NODE_GROUP_ID, { Ingress: naming(6) });
  const body = { SecurityGroupId: NODE_GROUP_ID, SecurityGroupPolicySet: { Egress: naming(5) } };
  expect(await refusal('CreateSecurityGroupPolicies', body)).toBe('LimitExceeded.SecurityGroupPolicySet');
});

test('rules are filtered without losing their index', async () => {
  await create(GROUP_ID, { Ingress: [web, six, fromGroup] });
  const found = async (Name: string, Value: string): Promise<unknown> =>
    z
      .looseObject({ Ingress: z.array(z.looseObject({ PolicyIndex: z.number() })) })
      .parse(await rules(GROUP_ID, [{ Name, Values: [Value] }]))
      .Ingress.map((rule) => rule.PolicyIndex);
  const asked = [
    ['protocol-type', 'icmpv6'],
    ['security-group-id', GROUP_ID],
    ['ip', '10.0'],
    ['poly', 'ACCEPT'],
    ['port', '80'],
    ['description', 'ping'],
    ['direction', 'OUTBOUND'],
  ] as const;
  const answers = await Promise.all(asked.map(([name, value]) => found(name, value)));
  expect(answers).toEqual([[1], [2], [0], [0, 2], [0], [1], []]);
  const unknown = { SecurityGroupId: GROUP_ID, Filters: [{ Name: 'colour', Values: ['red'] }] };
  expect(await refusal('DescribeSecurityGroupPolicies', unknown)).toBe('InvalidParameter.FilterInvalidKey');
});

test('statistics and references tell who uses a group before it is deleted', async () => {
  await create(NODE_GROUP_ID, { Ingress: [fromGroup] });
  await call('CreateNetworkInterface', { ...eniRequest, SecurityGroupIds: [GROUP_ID] });
  const body = { SecurityGroupIds: [GROUP_ID, NODE_GROUP_ID] };
  expect(await call('DescribeSecurityGroupAssociationStatistics', body)).toMatchObject({
    SecurityGroupAssociationStatisticsSet: [
      { SecurityGroupId: GROUP_ID, CVM: 0, ENI: 1, SG: 1, TotalCount: 1 },
      { SecurityGroupId: NODE_GROUP_ID, CVM: 1, ENI: 0, SG: 0, TotalCount: 1 },
    ],
  });
  expect(await call('DescribeSecurityGroupReferences', body)).toMatchObject({
    ReferredSecurityGroupSet: [
      { SecurityGroupId: GROUP_ID, ReferredSecurityGroupIds: [NODE_GROUP_ID] },
      { SecurityGroupId: NODE_GROUP_ID, ReferredSecurityGroupIds: [] },
    ],
  });
});

test('the limits of an account are told', async () => {
  expect(await call('DescribeSecurityGroupLimits')).toMatchObject({
    SecurityGroupLimitSet: { SecurityGroupLimit: 50, SecurityGroupPolicyLimit: 100, ReferedSecurityGroupLimit: 10 },
  });
});

describe('what nobody knows is a switch', () => {
  const reopen = async (
    settings: NonNullable<Parameters<typeof openAccount>[0]>['settings'] & object,
  ): Promise<void> => {
    await account.close();
    account = await openAccount({ settings });
  };

  test('whether a rule of its own holds a group', async () => {
    await reopen({ selfReferenceLetsDelete: false });
    await create(GROUP_ID, { Ingress: [fromGroup] });
    expect(await refusal('DeleteSecurityGroup', { SecurityGroupId: GROUP_ID })).toBe('ResourceInUse');
  });

  test('whether deleting a rule that is not there fails', async () => {
    await reopen({ unmatchedRuleIsNotFound: false });
    const body = { SecurityGroupId: GROUP_ID, SecurityGroupPolicySet: { Ingress: [web] } };
    expect(await refusal('DeleteSecurityGroupPolicies', body)).toBe('none');
    expect(await rules(GROUP_ID)).toMatchObject({ Version: '0' });
  });

  test('whether groups are found by a part of their name', async () => {
    await reopen({ groupNameFilterIsExact: false });
    const Filters = [{ Name: 'security-group-name', Values: ['pod'] }];
    expect(await call('DescribeSecurityGroups', { Filters })).toMatchObject({ TotalCount: 1 });
  });

  test('what MY_PUBLIC_IP stands for', async () => {
    await reopen({ myPublicIp: '203.0.113.99' });
    await create(GROUP_ID, { Ingress: [{ ...web, CidrBlock: 'MY_PUBLIC_IP' }] });
    expect(await rules(GROUP_ID)).toMatchObject({ Ingress: [{ CidrBlock: '203.0.113.99' }] });
  });
});
