// A small account on which random calls are made over HTTP, and everything that can be asked about it.
import { z } from 'zod';

import { silentLogger } from '../../../src/base/logger.ts';
import { createFakeClock, type FakeClock } from '../../../test/fake-clock.ts';
import { ApiError } from '../api-error.ts';
import { type Cloud, startCloud } from '../cloud.ts';
import { applyFault, type FaultCommand } from '../control/fault-command.ts';
import { parseScenario } from '../control/scenario.ts';
import { layOutScenario } from '../control/scenario-run.ts';
import type { SavedCloud } from '../saved/cloud-schema.ts';
import type { CloudSettings } from '../settings.ts';
import { type Known, learn } from './known-names.ts';
import { callOf } from './random-calls.ts';
import type { RandomStep } from './random-steps.ts';
import { createWireClient, type WireAnswer, type WireClient, type WireService } from './wire-client.ts';

/** Asked whenever time has passed, so that most picks fall on what is there. */
const CHANGING = [
  'DescribeNetworkInterfaces',
  'DescribeAddresses',
  'DescribeSubnets',
  'DescribeSecurityGroups',
] as const;

/** Small, so that random calls reach them. */
export const smallQuotas = {
  vpcQuota: 3,
  subnetsPerVpc: 4,
  routeTablesPerVpc: 3,
  natsPerVpc: 1,
  enisPerVpc: 6,
  unboundEniPrivateIps: 4,
  groupsPerEni: 3,
  eipTotalQuota: 4,
  eipDailyApply: 12,
  publicIpDailyAssign: 2,
} as const satisfies Partial<CloudSettings>;

const ACCOUNT = `
layout: empty
account:
  vpcs: [{ vpcId: vpc-random01, cidr: 10.0.0.0/16, name: random }]
  subnets:
    - { subnetId: subnet-random01, vpcId: vpc-random01, cidr: 10.0.128.0/27, zone: ap-guangzhou-3 }
    - { subnetId: subnet-random02, vpcId: vpc-random01, cidr: 10.0.129.0/29, zone: ap-guangzhou-3 }
  securityGroups:
    - { securityGroupId: sg-random01, name: one }
    - { securityGroupId: sg-random02, name: two, ingress: [{ Protocol: TCP, Port: 80, SecurityGroupId: sg-random01, Action: ACCEPT }] }
  instances:
    - { instanceId: ins-random01, instanceType: SA5.LARGE8, zone: ap-guangzhou-3, subnetId: subnet-random01 }
  clusters: [{ clusterId: cls-random01, vpcId: vpc-random01, name: random }]
`;
/** Of the second instance. */
export const SUB_ENIS = 2;
const EIPS = 2;

export interface RandomWorld {
  readonly cloud: Cloud;
  readonly clock: FakeClock;
  readonly known: Known;
  /** What was answered; of a step that is no call, nothing. */
  perform(step: RandomStep): Promise<WireAnswer | undefined>;
  /** A call beside the steps, from which nothing is learnt. */
  ask(service: WireService, action: string, body?: object): Promise<WireAnswer>;
  close(): Promise<void>;
}

export interface WorldOptions {
  readonly seed: number;
  /** Default the small account. */
  readonly load?: SavedCloud;
  /** What was known when it was saved. */
  readonly known?: Known;
}

/** Its clock stands still but for the steps. */
export async function openWorld({ known, load, seed }: WorldOptions): Promise<RandomWorld> {
  const clock = createFakeClock(load?.savedAt.toISOString());
  const cloud = await startCloud({
    clock,
    logger: silentLogger,
    listen: { host: '127.0.0.1', port: 0 },
    ...(load === undefined ? { seed, settings: smallQuotas } : { load }),
  });
  if (load === undefined) layOut(cloud);
  const client = createWireClient(cloud, () => clock.now());
  const lookAround = async (): Promise<void> => {
    for (const action of CHANGING) learn(names, (await client.call('vpc', action, { Limit: 100 })).text);
  };
  const names: Known = { byKind: new Map([...(known?.byKind ?? [])].map(([kind, list]) => [kind, [...list]])) };
  if (known === undefined) {
    await makeTrunk(client, clock, names);
    await lookAround();
    for (const { action, service } of describes) learn(names, (await client.call(service, action)).text);
  }
  return {
    cloud,
    clock,
    known: names,
    perform: async (step) => {
      if (step.kind === 'time') {
        await clock.advance(step.ms);
        await lookAround();
        return undefined;
      }
      if (step.kind === 'fault') {
        tryFault(cloud, faultOf(names, step));
        await clock.settle();
        return undefined;
      }
      const { action, body, service } = callOf(names, step);
      const answer = await client.call(service, action, body);
      learn(names, answer.text);
      return answer;
    },
    ask: (service, action, body) => client.call(service, action, body),
    close: async () => {
      client.close();
      await cloud.close();
    },
  };
}

