import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';

import {
  type Answer,
  CLUSTER_ID,
  openAccount,
  OTHER_ZONE_SUBNET_ID,
  SMALL_SUBNET_ID,
  SUBNET_ID,
  type TestAccount,
  VPC_ID,
} from '../testing/account.ts';
import { effectiveValues, newClusterParts } from './addon-records.ts';
import { encodeRawValues } from './raw-values.ts';

let account: TestAccount;
beforeEach(async () => {
  account = await openAccount();
});
afterEach(() => account.close());

const tke = (action: string, body: object = {}): Promise<Answer> =>
  account.call('tke', action, { ClusterId: CLUSTER_ID, ...body });
const refusal = (action: string, body: object = {}): Promise<string> =>
  account.refusal('tke', action, { ClusterId: CLUSTER_ID, ...body });
const eniipamd = { AddonName: 'eniipamd' };
const raw = (values: object): object => ({ ...eniipamd, RawValues: encodeRawValues({ ...values }) });

async function values(): Promise<unknown> {
  const answer = await tke('DescribeAddonValues', eniipamd);
  return JSON.parse(z.string().parse(answer['Values']));
}
async function update(body: object): Promise<void> {
  await tke('UpdateAddon', body);
  await account.tasksEnd();
}

describe('a new cluster', () => {
  const clusterOf = (options: {
    readonly trunking: boolean;
    readonly networkType?: 'GR';
    readonly enableSubEni?: boolean;
  }) => {
    const { trunking, networkType = 'VPC-CNI', enableSubEni } = options;
    const addons = enableSubEni === undefined ? {} : { eniipamd: { vpcCni: { trunkingEni: { enableSubEni } } } };
    const made = newClusterParts({ networkType, subnetIds: [], addons, trunking }, new Date(0)).addons.get('eniipamd');
    return made === undefined ? undefined : effectiveValues(made);
  };

  test('starts with Trunking ENI on where the account has the option, unless its values say otherwise', () => {
    expect(clusterOf({ trunking: true })).toMatchObject({ vpcCni: { trunkingEni: { enableSubEni: true } } });
    expect(clusterOf({ trunking: false })).toMatchObject({ vpcCni: { trunkingEni: { enableSubEni: false } } });
    expect(clusterOf({ trunking: true, enableSubEni: false })).toMatchObject({
      vpcCni: { trunkingEni: { enableSubEni: false } },
    });
    expect(clusterOf({ trunking: true, networkType: 'GR' })).toBeUndefined();
  });
});

describe('eniipamd', () => {
  test('is there from the start, with the documented values', async () => {
    expect(await tke('DescribeAddon')).toMatchObject({ Addons: [{ AddonName: 'eniipamd', Phase: 'Succeeded' }] });
    expect(await values()).toMatchObject({
      vpcCni: { routeEni: { ipMinWarmTarget: 5 }, trunkingEni: { enableSubEni: false } },
    });
  });

  test('keeps earlier values under merge and drops them under replace', async () => {
    await update(raw({ vpcCni: { routeEni: { ipMinWarmTarget: 7 } } }));
    await update({ ...raw({ vpcCni: { trunkingEni: { enableSubEni: true } } }), UpdateStrategy: 'merge' });
    expect(await values()).toMatchObject({
      vpcCni: { routeEni: { ipMinWarmTarget: 7 }, trunkingEni: { enableSubEni: true } },
    });
    expect(await tke('DescribeIPAMD')).toMatchObject({ EnableIPAMD: true, EnableTrunkingENI: true });
    await update({ ...raw({ vpcCni: { routeEni: { ipMaxWarmTarget: 9 } } }), UpdateStrategy: 'replace' });
    expect(await values()).toMatchObject({
      vpcCni: { routeEni: { ipMinWarmTarget: 5, ipMaxWarmTarget: 9 }, trunkingEni: { enableSubEni: false } },
    });
  });

  test('tells listeners the whole values when the task ends, and no more once they stopped', async () => {
    const heard: unknown[] = [];
    const stop = account.cloud.onAddonValues((...told) => heard.push(told));
    await tke('UpdateAddon', raw({ agent: { config: { disableTcpEarlyDemux: true } } }));
    expect(heard).toEqual([]);
    await account.tasksEnd();
    expect(heard).toEqual([
      [
        CLUSTER_ID,
        'eniipamd',
        expect.objectContaining({ agent: { config: { disableTcpEarlyDemux: true, disableUdpEarlyDemux: false } } }),
      ],
    ]);
    stop();
    await update(raw({}));
    expect(heard).toHaveLength(1);
  });

  test('keeps its values when the update fails', async () => {
    account.cloud.admin.failTask({ action: 'UpdateAddon' });
    await update(raw({ vpcCni: { routeEni: { ipMinWarmTarget: 7 } } }));
    expect(await tke('DescribeAddon', eniipamd)).toMatchObject({ Addons: [{ Phase: 'UpgradeFailed' }] });
    expect(await values()).toMatchObject({ vpcCni: { routeEni: { ipMinWarmTarget: 5 } } });
  });

  test.each([
    ['not base64', '{}'],
    ['not JSON', Buffer.from('no').toString('base64')],
    ['a list', Buffer.from('[]').toString('base64')],
  ])('refuses values that are %s', async (_what, RawValues) => {
    expect(await refusal('UpdateAddon', { ...eniipamd, RawValues })).toBe('InvalidParameter.Param');
  });
});

