import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';

import {
  type Answer,
  attachedTrunk,
  createdEni,
  eniRequest,
  INSTANCE_ID,
  listEnis,
  openAccount,
  subEniRequest,
  type TestAccount,
  type TestAccountOptions,
} from '../testing/account.ts';

let account: TestAccount;
beforeEach(async () => {
  account = await openAccount();
});
afterEach(() => account.close());

async function reopen(options: TestAccountOptions): Promise<void> {
  await account.close();
  account = await openAccount(options);
}

const eipAnswer = z.looseObject({
  AddressId: z.string(),
  AddressIp: z.string(),
  AddressStatus: z.string(),
  InstanceId: z.string(),
  InstanceType: z.string().nullable(),
  NetworkInterfaceId: z.string().nullable(),
  PrivateAddressIp: z.string().nullable(),
  Bandwidth: z.number(),
});

const vpc = (action: string, body?: object): Promise<Answer> => account.call('vpc', action, body);
const refusal = (action: string, body?: object): Promise<string> => account.refusal('vpc', action, body);

async function listEips(body: object = {}): Promise<readonly z.output<typeof eipAnswer>[]> {
  return z.array(eipAnswer).parse((await vpc('DescribeAddresses', body))['AddressSet']);
}
const status = async (): Promise<readonly string[]> => (await listEips()).map((eip) => eip.AddressStatus);

/** Addresses that are UNBIND. */
async function bought(count = 1): Promise<readonly string[]> {
  const answer = await vpc('AllocateAddresses', { AddressCount: count });
  await account.tasksEnd();
  return z.array(z.string()).parse(answer['AddressSet']);
}

/** A secondary ENI attached to nothing; its id and address. */
async function danglingEni(): Promise<{ readonly NetworkInterfaceId: string; readonly PrivateIpAddress: string }> {
  const eni = createdEni(await vpc('CreateNetworkInterface', eniRequest));
  await account.tasksEnd();
  const [address] = eni.PrivateIpAddressSet;
  return { NetworkInterfaceId: eni.NetworkInterfaceId, PrivateIpAddress: address?.PrivateIpAddress ?? '' };
}

async function boundTo(target: object): Promise<string> {
  const [AddressId = ''] = await bought();
  await vpc('AssociateAddress', { AddressId, ...target });
  await account.tasksEnd();
  return AddressId;
}

describe('the life of an EIP', () => {
  test('goes from CREATING through BIND to OFFLINING, each until its task ends', async () => {
    const answer = await vpc('AllocateAddresses', {});
    expect(answer['TaskId']).toMatch(/^\d+$/);
    const [AddressId] = z.array(z.string()).parse(answer['AddressSet']);
    expect(await status()).toEqual(['CREATING']);
    await account.tasksEnd();
    expect(await status()).toEqual(['UNBIND']);
    await vpc('AssociateAddress', { AddressId, InstanceId: INSTANCE_ID });
    expect(await status()).toEqual(['BINDING']);
    await account.tasksEnd();
    expect(await status()).toEqual(['BIND']);
    await vpc('DisassociateAddress', { AddressId });
    expect(await status()).toEqual(['UNBINDING']);
    await account.tasksEnd();
    await vpc('ReleaseAddresses', { AddressIds: [AddressId] });
    expect(await status()).toEqual(['OFFLINING']);
    await account.tasksEnd();
    expect(await status()).toEqual([]);
  });

  test('shows its task by number', async () => {
    const { TaskId } = await vpc('AllocateAddresses', {});
    const result = async (): Promise<unknown> =>
      (await vpc('DescribeTaskResult', { TaskId: Number(TaskId) }))['Result'];
    expect(await result()).toBe('RUNNING');
    await account.tasksEnd();
    expect(await result()).toBe('SUCCESS');
    expect(await refusal('DescribeTaskResult')).toBe('MissingParameter');
  });

  test('lets one task at a time work on the address', async () => {
    const [AddressId = ''] = await bought();
    await vpc('AssociateAddress', { AddressId, InstanceId: INSTANCE_ID });
    expect(await refusal('DisassociateAddress', { AddressId })).toBe('OperationDenied.MutexTaskRunning');
    expect(await refusal('ReleaseAddresses', { AddressIds: [AddressId] })).toBe('OperationDenied.MutexTaskRunning');
  });

  test('leaves nothing of a purchase whose task fails', async () => {
    account.cloud.admin.failTask({ action: 'AllocateAddresses' });
    await bought();
    expect(await status()).toEqual([]);
  });

  test('leaves the address UNBIND and the private address free when binding fails', async () => {
    account.cloud.admin.failTask({ action: 'AssociateAddress' });
    await boundTo({ InstanceId: INSTANCE_ID });
    expect(await status()).toEqual(['UNBIND']);
    await boundTo({ InstanceId: INSTANCE_ID });
    expect((await status()).toSorted()).toEqual(['BIND', 'UNBIND']);
  });

  test('is the same for a repeated client token', async () => {
    const body = { ClientToken: 'token', AddressName: 'pod' };
    const answers = [await vpc('AllocateAddresses', body), await vpc('AllocateAddresses', body)];
    expect(answers[1]).toEqual(answers[0]);
    expect(await refusal('AllocateAddresses', { ...body, AddressName: 'other' })).toBe(
      'UnsupportedOperation.IdempotentParameterMismatch',
    );
  });
});

