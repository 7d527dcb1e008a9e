// The lab's cluster: API server (embedded or real), controllers, scheduler, and what every kubelet is given.
import type { Clock } from '../src/base/clock.ts';
import { errorText } from '../src/base/errors.ts';
import type { Logger } from '../src/base/logger.ts';
import { createKubeClient } from '../src/kube/client.ts';
import { runManager } from '../src/kube/manager.ts';
import type { KubeClient } from '../src/kube/types.ts';
import { type ApiEndpoint, publishApiEndpoint } from './kube/api-endpoint.ts';
import type { ApiChoice, ClusterApi } from './kube/cluster-api.ts';
import { embeddedApi } from './kube/embedded-api.ts';
import { startBinaries } from './kube/real/binaries.ts';
import { openKubeconfig } from './kube/real/kubeconfig.ts';
import { startApiServer } from './kube/apiserver/index.ts';
import type { ApiServer, NodeStreams } from './kube/apiserver/index.ts';
import { createLabControllers } from './kube/controllers/index.ts';
import type { LabControllers } from './kube/controllers/index.ts';
import type { ExtenderConfig } from './kube/scheduler/extender-config.ts';
import { callExtender, createExtender } from './kube/scheduler/extender.ts';
import { createScheduler } from './kube/scheduler/scheduler.ts';
import { resolveService } from './service-resolver.ts';

export interface Cluster {
  readonly api: ClusterApi;
  /** The embedded server itself, when it is the one. */
  readonly embedded: ApiServer | undefined;
  readonly client: KubeClient;
  readonly controllers: LabControllers;
  /** Who serves exec, attach, port-forward and logs, by node; kubelets enter themselves. */
  readonly nodeStreams: Map<string, NodeStreams>;
  /** Ends controllers and scheduler, then the API server. */
  close(): Promise<void>;
}

export interface ClusterOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Default: embedded. */
  readonly choice?: ApiChoice | undefined;
  /** Port of the API server on loopback; 0 picks a free one. Without meaning for a kubeconfig. */
  readonly port?: number;
  /** Folder in which the embedded server keeps its objects; default: memory only. */
  readonly dataDir?: string | undefined;
  /** False: the API alone, as envtest gives it; default true. */
  readonly controllers?: boolean;
  /** Told when a part of the cluster ends by itself. */
  readonly onFailure: (error: unknown) => void;
  /** Where Services live that no Pod of this lab serves, by `namespace/name`. */
  readonly fixedServices?: ReadonlyMap<string, { readonly host: string; readonly port: number }>;
  /** Where Pods reach the API, which its Service then leads to; default nowhere. Not for a kubeconfig, whose server has said it. */
  readonly endpoint?: ApiEndpoint | undefined;
  /** Of the scheduler, as `readExtenders` gives them; a host `NAME.NAMESPACE.svc` is found behind its Service. */
  readonly extenders?: readonly ExtenderConfig[];
}

export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const { clock, logger, onFailure, fixedServices } = options;
  const late: { controllers?: LabControllers } = {};
  const nodeStreams = new Map<string, NodeStreams>();
  const startEmbedded = (): Promise<ApiServer> =>
    startApiServer({
      clock,
      logger,
      listen: { host: '127.0.0.1', port: options.port ?? 0 },
      ...(options.dataDir === undefined ? {} : { dataDir: options.dataDir }),
      extraSans: options.endpoint === undefined ? [] : [options.endpoint.host],
      nodeStreams: (nodeName) => nodeStreams.get(nodeName),
      resolveService: (namespace, name, port) =>
        Promise.resolve(
          fixedServices?.get(`${namespace}/${name}`) ??
            (late.controllers === undefined
              ? undefined
              : resolveService(late.controllers.deps.informers, namespace, name, port)),
        ),
    });
  const choice = options.choice ?? { kind: 'embedded' };
  const embedded = choice.kind === 'embedded' ? await startEmbedded() : undefined;
  const api = embedded === undefined ? await openReal(choice, options) : embeddedApi(embedded);
  const client = createKubeClient({ connection: api.connection, clock, logger, qps: 2000, burst: 4000 });
  if (options.endpoint !== undefined) await publishApiEndpoint(client, options.endpoint, api.minor >= 21);
  const controllers = createLabControllers({
    client,
    clock,
    logger,
    caPem: api.caPem,
    endpointSlices: api.minor >= 21,
  });
  late.controllers = controllers;
  const findService = (host: string, port: number) => {
    const [, name = '', namespace = ''] = /^([^.]+)\.([^.]+)\.svc(?:\.cluster\.local)?$/.exec(host) ?? [];
    return name === '' ? undefined : resolveService(controllers.deps.informers, namespace, name, port);
  };
  const extenders = (options.extenders ?? []).map((config) =>
    createExtender(config, (...call) => callExtender(...call, findService)),
  );
  const scheduler = createScheduler({ client, clock, logger, extenders });
  const stop = new AbortController();
  const wanted = options.controllers ?? true;
  const schedules = wanted && !api.brings.scheduler;
  const running = runManager({
    informers: [...(wanted ? controllers.informers : []), ...(schedules ? scheduler.informers : [])],
    controllers: [
      ...(wanted && !api.brings.controllers ? controllers.controllers : []),
      ...(schedules ? scheduler.controllers : []),
    ],
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
    embedded,
    client,
    controllers,
    nodeStreams,
    close: async () => {
      stop.abort(new Error('the lab is closing'));
      await running;
      await api.close();
    },
  };
}

function openReal(choice: ApiChoice, { clock, port, endpoint }: ClusterOptions): Promise<ClusterApi> {
  if (choice.kind === 'binaries') return startBinaries(choice.folder, clock, port, endpoint?.host);
  if (choice.kind === 'kubeconfig') return openKubeconfig(choice.path, clock);
  throw new Error('the embedded server is no real one');
}
