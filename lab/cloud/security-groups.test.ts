import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { CLUSTER_ID, GROUP_ID, NODE_GROUP_ID, openAccount, type TestAccount, VPC_ID } from './testing/account.ts';
import { sendRaw } from './testing/raw-request.ts';

let account: TestAccount;
beforeEach(async () => {
  account = await openAccount();
});
afterEach(() => account.close());

const web = { Protocol: 'tcp', Port: '80', CidrBlock: '10.0.0.0/16', Action: 'accept' };
const dns = { Protocol: 'UDP', Port: '53', CidrBlock: '10.0.0.0/16', Action: 'ACCEPT' };
const anyIn = { Protocol: 'ALL', Port: 'ALL', Action: 'DROP' };
const ingress = (...rules: readonly object[]) => ({
  SecurityGroupId: GROUP_ID,
  SecurityGroupPolicySet: { Ingress: rules },
});
const change = (action: string, body: object) => account.call('vpc', action, body);
const refusal = (action: string, body: object) => account.refusal('vpc', action, body);
const ports = async (): Promise<(string | undefined)[]> =>
  account.cloud
    .snapshot()
    .securityGroups.filter((group) => group.securityGroupId === GROUP_ID)
    .flatMap((group) => group.ingress.map((rule) => rule.port));
const version = async (): Promise<string> => {
  const answer = await change('DescribeSecurityGroupPolicies', { SecurityGroupId: GROUP_ID });
  return (answer['SecurityGroupPolicySet'] as { Version: string }).Version;
};

test("spec 001's eleven commands run through as tccli sends them, and leave nothing", async () => {
  const send = async (action: string, body: object, apiVersion = '2017-03-12') =>
    (await sendRaw(account, { action, body, version: apiVersion })).body.Response;
  const byName = (name: string) => ({ Filters: [{ Name: 'security-group-name', Values: [name] }] });
  const [cluster, pod] = [NODE_GROUP_ID, 'my-pod-security-group'];

  expect(await send('DescribeClusters', { ClusterIds: [CLUSTER_ID] }, '2018-05-25')).toMatchObject({
    Clusters: [{ ClusterNetworkSettings: { VpcId: VPC_ID } }],
  });
  expect(await send('DescribeSecurityGroups', byName(`tke-worker-security-for-${CLUSTER_ID}`))).toMatchObject({
    SecurityGroupSet: [{ SecurityGroupId: cluster }],
  });
  const created = await send('CreateSecurityGroup', { GroupName: pod, GroupDescription: 'My pod security group' });
  const { SecurityGroupId } = created['SecurityGroup'] as { SecurityGroupId: string };
  expect(await send('DescribeSecurityGroups', byName(pod))).toMatchObject({ SecurityGroupSet: [{ SecurityGroupId }] });

  const fromPod = (Protocol: string, Port: string) => ({ Protocol, Port, SecurityGroupId, Action: 'ACCEPT' });
  const dnsRules = ['UDP', 'TCP'].map((protocol) => ({
    SecurityGroupId: cluster,
    SecurityGroupPolicySet: { Ingress: [fromPod(protocol, '53')] },
  }));
  const steps = [
    ...dnsRules.map((body) => ['CreateSecurityGroupPolicies', body] as const),
    ['CreateSecurityGroupPolicies', { SecurityGroupId, SecurityGroupPolicySet: { Ingress: [fromPod('ALL', 'ALL')] } }],
    [
      'CreateSecurityGroupPolicies',
      {
        SecurityGroupId,
        SecurityGroupPolicySet: { Egress: [{ Protocol: 'ALL', Port: 'ALL', Action: 'ACCEPT' }] },
      },
    ],
    ...dnsRules.map((body) => ['DeleteSecurityGroupPolicies', body] as const),
    ['DeleteSecurityGroup', { SecurityGroupId }],
  ] as const;
  for (const [action, body] of steps) expect(await send(action, body)).not.toHaveProperty('Error');
  const groups = account.cloud.snapshot().securityGroups;
  expect(groups.map((group) => group.securityGroupId)).toEqual([GROUP_ID, cluster]);
  expect(groups.flatMap((group) => group.ingress)).toEqual([]);
});

