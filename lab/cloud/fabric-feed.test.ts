import { afterEach, describe, expect, test } from 'vitest';
import { z } from 'zod';

import type { FabricSink, FabricSnapshot } from './read-model.ts';
import {
  createdEni,
  eniRequest,
  GROUP_ID,
  listEnis,
  openAccount,
  SUBNET_ID,
  type TestAccount,
  VPC_ID,
} from './testing/account.ts';

let account: TestAccount;
afterEach(() => account.close());

const rule = { Protocol: 'TCP', Port: '80', CidrBlock: '10.0.9.7/16', Action: 'ACCEPT' };
const addRule = (): Promise<unknown> =>
  account.call('vpc', 'CreateSecurityGroupPolicies', {
    SecurityGroupId: GROUP_ID,
    SecurityGroupPolicySet: { Ingress: [rule] },
  });

/** Records what it is told; `obey` decides what waiting for a version does. */
function recordingFabric(obey: (version: number) => Promise<void>): FabricSink & { readonly told: FabricSnapshot[] } {
  const told: FabricSnapshot[] = [];
  return { told, changed: (snapshot) => told.push(snapshot), settled: obey };
}

describe('the feed to the fabric', () => {
  test('tells of a rule as a network, and answers only after its version is in force', async () => {
    const events: string[] = [];
    const asked = Promise.withResolvers<number>();
    const inForce = Promise.withResolvers<void>();
    const fabric = recordingFabric((version) => {
      asked.resolve(version);
      return inForce.promise.then(() => void events.push('in force'));
    });
    account = await openAccount({ fabric });
    const call = addRule().then(() => events.push('answer'));
    const version = await asked.promise;
    const last = fabric.told.at(-1);
    expect([last?.version, version]).toEqual([version, last?.version]);
    expect(last?.securityGroups.find((group) => group.securityGroupId === GROUP_ID)?.ingress).toEqual([
      { protocol: 'TCP', port: '80', peer: { kind: 'cidr', cidr: '10.0.0.0/16' }, action: 'ACCEPT' },
    ]);
    inForce.resolve();
    await call;
    expect(events).toEqual(['in force', 'answer']);
  });

  test('tells of a way out with the answer to the call that makes, gives or takes it', async () => {
    const fabric = recordingFabric(() => Promise.resolve());
    account = await openAccount({ fabric });
    const ways = (): unknown => fabric.told.at(-1)?.waysOut;
    const made = await account.call('vpc', 'CreateRouteTable', { VpcId: VPC_ID, RouteTableName: 'out' });
    const { RouteTableId } = z.object({ RouteTableId: z.string() }).parse(made['RouteTable']);
    const Routes = [{ DestinationCidrBlock: '0.0.0.0/0', GatewayType: 'EIP', GatewayId: '0' }];
    await account.call('vpc', 'CreateRoutes', { RouteTableId, Routes });
    expect(ways()).toEqual([]);
    await account.call('vpc', 'ReplaceRouteTableAssociation', { SubnetId: SUBNET_ID, RouteTableId });
    expect(ways()).toMatchObject([{ destination: '0.0.0.0/0', kind: 'eip' }]);
    const narrow = [{ ...Routes[0], RouteId: 1, DestinationCidrBlock: '192.0.2.0/24' }];
    await account.call('vpc', 'ReplaceRoutes', { RouteTableId, Routes: narrow });
    expect(ways()).toMatchObject([{ destination: '192.0.2.0/24' }]);
    await account.call('vpc', 'DeleteRoutes', { RouteTableId, Routes: [{ RouteId: 1 }] });
    expect(ways()).toEqual([]);
  });

  test('numbers its versions upwards', async () => {
    const fabric = recordingFabric(() => Promise.resolve());
    account = await openAccount({ fabric });
    await addRule();
    const versions = fabric.told.map((snapshot) => snapshot.version);
    expect(versions).toEqual(versions.toSorted((a, b) => a - b));
    expect(new Set(versions).size).toBe(versions.length);
  });

  test('that cannot follow makes the rule call InternalError', async () => {
    account = await openAccount({ fabric: recordingFabric(() => Promise.reject(new Error('nft is broken'))) });
    await expect(addRule()).rejects.toMatchObject({ code: 'InternalError' });
  });

  test('that cannot follow makes the task FAILED and gives the ENI back', async () => {
    account = await openAccount({ fabric: recordingFabric(() => Promise.reject(new Error('nft is broken'))) });
    const answer = await account.call('vpc', 'CreateNetworkInterface', eniRequest);
    await account.tasksEnd();
    const task = await account.call('vpc', 'DescribeVpcTaskResult', { TaskId: answer['RequestId'] });
    const left = (await listEnis(account, {})).map((eni) => eni.NetworkInterfaceId);
    expect(task['Status']).toBe('FAILED');
    expect(left).not.toContain(createdEni(answer).NetworkInterfaceId);
  });
});
