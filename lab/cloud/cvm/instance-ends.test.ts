// What becomes of ENIs, sub-ENIs and EIPs when their instance is shut down, isolated or returned.
import { afterEach, describe, expect, test } from 'vitest';
import { z } from 'zod';

import {
  attachedTrunk,
  createdEni,
  type EniAnswer,
  eniRequest,
  INSTANCE_ID,
  listEnis,
  openAccount,
  subEniRequest,
  SUBNET_ID,
  type TestAccount,
} from '../testing/account.ts';

let account: TestAccount;
const open = async (settings: object = {}): Promise<void> => {
  account = await openAccount({ settings });
};
afterEach(() => account.close());

const vpc = (action: string, body: object = {}) => account.call('vpc', action, body);
const refusal = (action: string, body: object): Promise<string> => account.refusal('vpc', action, body);
async function newEni(): Promise<string> {
  const eni = createdEni(await vpc('CreateNetworkInterface', eniRequest));
  await account.tasksEnd();
  return eni.NetworkInterfaceId;
}
async function only(id: string): Promise<EniAnswer | undefined> {
  return (await listEnis(account, { Filters: [{ Name: 'network-interface-id', Values: [id] }] }))[0];
}
async function trunkWithSub(): Promise<{ readonly trunk: string; readonly sub: string }> {
  const trunk = await attachedTrunk(account);
  const made = createdEni(await vpc('CreateSubNetworkInterface', subEniRequest(trunk)));
  await account.tasksEnd();
  return { trunk, sub: made.NetworkInterfaceId };
}
const attach = (id: string) => vpc('AttachNetworkInterface', { NetworkInterfaceId: id, InstanceId: INSTANCE_ID });
const state = async (): Promise<unknown> => {
  const { InstanceSet } = await account.call('cvm', 'DescribeInstances', { InstanceIds: [INSTANCE_ID] });
  return z.array(z.looseObject({ InstanceState: z.string() })).parse(InstanceSet)[0]?.InstanceState;
};
const free = async (): Promise<unknown> => {
  const { SubnetSet } = await vpc('DescribeSubnets', { SubnetIds: [SUBNET_ID] });
  return z.array(z.looseObject({ AvailableIpAddressCount: z.number() })).parse(SubnetSet)[0]?.AvailableIpAddressCount;
};

describe('an instance that is shut down', () => {
  test('keeps its ENIs, and takes and gives others', async () => {
    await open();
    const { trunk, sub } = await trunkWithSub();
    account.cloud.admin.stopInstance(INSTANCE_ID);
    expect(await state()).toBe('STOPPED');
    expect(await only(trunk)).toMatchObject({ Attachment: { InstanceId: INSTANCE_ID } });
    expect(await only(sub)).toMatchObject({ TrunkNetworkInterfaceId: trunk });
    const other = await newEni();
    await attach(other);
    await account.tasksEnd();
    await vpc('DetachNetworkInterface', { NetworkInterfaceId: other, InstanceId: INSTANCE_ID });
    await account.tasksEnd();
    expect(await only(other)).toMatchObject({ State: 'AVAILABLE', Attachment: null });
    account.cloud.admin.startInstance(INSTANCE_ID);
    expect(await state()).toBe('RUNNING');
  });
});

describe('an instance that is isolated', () => {
  test('keeps its ENIs, and takes no ENI, no sub-ENI and no group', async () => {
    await open();
    const { trunk, sub } = await trunkWithSub();
    const other = await newEni();
    account.cloud.admin.isolateInstance(INSTANCE_ID);
    expect(await state()).toBe('SHUTDOWN');
    expect([(await only(trunk))?.Attachment?.InstanceId, (await only(sub))?.State]).toEqual([INSTANCE_ID, 'AVAILABLE']);
    const attaching = { NetworkInterfaceId: other, InstanceId: INSTANCE_ID };
    expect([
      await refusal('AttachNetworkInterface', attaching),
      await refusal('CreateSubNetworkInterface', subEniRequest(trunk)),
      await account.refusal('cvm', 'ModifyInstancesAttribute', { InstanceIds: [INSTANCE_ID], SecurityGroups: [] }),
    ]).toEqual([
      'UnsupportedOperation.ResourceIsInvalidState',
      'UnsupportedOperation.ResourceIsInvalidState',
      'UnsupportedOperation.InstanceStateShutdown',
    ]);
    expect(await only(other)).toMatchObject({ State: 'AVAILABLE', Attachment: null });
  });
});