describe('rules of a group', () => {
  test('go to the end, or before the index that is given', async () => {
    await change('CreateSecurityGroupPolicies', ingress(web));
    await change('CreateSecurityGroupPolicies', ingress(anyIn));
    await change('CreateSecurityGroupPolicies', ingress({ ...dns, PolicyIndex: '1' }));
    expect(await ports()).toEqual(['80', '53', 'ALL']);
  });

  test('are answered in upper case, with their index and the group version', async () => {
    await change('CreateSecurityGroupPolicies', ingress(web, anyIn));
    expect(await change('DescribeSecurityGroupPolicies', { SecurityGroupId: GROUP_ID })).toMatchObject({
      SecurityGroupPolicySet: {
        Version: '1',
        Ingress: [
          { PolicyIndex: 0, Protocol: 'TCP', Port: '80', CidrBlock: '10.0.0.0/16', Action: 'ACCEPT' },
          { PolicyIndex: 1, Protocol: 'ALL', Port: 'ALL', CidrBlock: '', Action: 'DROP' },
        ],
        Egress: [],
      },
    });
  });

  test('are deleted by content in any case, and by index', async () => {
    await change('CreateSecurityGroupPolicies', ingress(web, dns, anyIn));
    await change('DeleteSecurityGroupPolicies', ingress({ ...web, Protocol: 'TCP', Action: 'Accept' }));
    await change('DeleteSecurityGroupPolicies', ingress({ PolicyIndex: 0 }));
    expect(await ports()).toEqual(['ALL']);
  });

  test('are replaced one at its index, or all at once', async () => {
    await change('CreateSecurityGroupPolicies', ingress(web, anyIn));
    await change('ReplaceSecurityGroupPolicy', ingress({ ...dns, PolicyIndex: 0 }));
    const replaced = await ports();
    await change('ModifySecurityGroupPolicies', {
      SecurityGroupId: GROUP_ID,
      SecurityGroupPolicySet: { Ingress: [web, anyIn], Egress: [] },
      SortPolicys: true,
    });
    const reset = await ports();
    await change('ModifySecurityGroupPolicies', {
      SecurityGroupId: GROUP_ID,
      SecurityGroupPolicySet: { Version: '0' },
    });
    expect([replaced, reset, await ports()]).toEqual([['53', 'ALL'], ['80', 'ALL'], []]);
  });

  test('with a stale version are refused', async () => {
    const before = await version();
    await change('CreateSecurityGroupPolicies', ingress(web));
    const body = {
      SecurityGroupId: GROUP_ID,
      SecurityGroupPolicySet: { Version: before, Ingress: [dns] },
    };
    expect(await refusal('CreateSecurityGroupPolicies', body)).toBe('UnsupportedOperation.VersionMismatch');
  });

  test.each([
    ['two peers', [{ ...web, SecurityGroupId: GROUP_ID }], 'InvalidParameter.Coexist'],
    ['a port with ICMP', [{ ...web, Protocol: 'ICMP' }], 'InvalidParameter.Coexist'],
    ['IPv6 with ICMP', [{ Protocol: 'ICMP', Ipv6CidrBlock: '::/0', Action: 'DROP' }], 'InvalidParameter.Coexist'],
    ['a port out of range', [{ ...web, Port: '70000' }], 'InvalidParameterValue.Range'],
    ['a malformed CIDR', [{ ...web, CidrBlock: '10.0.0.0/33' }], 'InvalidParameterValue.Malformed'],
    ['an unknown protocol', [{ ...web, Protocol: 'SCTP' }], 'InvalidParameterValue'],
    ['an unknown action', [{ ...web, Action: 'ALLOW' }], 'InvalidParameterValue'],
    ['the same rule twice', [web, web], 'UnsupportedOperation.DuplicatePolicy'],
    ['an unknown group', [{ ...anyIn, SecurityGroupId: 'sg-absent01' }], 'ResourceNotFound'],
    ['no rule', [], 'InvalidParameterValue.Empty'],
  ])('with %s are refused and change nothing', async (_what, rules, code) => {
    const before = await version();
    expect([await refusal('CreateSecurityGroupPolicies', ingress(...rules)), await version()]).toEqual([code, before]);
  });

  test('are at most 100 in one direction', async () => {
    const rules = Array.from({ length: 101 }, (_, index) => ({ ...web, Port: String(1000 + index) }));
    expect(await refusal('CreateSecurityGroupPolicies', ingress(...rules))).toBe(
      'LimitExceeded.SecurityGroupPolicySet',
    );
  });

  test('that no rule equals cannot be deleted', async () => {
    expect(await refusal('DeleteSecurityGroupPolicies', ingress(web))).toBe('ResourceNotFound');
  });
});

describe('a group', () => {
  test('is not deleted while an ENI has it or a rule of another group names it', async () => {
    expect(await refusal('DeleteSecurityGroup', { SecurityGroupId: NODE_GROUP_ID })).toBe('ResourceInUse');
    account.cloud.admin.setSecurityGroupRules(NODE_GROUP_ID, { ingress: [{ ...anyIn, SecurityGroupId: GROUP_ID }] });
    expect(await refusal('DeleteSecurityGroup', { SecurityGroupId: GROUP_ID })).toBe('ResourceInUse');
    account.cloud.admin.setSecurityGroupRules(NODE_GROUP_ID, {});
    expect(await refusal('DeleteSecurityGroup', { SecurityGroupId: GROUP_ID })).toBe('none');
  });

  test('over the quota of 50 is refused', async () => {
    for (let index = 2; index < 50; index += 1) account.cloud.admin.createSecurityGroup({ name: `g${index}` });
    expect(await refusal('CreateSecurityGroup', { GroupName: 'more', GroupDescription: '' })).toBe('LimitExceeded');
  });

  test('that does not exist is ResourceNotFound, a malformed id is said to be malformed', async () => {
    const codes = ['sg-absent01', 'sg-1'].map((id) => refusal('DescribeSecurityGroups', { SecurityGroupIds: [id] }));
    expect(await Promise.all(codes)).toEqual(['ResourceNotFound', 'InvalidParameterValue.Malformed']);
  });
});
