import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';

import { silentLogger } from '../../../src/base/logger.ts';
import { createFakeClock } from '../../../test/fake-clock.ts';
import { createCore } from '../core.ts';
import { type CloudSettings, defaultSettings } from '../settings.ts';
import { type Answer, INSTANCE_ID, openAccount, SUBNET_ID, type TestAccount } from '../testing/account.ts';
import { checkPurchase, todaysBook } from './quotas.ts';

let account: TestAccount;
beforeEach(async () => {
  account = await openAccount({ settings: { eipTotalQuota: 3, eipDailyApply: 4, publicIpDailyAssign: 1 } });
});
afterEach(() => account.close());

const vpc = (action: string, body?: object): Promise<Answer> => account.call('vpc', action, body);
const refusal = (action: string, body?: object): Promise<string> => account.refusal('vpc', action, body);
const BUSY_INSTANCE_ID = 'ins-test0002';

async function bought(body: object = {}): Promise<readonly string[]> {
  const answer = await vpc('AllocateAddresses', body);
  await account.tasksEnd();
  return z.array(z.string()).parse(answer['AddressSet']);
}
async function only(body: object = {}): Promise<Readonly<Record<string, unknown>>> {
  const answer = await vpc('DescribeAddresses', body);
  return z.tuple([z.record(z.string(), z.unknown())]).parse(answer['AddressSet'])[0];
}
async function ended(action: string, body: object): Promise<Answer> {
  const answer = await vpc(action, body);
  await account.tasksEnd();
  return answer;
}
/** An instance with an ordinary public address. */
const runPublicInstance = (): void => {
  account.cloud.admin.runInstance({
    instanceId: BUSY_INSTANCE_ID,
    instanceType: 'SA5.LARGE8',
    zone: 'ap-guangzhou-3',
    subnetId: SUBNET_ID,
    securityGroupIds: [],
    normalPublicIp: true,
  });
};

describe('quotas', () => {
  test('refuse one address more than the account may have, and buy none of them', async () => {
    await bought({ AddressCount: 2 });
    expect(await refusal('AllocateAddresses', { AddressCount: 2 })).toBe('AddressQuotaLimitExceeded');
    expect(await vpc('DescribeAddresses')).toMatchObject({ TotalCount: 2 });
  });

  test('of a day are not given back by a release', async () => {
    await ended('ReleaseAddresses', { AddressIds: await bought({ AddressCount: 3 }) });
    await bought();
    expect(await refusal('AllocateAddresses')).toBe('AddressQuotaLimitExceeded.DailyAllocate');
  });

  test('of a day begin anew at midnight in China', async () => {
    const clock = createFakeClock('2026-01-01T15:59:59.000Z');
    const settings = { ...defaultSettings, eipDailyApply: 1 };
    const core = createCore({ clock, logger: silentLogger, region: 'r', fabric: undefined, seed: 1, settings });
    checkPurchase(core, 1);
    todaysBook(core).bought += 1;
    expect(() => checkPurchase(core, 1)).toThrow('the quota of a day is 1');
    await clock.advance(1000);
    expect(() => checkPurchase(core, 1)).not.toThrow();
  });

  test('are told with what is used of them', async () => {
    await bought({ AddressCount: 2 });
    expect(await vpc('DescribeAddressQuota')).toMatchObject({
      QuotaSet: [
        { QuotaId: 'TOTAL_EIP_QUOTA', QuotaCurrent: 2, QuotaLimit: 3 },
        { QuotaId: 'DAILY_EIP_APPLY', QuotaCurrent: 2, QuotaLimit: 4 },
        { QuotaId: 'DAILY_PUBLIC_IP_ASSIGN', QuotaCurrent: 0, QuotaLimit: 1 },
      ],
    });
  });

  test('of an instance count every EIP of its ENIs', async () => {
    account.cloud.admin.runInstance({
      instanceId: BUSY_INSTANCE_ID,
      instanceType: 'SA5.LARGE8',
      zone: 'ap-guangzhou-3',
      subnetId: SUBNET_ID,
      securityGroupIds: [],
      eipQuantity: 0,
    });
    const [AddressId] = await bought();
    expect(await refusal('AssociateAddress', { AddressId, InstanceId: BUSY_INSTANCE_ID })).toBe(
      'LimitExceeded.InstanceAddressQuota',
    );
  });
});

