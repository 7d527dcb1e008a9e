// A small simulated account for tests: one VPC, two zones, a node of a trunking model, and the official SDK as its client.
import { Agent } from 'node:http';

import { CommonClient } from 'tencentcloud-sdk-nodejs-common';
import { z } from 'zod';

import { silentLogger } from '../../../src/base/logger.ts';
import { createFakeClock, type FakeClock } from '../../../test/fake-clock.ts';
import { type Cloud, startCloud } from '../cloud.ts';
import type { FabricSink } from '../read-model.ts';
import type { CloudSettings } from '../settings.ts';

export const VPC_ID = 'vpc-test0001';
export const SUBNET_ID = 'subnet-test0001';
export const OTHER_ZONE_SUBNET_ID = 'subnet-test0002';
/** Five addresses, .2 to .6 of a /29, all free. */
export const SMALL_SUBNET_ID = 'subnet-small001';
export const GROUP_ID = 'sg-test0001';
export const NODE_GROUP_ID = 'sg-test0002';
export const INSTANCE_ID = 'ins-test0001';
export const CLUSTER_ID = 'cls-test0001';
export const TASK_MS = 300;

const versions = { vpc: '2017-03-12', cvm: '2017-03-12', tke: '2018-05-25', tag: '2018-08-13' } as const;
export type ServiceName = keyof typeof versions;
export type Answer = Readonly<Record<string, unknown>>;

export interface TestAccount {
  readonly cloud: Cloud;
  readonly clock: FakeClock;
  /** The `Response`; throws the SDK's error. */
  call(service: ServiceName, action: string, body?: object): Promise<Answer>;
  /** The error code of a call that is refused; `none` when it is not, `no code` when no answer came. */
  refusal(service: ServiceName, action: string, body?: object): Promise<string>;
  /** Lets every pending task come to its end. */
  tasksEnd(): Promise<void>;
  close(): Promise<void>;
}

export interface TestAccountOptions {
  readonly settings?: Partial<CloudSettings>;
  readonly fabric?: FabricSink;
  readonly instanceType?: string;
}

/** Opens the account; its clock stands still until the test moves it. */
export async function openAccount(options: TestAccountOptions = {}): Promise<TestAccount> {
  const clock = createFakeClock(new Date().toISOString());
  const cloud = await startCloud({
    clock,
    logger: silentLogger,
    listen: { host: '127.0.0.1', port: 0 },
    seed: 1,
    settings: { taskMs: TASK_MS, ...options.settings },
    ...(options.fabric === undefined ? {} : { fabric: options.fabric }),
  });
  layOut(cloud, options.instanceType ?? 'SA5.LARGE8');
  const agent = new Agent({ keepAlive: true });
  const call: TestAccount['call'] = async (service, action, body = {}) =>
    z.record(z.string(), z.unknown()).parse(await sdkClient(cloud, service, agent).request(action, body));
  return {
    cloud,
    clock,
    call,
    refusal: async (service, action, body) => {
      try {
        await call(service, action, body);
        return 'none';
      } catch (error) {
        return z.object({ code: z.string() }).safeParse(error).data?.code ?? 'no code';
      }
    },
    tasksEnd: () => clock.advance(TASK_MS),
    close: async () => {
      agent.destroy();
      await cloud.close();
    },
  };
}

function layOut({ admin }: Cloud, instanceType: string): void {
  admin.createVpc({ vpcId: VPC_ID, cidr: '10.0.0.0/16', name: 'test' });
  const zone = 'ap-guangzhou-3';
  admin.createSubnet({ subnetId: SUBNET_ID, vpcId: VPC_ID, name: 'a', cidr: '10.0.1.0/24', zone });
  admin.createSubnet({ subnetId: SMALL_SUBNET_ID, vpcId: VPC_ID, name: 'small', cidr: '10.0.3.0/29', zone });
  admin.createSubnet({
    subnetId: OTHER_ZONE_SUBNET_ID,
    vpcId: VPC_ID,
    name: 'b',
    cidr: '10.0.2.0/24',
    zone: 'ap-guangzhou-6',
  });
  admin.createSecurityGroup({ securityGroupId: GROUP_ID, name: 'pods', description: '' });
  admin.createSecurityGroup({
    securityGroupId: NODE_GROUP_ID,
    name: `tke-worker-security-for-${CLUSTER_ID}`,
    description: '',
  });
  admin.registerCluster({ clusterId: CLUSTER_ID, vpcId: VPC_ID, name: 'test' });
  admin.runInstance({
    instanceId: INSTANCE_ID,
    instanceType,
    zone,
    subnetId: SUBNET_ID,
    securityGroupIds: [NODE_GROUP_ID],
    name: 'node',
  });
}

function sdkClient(cloud: Cloud, service: ServiceName, agent: Agent): CommonClient {
  return new CommonClient(`${service}.tencentcloudapi.com`, versions[service], {
    credential: { secretId: cloud.secretId, secretKey: cloud.secretKey },
    region: cloud.region,
    profile: { httpProfile: { endpoint: `127.0.0.1:${cloud.port}`, protocol: 'http://', reqTimeout: 10, agent } },
  });
}

const eniAnswer = z.looseObject({
  NetworkInterfaceId: z.string(),
  State: z.string(),
  NetworkInterfaceState: z.string(),
  MacAddress: z.string(),
  EniType: z.number(),
  GroupSet: z.array(z.string()),
  PrivateIpAddressSet: z.array(z.looseObject({ PrivateIpAddress: z.string(), Primary: z.boolean() })),
  Attachment: z.looseObject({ InstanceId: z.string(), DeviceIndex: z.number() }).nullable(),
  VlanId: z.number().optional(),
  TrunkNetworkInterfaceId: z.string().optional(),
});
export type EniAnswer = z.output<typeof eniAnswer>;

/** The ENI of a creating call. */
export const createdEni = (answer: Answer): EniAnswer => eniAnswer.parse(answer['NetworkInterface']);

/** The ENIs that a filter finds. */
export async function listEnis(account: TestAccount, body: object): Promise<readonly EniAnswer[]> {
  const answer = await account.call('vpc', 'DescribeNetworkInterfaces', body);
  return z.array(eniAnswer).parse(answer['NetworkInterfaceSet']);
}

/** What CreateNetworkInterface needs at least. */
export const eniRequest = { VpcId: VPC_ID, SubnetId: SUBNET_ID, NetworkInterfaceName: 'eni' } as const;

/** A trunk that is attached to the test's instance; its id. */
export async function attachedTrunk(account: TestAccount): Promise<string> {
  const eni = createdEni(
    await account.call('vpc', 'CreateNetworkInterface', { ...eniRequest, TrunkingFlag: 'Enable' }),
  );
  await account.tasksEnd();
  await account.call('vpc', 'AttachNetworkInterface', {
    NetworkInterfaceId: eni.NetworkInterfaceId,
    InstanceId: INSTANCE_ID,
  });
  await account.tasksEnd();
  return eni.NetworkInterfaceId;
}

/** What CreateSubNetworkInterface is sent for a Pod. */
export const subEniRequest = (trunkEniId: string): object => ({
  VpcId: VPC_ID,
  SubnetId: SUBNET_ID,
  TrunkNetworkInterfaceId: trunkEniId,
  NetworkInterfaceName: 'pod',
  SecurityGroupIds: [GROUP_ID],
});