/** On the second instance, with room for sub-ENIs. */
async function makeTrunk(client: WireClient, clock: FakeClock, names: Known): Promise<void> {
  const { text } = await client.call('vpc', 'CreateNetworkInterface', {
    VpcId: 'vpc-random01',
    SubnetId: 'subnet-random01',
    NetworkInterfaceName: 'trunk',
    TrunkingFlag: 'Enable',
  });
  await clock.advance(1000);
  const NetworkInterfaceId = /eni-[0-9a-z]{8}/.exec(text)?.[0] ?? '';
  await client.call('vpc', 'AttachNetworkInterface', { NetworkInterfaceId, InstanceId: 'ins-random02' });
  await clock.advance(1000);
  names.byKind.set('trunk', [NetworkInterfaceId]);
}

function layOut(cloud: Cloud): void {
  layOutScenario(cloud.admin, parseScenario(ACCOUNT, 'account'));
  cloud.admin.runInstance({
    instanceId: 'ins-random02',
    instanceType: 'SA5.LARGE8',
    zone: 'ap-guangzhou-3',
    subnetId: 'subnet-random01',
    securityGroupIds: ['sg-random01'],
    subEniQuantity: SUB_ENIS,
    eipQuantity: EIPS,
    normalPublicIp: true,
  });
  cloud.identity.createRole({
    roleName: 'mine',
    trust: JSON.stringify({
      version: '2.0',
      statement: [
        { effect: 'allow', action: 'name/sts:AssumeRole', principal: { qcs: ['qcs::cam::uin/100000000001:root'] } },
      ],
    }),
  });
}

function faultOf(
  { byKind }: Known,
  { picks: [pick = 0], which }: { readonly which: number; readonly picks: readonly number[] },
): FaultCommand {
  const pickOf = (kind: string): string => {
    const names = byKind.get(kind) ?? [];
    return names[pick % Math.max(1, names.length)] ?? `${kind}-aaaaaaaa`;
  };
  const faults: readonly FaultCommand[] = [
    { fault: 'fail-task', action: '*' },
    { fault: 'stall-task', action: '*' },
    { fault: 'release-tasks' },
    { fault: 'drain-subnet', subnetId: pickOf('subnet'), leave: 2 },
    { fault: 'delete-eni', eniId: pickOf('eni') },
    { fault: 'hide-new', ms: 500 },
    { fault: 'drop-reply', action: '*' },
    { fault: 'error', action: '*', code: 'InternalError', probability: 0.5, times: 2 },
    { fault: 'partial-page', action: '*', probability: 0.5, times: 2 },
    { fault: 'clear' },
  ];
  return faults[which % faults.length] ?? { fault: 'clear' };
}

/** One that cannot be done now is left. */
function tryFault({ admin }: Cloud, command: FaultCommand): void {
  try {
    applyFault(admin, command);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
  }
}

/** Every describe call that lists what the account owns. */
export const describes: readonly { readonly service: WireService; readonly action: string; readonly body?: object }[] =
  [
    ...[
      'DescribeVpcs',
      'DescribeSubnets',
      'DescribeNetworkInterfaces',
      'DescribeSecurityGroups',
      'DescribeAddresses',
      'DescribeAddressQuota',
      'DescribeNatGateways',
      'DescribeRouteTables',
      'DescribeAddressTemplates',
      'DescribeAddressTemplateGroups',
      'DescribeVpcLimits',
    ].map((action) => ({ service: 'vpc' as const, action })),
    { service: 'cvm', action: 'DescribeInstances' },
    { service: 'tke', action: 'DescribeClusters' },
    { service: 'tke', action: 'DescribeAddon', body: { ClusterId: 'cls-random01' } },
    { service: 'tke', action: 'DescribeIPAMD', body: { ClusterId: 'cls-random01' } },
    { service: 'tag', action: 'GetResources' },
    { service: 'cam', action: 'ListPolicies' },
    { service: 'cam', action: 'ListAttachedRolePolicies', body: { Page: 1, Rp: 20, RoleName: 'IPAMDofTKE_QCSRole' } },
  ];

/** All answers of describe calls, groups' rules among them, without their RequestIds. */
export async function describeAll(world: RandomWorld): Promise<readonly string[]> {
  const groups = world.known.byKind.get('sg') ?? [];
  const wanted = [
    ...describes,
    ...groups.map((SecurityGroupId) => ({
      service: 'vpc' as const,
      action: 'DescribeSecurityGroupPolicies',
      body: { SecurityGroupId },
    })),
  ];
  const answers: string[] = [];
  for (const { action, body, service } of wanted) {
    const { text } = await world.ask(service, action, body);
    answers.push(`${action} ${text.replace(/"RequestId":"[^"]*"/, '')}`);
  }
  return answers;
}

const saved = z.object({ content: z.object({ accounts: z.array(z.looseObject({})) }) });

/** The account's state in a saved cloud, without how far its ids have come, which every call moves. */
export function stateIn(text: string): readonly object[] {
  const { accounts } = saved.parse(JSON.parse(text)).content;
  return accounts.map(({ ids: _ids, ...account }) => account);
}
