import { afterEach, expect, test } from 'vitest';
import { z } from 'zod';

import type { CloudSettings } from './settings.ts';
import { eniRequest, openAccount, type TestAccount, VPC_ID } from './testing/account.ts';

let account: TestAccount;
afterEach(() => account.close());

const subnet = (third: number): object => ({
  VpcId: VPC_ID,
  SubnetName: 's',
  CidrBlock: `10.0.${third}.0/24`,
  Zone: 'ap-guangzhou-3',
});

/** The test's account has one VPC with three subnets and, once asked about, one route table. */
test.each<[Partial<CloudSettings>, string, readonly object[], string]>([
  [{ subnetsPerVpc: 4 }, 'CreateSubnet', [subnet(8), subnet(9)], 'LimitExceeded'],
  [
    { natsPerVpc: 1 },
    'CreateNatGateway',
    [
      { VpcId: VPC_ID, NatGatewayName: 'a' },
      { VpcId: VPC_ID, NatGatewayName: 'b' },
    ],
    'LimitExceeded',
  ],
  [
    { routeTablesPerVpc: 2 },
    'CreateRouteTable',
    [
      { VpcId: VPC_ID, RouteTableName: 'a' },
      { VpcId: VPC_ID, RouteTableName: 'b' },
    ],
    'LimitExceeded',
  ],
  [
    { enisPerVpc: 1 },
    'CreateNetworkInterface',
    [eniRequest, eniRequest],
    'LimitExceeded.NetworkInterfaceLimitExceeded',
  ],
  [
    { unboundEniPrivateIps: 3 },
    'CreateNetworkInterface',
    [
      { ...eniRequest, SecondaryPrivateIpAddressCount: 2 },
      { ...eniRequest, SecondaryPrivateIpAddressCount: 3 },
    ],
    'LimitExceeded',
  ],
])('with %j, %s reaches its quota', async (settings, action, [within, over], code) => {
  account = await openAccount({ settings });
  expect(await account.refusal('vpc', action, within)).toBe('none');
  expect(await account.refusal('vpc', action, over)).toBe(code);
});

test('a route table takes as many routes as the switch says, and none of a call that has too many', async () => {
  account = await openAccount({ settings: { routesPerTable: 3 } });
  const { RouteTable } = await account.call('vpc', 'CreateRouteTable', { VpcId: VPC_ID, RouteTableName: 't' });
  const { RouteTableId } = z.object({ RouteTableId: z.string() }).parse(RouteTable);
  const routes = (...seconds: number[]): object => ({
    RouteTableId,
    Routes: seconds.map((second) => ({
      DestinationCidrBlock: `172.${second}.0.0/16`,
      GatewayType: 'EIP',
      GatewayId: '0',
    })),
  });
  expect(await account.refusal('vpc', 'CreateRoutes', routes(16, 17, 18, 19))).toBe('LimitExceeded');
  // The LOCAL route may count too, so two fit in any case.
  expect(await account.refusal('vpc', 'CreateRoutes', routes(16, 17))).toBe('none');
  expect(await account.refusal('vpc', 'CreateRoutes', routes(18, 19))).toBe('LimitExceeded');
});
