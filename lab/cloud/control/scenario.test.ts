import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';

import { afterEach, describe, expect, test } from 'vitest';

import { silentLogger } from '../../../src/base/logger.ts';
import { createFakeClock } from '../../../test/fake-clock.ts';
import { startCloud } from '../cloud.ts';
import { documentedRateLimits } from '../rate-limits.ts';
import { INSTANCE_ID, openAccount, SUBNET_ID, type TestAccount } from '../testing/account.ts';
import { parseScenario, readScenario } from './scenario.ts';
import { layOutScenario, playScenario } from './scenario-run.ts';

const examples = resolve(import.meta.dirname, '../../../examples/cloud-scenarios');
let account: TestAccount | undefined;
afterEach(async () => {
  await account?.close();
  account = undefined;
});

describe('a scenario file', () => {
  test.each(readdirSync(examples))('%s of the examples is right and can be laid out', async (name) => {
    const scenario = await readScenario(resolve(examples, name));
    const clock = createFakeClock();
    const cloud = await startCloud({ clock, logger: silentLogger, listen: { host: '127.0.0.1', port: 0 } });
    const problems: string[] = [];
    layOutScenario(cloud.admin, scenario);
    const stop = playScenario({ cloud, clock, onProblem: (problem) => problems.push(problem) }, scenario);
    await clock.advance(120_000);
    stop();
    await cloud.close();
    expect(problems).toEqual([]);
  });

  test('that is empty means the lab without faults', () => {
    expect(parseScenario('', 'f')).toMatchObject({ layout: 'lab', settings: {}, steps: [] });
  });

  test('may give the clusters of its account add-ons with values', async () => {
    const cluster = 'clusterId: cls-lab00009, vpcId: vpc-test0001, name: c';
    const addons = 'addons: { eniipamd: { vpcCni: { trunkingEni: { enableSubEni: true } } }, securitygrouppolicy: {} }';
    const opened = await openAccount();
    account = opened;
    layOutScenario(opened.cloud.admin, parseScenario(`account: { clusters: [{ ${cluster}, ${addons} }] }`, 'f'));
    const ClusterId = 'cls-lab00009';
    expect(await opened.call('tke', 'DescribeIPAMD', { ClusterId })).toMatchObject({ EnableTrunkingENI: true });
    expect(await opened.call('tke', 'DescribeAddon', { ClusterId })).toMatchObject({ Addons: { length: 2 } });
    const unknown = parseScenario(`account: { clusters: [{ ${cluster}, addons: { nothing: {} } }] }`, 'f');
    expect(() => layOutScenario(opened.cloud.admin, unknown)).toThrow('no add-on nothing; known: eniipamd');
  });

  test.each([
    ['vpcs: [{ vpcId: vpc-x, cidr: 10.9.0.0/16 }]', 'account.vpcs.0: id vpc-x is malformed'],
    [
      'subnets: [{ subnetId: subnet-aaaaaaaa, vpcId: vpc-test0001, cidr: 10.9.0.0/24, zone: z }]',
      'account.subnets.0: subnet CIDR 10.9.0.0/24 is not an IPv4 network within 10.0.0.0/16',
    ],
    [
      'securityGroups: [{ securityGroupId: sg-aaaaaaaa, name: a }, { securityGroupId: sg-bbbbbbbb, name: b, ingress: [{ Protocol: TCQ }] }]',
      'account.securityGroups.1: Protocol is `TCQ`',
    ],
    [
      `instances: [{ instanceId: ins-aaaaaaaa, instanceType: big, zone: ap-guangzhou-3, subnetId: ${SUBNET_ID} }]`,
      'account.instances.0: model big is not understood',
    ],
    [
      'clusters: [{ clusterId: c, vpcId: vpc-test0001, name: c, subnetIds: [subnet-absent01] }]',
      'account.clusters.0: `subnet-absent01` does not exist',
    ],
  ])('whose account is impossible, %j, is told by key', async (text, message) => {
    account = await openAccount();
    const { admin } = account.cloud;
    expect(() => layOutScenario(admin, parseScenario(`account: { ${text} }`, 'f'))).toThrow(message);
  });

  test('that is not there is named', async () => {
    await expect(readScenario('nowhere.yaml')).rejects.toThrow('scenario nowhere.yaml: cannot be read: ENOENT');
  });

  test('may ask for the documented limits', () => {
    expect(parseScenario('settings: { rateLimits: documented }', 'f').settings).toEqual({
      rateLimits: documentedRateLimits,
    });
  });

  test.each([
    ['seed: 1\nsettings:\n  taskMS: 5\n', /^f\.yaml:3: settings\.taskMS: .*nrecognized.*known: taskMs, /],
    ['settings:\n  taskMs: soon\n', /^f\.yaml:2: settings\.taskMs: .*expected number/],
    ['steps:\n  - do: { fault: eror }\n', /^f\.yaml:2: steps\.0\.do\.fault: /],
    [
      'steps:\n  - do:\n      fault: delay\n      action: DescribeVpcs\n      ms: [5, 1]\n',
      /^f\.yaml:5: steps\.0\.do\.ms: expected milliseconds, or a range/,
    ],
    [
      'steps:\n\n  - at: 5\n    after: { action: DescribeVpcs, calls: 1 }\n    do: { fault: clear }\n',
      /^f\.yaml:3: steps\.0: /,
    ],
    ['steps:\n  - do:\n      fault: stop-instance\n', /^f\.yaml:2: steps\.0\.do\.instanceId: .*expected string/],
    ['steps:\n  - at: 5\n', /^f\.yaml:2: steps\.0: expected `do`, or `advanceSeconds`/],
    [
      'steps:\n  - at: 5\n    advanceSeconds: 5\n',
      /^f\.yaml:3: steps\.0\.advanceSeconds: expected `clock: manual` at the top/,
    ],
    [
      'steps:\n  - do: { fault: error, action: CreateNetworkInterfce, code: X }\n',
      /^f\.yaml:2: steps\.0\.do\.action: expected the name of an action that the simulator serves, or \*/,
    ],
    ['steps:\n  - do: { fault: throttle, action: "*", perSecond: 1 }\n', /steps\.0\.do\.action: expected the name/],
    ['steps:\n  - after: { action: Vpcs, calls: 1 }\n    do: { fault: clear }\n', /steps\.0\.after\.action: expected/],
    [
      'settings:\n  taskMsByAction: { Createeni: 5 }\n',
      /^f\.yaml:2: settings\.taskMsByAction\.Createeni: expected the name/,
    ],
    [
      'settings:\n  rateLimits: { DescribeVpc: 5 }\n',
      /^f\.yaml:2: settings\.rateLimits\.DescribeVpc: expected the name/,
    ],
    [
      'steps:\n  - do: { fault: set-group-rules, securityGroupId: sg-test0001, ingress: [{ Prot: TCP }] }\n',
      /^f\.yaml:2: steps\.0\.do\.ingress\.0\.Prot: /,
    ],
    ['clock: stopped\n', /^f\.yaml:1: clock: /],
    ['layout: [lab\n', /^f\.yaml:\d: not YAML: /],
  ])('%j is refused with file, line, key and what is right', (text, message) => {
    expect(() => parseScenario(text, 'f.yaml')).toThrow(message);
  });
});

