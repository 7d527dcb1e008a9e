import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';

import { openAccount, type TestAccount, VPC_ID } from './testing/account.ts';

let account: TestAccount;
let NatGatewayId: string;
beforeEach(async () => {
  account = await openAccount();
  const made = await account.call('vpc', 'CreateNatGateway', { NatGatewayName: 'n', VpcId: VPC_ID });
  NatGatewayId = z.tuple([z.object({ NatGatewayId: z.string() })]).parse(made['NatGatewaySet'])[0].NatGatewayId;
  await account.tasksEnd();
});
afterEach(() => account.close());

/** An EIP that is ready: its id and its address. */
async function buy(): Promise<{ readonly id: string; readonly ip: string }> {
  const [id] = z.tuple([z.string()]).parse((await account.call('vpc', 'AllocateAddresses'))['AddressSet']);
  await account.tasksEnd();
  const { AddressIp } = await addressOf(id);
  return { id, ip: AddressIp };
}
async function addressOf(id: string) {
  const answer = await account.call('vpc', 'DescribeAddresses', { AddressIds: [id] });
  const shape = z.looseObject({
    AddressIp: z.string(),
    AddressStatus: z.string(),
    InstanceId: z.string(),
    InstanceType: z.string().nullable(),
  });
  return z.tuple([shape]).parse(answer['AddressSet'])[0];
}
async function gateway() {
  const answer = await account.call('vpc', 'DescribeNatGateways', { NatGatewayIds: [NatGatewayId] });
  const shape = z.looseObject({
    State: z.string(),
    PublicIpAddressSet: z.array(z.looseObject({ AddressId: z.string() })),
  });
  const [nat] = z.tuple([shape]).parse(answer['NatGatewaySet']);
  return { state: nat.State, ids: nat.PublicIpAddressSet.map((address) => address.AddressId) };
}
const change = (action: 'Associate' | 'Disassociate', ips: readonly string[]) =>
  account.call('vpc', `${action}NatGatewayAddress`, { NatGatewayId, PublicIpAddresses: ips });

describe('EIPs of a NAT gateway', () => {
  test('come and go in tasks, UPDATING meanwhile', async () => {
    const [a, b] = [await buy(), await buy()];
    await change('Associate', [a.ip, b.ip]);
    expect((await gateway()).state).toBe('UPDATING');
    await account.tasksEnd();
    expect(await gateway()).toEqual({ state: 'AVAILABLE', ids: [a.id, b.id] });
    await change('Disassociate', [a.ip]);
    await account.tasksEnd();
    expect(await gateway()).toEqual({ state: 'AVAILABLE', ids: [b.id] });
    expect(await addressOf(a.id)).toMatchObject({ AddressStatus: 'UNBIND', InstanceId: '', InstanceType: null });
  });

  test('are bought with it where it asks for a number of them', async () => {
    const wish = { NatGatewayName: 'way-out', VpcId: VPC_ID, AddressCount: 1 };
    expect(await account.refusal('vpc', 'CreateNatGateway', { ...wish, AddressCount: 21 })).toBe(
      'InvalidParameterValue.Range',
    );
    const made = await account.call('vpc', 'CreateNatGateway', wish);
    NatGatewayId = z.tuple([z.object({ NatGatewayId: z.string() })]).parse(made['NatGatewaySet'])[0].NatGatewayId;
    await account.tasksEnd();
    const { state, ids } = await gateway();
    expect([state, ids.length]).toEqual(['AVAILABLE', 1]);
    expect(await addressOf(ids[0] ?? '')).toMatchObject({ AddressStatus: 'BIND', InstanceId: NatGatewayId });
  });

  test('do not cost for themselves while they are on it', async () => {
    const { id, ip } = await buy();
    const idle = (): number => account.cloud.admin.eipBill(id).idleMs;
    await change('Associate', [ip]);
    await account.tasksEnd();
    const until = idle();
    await account.clock.advance(5000);
    await change('Disassociate', [ip]);
    await account.tasksEnd();
    expect(idle()).toBe(until);
    await account.clock.advance(700);
    expect(idle()).toBe(until + 700);
  });

  test('cost again when the gateway that was made with them is deleted', async () => {
    const { id, ip } = await buy();
    const body = { NatGatewayName: 'm', VpcId: VPC_ID, PublicIpAddresses: [ip] };
    const made = await account.call('vpc', 'CreateNatGateway', body);
    await account.tasksEnd();
    const until = account.cloud.admin.eipBill(id).idleMs;
    await account.clock.advance(5000);
    expect(account.cloud.admin.eipBill(id).idleMs).toBe(until);
    const [{ NatGatewayId: other }] = z.tuple([z.object({ NatGatewayId: z.string() })]).parse(made['NatGatewaySet']);
    await account.call('vpc', 'DeleteNatGateway', { NatGatewayId: other });
    await account.tasksEnd();
    await account.clock.advance(700);
    expect(account.cloud.admin.eipBill(id).idleMs).toBe(until + 700);
  });

  test('are BIND on the gateway, and are neither bound elsewhere, nor unbound by the EIP calls, nor given back', async () => {
    const { id, ip } = await buy();
    await change('Associate', [ip]);
    await account.tasksEnd();
    expect(await addressOf(id)).toMatchObject({
      AddressStatus: 'BIND',
      InstanceId: NatGatewayId,
      InstanceType: 'NAT',
    });
    const target = { AddressId: id, InstanceId: 'ins-test0001' };
    expect([
      await account.refusal('vpc', 'AssociateAddress', target),
      await account.refusal('vpc', 'DisassociateAddress', { AddressId: id }),
      await account.refusal('vpc', 'ReleaseAddresses', { AddressIds: [id] }),
    ]).toEqual([
      'UnsupportedOperation.AddressStatusNotPermit',
      'InvalidParameterValue.ResourceNotSupport',
      'UnsupportedOperation.AddressStatusNotPermit',
    ]);
  });

  test('are as before when the task fails', async () => {
    const { ip } = await buy();
    account.cloud.admin.failTask({ action: 'AssociateNatGatewayAddress' });
    await change('Associate', [ip]);
    await account.tasksEnd();
    expect(await gateway()).toEqual({ state: 'AVAILABLE', ids: [] });
  });

  test.each([
    ['AssociateNatGatewayAddress', {}, 'MissingParameter'],
    ['AssociateNatGatewayAddress', { AddressCount: 1 }, 'InvalidParameterValue'],
    ['AssociateNatGatewayAddress', { PublicIpAddresses: ['192.0.2.200'] }, 'ResourceNotFound'],
    ['DisassociateNatGatewayAddress', { PublicIpAddresses: ['192.0.2.200'] }, 'ResourceNotFound'],
  ])('%s with %j is refused with %s', async (action, body, code) => {
    expect(await account.refusal('vpc', action, { NatGatewayId, ...body })).toBe(code);
    expect((await gateway()).state).toBe('AVAILABLE');
  });
});
