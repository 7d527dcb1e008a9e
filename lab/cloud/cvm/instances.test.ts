import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import {
  type Answer,
  GROUP_ID,
  INSTANCE_ID,
  NODE_GROUP_ID,
  openAccount,
  type TestAccount,
} from '../testing/account.ts';

let account: TestAccount;
beforeEach(async () => {
  account = await openAccount();
});
afterEach(() => account.close());

const cvm = (action: string, body?: object): Promise<Answer> => account.call('cvm', action, body);
const refusal = (action: string, body?: object): Promise<string> => account.refusal('cvm', action, body);
const describeIt = (): Promise<Answer> => cvm('DescribeInstances', { InstanceIds: [INSTANCE_ID] });
const shows = async (instance: object): Promise<void> => {
  expect(await describeIt()).toMatchObject({ InstanceSet: [instance] });
};
const InstanceIds = [INSTANCE_ID];

describe('power', () => {
  test('goes off and on over time', async () => {
    const { RequestId } = await cvm('StopInstances', { InstanceIds });
    await shows({
      InstanceState: 'STOPPING',
      LatestOperation: 'StopInstances',
      LatestOperationState: 'OPERATING',
      LatestOperationRequestId: RequestId,
    });
    await account.tasksEnd();
    await shows({ InstanceState: 'STOPPED', LatestOperationState: 'SUCCESS' });
    await cvm('StartInstances', { InstanceIds });
    await shows({ InstanceState: 'STARTING' });
    await account.tasksEnd();
    await shows({ InstanceState: 'RUNNING' });
  });

  test('stays as it was when the task fails', async () => {
    account.cloud.admin.failTask({ action: 'StopInstances' });
    await cvm('StopInstances', { InstanceIds });
    await account.tasksEnd();
    await shows({ InstanceState: 'RUNNING', LatestOperationState: 'FAILED' });
  });

  test('is refused in the state that it would lead to, and while something runs', async () => {
    expect(await refusal('StartInstances', { InstanceIds })).toBe('UnsupportedOperation.InstanceStateRunning');
    await cvm('StopInstances', { InstanceIds });
    expect(await refusal('StartInstances', { InstanceIds })).toBe('MutexOperation.TaskRunning');
  });

  test('ends for good with TerminateInstances, and the primary ENI goes with it', async () => {
    await cvm('TerminateInstances', { InstanceIds });
    await shows({ InstanceState: 'TERMINATING' });
    await account.tasksEnd();
    expect(await describeIt()).toMatchObject({ TotalCount: 0 });
    expect(await account.call('vpc', 'DescribeNetworkInterfaces')).toMatchObject({ TotalCount: 0 });
  });
});

describe('groups of an instance', () => {
  test('are appended and taken away one at a time', async () => {
    await cvm('AssociateSecurityGroups', { InstanceIds, SecurityGroupIds: [GROUP_ID] });
    await account.tasksEnd();
    await shows({ SecurityGroupIds: [NODE_GROUP_ID, GROUP_ID] });
    await cvm('DisassociateSecurityGroups', { InstanceIds, SecurityGroupIds: [NODE_GROUP_ID] });
    await account.tasksEnd();
    await shows({ SecurityGroupIds: [GROUP_ID] });
  });

  test.each([
    [['sg-aaaaaaaa'], 'InvalidSecurityGroupId.NotFound'],
    [['group'], 'InvalidSgId.Malformed'],
    [[GROUP_ID, NODE_GROUP_ID], 'InvalidParameterValue.LimitExceeded'],
  ])('are refused as %j', async (SecurityGroupIds, code) => {
    expect(await refusal('AssociateSecurityGroups', { InstanceIds, SecurityGroupIds })).toBe(code);
  });
});

test('the name changes over time, and not together with groups', async () => {
  await cvm('ModifyInstancesAttribute', { InstanceIds, InstanceName: 'worker' });
  await account.tasksEnd();
  await shows({ InstanceName: 'worker' });
  expect(
    await refusal('ModifyInstancesAttribute', { InstanceIds, InstanceName: 'a', SecurityGroups: [GROUP_ID] }),
  ).toBe('InvalidParameterValue');
  expect(await refusal('ModifyInstancesAttribute', { InstanceIds })).toBe('MissingParameter');
});

test('an unknown filter is InvalidFilter', async () => {
  expect(await refusal('DescribeInstances', { Filters: [{ Name: 'colour', Values: ['red'] }] })).toBe('InvalidFilter');
});
