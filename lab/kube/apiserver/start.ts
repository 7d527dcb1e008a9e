// Starts the embedded API server.
import { createServingCertificates, DEFAULT_SANS } from './access/certificates.ts';
import { createWebhookTransport } from './admission/webhook-transport.ts';
import type { ApiServer, ApiServerOptions } from './api-server.ts';
import { createCore, lookUp } from './assemble.ts';
import { bootstrap } from './builtin/bootstrap.ts';
import { createRequestHandler } from './http/server.ts';
import { kubeconfigYaml } from './kubeconfig.ts';
import { startListener } from './listener.ts';
import { notFound } from './status.ts';
import { openPersistence } from './storage/persistence.ts';

/** Longer than any lab lives. */
const TOKEN_SECONDS = 365 * 86_400;

/** Starts a server. Resolves when it listens and its first objects exist. Rejects when the port cannot be had. */
export async function startApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const { clock, logger, listen } = options;
  const transport = createWebhookTransport();
  const core = createCore(options, transport);
  const { dataDir } = options;
  const persistence =
    dataDir === undefined ? undefined : await openPersistence({ dataDir, store: core.store, clock, logger });
  await bootstrap(core);
  const certificates = await createServingCertificates(clock.now(), [
    ...DEFAULT_SANS,
    listen.host,
    ...(options.extraSans ?? []),
  ]);
  const listener = await startListener({ certificates, listen, logger, handler: createRequestHandler(core) }).catch(
    async (error: unknown) => {
      await persistence?.close();
      throw error;
    },
  );
  const url = `https://${listen.host.includes(':') ? `[${listen.host}]` : listen.host}:${listener.port}`;
  const { caPem } = certificates;
  const { adminToken } = core.tokens;
  return {
    url,
    port: listener.port,
    caPem,
    adminKubeconfig: (server = url) => kubeconfigYaml({ server, caPem, token: adminToken }),
    adminConnection: () => ({ server: url, caPem, auth: { kind: 'token', token: adminToken } }),
    accept: (socket) => listener.accept(socket),
    issueClientCertificate: (user, groups) => certificates.issueClient(user, groups),
    issueToken(namespace, name) {
      const serviceAccount = lookUp(core, 'serviceaccounts', namespace, name);
      if (serviceAccount === undefined) throw notFound({ group: '', plural: 'serviceaccounts' }, name);
      return core.tokens.issue({ serviceAccount, audiences: [], lifetimeSeconds: TOKEN_SECONDS }).token;
    },
    compact: () => core.store.compact(),
    async close() {
      await listener.close();
      transport.close();
      await persistence?.close();
    },
  };
}
