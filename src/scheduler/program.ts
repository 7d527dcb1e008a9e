// The scheduler extender as a whole: its parts put together on a client, to run until a signal.
import { objectNames } from '../api/keys.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import { createElector } from '../kube/elector.ts';
import { runManager } from '../kube/manager.ts';
import type { KubeClient } from '../kube/types.ts';
import { createPlacementState } from './placement-state.ts';
import { createPlacer } from './placer.ts';
import { createExtenderServer } from './server.ts';

export interface SchedulerExtenderOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly listen: { readonly host: string; readonly port: number };
  /** Unique to this process. */
  readonly identity: string;
  /** False: this process binds without an election. */
  readonly elects: boolean;
  readonly onlyNominated: boolean;
  readonly signal: AbortSignal;
  /** Told the port once it is open. */
  readonly onListening?: (port: number) => void;
}

/** It calls nothing but the API. */
const CALL_TIMEOUT_MS = 5_000;

/**
 * Runs until `signal` aborts; rejects when a part cannot go on or leadership was lost. Filter and points are for every replica to give; only the leader
 * binds, since two would promise the same address, and only the leader is ready, so that the Service leads to it alone.
 */
export async function runSchedulerExtender(options: SchedulerExtenderOptions): Promise<void> {
  const { client, clock, logger, identity, signal } = options;
  const state = createPlacementState({ client, clock, logger });
  const elector = options.elects
    ? createElector({ client, clock, logger, identity, name: objectNames.scheduler, callTimeoutMs: CALL_TIMEOUT_MS })
    : undefined;
  const leads = (): boolean => elector?.holds(0) ?? true;
  const placer = createPlacer({ client, state, logger, leads, onlyNominated: options.onlyNominated });
  const { onListening } = options;
  const server = createExtenderServer({
    ...options.listen,
    placer,
    ready: () => state.synced && leads(),
    logger,
    ...(onListening === undefined ? {} : { onListening }),
  });
  await runManager({
    informers: state.informers,
    controllers: [],
    servers: [server],
    ...(elector === undefined ? {} : { elector }),
    clock,
    logger,
    signal,
  });
}
