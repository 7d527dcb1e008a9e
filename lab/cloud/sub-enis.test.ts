import { afterEach, describe, expect, test } from 'vitest';

import type { FabricSink, FabricSnapshot } from './read-model.ts';
import {
  attachedTrunk,
  createdEni,
  eniRequest,
  GROUP_ID,
  INSTANCE_ID,
  listEnis,
  openAccount,
  OTHER_ZONE_SUBNET_ID,
  subEniRequest,
  type TestAccount,
  type TestAccountOptions,
} from './testing/account.ts';

let account: TestAccount;
const open = async (options: TestAccountOptions = {}): Promise<string> => {
  account = await openAccount(options);
  return attachedTrunk(account);
};
afterEach(() => account.close());

const createSub = async (trunk: string, changes: object = {}) =>
  createdEni(await account.call('vpc', 'CreateSubNetworkInterface', { ...subEniRequest(trunk), ...changes }));
const ready = async (eniId: string): Promise<unknown> => {
  const answer = await account.call('cvm', 'CheckNetworkInterfaceSecurityGroupReady', { NetworkInterfaceIds: [eniId] });
  return answer['SecurityGroupReadySet'];
};

/** A fabric that follows only when told to. */
function slowFabric(): FabricSink & { follow(): void; readonly last: () => FabricSnapshot | undefined } {
  let last: FabricSnapshot | undefined;
  let waiting: (() => void)[] = [];
  let obeys = true;
  return {
    changed: (snapshot) => {
      last = snapshot;
    },
    settled: () => (obeys ? Promise.resolve() : new Promise((resolve) => waiting.push(() => resolve()))),
    last: () => last,
    follow: () => {
      obeys = !obeys;
      for (const resolve of waiting) resolve();
      waiting = [];
    },
  };
}

describe('CreateSubNetworkInterface', () => {
  test('answers MAC, address, VLAN id and trunk at once, and the sub-ENI reaches the fabric on its instance', async () => {
    const trunk = await open();
    const eni = await createSub(trunk);
    expect(eni).toMatchObject({ EniType: 2, State: 'PENDING', TrunkNetworkInterfaceId: trunk, VlanId: 1 });
    expect(eni.MacAddress).toMatch(/^([0-9A-F]{2}:){5}[0-9A-F]{2}$/);
    await account.tasksEnd();
    expect(account.cloud.snapshot().enis.find((each) => each.eniId === eni.NetworkInterfaceId)).toMatchObject({
      kind: 'sub',
      instanceId: INSTANCE_ID,
      vlanId: 1,
      trunkEniId: trunk,
      mac: eni.MacAddress.toLowerCase(),
      securityGroupIds: [GROUP_ID],
    });
  });

  test('gives every sub-ENI of a trunk its own VLAN id', async () => {
    const trunk = await open();
    const vlans = [await createSub(trunk), await createSub(trunk), await createSub(trunk)].map((eni) => eni.VlanId);
    expect(new Set(vlans).size).toBe(3);
  });

  test('refuses above the quota of the instance, counting those that are being deleted', async () => {
    const trunk = await open();
    const all = await Promise.all(Array.from({ length: 100 }, () => createSub(trunk)));
    const request = subEniRequest(trunk);
    expect(await account.refusal('vpc', 'CreateSubNetworkInterface', request)).toBe('LimitExceeded');
    await account.tasksEnd();
    await account.call('vpc', 'DeleteSubNetworkInterface', { NetworkInterfaceId: all[0]?.NetworkInterfaceId });
    expect(await account.refusal('vpc', 'CreateSubNetworkInterface', request)).toBe('LimitExceeded');
    await account.tasksEnd();
    expect(await account.refusal('vpc', 'CreateSubNetworkInterface', request)).toBe('none');
  });

  test('refuses an ENI that is no trunk, a subnet of another zone and an unknown group', async () => {
    const trunk = await open();
    const plain = createdEni(await account.call('vpc', 'CreateNetworkInterface', eniRequest)).NetworkInterfaceId;
    await account.tasksEnd();
    const codes = [
      subEniRequest(plain),
      { ...subEniRequest(trunk), SubnetId: OTHER_ZONE_SUBNET_ID },
      { ...subEniRequest(trunk), SecurityGroupIds: ['sg-absent01'] },
      { ...subEniRequest('eni-absent01') },
    ].map((body) => account.refusal('vpc', 'CreateSubNetworkInterface', body));
    expect(await Promise.all(codes)).toEqual([
      'UnsupportedOperation',
      'UnsupportedOperation.ZoneMismatch',
      'ResourceNotFound',
      'ResourceNotFound',
    ]);
  });

  test('takes an address of another zone where the switch says so', async () => {
    const trunk = await open({ settings: { subEniFollowsZone: true } });
    const followed = {
      ...subEniRequest(trunk),
      SubnetId: OTHER_ZONE_SUBNET_ID,
      PrivateIpAddresses: [{ PrivateIpAddress: '10.0.2.77' }],
    };
    const eni = createdEni(await account.call('vpc', 'CreateSubNetworkInterface', followed));
    expect(eni).toMatchObject({
      TrunkNetworkInterfaceId: trunk,
      PrivateIpAddressSet: [{ PrivateIpAddress: '10.0.2.77' }],
    });
  });

  test('is InvalidAction for an account that is not allowed', async () => {
    const trunk = await open({ settings: { subEniAllowed: false } });
    const codes = [
      account.refusal('vpc', 'CreateSubNetworkInterface', subEniRequest(trunk)),
      account.refusal('vpc', 'DeleteSubNetworkInterface', { NetworkInterfaceId: trunk }),
      account.refusal('cvm', 'CheckNetworkInterfaceSecurityGroupReady', { NetworkInterfaceIds: [trunk] }),
    ];
    expect(await Promise.all(codes)).toEqual(['InvalidAction', 'InvalidAction', 'InvalidAction']);
  });
});

