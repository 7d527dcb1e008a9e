// The plain HTTP servers of a program: GET /health, and GET /metrics in the text format of Prometheus.
import fastify, { type FastifyInstance } from 'fastify';
import type { Logger } from '../base/logger.ts';
import type { Registry } from 'prom-client';
import type { ListenAddress } from '../base/listen-flag.ts';
import type { ManagedServer } from './manager.ts';

/** What /health answers; `ok` false gives 503. */
export interface Health {
  readonly ok: boolean;
  readonly detail: Readonly<Record<string, unknown>>;
}

export interface ServerOptions {
  readonly name: 'health' | 'metrics';
  readonly listen: ListenAddress;
  readonly health: () => Health;
  /** Absent: /metrics is not served. */
  readonly metrics?: { readonly registry: Registry };
  readonly logger: Logger;
  readonly onListening?: (port: number) => void;
}

/** Answers from the start of the program; rejects when the address is taken. */
export function createHttpServer(options: ServerOptions): ManagedServer {
  const { name, listen, logger } = options;
  return {
    name,
    when: 'at-start',
    run: async (signal) => {
      const app = routes(options);
      await app.listen(listen);
      const address = app.server.address();
      const port = typeof address === 'object' && address !== null ? address.port : listen.port;
      logger.info({ server: name, host: listen.host, port }, 'server listens');
      options.onListening?.(port);
      await new Promise<void>((resolve) => {
        if (signal.aborted) resolve();
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
      await app.close();
    },
  };
}

function routes({ health, metrics }: ServerOptions): FastifyInstance {
  const app = fastify({ forceCloseConnections: true });
  app.get('/health', (_, reply) => {
    const { ok, detail } = health();
    return reply.code(ok ? 200 : 503).send({ status: ok ? 'ok' : 'unhealthy', ...detail });
  });
  if (metrics !== undefined)
    app.get('/metrics', async (_, reply) =>
      reply.type(metrics.registry.contentType).send(await metrics.registry.metrics()),
    );
  return app;
}
