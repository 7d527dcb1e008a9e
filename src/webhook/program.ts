// The webhook as a whole: its parts put together on a client, to run until a signal.
import { objectNames } from '../api/keys.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import { runManager } from '../kube/manager.ts';
import type { KubeClient } from '../kube/types.ts';
import { type CertificateControllerOptions, createCertificateController } from './certificate-controller.ts';
import { createClusterView } from './cluster-view.ts';
import type { ListenAddress } from '../base/listen-flag.ts';
import { createReplicas } from './replicas.ts';
import { createAdmissionServer } from './server.ts';
import { type ReplicaTrust, tellReplica } from './tell-replica.ts';

export interface WebhookProgramOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly listen: ListenAddress;
  /** Where the other replicas reach this one; default the host of `listen`, unless that is every address. */
  readonly advertiseAddress?: string | undefined;
  /** Unique to this process, of lower-case letters and digits. */
  readonly identity: string;
  readonly serviceName: string;
  readonly serviceNamespace: string;
  readonly servingNames: readonly string[];
  readonly defaultCni?: string | undefined;
  readonly servesEip?: boolean;
  readonly lives?: CertificateControllerOptions['lives'];
  readonly signal: AbortSignal;
  /** Told the port once it is open. */
  readonly onListening?: (port: number) => void;
}

/** Runs until `signal` aborts; rejects when a part cannot go on. Every replica serves: no leader is needed. */
export async function runWebhook(options: WebhookProgramOptions): Promise<void> {
  const { client, clock, logger, signal } = options;
  const shared: { trust: ReplicaTrust | undefined } = { trust: undefined };
  const listening = Promise.withResolvers<number>();
  const servername = `${options.serviceName}.${options.serviceNamespace}.svc`;
  const replicas = createReplicas({
    client,
    clock,
    logger,
    namespace: options.serviceNamespace,
    service: options.serviceName,
    identity: options.identity,
    url: async () => ownUrl(options, await listening.promise),
    tell: async (url, change) => {
      if (shared.trust === undefined) throw new Error('this replica has no certificate yet');
      return tellReplica(url, change, { ...shared.trust, servername });
    },
  });
  const cluster = createClusterView({
    client,
    clock,
    logger,
    defaultCni: options.defaultCni,
    servesEip: options.servesEip ?? true,
    replicas,
  });
  const server = createAdmissionServer({
    ...options.listen,
    view: cluster.view,
    clock,
    logger,
    replicaToken: () => shared.trust?.token,
  });
  const certificates = createCertificateController({
    client,
    clock,
    logger,
    serviceName: options.serviceName,
    serviceNamespace: options.serviceNamespace,
    servingNames: options.servingNames,
    configurationName: objectNames.webhook,
    useCertificate: (certificate) => server.useCertificate(certificate),
    useTrust: (trust) => {
      shared.trust = trust;
    },
    ...(options.lives === undefined ? {} : { lives: options.lives }),
  });
  server.listening.then(
    (port) => {
      logger.info({ port }, 'admission is served');
      listening.resolve(port);
      options.onListening?.(port);
    },
    () => undefined,
  );
  await runManager({
    informers: [...cluster.informers, ...certificates.informers],
    controllers: [certificates.controller, { name: 'replicas', run: (until) => replicas.run(until) }],
    servers: [server],
    clock,
    logger,
    signal,
  });
}

/** `undefined` when nothing says where the others would reach this replica. */
function ownUrl({ advertiseAddress, listen }: WebhookProgramOptions, port: number): string | undefined {
  const host = advertiseAddress ?? listen.host;
  if (['0.0.0.0', '::', ''].includes(host)) return undefined;
  return `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
