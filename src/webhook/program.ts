// The webhook as a whole: its parts put together on a client, to run until a signal.
import { objectNames } from '../api/keys.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import { runManager } from '../kube/manager.ts';
import type { KubeClient } from '../kube/types.ts';
import { type CertificateControllerOptions, createCertificateController } from './certificate-controller.ts';
import { createClusterView } from './cluster-view.ts';
import type { ListenAddress } from './flags.ts';
import { createAdmissionServer } from './server.ts';

export interface WebhookProgramOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly listen: ListenAddress;
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
  const cluster = createClusterView({
    client,
    clock,
    logger,
    defaultCni: options.defaultCni,
    servesEip: options.servesEip ?? false,
  });
  const server = createAdmissionServer({ ...options.listen, view: cluster.view, logger });
  const certificates = createCertificateController({
    client,
    clock,
    logger,
    serviceName: options.serviceName,
    serviceNamespace: options.serviceNamespace,
    servingNames: options.servingNames,
    configurationName: objectNames.webhook,
    useCertificate: (certificate) => server.useCertificate(certificate),
    ...(options.lives === undefined ? {} : { lives: options.lives }),
  });
  server.listening.then(
    (port) => {
      logger.info({ port }, 'admission is served');
      options.onListening?.(port);
    },
    () => undefined,
  );
  await runManager({
    informers: [...cluster.informers, ...certificates.informers],
    controllers: [certificates.controller],
    servers: [server],
    clock,
    logger,
    signal,
  });
}
