import { afterEach, describe, expect, test } from 'vitest';

import {
  attachedTrunk,
  createdEni,
  eniRequest,
  listEnis,
  openAccount,
  subEniRequest,
  type TestAccount,
  type TestAccountOptions,
} from './testing/account.ts';

let account: TestAccount;
const open = async (options: TestAccountOptions = {}): Promise<void> => {
  account = await openAccount(options);
};
afterEach(() => account.close());

const secondary = { Filters: [{ Name: 'eni-type', Values: ['0'] }] };
const withToken = { ...eniRequest, ClientToken: 'attempt-1' };

describe('a client token', () => {
  test('gives the first answer again, RequestId included, and makes nothing new', async () => {
    await open();
    const first = await account.call('vpc', 'CreateNetworkInterface', withToken);
    await account.tasksEnd();
    const reordered = Object.fromEntries(Object.entries(withToken).toReversed());
    expect(await account.call('vpc', 'CreateNetworkInterface', reordered)).toEqual(first);
    expect(await listEnis(account, secondary)).toHaveLength(1);
  });

  test('with another body is refused', async () => {
    await open();
    await account.call('vpc', 'CreateNetworkInterface', withToken);
    expect(
      await account.refusal('vpc', 'CreateNetworkInterface', { ...withToken, NetworkInterfaceName: 'other' }),
    ).toBe('UnsupportedOperation.IdempotentParameterMismatch');
  });

  test('of a refused call can be used again', async () => {
    await open();
    account.cloud.admin.failNext({ action: 'CreateNetworkInterface', code: 'InternalError', times: 1 });
    const codes = [
      await account.refusal('vpc', 'CreateNetworkInterface', withToken),
      await account.refusal('vpc', 'CreateNetworkInterface', withToken),
    ];
    expect(codes).toEqual(['InternalError', 'none']);
  });

  test('works for sub-ENIs', async () => {
    await open();
    const request = { ...subEniRequest(await attachedTrunk(account)), ClientToken: 'pod-1' };
    const ids = [
      createdEni(await account.call('vpc', 'CreateSubNetworkInterface', request)),
      createdEni(await account.call('vpc', 'CreateSubNetworkInterface', request)),
    ].map((eni) => eni.NetworkInterfaceId);
    expect(ids[0]).toBe(ids[1]);
  });

  test('is ignored for an account that is not allowed, so a repeat makes a second one', async () => {
    await open({ settings: { clientTokenAllowed: false } });
    await account.call('vpc', 'CreateNetworkInterface', withToken);
    await account.call('vpc', 'CreateNetworkInterface', withToken);
    expect(await listEnis(account, secondary)).toHaveLength(2);
  });

  test('over 64 characters is refused', async () => {
    await open();
    expect(await account.refusal('vpc', 'CreateNetworkInterface', { ...eniRequest, ClientToken: 'x'.repeat(65) })).toBe(
      'InvalidParameterValue',
    );
  });
});