describe('the charge type', () => {
  test.each([
    ['TRAFFIC_POSTPAID_BY_HOUR', 101, 'InvalidParameterValue.BandwidthOutOfRange'],
    ['BANDWIDTH_PACKAGE', 2000, 'none'],
    ['BANDWIDTH_POSTPAID_BY_HOUR', 0, 'InvalidParameterValue.BandwidthTooSmall'],
    ['BANDWIDTH_PREPAID_BY_MONTH', 200, 'MissingParameter'],
    ['FREE', 1, 'InvalidParameterValue'],
  ])('%s with %i Mbps answers %s with %s', async (InternetChargeType, InternetMaxBandwidthOut, code) => {
    expect(await refusal('AllocateAddresses', { InternetChargeType, InternetMaxBandwidthOut })).toBe(code);
  });

  test('by the month has an end and a renewal', async () => {
    await bought({
      InternetChargeType: 'BANDWIDTH_PREPAID_BY_MONTH',
      AddressChargePrepaid: { Period: 1, AutoRenewFlag: 1 },
    });
    expect(await only()).toMatchObject({
      DeadlineDate: expect.stringMatching(/Z$/),
      RenewFlag: 'NOTIFY_AND_AUTO_RENEW',
    });
  });

  test('is changed twice and no more', async () => {
    const [AddressId] = await bought();
    const change = (InternetChargeType: string): Promise<string> =>
      refusal('ModifyAddressInternetChargeType', { AddressId, InternetChargeType, InternetMaxBandwidthOut: 5 });
    expect(await change('BANDWIDTH_POSTPAID_BY_HOUR')).toBe('none');
    expect(await change('TRAFFIC_POSTPAID_BY_HOUR')).toBe('none');
    expect(await change('BANDWIDTH_POSTPAID_BY_HOUR')).toBe('LimitExceeded.ModifyAddressInternetChargeTypeQuota');
    expect(await only()).toMatchObject({ InternetChargeType: 'TRAFFIC_POSTPAID_BY_HOUR', Bandwidth: 5 });
  });
});

test('bandwidth changes when the task ends', async () => {
  const AddressIds = await bought();
  await vpc('ModifyAddressesBandwidth', { AddressIds, InternetMaxBandwidthOut: 50 });
  expect(await only()).toMatchObject({ Bandwidth: 1 });
  await account.tasksEnd();
  expect(await only()).toMatchObject({ Bandwidth: 50 });
  expect(await refusal('ModifyAddressesBandwidth', { AddressIds, InternetMaxBandwidthOut: 500 })).toBe(
    'InvalidParameterValue.BandwidthOutOfRange',
  );
});

test('an address in arrears is not bound, one that is blocked neither', async () => {
  const [addressId = ''] = await bought();
  const bind = (): Promise<string> => refusal('AssociateAddress', { AddressId: addressId, InstanceId: INSTANCE_ID });
  account.cloud.admin.setEip({ addressId, arrears: true });
  expect(await bind()).toBe('OperationDenied.AddressInArrears');
  expect(await only({ Filters: [{ Name: 'is-arrears', Values: ['TRUE'] }] })).toMatchObject({ IsArrears: true });
  account.cloud.admin.setEip({ addressId, arrears: false, blocked: true });
  expect(await bind()).toBe('InvalidAddressId.Blocked');
});

test('the time an address is bound to nothing is counted', async () => {
  const [addressId = ''] = await bought();
  await account.clock.advance(700);
  await ended('AssociateAddress', { AddressId: addressId, InstanceId: INSTANCE_ID });
  await account.clock.advance(5000);
  expect(account.cloud.admin.eipBill(addressId)).toMatchObject({ idleMs: 1300, arrears: false });
});

