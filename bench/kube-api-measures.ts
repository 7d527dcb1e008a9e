// What is measured of a Kubernetes API server, each against a bare HTTPS server that sends the same bytes.
import { openConnection } from './kube-api-connection.ts';
import type { Connection, Endpoint } from './kube-api-connection.ts';

const CONNECTIONS = 16;

/** Runs `count` requests over all connections at once; resolves to microseconds per request. */
export async function perRequest(
  connections: readonly Connection[],
  count: number,
  send: (connection: Connection, index: number) => Promise<unknown>,
): Promise<number> {
  let next = 0;
  const started = performance.now();
  await Promise.all(
    connections.map(async (connection) => {
      while (next < count) {
        next += 1;
        await send(connection, next - 1);
      }
    }),
  );
  return ((performance.now() - started) * 1000) / count;
}

export const openAll = (endpoint: Endpoint, count = CONNECTIONS): Promise<Connection[]> =>
  Promise.all(Array.from({ length: count }, () => openConnection(endpoint)));

export interface FanOut {
  readonly watchers: readonly Connection[];
  /** Resolves when every watcher has seen `count` more lines than when it was called. */
  seen(count: number): Promise<void>;
}

/** Opens a watch per connection. */
export async function openWatches(endpoint: Endpoint, count: number, path: string): Promise<FanOut> {
  const watchers = await openAll(endpoint, count);
  const lines = watchers.map(() => 0);
  let check = (): void => undefined;
  for (const [index, watcher] of watchers.entries())
    watcher.stream(path, (more) => {
      lines[index] = (lines[index] ?? 0) + more;
      check();
    });
  return {
    watchers,
    seen(more) {
      const goal = lines.map((seen) => seen + more);
      return new Promise((resolve) => {
        check = () => {
          if (lines.every((seen, index) => seen >= (goal[index] ?? 0))) resolve();
        };
        check();
      });
    },
  };
}

/** A Pod as a controller makes them: labels, an owner, two containers with resources and environment. */
export function podText(name: string): string {
  const container = (image: string): object => ({
    name: image,
    image: `registry.example.com/team/${image}:1.2.3`,
    env: [{ name: 'MODE', value: 'production' }],
    resources: { requests: { cpu: '100m', memory: '64Mi' }, limits: { memory: '128Mi' } },
    ports: [{ name: 'http', containerPort: 8080 }],
  });
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { app: 'bench', tier: 'web' }, annotations: { 'example.com/revision': '7' } },
    spec: { containers: [container('web'), container('sidecar')], terminationGracePeriodSeconds: 30 },
  });
}