describe('a step', () => {
  const play = async (text: string): Promise<string[]> => {
    const opened = await openAccount();
    account = opened;
    const problems: string[] = [];
    playScenario(
      { cloud: opened.cloud, clock: opened.clock, onProblem: (problem) => problems.push(problem) },
      parseScenario(text, 'f'),
    );
    return problems;
  };

  test('comes after so many calls of an action', async () => {
    await play(
      'steps: [{ after: { action: DescribeVpcs, calls: 2 }, do: { fault: error, action: DescribeVpcs, code: InternalError } }]',
    );
    const codes = [];
    for (let call = 0; call < 4; call += 1) codes.push(await account?.refusal('vpc', 'DescribeVpcs'));
    expect(codes).toEqual(['none', 'none', 'InternalError', 'none']);
  });

  test('comes at its time', async () => {
    await play(`steps: [{ at: 5000, do: { fault: stop-instance, instanceId: ${INSTANCE_ID} } }]`);
    const state = async () => JSON.stringify(await account?.call('cvm', 'DescribeInstances')).includes('STOPPED');
    const before = await state();
    await account?.clock.advance(5000);
    expect([before, await state()]).toEqual([false, true]);
  });

  test('moves a manual clock', async () => {
    await play(
      'clock: manual\nsteps: [{ after: { action: DescribeVpcs, calls: 1 }, advanceSeconds: 60 }, { at: 30000, do: { fault: error, action: DescribeVpcs, code: InternalError } }]',
    );
    await account?.call('vpc', 'DescribeVpcs');
    await account?.clock.settle();
    expect(account?.clock.monotonicMs()).toBe(60_000);
    expect(await account?.refusal('vpc', 'DescribeVpcs')).toBe('InternalError');
  });

  test('that cannot be done is told, and the next one is done', async () => {
    const problems = await play(
      `steps: [{ do: { fault: delete-eni, eniId: eni-nothere1 } }, { do: { fault: drain-subnet, subnetId: ${SUBNET_ID} } }]`,
    );
    expect(problems).toEqual([expect.stringContaining('steps.0 (delete-eni)')]);
    expect(await account?.call('vpc', 'DescribeSubnets', { SubnetIds: [SUBNET_ID] })).toMatchObject({
      SubnetSet: [{ AvailableIpAddressCount: 0 }],
    });
  });
});