describe('an instance that is returned', () => {
  test('takes its primary ENI along; the others stay, detached, with their sub-ENIs, and can be deleted', async () => {
    await open();
    const { trunk, sub } = await trunkWithSub();
    const before = Number(await free());
    account.cloud.admin.terminateInstance(INSTANCE_ID);
    expect(await state()).toBeUndefined();
    expect(await listEnis(account, { Filters: [{ Name: 'is-primary', Values: ['TRUE'] }] })).toEqual([]);
    expect(await free()).toBe(before + 1);
    expect(await only(trunk)).toMatchObject({ State: 'AVAILABLE', Attachment: null });
    expect(await only(sub)).toMatchObject({ State: 'AVAILABLE', TrunkNetworkInterfaceId: trunk });
    await vpc('DeleteSubNetworkInterface', { NetworkInterfaceId: sub });
    await account.tasksEnd();
    await vpc('DeleteNetworkInterface', { NetworkInterfaceId: trunk });
    await account.tasksEnd();
    expect(await listEnis(account, {})).toEqual([]);
  });

  test('takes all its ENIs along where the switch says so', async () => {
    await open({ returnKeepsEnis: false });
    await trunkWithSub();
    account.cloud.admin.terminateInstance(INSTANCE_ID);
    expect(await listEnis(account, {})).toEqual([]);
  });

  test('leaves the EIP of its primary address unbound', async () => {
    await open();
    const [id] = z.tuple([z.string()]).parse((await vpc('AllocateAddresses'))['AddressSet']);
    await account.tasksEnd();
    await vpc('AssociateAddress', { AddressId: id, InstanceId: INSTANCE_ID });
    await account.tasksEnd();
    account.cloud.admin.terminateInstance(INSTANCE_ID);
    expect(await vpc('DescribeAddresses', { AddressIds: [id] })).toMatchObject({
      AddressSet: [{ AddressStatus: 'UNBIND', InstanceId: '', PrivateAddressIp: null }],
    });
  });

  test('while an ENI is being attached or detached leaves it free, however the task ends', async () => {
    for (const fails of [false, true]) {
      await open();
      const [attaching, detaching] = [await newEni(), await newEni()];
      await attach(detaching);
      await account.tasksEnd();
      if (fails)
        for (const action of ['AttachNetworkInterface', 'DetachNetworkInterface'])
          account.cloud.admin.failTask({ action });
      await attach(attaching);
      await vpc('DetachNetworkInterface', { NetworkInterfaceId: detaching, InstanceId: INSTANCE_ID });
      account.cloud.admin.terminateInstance(INSTANCE_ID);
      await account.tasksEnd();
      for (const id of [attaching, detaching])
        expect(await only(id)).toMatchObject({ State: 'AVAILABLE', Attachment: null });
      if (!fails) await account.close();
    }
  });

  test('is unknown to every call that names it', async () => {
    await open();
    const id = await newEni();
    account.cloud.admin.terminateInstance(INSTANCE_ID);
    expect([
      await refusal('AttachNetworkInterface', { NetworkInterfaceId: id, InstanceId: INSTANCE_ID }),
      await refusal('DescribeNetworkInterfaceLimit', { InstanceId: INSTANCE_ID }),
      await account.refusal('cvm', 'StopInstances', { InstanceIds: [INSTANCE_ID] }),
    ]).toEqual(['ResourceNotFound', 'ResourceNotFound', 'InvalidInstanceId.NotFound']);
  });
});