test('securitygrouppolicy is installed and deleted over time', async () => {
  const addon = { AddonName: 'securitygrouppolicy' };
  expect(await refusal('DescribeAddon', addon)).toBe('ResourceNotFound');
  await tke('InstallAddon', addon);
  expect(await tke('DescribeAddon', addon)).toMatchObject({ Addons: [{ Phase: 'Installing' }] });
  await account.tasksEnd();
  expect(await tke('DescribeAddon', addon)).toMatchObject({ Addons: [{ Phase: 'Succeeded' }] });
  await tke('DeleteAddon', addon);
  await account.tasksEnd();
  expect(await refusal('DescribeAddon', addon)).toBe('ResourceNotFound');
});

test('an unknown cluster and an unknown add-on are refused', async () => {
  expect(await refusal('DescribeAddon', { ClusterId: 'cls-aaaaaaaa' })).toBe('ResourceNotFound');
  expect(await refusal('InstallAddon', { AddonName: 'nothing' })).toBe('InvalidParameter.Param');
});

test('VPC-CNI is switched on for a cluster without it, once', async () => {
  const ClusterId = 'cls-plain001';
  account.cloud.admin.registerCluster({ clusterId: ClusterId, vpcId: VPC_ID, name: 'plain', networkType: 'GR' });
  const body = {
    ClusterId,
    VpcCniType: 'tke-route-eni',
    EnableStaticIp: true,
    Subnets: [SUBNET_ID],
    ExpiredSeconds: 600,
  };
  expect(await refusal('DescribeEnableVpcCniProgress', { ClusterId })).toBe('FailedOperation.EnableVPCCNIFailed');
  await tke('EnableVpcCniNetworkType', body);
  expect(await tke('DescribeEnableVpcCniProgress', { ClusterId })).toMatchObject({ Status: 'Running' });
  await account.tasksEnd();
  expect(await tke('DescribeEnableVpcCniProgress', { ClusterId })).toMatchObject({ Status: 'Succeed' });
  expect(await tke('DescribeIPAMD', { ClusterId })).toMatchObject({
    EnableIPAMD: true,
    SubnetIds: [SUBNET_ID],
    ClaimExpiredDuration: '600s',
  });
  expect(await refusal('EnableVpcCniNetworkType', body)).toBe('FailedOperation.EnableVPCCNIFailed');
});

test('a network is told when it changes, and no more once nobody listens', async () => {
  const heard: unknown[] = [];
  const stop = account.cloud.onClusterNetwork((...told) => heard.push(told));
  await tke('AddVpcCniSubnets', { SubnetIds: [SUBNET_ID] });
  await tke('AddVpcCniSubnets', { SubnetIds: [OTHER_ZONE_SUBNET_ID, SUBNET_ID] });
  expect(await refusal('AddVpcCniSubnets', { SubnetIds: ['subnet-absent01'] })).toBe('InvalidParameter.Param');
  stop();
  await tke('AddVpcCniSubnets', { SubnetIds: [SMALL_SUBNET_ID] });
  expect(heard).toEqual([
    [CLUSTER_ID, { subnetIds: [SUBNET_ID], expiredSeconds: undefined }],
    [CLUSTER_ID, { subnetIds: [SUBNET_ID, OTHER_ZONE_SUBNET_ID], expiredSeconds: undefined }],
  ]);
});

test('how long kept addresses outlive their Pods is told with the network, over 300 s and below 15768000 s', async () => {
  const heard: unknown[] = [];
  account.cloud.onClusterNetwork((...told) => heard.push(told));
  const body = { VpcCniType: 'tke-route-eni', EnableStaticIp: true, Subnets: [SUBNET_ID] };
  await tke('DisableVpcCniNetworkType');
  for (const ExpiredSeconds of [300, 15_768_000])
    expect(await refusal('EnableVpcCniNetworkType', { ...body, ExpiredSeconds })).toBe('InvalidParameter.Param');
  await tke('EnableVpcCniNetworkType', { ...body, ExpiredSeconds: 301 });
  await account.tasksEnd();
  expect(heard).toEqual([
    [CLUSTER_ID, undefined],
    [CLUSTER_ID, { subnetIds: [SUBNET_ID], expiredSeconds: 301 }],
  ]);
});

test('Pods per model follow from its ENIs and addresses', async () => {
  const answer = await account.call('tke', 'DescribeVpcCniPodLimits', {
    Zone: 'ap-guangzhou-3',
    InstanceType: 'S5.LARGE8',
  });
  expect(answer).toMatchObject({
    TotalCount: 1,
    PodLimitsInstanceSet: [
      {
        InstanceFamily: 'S5',
        PodLimits: { TKERouteENINonStaticIP: 27, TKERouteENIStaticIP: 27, TKEDirectENI: 19, TKESubENI: 0 },
      },
    ],
  });
});
