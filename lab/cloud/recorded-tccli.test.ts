import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { openAccount, type TestAccount, VPC_ID } from './testing/account.ts';
import { documentLines as lines, hasTccli, replayTccli, runTccli, type TccliLine } from './recorded-tccli.ts';

const real = hasTccli();
const CLUSTER_GROUP = 'sg-clustr01';
let account: TestAccount;

beforeEach(async () => {
  account = await openAccount();
  account.cloud.admin.registerCluster({ clusterId: 'my-cluster', vpcId: VPC_ID, name: 'my-cluster' });
  account.cloud.admin.createSecurityGroup({
    securityGroupId: CLUSTER_GROUP,
    name: 'tke-worker-security-for-my-cluster',
  });
});
afterEach(() => account.close());

const run = async (line: TccliLine): Promise<string> =>
  (real ? await runTccli(account.cloud, line) : await replayTccli(account.cloud, line, account.clock.now())).stdout;
/** As the document's `sed 's/\"//g'`. */
const value = async (line: TccliLine): Promise<string> => (await run(line)).replaceAll('"', '');

describe(`the eleven tccli lines of document 001 (${real ? 'the real tccli' : 'recorded requests replayed'})`, () => {
  test('lead from the cluster to its VPC, its group, a group of its own, rules in both and back to nothing', async () => {
    expect(await run(lines.vpcOfCluster('my-cluster'))).toBe(`"${VPC_ID}"`);
    const cluster = await value(lines.clusterGroup('my-cluster'));
    expect(cluster).toBe(CLUSTER_GROUP);
    expect(await run(lines.createGroup())).toContain('my-pod-security-group');
    const pod = await value(lines.podGroup());
    expect(pod).toMatch(/^sg-[0-9a-z]{8}$/);
    await run(lines.allowDns(cluster, pod, 'UDP'));
    await run(lines.allowDns(cluster, pod, 'TCP'));
    await run(lines.allowPods(pod));
    await run(lines.allowOut(pod));
    expect(await rules(cluster)).toMatchObject({
      Ingress: expect.arrayContaining([
        expect.objectContaining({ Port: '53', SecurityGroupId: pod, Action: 'ACCEPT' }) as object,
      ]) as object,
    });
    expect(await rules(pod)).toMatchObject({
      Ingress: [{ SecurityGroupId: pod, Action: 'ACCEPT' }],
      Egress: [{ Action: 'ACCEPT' }],
    });
    await run(lines.forbidDns(cluster, pod, 'UDP'));
    await run(lines.forbidDns(cluster, pod, 'TCP'));
    expect(await rules(cluster)).toMatchObject({ Ingress: [] });
    await run(lines.deleteGroup(pod));
    expect(await run(lines.podGroup())).toBe('');
  });

  test('a filter that finds nothing prints nothing', async () => {
    expect(await run(lines.vpcOfCluster('no-such-cluster'))).toBe('');
    expect(await run(lines.clusterGroup('no-such-cluster'))).toBe('');
  });

  test('a line that is refused fails with the code', async () => {
    await expect(run(lines.deleteGroup('sg-absent01'))).rejects.toThrow(/ResourceNotFound|NotFound/);
  });
});

test('tccli is answered with exactly application/json, its trace id and a RequestId', async () => {
  const { headers, stdout } = await replayTccli(account.cloud, lines.createGroup(), account.clock.now());
  expect(headers).toMatchObject({
    'content-type': 'application/json',
    'x-tc-traceid': '0d6dbb4c-6c2f-4a56-9d0e-2f8b1f6a7c11',
  });
  expect(stdout).toMatch(/"RequestId":"[0-9a-f-]{36}"/);
});

async function rules(securityGroupId: string): Promise<unknown> {
  const answer = await account.call('vpc', 'DescribeSecurityGroupPolicies', { SecurityGroupId: securityGroupId });
  return answer['SecurityGroupPolicySet'];
}
