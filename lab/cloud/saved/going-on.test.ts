// What a loaded cloud goes on with, one thing at a time.
import { afterEach, expect, test } from 'vitest';

import { silentLogger } from '../../../src/base/logger.ts';
import { createFakeClock, type FakeClock } from '../../../test/fake-clock.ts';
import { type Cloud, type CloudOptions, startCloud } from '../cloud.ts';
import { layOutScenario } from '../control/scenario-run.ts';
import { parseScenario } from '../control/scenario.ts';
import type { FabricSnapshot } from '../read-model.ts';
import type { AcceptedCredential } from '../signature.ts';
import { createWireClient, type WireAnswer, type WireClient, type WireService } from '../testing/wire-client.ts';
import { readSaved } from './saved-text.ts';

const VPC = 'vpc-saved001';
const SUBNET = 'subnet-saved001';
const layout = parseScenario(
  `account: { vpcs: [{ vpcId: ${VPC}, cidr: 10.0.0.0/16 }], subnets: [{ subnetId: ${SUBNET}, vpcId: ${VPC}, cidr: 10.0.1.0/24, zone: ap-guangzhou-3 }] }`,
  'account',
);
const eni = { VpcId: VPC, SubnetId: SUBNET, NetworkInterfaceName: 'eni' };

interface Running {
  readonly cloud: Cloud;
  readonly clock: FakeClock;
  readonly call: (service: WireService, action: string, body?: object) => Promise<WireAnswer>;
}
const opened: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0)) await close();
});

async function open(options: Partial<CloudOptions> = {}, seeded = true): Promise<Running> {
  const clock = createFakeClock(options.load?.savedAt.toISOString());
  const cloud = await startCloud({
    clock,
    logger: silentLogger,
    listen: { host: '127.0.0.1', port: 0 },
    ...(seeded ? { seed: 1 } : {}),
    ...options,
  });
  if (options.load === undefined) layOutScenario(cloud.admin, layout);
  const client = createWireClient(cloud, () => clock.now());
  opened.push(async () => {
    client.close();
    await cloud.close();
  });
  return { cloud, clock, call: (service, action, body) => client.call(service, action, body) };
}
const again = (cloud: Cloud, options: Partial<CloudOptions> = {}): Promise<Running> =>
  open({ ...options, load: readSaved(cloud.save(), 'saved') });
const withKeys = (running: Running, keys: AcceptedCredential): WireClient => {
  const { endpoint, port, region } = running.cloud;
  const { secretId, secretKey, token } = keys;
  const target = { secretId, secretKey, endpoint, port, region, ...(token === undefined ? {} : { token }) };
  const client = createWireClient(target, () => running.clock.now());
  opened.push(async () => client.close());
  return client;
};

test('a task ends when the rest of its time has passed', async () => {
  const first = await open();
  await first.call('vpc', 'CreateNetworkInterface', eni);
  await first.clock.advance(200);
  const second = await again(first.cloud);
  await second.clock.advance(99);
  const before = (await second.call('vpc', 'DescribeNetworkInterfaces')).text;
  await second.clock.advance(1);
  expect([before, (await second.call('vpc', 'DescribeNetworkInterfaces')).text]).toEqual([
    expect.stringContaining('"State":"PENDING"'),
    expect.stringContaining('"State":"AVAILABLE"'),
  ]);
});

test('a task that waits for the fabric ends with the word of the next one', async () => {
  const fabric = { changed: () => undefined, settled: () => new Promise<void>(() => undefined) };
  const first = await open({ fabric });
  await first.call('vpc', 'CreateNetworkInterface', eni);
  await first.clock.advance(300);
  const text = first.cloud.save();
  expect(text).toContain('"phase":"applied"');
  const second = await open({ load: readSaved(text, 'saved') });
  await second.clock.settle();
  expect((await second.call('vpc', 'DescribeNetworkInterfaces')).text).toContain('"State":"AVAILABLE"');
});

test('groups that wait for the fabric are ready with the word of the next one', async () => {
  const asked = Promise.withResolvers<void>();
  let follows = true;
  const settled = (): Promise<void> => {
    if (follows) return Promise.resolve();
    asked.resolve();
    return new Promise(() => undefined);
  };
  const first = await open({ fabric: { changed: () => undefined, settled } });
  const { text } = await first.call('vpc', 'CreateNetworkInterface', eni);
  const NetworkInterfaceId = /eni-[0-9a-z]{8}/.exec(text)?.[0];
  await first.clock.advance(300);
  first.cloud.admin.createSecurityGroup({ name: 'g', securityGroupId: 'sg-saved001' });
  follows = false;
  void first.call('vpc', 'ModifyNetworkInterfaceAttribute', { NetworkInterfaceId, SecurityGroupIds: ['sg-saved001'] });
  await asked.promise;
  expect(first.cloud.save()).toContain('"groupsReady":false');
  const second = await again(first.cloud);
  await second.clock.settle();
  const answer = await second.call('vpc', 'CheckNetworkInterfaceSecurityGroupReady', {
    NetworkInterfaceIds: [NetworkInterfaceId],
  });
  expect(answer.text).toContain('"Ready":true');
});