describe('what an EIP is bound to', () => {
  test('is the primary address of an instance', async () => {
    await boundTo({ InstanceId: INSTANCE_ID });
    const [primary] = await listEnis(account, { Filters: [{ Name: 'is-primary', Values: ['TRUE'] }] });
    expect(await listEips()).toMatchObject([
      {
        InstanceId: INSTANCE_ID,
        InstanceType: 'CVM',
        NetworkInterfaceId: primary?.NetworkInterfaceId,
        PrivateAddressIp: primary?.PrivateIpAddressSet[0]?.PrivateIpAddress,
      },
    ]);
  });

  test('is BIND_ENI on an ENI that dangles and BIND once the ENI is attached', async () => {
    const target = await danglingEni();
    await boundTo(target);
    expect(await status()).toEqual(['BIND_ENI']);
    await vpc('AttachNetworkInterface', { NetworkInterfaceId: target.NetworkInterfaceId, InstanceId: INSTANCE_ID });
    await account.tasksEnd();
    expect(await status()).toEqual(['BIND']);
  });

  test('stays BIND_ENI on an attached ENI when the switch says so', async () => {
    await reopen({ settings: { attachedEniIsBind: false } });
    const target = await danglingEni();
    await boundTo(target);
    await vpc('AttachNetworkInterface', { NetworkInterfaceId: target.NetworkInterfaceId, InstanceId: INSTANCE_ID });
    await account.tasksEnd();
    expect(await status()).toEqual(['BIND_ENI']);
  });

  test('takes no second EIP', async () => {
    const target = await danglingEni();
    await boundTo(target);
    const [AddressId] = await bought();
    expect(await refusal('AssociateAddress', { AddressId, ...target })).toBe('InvalidPrivateIpAddress.AlreadyBindEip');
    await vpc('AssociateAddress', { AddressId, InstanceId: INSTANCE_ID });
    const [other] = await bought();
    expect(await refusal('AssociateAddress', { AddressId: other, InstanceId: INSTANCE_ID })).toBe(
      'InvalidInstanceId.AlreadyBindEip',
    );
  });

  test.each([
    ['nothing', {}, 'InvalidParameterValue.MissingAssociateEntity'],
    ['both', { InstanceId: INSTANCE_ID, NetworkInterfaceId: 'eni-aaaaaaaa' }, 'InvalidParameterConflict'],
    ['an instance that is not there', { InstanceId: 'ins-aaaaaaaa' }, 'InvalidInstanceId.NotFound'],
    ['no instance id', { InstanceId: 'node' }, 'InvalidParameterValue.InstanceIdMalformed'],
    [
      'an ENI that is not there',
      { NetworkInterfaceId: 'eni-aaaaaaaa', PrivateIpAddress: '10.0.1.9' },
      'InvalidNetworkInterfaceId.NotFound',
    ],
  ])('is refused as %s', async (_what, target, code) => {
    const [AddressId] = await bought();
    expect(await refusal('AssociateAddress', { AddressId, ...target })).toBe(code);
    expect(await status()).toEqual(['UNBIND']);
  });

  test('must hold the private address that is named', async () => {
    const [AddressId] = await bought();
    const { NetworkInterfaceId } = await danglingEni();
    expect(await refusal('AssociateAddress', { AddressId, NetworkInterfaceId, PrivateIpAddress: '10.0.9.9' })).toBe(
      'InvalidParameterValue.NetworkInterfaceNotFound',
    );
  });

  test('is let go when its ENI is deleted', async () => {
    const target = await danglingEni();
    await boundTo(target);
    await vpc('DeleteNetworkInterface', { NetworkInterfaceId: target.NetworkInterfaceId });
    await account.tasksEnd();
    expect(await listEips()).toMatchObject([{ AddressStatus: 'UNBIND', NetworkInterfaceId: null }]);
  });

  test('is let go when its private address is given back', async () => {
    const { NetworkInterfaceId } = await danglingEni();
    await vpc('AssignPrivateIpAddresses', {
      NetworkInterfaceId,
      PrivateIpAddresses: [{ PrivateIpAddress: '10.0.1.77' }],
    });
    await account.tasksEnd();
    await boundTo({ NetworkInterfaceId, PrivateIpAddress: '10.0.1.77' });
    await vpc('UnassignPrivateIpAddresses', {
      NetworkInterfaceId,
      PrivateIpAddresses: [{ PrivateIpAddress: '10.0.1.77' }],
    });
    await account.tasksEnd();
    expect(await listEips()).toMatchObject([{ AddressStatus: 'UNBIND', PrivateAddressIp: null }]);
  });

  test('is let go when its instance ends', async () => {
    await boundTo({ InstanceId: INSTANCE_ID });
    account.cloud.admin.terminateInstance(INSTANCE_ID);
    expect(await status()).toEqual(['UNBIND']);
  });

  test('is a sub-ENI as well, with the instance of its trunk behind it', async () => {
    const trunk = await attachedTrunk(account);
    const eni = createdEni(await vpc('CreateSubNetworkInterface', subEniRequest(trunk)));
    await account.tasksEnd();
    const PrivateIpAddress = eni.PrivateIpAddressSet[0]?.PrivateIpAddress;
    await boundTo({ NetworkInterfaceId: eni.NetworkInterfaceId, PrivateIpAddress });
    expect(await listEips()).toMatchObject([{ AddressStatus: 'BIND', InstanceId: INSTANCE_ID, InstanceType: 'ENI' }]);
  });

  test('reaches the fabric while it is bound', async () => {
    const addressId = await boundTo({ InstanceId: INSTANCE_ID });
    expect(account.cloud.snapshot().eips).toMatchObject([{ addressId, privateIp: '10.0.1.2', bandwidthMbps: 1 }]);
    await vpc('DisassociateAddress', { AddressId: addressId });
    await account.tasksEnd();
    expect(account.cloud.snapshot().eips).toEqual([]);
  });
});
