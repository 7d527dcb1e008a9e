// The lab's account in the simulator, laid out and ready for nodes.
import type { Clock } from '../src/base/clock.ts';
import type { Logger } from '../src/base/logger.ts';
import { layOutNetwork } from './account.ts';
import type { CloudAccess } from './cloud-client.ts';
import { startCloud } from './cloud/cloud.ts';
import type { Cloud } from './cloud/cloud.ts';
import type { FabricSink } from './cloud/read-model.ts';
import { REGION } from './layout.ts';

export interface SimulatedAccountOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Absent: no packets, tasks end by time alone. */
  readonly fabric?: FabricSink;
  /** How long asynchronous tasks take; default the simulator's. */
  readonly taskMs?: number | undefined;
}

export interface SimulatedAccount {
  readonly cloud: Cloud;
  readonly access: CloudAccess;
}

/** Listens on a free port of loopback. The caller closes `cloud`. */
export async function openSimulatedAccount(options: SimulatedAccountOptions): Promise<SimulatedAccount> {
  const { taskMs, ...rest } = options;
  const settings = taskMs === undefined ? {} : { taskMs };
  const cloud = await startCloud({ ...rest, listen: { host: '127.0.0.1', port: 0 }, settings });
  layOutNetwork(cloud.admin);
  const { endpoint, secretId, secretKey } = cloud;
  return { cloud, access: { endpoint, secretId, secretKey, region: REGION } };
}
