// The simulated account of the contract suites, reached through the Tencent adapter over real HTTP.
import { systemClock } from '../../src/base/clock.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { type CredentialSource, staticCredentials } from '../../src/cloud/credentials.ts';
import { createTencentCloud, type TencentCloud } from '../../src/cloud/tencent-cloud.ts';
import { type Cloud, startCloud } from '../../lab/cloud/cloud.ts';
import type { CloudSettings } from '../../lab/cloud/settings.ts';
import { createFakeClock, type FakeClock } from '../fake-clock.ts';
import type { VpcCloudFixture } from './vpc-cloud.ts';

export interface SimulatedAccount extends VpcCloudFixture {
  readonly cloud: TencentCloud;
  readonly simulator: Cloud;
  /** The simulator's; the adapter lives in real time. */
  readonly clock: FakeClock;
  /** Names of the actions asked so far, in order. */
  actions(): string[];
}

export interface SimulatedAccountOptions {
  readonly settings?: Partial<CloudSettings>;
  readonly credentials?: (simulator: Cloud) => CredentialSource;
  readonly callTimeoutMs?: number;
}

const TASK_MS = 300;
const FAST = { start: 10_000, max: 10_000 } as const;
const SUB_ENI_QUOTA = 6;

export async function openSimulatedAccount(options: SimulatedAccountOptions = {}): Promise<SimulatedAccount> {
  const clock = createFakeClock(new Date().toISOString());
  const simulator = await startCloud({
    clock,
    logger: silentLogger,
    listen: { host: '127.0.0.1', port: 0 },
    seed: 7,
    settings: { taskMs: TASK_MS, ...options.settings },
  });
  const layout = layOut(simulator);
  const endpoint = simulator.endpoint;
  const cloud = createTencentCloud({
    credentials:
      options.credentials?.(simulator) ??
      staticCredentials({ secretId: simulator.secretId, secretKey: simulator.secretKey }),
    region: simulator.region,
    endpoints: { vpc: endpoint, cvm: endpoint, cam: endpoint },
    clock: systemClock,
    logger: silentLogger,
    // The suite is about answers; the budget has tests of its own.
    budgets: Object.fromEntries(
      ['CreateNetworkInterface', 'CreateSubNetworkInterface', 'DescribeNetworkInterfaces'].map((action) => [
        action,
        FAST,
      ]),
    ),
    callTimeoutMs: options.callTimeoutMs ?? 10_000,
  });
  return {
    ...layout,
    cloud,
    simulator,
    clock,
    actions: () => simulator.requestLog().map((entry) => entry.action),
    tasksEnd: () => clock.advance(TASK_MS),
    close: async () => {
      cloud.close();
      await simulator.close();
    },
  };
}

type Layout = Omit<VpcCloudFixture, 'cloud' | 'tasksEnd' | 'close'>;

function layOut({ admin }: Cloud): Layout {
  const zone = 'ap-guangzhou-3';
  const { vpcId } = admin.createVpc({ cidr: '10.0.0.0/16', name: 'contract' });
  const { subnetId } = admin.createSubnet({ vpcId, cidr: '10.0.0.0/23', zone });
  const small = admin.createSubnet({ vpcId, cidr: '10.0.4.0/29', zone });
  const other = admin.createSubnet({ vpcId, cidr: '10.0.2.0/24', zone: 'ap-guangzhou-6' });
  const { securityGroupId } = admin.createSecurityGroup({ name: 'pods' });
  const { securityGroupId: otherSecurityGroupId } = admin.createSecurityGroup({ name: 'nodes' });
  const { instanceId } = admin.runInstance({
    instanceType: 'SA5.LARGE8',
    zone,
    subnetId,
    securityGroupIds: [otherSecurityGroupId],
    subEniQuantity: SUB_ENI_QUOTA,
  });
  return {
    vpcId,
    subnetId,
    smallSubnetId: small.subnetId,
    smallSubnetSize: 5,
    otherZoneSubnetId: other.subnetId,
    securityGroupId,
    otherSecurityGroupId,
    instanceId,
    subEniQuota: SUB_ENI_QUOTA,
  };
}
