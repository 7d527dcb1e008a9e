// For tests: a client, its scripted server, and a clock whose sleeps are over at once.
import { silentLogger } from '../../base/logger.ts';
import { type ClosableKubeClient, createKubeClient, type KubeClientOptions } from '../client.ts';
import type { Pod } from '../resources.ts';
import { createInstantClock, type InstantClock } from './instant-clock.ts';
import { type ScriptedServer, startScriptedServer } from './scripted-server.ts';

export interface ClientBench {
  readonly server: ScriptedServer;
  readonly clock: InstantClock;
  /** A new client; the bench closes it. */
  connect(options?: Partial<KubeClientOptions>): ClosableKubeClient;
  close(): Promise<void>;
}

export async function createClientBench(): Promise<ClientBench> {
  const server = await startScriptedServer();
  const clock = createInstantClock();
  const clients: ClosableKubeClient[] = [];
  return {
    server,
    clock,
    connect: (options = {}) => {
      const connection = { server: server.url, auth: {} };
      const client = createKubeClient({ connection, clock, logger: silentLogger, random: () => 0, ...options });
      clients.push(client);
      return client;
    },
    close: async () => {
      for (const client of clients) client.close();
      await server.close();
    },
  };
}

export const aPod = (name: string): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'shop', resourceVersion: '1' },
  spec: { containers: [] },
});

export const aNode = (name: string) => ({ apiVersion: 'v1', kind: 'Node', metadata: { name } });

/** What a promise was rejected with. */
export const failureOf = async (promise: Promise<unknown>): Promise<unknown> =>
  await promise.then(
    () => 'no failure',
    (error: unknown) => error,
  );
