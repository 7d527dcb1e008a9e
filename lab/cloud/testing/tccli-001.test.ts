import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { changeRules, CLUSTER, CLUSTER_GROUP, groupNamed, ruleBody, tccli } from './tccli-001.ts';
import { openAccount, type TestAccount, VPC_ID } from './account.ts';

let account: TestAccount;
beforeEach(async () => {
  account = await openAccount();
  account.cloud.admin.registerCluster({ clusterId: CLUSTER, vpcId: VPC_ID, name: CLUSTER });
  account.cloud.admin.createSecurityGroup({
    securityGroupId: CLUSTER_GROUP,
    name: `tke-worker-security-for-${CLUSTER}`,
  });
});
afterEach(() => account.close());

const made = { GroupName: 'my-pod-security-group', GroupDescription: 'My pod security group' };

/** The lines up to the one that makes the Pods' group; its id. */
async function podGroup(): Promise<string> {
  await tccli(account, 'vpc', 'CreateSecurityGroup', made);
  const [group] = await groupNamed(account, made.GroupName);
  return group ?? '';
}

describe('the lines of document 001, one by one', () => {
  test('1: the VPC of the cluster, also where its id has not the usual form', async () => {
    const answer = await tccli(account, 'tke', 'DescribeClusters', { ClusterIds: [CLUSTER] });
    expect(answer).toMatchObject({ TotalCount: 1, Clusters: [{ ClusterNetworkSettings: { VpcId: VPC_ID } }] });
  });

  test('2: the group of the cluster by its name; no match is an empty set', async () => {
    expect(await groupNamed(account, `tke-worker-security-for-${CLUSTER}`)).toEqual([CLUSTER_GROUP]);
    const absent = { Filters: [{ Name: 'security-group-name', Values: ['tke-worker-security-for-other'] }] };
    expect(await tccli(account, 'vpc', 'DescribeSecurityGroups', absent)).toEqual({
      TotalCount: 0,
      SecurityGroupSet: [],
      RequestId: expect.any(String) as string,
    });
  });

  test('3 and 4: a group without rules, found by its exact name', async () => {
    expect(await tccli(account, 'vpc', 'CreateSecurityGroup', made)).toMatchObject({
      SecurityGroup: {
        SecurityGroupId: expect.stringMatching(/^sg-[0-9a-z]{8}$/) as string,
        SecurityGroupName: made.GroupName,
        SecurityGroupDesc: made.GroupDescription,
        ProjectId: '0',
        IsDefault: false,
        CreatedTime: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/) as string,
        TagSet: [],
      },
    });
    expect(await groupNamed(account, made.GroupName)).toHaveLength(1);
    expect(await groupNamed(account, 'my-pod')).toEqual([]);
  });

  test('5 and 6: port 53 from the group, with UDP and then TCP', async () => {
    const pod = await podGroup();
    for (const protocol of ['UDP', 'TCP'])
      expect(await changeRules(account, 'Create', ruleBody(CLUSTER_GROUP, pod, protocol))).toEqual({
        RequestId: expect.any(String) as string,
      });
    expect(await rules(CLUSTER_GROUP)).toMatchObject({
      Version: '2',
      Ingress: [
        { PolicyIndex: 0, Protocol: 'UDP', Port: '53', SecurityGroupId: pod, CidrBlock: '', Action: 'ACCEPT' },
        { PolicyIndex: 1, Protocol: 'TCP', Port: '53', SecurityGroupId: pod, CidrBlock: '', Action: 'ACCEPT' },
      ],
      Egress: [],
    });
  });

  test('7 and 8: everything from the group itself, and out to anywhere without a peer', async () => {
    const pod = await podGroup();
    const all = { Protocol: 'ALL', Port: 'ALL', Action: 'ACCEPT' };
    const set = (rule: object, direction: string) => ({
      SecurityGroupId: pod,
      SecurityGroupPolicySet: { [direction]: [rule] },
    });
    await changeRules(account, 'Create', set({ ...all, SecurityGroupId: pod }, 'Ingress'));
    await changeRules(account, 'Create', set(all, 'Egress'));
    expect(await rules(pod)).toMatchObject({
      Version: '2',
      Ingress: [{ Protocol: 'ALL', Port: 'ALL', SecurityGroupId: pod, Action: 'ACCEPT' }],
      Egress: [{ Protocol: 'ALL', Port: 'ALL', CidrBlock: '', SecurityGroupId: '', Action: 'ACCEPT' }],
    });
    const fabric = account.cloud.snapshot().securityGroups.find((group) => group.securityGroupId === pod);
    expect(fabric?.egress).toEqual([{ protocol: 'ALL', port: 'ALL', peer: { kind: 'any' }, action: 'ACCEPT' }]);
  });

  test('9 to 11: the DNS rules go by their content, then the group that only its own rule names', async () => {
    const pod = await podGroup();
    for (const protocol of ['UDP', 'TCP']) await changeRules(account, 'Create', ruleBody(CLUSTER_GROUP, pod, protocol));
    await changeRules(account, 'Create', ruleBody(pod, pod, 'TCP'));
    const before = await tccli(account, 'vpc', 'DeleteSecurityGroup', { SecurityGroupId: pod });
    expect(before).toMatchObject({ Error: { Code: 'ResourceInUse' } });
    for (const protocol of ['UDP', 'TCP']) await changeRules(account, 'Delete', ruleBody(CLUSTER_GROUP, pod, protocol));
    expect(await rules(CLUSTER_GROUP)).toMatchObject({ Version: '4', Ingress: [], Egress: [] });
    const answer = await tccli(account, 'vpc', 'DeleteSecurityGroup', { SecurityGroupId: pod });
    expect(answer).toEqual({ RequestId: expect.any(String) as string });
    expect(await groupNamed(account, made.GroupName)).toEqual([]);
  });
});

async function rules(securityGroupId: string): Promise<unknown> {
  const body = { SecurityGroupId: securityGroupId };
  return (await tccli(account, 'vpc', 'DescribeSecurityGroupPolicies', body))['SecurityGroupPolicySet'];
}
