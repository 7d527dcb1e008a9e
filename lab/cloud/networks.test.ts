import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import {
  createdEni,
  eniRequest,
  INSTANCE_ID,
  listEnis,
  openAccount,
  SUBNET_ID,
  type TestAccount,
  VPC_ID,
} from './testing/account.ts';

let account: TestAccount;
beforeEach(async () => {
  account = await openAccount({ settings: { vpcQuota: 2 } });
});
afterEach(() => account.close());

const zone = 'ap-guangzhou-3';
const createVpc = async (cidr = '172.16.0.0/16'): Promise<string> =>
  z
    .object({ VpcId: z.string() })
    .parse((await account.call('vpc', 'CreateVpc', { VpcName: 'v', CidrBlock: cidr }))['Vpc']).VpcId;
const createTable = async (): Promise<string> =>
  z
    .object({ RouteTableId: z.string() })
    .parse((await account.call('vpc', 'CreateRouteTable', { VpcId: VPC_ID, RouteTableName: 't' }))['RouteTable'])
    .RouteTableId;

describe('VPCs and subnets', () => {
  test('are made within the quota and deleted when they are empty', async () => {
    const VpcId = await createVpc();
    expect(await account.refusal('vpc', 'CreateVpc', { VpcName: 'w', CidrBlock: '172.17.0.0/16' })).toBe(
      'LimitExceeded',
    );
    const wish = { VpcId, SubnetName: 's', CidrBlock: '172.16.1.0/24', Zone: zone };
    const { Subnet } = await account.call('vpc', 'CreateSubnet', wish);
    const { SubnetId } = z.object({ SubnetId: z.string() }).parse(Subnet);
    expect(await account.refusal('vpc', 'DeleteVpc', { VpcId })).toBe('ResourceInUse');
    await account.call('vpc', 'DeleteSubnet', { SubnetId });
    await account.call('vpc', 'DeleteVpc', { VpcId });
    expect(await account.refusal('vpc', 'DescribeVpcs', { VpcIds: [VpcId] })).toBe('ResourceNotFound');
  });

  test.each([
    ['10.0.1.128/25', 'InvalidParameterValue.SubnetConflict'],
    ['10.9.0.0/24', 'InvalidParameterValue.SubnetRange'],
    ['10.0.9.0/30', 'InvalidParameterValue.SubnetRange'],
    ['10.0.9.1/24', 'InvalidParameterValue.Malformed'],
  ])('a subnet of %s is refused with %s', async (CidrBlock, code) => {
    const wish = { VpcId: VPC_ID, SubnetName: 's', CidrBlock, Zone: zone };
    expect(await account.refusal('vpc', 'CreateSubnet', wish)).toBe(code);
  });

  test('a subnet with an ENI stays', async () => {
    expect(await account.refusal('vpc', 'DeleteSubnet', { SubnetId: SUBNET_ID })).toBe('ResourceInUse');
  });
});

describe('route tables', () => {
  test('a route is made, replaced and deleted; the LOCAL one stays', async () => {
    const RouteTableId = await createTable();
    const route = { DestinationCidrBlock: '192.168.7.0/24', GatewayType: 'NORMAL_CVM', GatewayId: '10.0.1.2' };
    await account.call('vpc', 'CreateRoutes', { RouteTableId, Routes: [route] });
    expect(await account.refusal('vpc', 'CreateRoutes', { RouteTableId, Routes: [route] })).toBe(
      'InvalidParameterValue.Duplicate',
    );
    const Routes = [{ ...route, RouteId: 1, GatewayId: '10.0.1.3' }];
    const replaced = await account.call('vpc', 'ReplaceRoutes', { RouteTableId, Routes });
    expect(replaced).toMatchObject({
      OldRouteSet: [{ GatewayId: '10.0.1.2' }],
      NewRouteSet: [{ GatewayId: '10.0.1.3' }],
    });
    expect(await account.refusal('vpc', 'DeleteRoutes', { RouteTableId, Routes: [{ RouteId: 0 }] })).toBe(
      'UnsupportedOperation.SystemRoute',
    );
    await account.call('vpc', 'DeleteRoutes', { RouteTableId, Routes: [{ RouteId: 1 }] });
    const described = await account.call('vpc', 'DescribeRouteTables', { RouteTableIds: [RouteTableId] });
    expect(described).toMatchObject({ RouteTableSet: [{ Main: false, RouteSet: [{ GatewayType: 'LOCAL' }] }] });
  });

  test('one network has a route to the own public address beside another, and no third', async () => {
    const RouteTableId = await createTable();
    const own = { DestinationCidrBlock: '0.0.0.0/0', GatewayType: 'EIP', GatewayId: '0' };
    const other = { ...own, GatewayType: 'NORMAL_CVM', GatewayId: '10.0.1.2' };
    await account.call('vpc', 'CreateRoutes', { RouteTableId, Routes: [own, other] });
    for (const route of [own, other])
      expect(await account.refusal('vpc', 'CreateRoutes', { RouteTableId, Routes: [route] })).toBe(
        'InvalidParameterValue.Duplicate',
      );
    await account.call('vpc', 'DeleteRoutes', { RouteTableId, Routes: [{ RouteId: 1 }] });
    const left = await account.call('vpc', 'DescribeRouteTables', { RouteTableIds: [RouteTableId] });
    expect(left).toMatchObject({
      RouteTableSet: [{ RouteSet: [{ GatewayType: 'LOCAL' }, { GatewayType: 'NORMAL_CVM' }] }],
    });
  });

  test('a subnet uses the default table until it is given another', async () => {
    const RouteTableId = await createTable();
    await account.call('vpc', 'ReplaceRouteTableAssociation', { SubnetId: SUBNET_ID, RouteTableId });
    const { SubnetSet } = await account.call('vpc', 'DescribeSubnets', { SubnetIds: [SUBNET_ID] });
    expect(SubnetSet).toMatchObject([{ RouteTableId }]);
    expect(await account.refusal('vpc', 'DeleteRouteTable', { RouteTableId })).toBe('ResourceInUse');
  });
});

