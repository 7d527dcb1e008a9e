import { afterEach, describe, expect, test } from 'vitest';

import { silentLogger } from '../../src/base/logger.ts';
import { systemClock } from '../../src/base/clock.ts';
import { createEniWatcher } from '../../src/cloud/eni-watcher.ts';
import type { CreateSubEniRequest } from '../../src/cloud/vpc-cloud.ts';
import { openSimulatedAccount, type SimulatedAccount, type SimulatedAccountOptions } from './simulated-account.ts';

let account: SimulatedAccount;
const open = async (options: SimulatedAccountOptions = {}): Promise<SimulatedAccount> => {
  account = await openSimulatedAccount(options);
  return account;
};
afterEach(() => account.close());

async function trunk(): Promise<string> {
  const { cloud, vpcId, subnetId, instanceId } = account;
  const { eni } = await cloud.createEni({
    vpcId,
    subnetId,
    name: 'trunk',
    description: '',
    securityGroups: [],
    tags: [],
    trunk: true,
    clientToken: 'trunk',
  });
  await account.tasksEnd();
  await cloud.attachEni({ eniId: eni.eniId, instanceId, clientToken: 'attach' });
  await account.tasksEnd();
  return eni.eniId;
}

const request = (trunkEniId: string): CreateSubEniRequest => ({
  vpcId: account.vpcId,
  subnetId: account.subnetId,
  name: 'pod',
  description: '',
  securityGroups: [account.securityGroupId],
  tags: [],
  clientToken: 'pod-1',
  trunkEniId,
});

describe('a lost reply', () => {
  test('leaves the outcome open; the same bytes and token give the ENI that was made', async () => {
    const { cloud, simulator } = await open();
    const wish = request(await trunk());
    simulator.admin.dropReply({ action: 'CreateSubNetworkInterface' });
    await expect(cloud.createSubEni(wish)).rejects.toMatchObject({
      code: 'CLOUD-NETWORK',
      retry: 'retry',
      outcomeUnknown: true,
    });
    const [leftover] = await cloud.describeEnis({ kind: 'sub' });
    const { eni } = await cloud.createSubEni(wish);
    expect(eni.eniId).toBe(leftover?.eniId);
    const bodies = simulator.requestLog().filter((entry) => entry.action === 'CreateSubNetworkInterface');
    expect(JSON.stringify(bodies[1]?.body)).toBe(JSON.stringify(bodies[0]?.body));
  });

  test('leaks where tokens are not honoured; the leftover is found by its name', async () => {
    const { cloud, simulator } = await open({ settings: { clientTokenAllowed: false } });
    const wish = request(await trunk());
    simulator.admin.dropReply({ action: 'CreateSubNetworkInterface' });
    await expect(cloud.createSubEni(wish)).rejects.toMatchObject({ outcomeUnknown: true });
    expect(await cloud.describeEnis({ name: 'pod' })).toHaveLength(1);
  });

  test('of a read is made good by another read', async () => {
    const { cloud, simulator, instanceId } = await open();
    simulator.admin.dropReply({ action: 'DescribeInstances', times: 2 });
    expect(await cloud.describeInstances({ instanceIds: [instanceId] })).toHaveLength(1);
    expect(account.actions()).toEqual(['DescribeInstances', 'DescribeInstances', 'DescribeInstances']);
  });

  test('of a deletion is made good by another deletion', async () => {
    const { cloud, simulator } = await open();
    const { eni } = await cloud.createSubEni(request(await trunk()));
    await account.tasksEnd();
    simulator.admin.dropReply({ action: 'DeleteSubNetworkInterface' });
    await expect(cloud.deleteSubEni(eni.eniId)).rejects.toMatchObject({ outcomeUnknown: true });
    await account.tasksEnd();
    await cloud.deleteSubEni(eni.eniId);
    expect(await cloud.describeEnis({ kind: 'sub' })).toEqual([]);
  });
});