describe('the sub-ENI quota', () => {
  test.each([
    ['SA5.LARGE8', 100],
    ['SA5.16XLARGE256', 256],
    ['S5.LARGE8', 0],
  ])('of model %s is %i', async (instanceType, SubEniQuantity) => {
    await open({ instanceType });
    expect(await account.call('vpc', 'DescribeNetworkInterfaceLimit', { InstanceId: INSTANCE_ID })).toMatchObject({
      SubEniQuantity,
    });
  });

  test('of 0 refuses the first sub-ENI', async () => {
    const trunk = await open({ instanceType: 'S5.LARGE8' });
    expect(await account.refusal('vpc', 'CreateSubNetworkInterface', subEniRequest(trunk))).toBe('LimitExceeded');
  });
});

describe('a sub-ENI and the fabric', () => {
  test('its groups are ready, and its task SUCCESS, only when the fabric obeys', async () => {
    const fabric = slowFabric();
    const trunk = await open({ fabric });
    fabric.follow();
    const answer = await account.call('vpc', 'CreateSubNetworkInterface', subEniRequest(trunk));
    const { NetworkInterfaceId } = createdEni(answer);
    await account.tasksEnd();
    const task = () => account.call('vpc', 'DescribeVpcTaskResult', { TaskId: answer['RequestId'] });
    expect(fabric.last()?.enis.some((eni) => eni.eniId === NetworkInterfaceId)).toBe(true);
    expect([await ready(NetworkInterfaceId), (await task())['Status']]).toMatchObject([[{ Ready: false }], 'RUNNING']);
    fabric.follow();
    await account.clock.settle();
    expect([await ready(NetworkInterfaceId), (await task())['Status']]).toMatchObject([[{ Ready: true }], 'SUCCESS']);
  });

  test('deleted, it is DELETING until its task ends, then gone from the account and the fabric', async () => {
    const trunk = await open();
    const { NetworkInterfaceId } = await createSub(trunk);
    await account.tasksEnd();
    await account.call('vpc', 'DeleteSubNetworkInterface', { NetworkInterfaceId });
    const bySub = { Filters: [{ Name: 'eni-type', Values: ['2'] }] };
    const deleting = (await listEnis(account, bySub)).map((eni) => eni.State);
    await account.tasksEnd();
    expect([deleting, await listEnis(account, bySub)]).toEqual([['DELETING'], []]);
    expect(account.cloud.snapshot().enis.filter((eni) => eni.kind === 'sub')).toEqual([]);
    expect(await account.refusal('vpc', 'DeleteSubNetworkInterface', { NetworkInterfaceId })).toBe('ResourceNotFound');
  });

  test('its trunk cannot be detached', async () => {
    const trunk = await open();
    await createSub(trunk);
    await account.tasksEnd();
    expect(
      await account.refusal('vpc', 'DetachNetworkInterface', { NetworkInterfaceId: trunk, InstanceId: INSTANCE_ID }),
    ).toBe('ResourceInUse');
  });
});