test('a NAT gateway is PENDING, AVAILABLE, and gone', async () => {
  const made = await account.call('vpc', 'CreateNatGateway', { NatGatewayName: 'n', VpcId: VPC_ID });
  expect(made).toMatchObject({ NatGatewaySet: [{ State: 'PENDING' }] });
  await account.tasksEnd();
  const { NatGatewaySet } = await account.call('vpc', 'DescribeNatGateways');
  const [nat] = z.array(z.object({ NatGatewayId: z.string(), State: z.string() })).parse(NatGatewaySet);
  expect(nat?.State).toBe('AVAILABLE');
  await account.call('vpc', 'DeleteNatGateway', { NatGatewayId: nat?.NatGatewayId });
  await account.tasksEnd();
  expect(await account.call('vpc', 'DescribeNatGateways')).toMatchObject({ TotalCount: 0 });
});

describe('finding ENIs by index', () => {
  test('a loaded subnet is paged in order with its whole count', async () => {
    const ids = account.cloud.admin.loadEnis({ subnetId: SUBNET_ID, count: 40, addressesEach: 2 });
    const Filters = [
      { Name: 'subnet-id', Values: [SUBNET_ID] },
      { Name: 'is-primary', Values: ['FALSE'] },
    ];
    const page = await listEnis(account, { Filters, Offset: 30, Limit: 5 });
    expect(page.map((eni) => eni.NetworkInterfaceId)).toEqual(ids.slice(30, 35));
  });

  test('an ENI can be there from the start, on an instance, with name and tags', async () => {
    const [NetworkInterfaceId] = account.cloud.admin.loadEnis({
      subnetId: SUBNET_ID,
      count: 1,
      addressesEach: 3,
      name: 'grown',
      tags: [{ Key: 'owner', Value: 'us' }],
      instanceId: INSTANCE_ID,
    });
    const Filters = [{ Name: 'attachment.instance-id', Values: [INSTANCE_ID] }];
    const { NetworkInterfaceSet } = await account.call('vpc', 'DescribeNetworkInterfaces', { Filters });
    expect(NetworkInterfaceSet).toContainEqual(
      expect.objectContaining({
        NetworkInterfaceId,
        NetworkInterfaceName: 'grown',
        State: 'AVAILABLE',
        Attachment: expect.objectContaining({ InstanceId: INSTANCE_ID, DeviceIndex: 1 }) as object,
        TagSet: [{ Key: 'owner', Value: 'us' }],
      }),
    );
  });

  test('an ENI is found by what it has now, not by what it had', async () => {
    const { NetworkInterfaceId } = createdEni(
      await account.call('vpc', 'CreateAndAttachNetworkInterface', { ...eniRequest, InstanceId: INSTANCE_ID }),
    );
    await account.tasksEnd();
    const onInstance = { Filters: [{ Name: 'attachment.instance-id', Values: [INSTANCE_ID] }] };
    const attached = (await listEnis(account, onInstance)).length;
    await account.call('vpc', 'DetachNetworkInterface', { NetworkInterfaceId, InstanceId: INSTANCE_ID });
    await account.tasksEnd();
    expect([attached, (await listEnis(account, onInstance)).length]).toEqual([2, 1]);
  });
});

test('an EIP that is still being bought is not taken for a NAT gateway, which it could fail to reach', async () => {
  account.cloud.admin.failTask({ action: 'AllocateAddresses' });
  await account.call('vpc', 'AllocateAddresses');
  const { AddressSet } = await account.call('vpc', 'DescribeAddresses');
  const [eip] = z.array(z.object({ AddressIp: z.string() })).parse(AddressSet);
  const body = { NatGatewayName: 'n', VpcId: VPC_ID, PublicIpAddresses: [eip?.AddressIp] };
  expect(await account.refusal('vpc', 'CreateNatGateway', body)).toBe('OperationDenied.MutexTaskRunning');
});

test('a call for routes that is refused uses up no number', async () => {
  const { RouteTable } = await account.call('vpc', 'CreateRouteTable', { VpcId: VPC_ID, RouteTableName: 't' });
  const { RouteTableId } = z.object({ RouteTableId: z.string() }).parse(RouteTable);
  const add = (cidr: string) =>
    account.call('vpc', 'CreateRoutes', {
      RouteTableId,
      Routes: [{ DestinationCidrBlock: cidr, GatewayType: 'EIP', GatewayId: '0' }],
    });
  await add('172.16.0.0/16');
  await expect(add('172.16.0.0/16')).rejects.toThrow('there is a route');
  const routes = JSON.stringify(await add('172.17.0.0/16'));
  expect([...routes.matchAll(/"RouteId":(\d+)/g)].map(([, id]) => id)).toEqual(['0', '1', '2']);
});
