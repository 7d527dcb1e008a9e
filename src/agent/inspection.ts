// What the agent tells about itself: health, readiness and metrics to whoever may know, everything it holds to root alone.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ListenAddress } from '../base/listen-flag.ts';
import { http } from '../base/node-http.ts';
import type { ManagedServer } from '../kube/manager.ts';
import type { AgentMetrics } from './metrics.ts';
import type { ServiceDeps } from './service-deps.ts';

export interface Page {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

export interface Inspection {
  /** `/health`, `/ready`, `/metrics`; undefined for any other path. */
  page(path: string): Promise<Page | undefined>;
  /** As JSON: what is wired, what the node offers, the address book, policy rules of others. For root's eyes: it names every Pod of the node. */
  everything(): Page;
}

type InspectionDeps = Pick<ServiceDeps, 'nodeName' | 'store' | 'node' | 'addresses' | 'pods' | 'enis'> & {
  readonly metrics: AgentMetrics;
  readonly foreignRules: () => readonly string[];
  readonly version: string;
};

const JSON_TYPE = 'application/json';

/** Alive is whoever answers; ready is a node that can connect Pods. */
export function createInspection(deps: InspectionDeps): Inspection {
  let synced = false;
  void Promise.all([deps.pods.synced, deps.enis.synced]).then(
    () => {
      synced = true;
    },
    () => undefined,
  );
  const json = (status: number, value: object): Page => ({
    status,
    type: JSON_TYPE,
    body: `${JSON.stringify(value, undefined, 2)}\n`,
  });
  return {
    page: async (path) => {
      const { ready, offer } = deps.node;
      if (path === '/health') return json(200, { status: 'ok', version: deps.version });
      if (path === '/ready')
        return ready && synced
          ? json(200, { status: 'ok' })
          : json(503, {
              status: 'not ready',
              message: synced ? offer.message : 'the Kubernetes API has not answered yet',
            });
      if (path !== '/metrics') return undefined;
      deps.metrics.wired.set(deps.store.list().length);
      const { registry } = deps.metrics;
      return { status: 200, type: registry.contentType, body: await registry.metrics() };
    },
    everything: () => {
      const { trunk, enis, message } = deps.node.offer;
      return json(200, {
        node: deps.nodeName,
        version: deps.version,
        ready: deps.node.ready,
        apiSynced: synced,
        offer: { trunk: trunk?.device, linkDriver: trunk?.driver.name, enis, message },
        wired: deps.store.list(),
        addresses: deps.addresses.book,
        foreignRules: deps.foreignRules(),
      });
    },
  };
}

const NOT_FOUND: Page = { status: 404, type: 'text/plain', body: 'expected /health, /ready or /metrics\n' };

/** Over TCP, for the kubelet and for Prometheus. Rejects when the address is taken. */
export function createInspectionServer(
  inspection: Inspection,
  listen: ListenAddress,
  onListening: (port: number) => void = () => undefined,
): ManagedServer {
  return {
    name: 'health',
    when: 'at-start',
    run: async (signal) => {
      const server = http.createServer((request, response) => {
        const answered = request.method === 'GET' ? inspection.page(request.url ?? '') : Promise.resolve(undefined);
        answered.then(
          (page) => sendPage(response, page ?? NOT_FOUND),
          (error: unknown) => response.destroy(error as Error),
        );
      });
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(listen.port, listen.host, resolve);
      });
      const address = server.address();
      onListening(typeof address === 'object' && address !== null ? address.port : listen.port);
      await new Promise<void>((resolve) => {
        if (signal.aborted) resolve();
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** With its length, and the connection closed. */
export function sendPage(response: ServerResponse<IncomingMessage>, { status, type, body }: Page): void {
  const bytes = Buffer.from(body);
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': bytes.length, Connection: 'close' });
  response.end(bytes);
}
