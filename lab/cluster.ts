// The lab's cluster: API server, controllers, scheduler, and what every kubelet is given.
import type { Clock } from '../src/base/clock.ts';
import { errorText } from '../src/base/errors.ts';
import type { Logger } from '../src/base/logger.ts';
import { createKubeClient } from '../src/kube/client.ts';
import type { KubeConnection } from '../src/kube/config.ts';
import { runManager } from '../src/kube/manager.ts';
import type { KubeClient } from '../src/kube/types.ts';
import { startApiServer } from './kube/apiserver/index.ts';
import type { ApiServer } from './kube/apiserver/index.ts';
import { createLabControllers } from './kube/controllers/index.ts';
import type { LabControllers } from './kube/controllers/index.ts';
import { createScheduler } from './kube/scheduler/scheduler.ts';
import { resolveService } from './service-resolver.ts';

export interface Cluster {
  readonly api: ApiServer;
  readonly client: KubeClient;
  readonly controllers: LabControllers;
  /** Ends controllers and scheduler, then the API server. */
  close(): Promise<void>;
}

export interface ClusterOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Port of the API server on loopback; 0 picks a free one. */
  readonly port?: number;
  /** Told when a part of the cluster ends by itself. */
  readonly onFailure: (error: unknown) => void;
  /** Where Services live that no Pod of this lab serves, by `namespace/name`. */
  readonly fixedServices?: ReadonlyMap<string, { readonly host: string; readonly port: number }>;
}

export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const { clock, logger, onFailure, fixedServices } = options;
  const late: { controllers?: LabControllers } = {};
  const api = await startApiServer({
    clock,
    logger,
    listen: { host: '127.0.0.1', port: options.port ?? 0 },
    resolveService: (namespace, name, port) =>
      Promise.resolve(
        fixedServices?.get(`${namespace}/${name}`) ??
          (late.controllers === undefined
            ? undefined
            : resolveService(late.controllers.deps.informers, namespace, name, port)),
      ),
  });
  const client = createKubeClient({ connection: connectionOf(api), clock, logger, qps: 2000, burst: 4000 });
  const controllers = createLabControllers({ client, clock, logger, caPem: api.caPem });
  late.controllers = controllers;
  const scheduler = createScheduler({ client, clock, logger });
  const stop = new AbortController();
  const running = runManager({
    informers: [...controllers.informers, ...scheduler.informers],
    controllers: [...controllers.controllers, ...scheduler.controllers],
    clock,
    logger,
    signal: stop.signal,
    shutdownBudgetMs: 2_000,
  }).catch((error: unknown) => {
    logger.error({ error: errorText(error) }, 'the cluster ended by itself');
    onFailure(error);
  });
  return {
    api,
    client,
    controllers,
    close: async () => {
      stop.abort(new Error('the lab is closing'));
      await running;
      await api.close();
    },
  };
}

/** The administrator's connection in the shape that the client takes. */
function connectionOf(api: ApiServer): KubeConnection {
  const { server, caPem, auth } = api.adminConnection();
  return { server, caPem, auth: { readToken: () => Promise.resolve(auth.token) } };
}
