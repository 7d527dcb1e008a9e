// The lab's account in the simulator, laid out and ready for nodes.
import type { Clock } from '../src/base/clock.ts';
import type { Logger } from '../src/base/logger.ts';
import { layOutNetwork } from './account.ts';
import type { CloudAccess } from './cloud-client.ts';
import { startCloud } from './cloud/cloud.ts';
import type { Cloud } from './cloud/cloud.ts';
import type { CloudSettings } from './cloud/settings.ts';
import type { FabricSink } from './cloud/read-model.ts';
import { REGION } from './layout.ts';
import { type DocumentedPolicy, grant } from './permissions.ts';

export interface SimulatedAccountOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Absent: no packets, tasks end by time alone. */
  readonly fabric?: FabricSink;
  /** How long asynchronous tasks take; default the simulator's. */
  readonly taskMs?: number | undefined;
  /** What ipamd's role may do beside the preset. */
  readonly grants: readonly DocumentedPolicy[];
  /** Quotas and the like, where they differ from the simulator's. */
  readonly settings?: Partial<CloudSettings> | undefined;
}

export interface SimulatedAccount {
  readonly cloud: Cloud;
  readonly access: CloudAccess;
}

/** Listens on a free port of loopback, and beside it the metadata service of a machine with ipamd's role. The caller closes `cloud`. */
export async function openSimulatedAccount(options: SimulatedAccountOptions): Promise<SimulatedAccount> {
  const { taskMs, grants, ...rest } = options;
  // Kept addresses of Pods with sub-ENIs are scheduled freely across zones (spec 002, Solution Strengths); how the cloud does that is a GUESS.
  const settings = { subEniFollowsZone: true, ...(taskMs === undefined ? {} : { taskMs }), ...options.settings };
  const listen = { host: '127.0.0.1', port: 0 };
  const cloud = await startCloud({ ...rest, listen, settings, metadata: listen });
  layOutNetwork(cloud.admin);
  grant(cloud.identity, grants);
  const { endpoint, secretId, secretKey } = cloud;
  return { cloud, access: { endpoint, secretId, secretKey, region: REGION } };
}