describe('an account that is not allowed', () => {
  test('gets CLOUD-UNKNOWN-ACTION, terminal, from one request and not more', async () => {
    const { cloud } = await open({ settings: { subEniAllowed: false } });
    await expect(cloud.createSubEni(request('eni-00000000'))).rejects.toMatchObject({
      code: 'CLOUD-UNKNOWN-ACTION',
      retry: 'terminal',
      apiCode: 'InvalidAction',
    });
    await expect(cloud.checkSecurityGroupReady(['eni-00000000'])).rejects.toMatchObject({
      code: 'CLOUD-UNKNOWN-ACTION',
    });
    expect(account.actions()).toEqual(['CreateSubNetworkInterface', 'CheckNetworkInterfaceSecurityGroupReady']);
  });

  test('by CAM gets CLOUD-UNAUTHORIZED with what to grant, from one request', async () => {
    const { cloud, simulator } = await open();
    simulator.admin.failNext({ action: 'CreateSubNetworkInterface', code: 'UnauthorizedOperation' });
    await expect(cloud.createSubEni(request('eni-00000000'))).rejects.toThrow(
      /grant vpc:CreateSubNetworkInterface \(policy SubENIForIPAMD of spec 002\)/,
    );
    expect(account.actions()).toHaveLength(1);
  });
});

describe('throttling', () => {
  test('of a read is waited out inside the call', async () => {
    const { cloud, simulator, subnetId } = await open();
    simulator.admin.failNext({ action: 'DescribeSubnets', code: 'RequestLimitExceeded', times: 2 });
    expect(await cloud.describeSubnets([subnetId])).toHaveLength(1);
    expect(account.actions()).toHaveLength(3);
  });

  test('of a mutating call, which did nothing, is waited out inside the call too: one effect', async () => {
    const { cloud, simulator } = await open();
    simulator.admin.failNext({ action: 'DeleteNetworkInterface', code: 'RequestLimitExceeded.UinLimitExceeded' });
    await cloud.deleteEni('eni-00000000');
    expect(account.actions()).toHaveLength(2);
  });

  test('that does not end is told to the caller after six requests', async () => {
    const { cloud, simulator } = await open();
    simulator.admin.failNext({ action: 'DeleteNetworkInterface', code: 'RequestLimitExceeded', times: 6 });
    await expect(cloud.deleteEni('eni-00000000')).rejects.toMatchObject({
      code: 'CLOUD-THROTTLED',
      retry: 'retry-after',
      outcomeUnknown: false,
    });
    expect(account.actions()).toHaveLength(6);
  }, 30_000);
});

describe('keys', () => {
  test('that are rotated are used by the next call', async () => {
    let current = { secretId: '', secretKey: '' };
    const { cloud, simulator, instanceId } = await open({
      credentials: ({ secretId, secretKey }) => {
        current = { secretId, secretKey };
        return { get: () => Promise.resolve(current) };
      },
    });
    await cloud.describeInstances({ instanceIds: [instanceId] });
    simulator.admin.addCredential({ secretId: 'AKIDROTATED', secretKey: 'fresh' });
    simulator.admin.removeCredential(simulator.secretId);
    await expect(cloud.describeInstances({ instanceIds: [instanceId] })).rejects.toMatchObject({
      code: 'CLOUD-CREDENTIALS',
      retry: 'retry-after',
    });
    current = { secretId: 'AKIDROTATED', secretKey: 'fresh' };
    expect(await cloud.describeInstances({ instanceIds: [instanceId] })).toHaveLength(1);
  });

  test('of a machine whose clock is wrong give CLOUD-CLOCK-SKEW', async () => {
    const { cloud, clock, instanceId } = await open();
    await clock.advance(10 * 60_000);
    await expect(cloud.describeInstances({ instanceIds: [instanceId] })).rejects.toMatchObject({
      code: 'CLOUD-CLOCK-SKEW',
    });
  });
});

test('a lone sub-ENI costs four calls: create, one check, delete, one describe', async () => {
  const { cloud } = await open({ settings: { taskMs: 0 } });
  const trunkEniId = await trunk();
  const before = account.actions().length;
  const stop = new AbortController();
  const watcher = createEniWatcher({ cloud, clock: systemClock, logger: silentLogger, firstGuessMs: 30 });
  const running = watcher.run(stop.signal);
  const until = (eniId: string, wanted: 'groups-ready' | 'gone'): Promise<void> =>
    new Promise((resolve) => {
      const cancel = watcher.onChange(() => {
        cancel();
        resolve();
      });
      watcher.observe(eniId, wanted);
    });
  const { eni } = await cloud.createSubEni(request(trunkEniId));
  await account.clock.advance(1);
  await until(eni.eniId, 'groups-ready');
  watcher.forget(eni.eniId);
  await cloud.deleteSubEni(eni.eniId);
  await account.clock.advance(1);
  await until(eni.eniId, 'gone');
  stop.abort();
  await running;
  expect(account.actions().slice(before)).toEqual([
    'CreateSubNetworkInterface',
    'CheckNetworkInterfaceSecurityGroupReady',
    'DeleteSubNetworkInterface',
    'DescribeNetworkInterfaces',
  ]);
});
