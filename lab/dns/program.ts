// The cluster DNS as a program: follows Services, Endpoints and Namespaces, and answers from what it knows.
import type { Clock } from '../../src/base/clock.ts';
import type { Logger } from '../../src/base/logger.ts';
import { createInformer } from '../../src/kube/informer.ts';
import { runManager } from '../../src/kube/manager.ts';
import type { Informer, KubeClient, KubeObject, Resource } from '../../src/kube/types.ts';
import { answerOf } from './cluster-names.ts';
import type { ClusterView } from './cluster-names.ts';
import type { Answer, Question } from './message.ts';
import { startDnsServer } from './server.ts';

export interface DnsProgramOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly host: string;
  readonly port: number;
  readonly domain: string;
  /** Uniform in [0, 1); for the order of several addresses. */
  readonly random: () => number;
  readonly signal: AbortSignal;
  /** Told when queries are taken. */
  readonly onListening?: (port: number) => void;
}

const core = (plural: string, kind: string, namespaced = true): Resource => ({
  group: '',
  version: 'v1',
  plural,
  kind,
  namespaced,
});

/** Takes queries once everything was read, so that no name is missing for a moment; runs until `signal` aborts. */
export async function runDns(options: DnsProgramOptions): Promise<void> {
  const { client, clock, logger, signal } = options;
  const informer = (resource: Resource): Informer<KubeObject> => createInformer({ client, clock, logger, resource });
  const services = informer(core('services', 'Service'));
  const endpoints = informer(core('endpoints', 'Endpoints'));
  const namespaces = informer(core('namespaces', 'Namespace', false));
  const view: ClusterView = {
    domain: options.domain,
    hasNamespace: (name) => namespaces.get(name) !== undefined,
    service: (key) => services.get(key),
    endpoints: (key) => endpoints.get(key),
    services: () => services.list(),
    allEndpoints: () => endpoints.list(),
  };
  const answer = (question: Question): Answer => {
    const found = answerOf(question, view);
    const { answers } = found;
    const from = Math.floor(options.random() * answers.length);
    return { ...found, answers: [...answers.slice(from), ...answers.slice(0, from)] };
  };
  await runManager({
    informers: [services, endpoints, namespaces],
    controllers: [],
    servers: [
      {
        name: 'dns',
        run: async (stop) => {
          const server = await startDnsServer({ host: options.host, port: options.port, answer, logger });
          logger.info({ host: options.host, port: server.port }, 'answering');
          options.onListening?.(server.port);
          await new Promise<void>((resolve) => {
            if (stop.aborted) resolve();
            else stop.addEventListener('abort', () => resolve(), { once: true });
          });
          await server.close();
        },
      },
    ],
    clock,
    logger,
    signal,
    shutdownBudgetMs: 2_000,
  });
}