test('a task that stalls goes on when it is released', async () => {
  const first = await open();
  first.cloud.admin.stallTask({ action: '*' });
  await first.call('vpc', 'CreateNetworkInterface', eni);
  const second = await again(first.cloud);
  await second.clock.advance(10_000);
  expect((await second.call('vpc', 'DescribeNetworkInterfaces')).text).toContain('"State":"PENDING"');
  expect(second.cloud.admin.releaseTasks()).toBe(1);
  await second.clock.settle();
  expect((await second.call('vpc', 'DescribeNetworkInterfaces')).text).toContain('"State":"AVAILABLE"');
});

test('a client token gives the first answer again for the rest of its life', async () => {
  const body = { ...eni, ClientToken: 'once' };
  const first = await open({ settings: { clientTokenLifeMs: 5000 } });
  const { text } = await first.call('vpc', 'CreateNetworkInterface', body);
  await first.clock.advance(3000);
  const second = await again(first.cloud);
  await second.clock.advance(1999);
  expect((await second.call('vpc', 'CreateNetworkInterface', body)).text).toBe(text);
  await second.clock.advance(1);
  expect((await second.call('vpc', 'CreateNetworkInterface', body)).text).not.toBe(text);
});

test('sub-users, role sessions, further keys and further accounts sign as before', async () => {
  const first = await open();
  const { identity, admin } = first.cloud;
  const user = identity.createUser('someone');
  identity.attachUserPolicy(user.userUin, 'AdministratorAccess');
  const session = identity.startSession('IPAMDofTKE_QCSRole');
  admin.addCredential({ secretId: 'AKIDfurther', secretKey: 'secret' });
  const other = first.cloud.addAccount({ uin: '200000000002', appId: 7 });
  other.admin.createVpc({ cidr: '10.9.0.0/16', vpcId: 'vpc-other001' });
  const second = await again(first.cloud);
  const codes = [];
  for (const keys of [user, session, { secretId: 'AKIDfurther', secretKey: 'secret' }, first.cloud])
    codes.push((await withKeys(second, keys).call('vpc', 'DescribeVpcs')).code);
  expect(codes).toEqual(['none', 'none', 'none', 'none']);
  expect((await withKeys(second, other).call('vpc', 'DescribeVpcs')).text).toContain('vpc-other001');
  expect(second.cloud.account('200000000002')?.secretId).toBe(other.secretId);
  expect(second.cloud.secretKey).toBe(first.cloud.secretKey);
});

test('faults to come, drained addresses and a changed limit are as they were, and clear ends them', async () => {
  const first = await open();
  first.cloud.admin.failNext({ action: 'DescribeVpcs', code: 'InternalError', times: Infinity });
  first.cloud.admin.drainSubnet({ subnetId: SUBNET });
  first.cloud.admin.hideNew({ ms: 700 });
  first.cloud.admin.throttle({ action: 'DescribeSubnets', perSecond: 2 });
  await first.call('vpc', 'DescribeSubnets');
  const second = await again(first.cloud);
  const seen = async (): Promise<readonly string[]> => [
    (await second.call('vpc', 'DescribeVpcs')).code,
    (await second.call('vpc', 'CreateNetworkInterface', eni)).code,
    (await second.call('vpc', 'DescribeSubnets')).code,
    (await second.call('vpc', 'DescribeSubnets')).code,
  ];
  expect(await seen()).toEqual(['InternalError', 'ResourceInsufficient.Subnet', 'none', 'RequestLimitExceeded']);
  second.cloud.admin.clearFaults();
  await second.clock.advance(1000);
  expect((await seen()).slice(0, 2)).toEqual(['none', 'none']);
  expect((await second.call('vpc', 'DescribeNetworkInterfaces')).text).toContain('"TotalCount":1');
});

test('settings given at the start stand over those that were saved, which stand over the defaults', async () => {
  const first = await open({ settings: { taskMs: 50, vpcQuota: 1 } });
  const second = await again(first.cloud, { settings: { taskMs: 5 } });
  await second.call('vpc', 'CreateNetworkInterface', eni);
  await second.clock.advance(5);
  expect((await second.call('vpc', 'DescribeNetworkInterfaces')).text).toContain('"State":"AVAILABLE"');
  expect((await second.call('vpc', 'CreateVpc', { VpcName: 'v', CidrBlock: '10.0.0.0/16' })).code).toBe(
    'LimitExceeded',
  );
});

test('the fabric is told what is there', async () => {
  const first = await open();
  await first.call('vpc', 'CreateNetworkInterface', eni);
  await first.clock.advance(300);
  const told: FabricSnapshot[] = [];
  const fabric = { changed: (snapshot: FabricSnapshot) => void told.push(snapshot), settled: async () => undefined };
  await again(first.cloud, { fabric });
  expect(told.at(-1)?.enis).toMatchObject([{ addresses: ['10.0.1.2'], subnetId: SUBNET }]);
});

test('without a seed no id is made twice', async () => {
  const first = await open({}, false);
  const second = await again(first.cloud);
  const made = await Promise.all(
    [first, second].map(
      async ({ call }) => /eni-[0-9a-z]{8}/.exec((await call('vpc', 'CreateNetworkInterface', eni)).text)?.[0],
    ),
  );
  expect(new Set(made).size).toBe(2);
});