describe('faults', () => {
  test('failNext answers its code as often as told and does nothing', async () => {
    await open();
    account.cloud.admin.failNext({ action: 'CreateNetworkInterface', code: 'ResourceInsufficient', times: 2 });
    const codes = [1, 2, 3].map(() => account.refusal('vpc', 'CreateNetworkInterface', eniRequest));
    expect((await Promise.all(codes)).toSorted()).toEqual(['ResourceInsufficient', 'ResourceInsufficient', 'none']);
    expect(await listEnis(account, secondary)).toHaveLength(1);
  });

  test('dropReply acts, cuts the connection, and a repeat with the token finds the same ENI', async () => {
    await open();
    account.cloud.admin.dropReply({ action: 'CreateNetworkInterface', times: 1 });
    expect(await account.refusal('vpc', 'CreateNetworkInterface', withToken)).toBe('no code');
    const again = createdEni(await account.call('vpc', 'CreateNetworkInterface', withToken));
    const made = (await listEnis(account, secondary)).map((eni) => eni.NetworkInterfaceId);
    expect(made).toEqual([again.NetworkInterfaceId]);
    expect(account.cloud.requestLog().map((entry) => entry.outcome)).toContain('dropped');
  });

  test('dropReply waits for a call that acts: one that is refused gets its answer', async () => {
    await open();
    account.cloud.admin.dropReply({ action: 'CreateNetworkInterface' });
    const wrong = { ...eniRequest, SubnetId: 'subnet-absent01' };
    expect(await account.refusal('vpc', 'CreateNetworkInterface', wrong)).toBe('ResourceNotFound');
    expect(await account.refusal('vpc', 'CreateNetworkInterface', eniRequest)).toBe('no code');
    expect(await listEnis(account, secondary)).toHaveLength(1);
  });

  test('throttle refuses above the rate and admits again a second later', async () => {
    await open();
    account.cloud.admin.throttle({ action: 'DescribeVpcs', perSecond: 2 });
    const code = () => account.refusal('vpc', 'DescribeVpcs');
    const first = [await code(), await code(), await code()];
    await account.clock.advance(1000);
    expect([...first, await code()]).toEqual(['none', 'none', 'RequestLimitExceeded', 'none']);
  });

  test('failTask ends the task FAILED and leaves nothing', async () => {
    await open();
    account.cloud.admin.failTask({ action: 'CreateNetworkInterface', times: 1 });
    const answer = await account.call('vpc', 'CreateNetworkInterface', eniRequest);
    await account.tasksEnd();
    const task = await account.call('vpc', 'DescribeVpcTaskResult', { TaskId: answer['RequestId'] });
    expect([task['Status'], await listEnis(account, secondary)]).toEqual(['FAILED', []]);
  });
});

describe('the request log', () => {
  test('keeps action, body, client, arrival and outcome, and tells listeners until they stop', async () => {
    await open();
    const heard: string[] = [];
    const stop = account.cloud.onRequest((entry) => heard.push(entry.action));
    await account.clock.advance(500);
    await account.call('vpc', 'DescribeVpcs', { Limit: '5' });
    stop();
    await account.refusal('vpc', 'DescribeNothing');
    expect(heard).toEqual(['DescribeVpcs']);
    expect(account.cloud.requestLog()).toMatchObject([
      {
        action: 'DescribeVpcs',
        body: { Limit: '5' },
        client: expect.stringMatching(/^SDK_NODEJS/) as string,
        at: 500,
        outcome: 'ok',
      },
      { action: 'DescribeNothing', outcome: 'InvalidAction' },
    ]);
  });
});

describe('the account behind the API', () => {
  test('a terminated instance takes its primary ENI along and leaves the trunk unattached', async () => {
    await open();
    const trunk = await attachedTrunk(account);
    account.cloud.admin.terminateInstance('ins-test0001');
    expect(await listEnis(account, {})).toMatchObject([{ NetworkInterfaceId: trunk, Attachment: null }]);
    expect(await account.call('cvm', 'DescribeInstances')).toMatchObject({ TotalCount: 0 });
  });

  test('a virtual machine of a super node has one ENI and carries no sub-ENI', async () => {
    await open();
    const { instanceId } = account.cloud.admin.runInstance({
      instanceType: 'eklet',
      zone: 'ap-guangzhou-3',
      subnetId: 'subnet-test0001',
      securityGroupIds: ['sg-test0001'],
      name: 'pod',
    });
    expect(await account.call('vpc', 'DescribeNetworkInterfaceLimit', { InstanceId: instanceId })).toMatchObject({
      EniQuantity: 1,
      SubEniQuantity: 0,
    });
  });

  test('a stopped instance is STOPPED in answers', async () => {
    await open();
    account.cloud.admin.stopInstance('ins-test0001');
    expect(await account.call('cvm', 'DescribeInstances', { InstanceIds: ['ins-test0001'] })).toMatchObject({
      InstanceSet: [{ InstanceState: 'STOPPED' }],
    });
  });
});
