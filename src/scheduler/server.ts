// The HTTP server of the extender: POST of filter, prioritize and bind, GET /healthz and /readyz.
import fastify, { type FastifyError } from 'fastify';
import { errorText } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import type { ManagedServer } from '../kube/manager.ts';
import { filterError, ProtocolError, readBindingArgs, readExtenderArgs } from './extender-protocol.ts';
import type { Placer } from './placer.ts';

/** Verbs behind the `urlPrefix` of the shipped KubeSchedulerConfiguration. */
export const extenderPaths = {
  filter: '/scheduler/filter',
  prioritize: '/scheduler/prioritize',
  bind: '/scheduler/bind',
} as const;

export interface ExtenderServerOptions {
  readonly host: string;
  readonly port: number;
  readonly placer: Placer;
  /** Serves bindings: its caches are complete, and it leads. */
  readonly ready: () => boolean;
  readonly logger: Logger;
  readonly onListening?: (port: number) => void;
}

// A scheduler that sends whole nodes sends thousands of them.
const BODY_LIMIT = 64 * 1024 * 1024;

/** Whatever fails is told in the form that the protocol has for it; only `prioritize` has none, and answers 400. */
export function createExtenderServer(options: ExtenderServerOptions): ManagedServer {
  const { placer, ready, logger } = options;
  return {
    name: 'extender',
    when: 'at-start',
    run: async (signal) => {
      const app = fastify({ bodyLimit: BODY_LIMIT, forceCloseConnections: true });
      app.get('/healthz', () => 'ok\n');
      app.get('/readyz', (_request, reply) => (ready() ? 'ok\n' : reply.code(503).send('does not bind yet\n')));
      app.post(extenderPaths.filter, (request) => placer.filter(readExtenderArgs(request.body)));
      app.post(extenderPaths.prioritize, (request) => placer.prioritize(readExtenderArgs(request.body)));
      app.post(extenderPaths.bind, async (request) => ({
        Error: (await placer.bind(readBindingArgs(request.body))) ?? '',
      }));
      app.setErrorHandler((error: FastifyError | Error, request, reply) => {
        const message = `[ip-scheduler] ${errorText(error)}`;
        const isTheirs = error instanceof ProtocolError || ('statusCode' in error && (error.statusCode ?? 500) < 500);
        logger[isTheirs ? 'warn' : 'error']({ path: request.url, error: message }, 'a call of the scheduler failed');
        if (request.url === extenderPaths.filter) return reply.code(200).send(filterError(message));
        if (request.url === extenderPaths.bind) return reply.code(200).send({ Error: message });
        return reply.code(isTheirs ? 400 : 500).send({ Error: message });
      });
      await app.listen({ host: options.host, port: options.port });
      const address = app.server.address();
      const port = typeof address === 'object' && address !== null ? address.port : options.port;
      logger.info({ port }, 'the scheduler is served');
      options.onListening?.(port);
      await new Promise<void>((resolve) => {
        if (signal.aborted) resolve();
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
      await app.close();
    },
  };
}