describe('an ordinary public address', () => {
  test('stands in the way of an EIP until it is returned', async () => {
    runPublicInstance();
    const [AddressId] = await bought();
    const target = { AddressId, InstanceId: BUSY_INSTANCE_ID };
    expect(await refusal('AssociateAddress', target)).toBe('InvalidParameterValue.InstanceHasWanIP');
    const answer = await account.call('cvm', 'DescribeInstances', { InstanceIds: [BUSY_INSTANCE_ID] });
    const [{ PublicIpAddresses }] = z
      .tuple([z.looseObject({ PublicIpAddresses: z.array(z.string()) })])
      .parse(answer['InstanceSet']);
    await vpc('ReturnNormalAddresses', { AddressIps: PublicIpAddresses });
    expect(await refusal('AssociateAddress', target)).toBe('none');
  });

  test('becomes an EIP that is bound already, with a number as task id', async () => {
    runPublicInstance();
    const answer = await ended('TransformAddress', { InstanceId: BUSY_INSTANCE_ID });
    expect(answer).toMatchObject({ TaskId: expect.any(Number) });
    expect(await only()).toMatchObject({
      AddressId: answer['AddressId'],
      AddressStatus: 'BIND',
      InstanceId: BUSY_INSTANCE_ID,
    });
    expect(await refusal('TransformAddress', { InstanceId: INSTANCE_ID })).toBe(
      'InvalidParameterValue.InstanceHasNoWanIP',
    );
  });

  test('is given anew on request, so many times a day', async () => {
    const [AddressId] = await bought();
    const bind = (): Promise<Answer> => ended('AssociateAddress', { AddressId, InstanceId: INSTANCE_ID });
    await bind();
    await ended('DisassociateAddress', { AddressId, ReallocateNormalPublicIp: true });
    const instances = await account.call('cvm', 'DescribeInstances', { InstanceIds: [INSTANCE_ID] });
    expect(instances).toMatchObject({ InstanceSet: [{ PublicIpAddresses: [expect.any(String)] }] });
    await ended('TransformAddress', { InstanceId: INSTANCE_ID });
    const { AddressId: second } = await only({ Filters: [{ Name: 'instance-id', Values: [INSTANCE_ID] }] });
    expect(await refusal('DisassociateAddress', { AddressId: second, ReallocateNormalPublicIp: true })).toBe(
      'AddressQuotaLimitExceeded.DailyAllocate',
    );
  });
});

describe('switches', () => {
  const withSettings = async (settings: Partial<CloudSettings>): Promise<void> => {
    await account.close();
    account = await openAccount({ settings });
  };

  test('make single-line addresses need a bandwidth package', async () => {
    expect(await refusal('AllocateAddresses', { InternetServiceProvider: 'CMCC' })).toBe('none');
    await withSettings({ singleLineIspNeedsPackage: true });
    expect(await refusal('AllocateAddresses', { InternetServiceProvider: 'CMCC' })).toBe(
      'InvalidParameterValue.Combination',
    );
  });

  test('make the account a traditional one that sends no bandwidth', async () => {
    await withSettings({ traditionalAccount: true });
    expect(await refusal('AllocateAddresses', { InternetMaxBandwidthOut: 5 })).toBe(
      'UnsupportedOperation.AccountNotSupported',
    );
    expect(await refusal('AllocateAddresses')).toBe('none');
  });

  test('make an ordinary public address give way to an EIP', async () => {
    await withSettings({ normalPublicIpBlocksEip: false });
    runPublicInstance();
    const [AddressId] = await bought();
    await ended('AssociateAddress', { AddressId, InstanceId: BUSY_INSTANCE_ID });
    expect(await refusal('TransformAddress', { InstanceId: BUSY_INSTANCE_ID })).toBe(
      'InvalidInstanceId.AlreadyBindEip',
    );
    await ended('DisassociateAddress', { AddressId });
    expect(await refusal('TransformAddress', { InstanceId: BUSY_INSTANCE_ID })).toBe(
      'InvalidParameterValue.InstanceHasNoWanIP',
    );
  });
});

describe('DescribeAddresses', () => {
  test('finds by its filters', async () => {
    const [AddressId] = await bought({ AddressName: 'pod-0', Tags: [{ Key: 'owner', Value: 'me' }] });
    await bought();
    for (const [Name, value] of [
      ['address-id', AddressId],
      ['address-name', 'pod-0'],
      ['tag:owner', 'me'],
      ['tag-key', 'owner'],
      ['tag-value', 'me'],
    ])
      expect(await only({ Filters: [{ Name, Values: [value] }] })).toMatchObject({ AddressId });
    expect(await refusal('DescribeAddresses', { Filters: [{ Name: 'colour', Values: ['red'] }] })).toBe(
      'InvalidParameter.InvalidFilter',
    );
  });

  test('answers nothing for an unknown id and a code for a malformed one', async () => {
    expect(await vpc('DescribeAddresses', { AddressIds: ['eip-aaaaaaaa'] })).toMatchObject({ TotalCount: 0 });
    expect(await refusal('DescribeAddresses', { AddressIds: ['eip'] })).toBe(
      'InvalidParameterValue.AddressIdMalformed',
    );
  });

  test('shows a new name at once, and refuses one with spaces', async () => {
    const [AddressId] = await bought();
    await vpc('ModifyAddressAttribute', { AddressId, AddressName: 'web_1' });
    expect(await only()).toMatchObject({ AddressName: 'web_1' });
    expect(await refusal('ModifyAddressAttribute', { AddressId, AddressName: 'a b' })).toBe('InvalidParameterValue');
  });
});
