// Starts the embedded API server: store, kinds, access and the HTTPS listener, put together.
import { randomBytes, randomUUID } from 'node:crypto';
import { createServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Clock } from '../../../src/base/clock.ts';
import type { Logger } from '../../../src/base/logger.ts';
import { createServingCertificates, DEFAULT_SANS } from './access/certificates.ts';
import { createAuthorizer } from './access/rbac.ts';
import { createTokens } from './access/tokens.ts';
import { createWebhookAdmission } from './admission/webhooks.ts';
import { bootstrap } from './builtin/bootstrap.ts';
import { builtInDefinitions } from './builtin/kinds.ts';
import { builtInTypes, typeOf } from './builtin/schemas.ts';
import type { Core, IdSource } from './core.ts';
import { serveCustomResources } from './custom/establish.ts';
import { createBodyReader } from './http/body.ts';
import { createRequestHandler } from './http/server.ts';
import type { ApiObject } from './json.ts';
import { kubeconfigYaml } from './kubeconfig.ts';
import { collectionId, objectKey } from './registry/definition.ts';
import { createRegistry } from './registry/registry.ts';
import { notFound } from './status.ts';
import { createSnapshots } from './storage/snapshots.ts';
import { createStore } from './storage/store.ts';

/** Finds where a port of a Service is served; `undefined` when nothing answers for it. */
export type ResolveService = (
  namespace: string,
  name: string,
  port: number,
) => Promise<{ readonly host: string; readonly port: number } | undefined>;

export interface ApiServerOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Port 0 picks a free one. */
  readonly listen: { readonly host: string; readonly port: number };
  /** Further names and addresses of the serving certificate. */
  readonly extraSans?: readonly string[];
  /** Where webhooks that name a Service are called. */
  readonly resolveService: ResolveService;
  /** `iss` of ServiceAccount tokens; default `https://kubernetes.default.svc.cluster.local`. */
  readonly serviceAccountIssuer?: string;
  /** Events kept per resource for watches to resume from; default 5,000. Older versions answer 410. */
  readonly historyLimit?: number;
  /** Default: random. */
  readonly ids?: IdSource;
}

/** What src/kube needs to talk to the server as its administrator (the shape of `KubeConnection`). */
export interface AdminConnection {
  readonly server: string;
  readonly caPem: string;
  readonly auth: { readonly kind: 'token'; readonly token: string };
}

export interface ApiServer {
  /** `https://host:port`. */
  readonly url: string;
  readonly port: number;
  readonly caPem: string;
  /** A kubeconfig of the administrator (group system:masters), for `server` or the server's own url. Holds a secret. */
  adminKubeconfig(server?: string): string;
  adminConnection(): AdminConnection;
  /** Serves a raw TCP connection that was accepted elsewhere, TLS included. */
  accept(socket: Socket): void;
  /** A token of a ServiceAccount for a year. Throws StatusError (404) when there is no such ServiceAccount. */
  issueToken(namespace: string, serviceAccount: string): string;
  /** Ends every connection and watch, and the listener. */
  close(): Promise<void>;
}

const DEFAULT_ISSUER = 'https://kubernetes.default.svc.cluster.local';
const DEFAULT_HISTORY = 5_000;
const SNAPSHOTS_KEPT = 32;
/** Longer than any lab lives. */
const TOKEN_SECONDS = 365 * 86_400;

const randomIds: IdSource = {
  uid: () => randomUUID(),
  // Kubernetes leaves out vowels and look-alikes, so that no words appear.
  nameSuffix: () => [...randomBytes(5)].map((byte) => 'bcdfghjklmnpqrstvwxz2456789'[byte % 27]).join(''),
};

/** Starts a server. Resolves when it listens and its built-in objects exist. */
export async function startApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const sans = [...DEFAULT_SANS, options.listen.host, ...(options.extraSans ?? [])];
  const certificates = await createServingCertificates(options.clock.now(), sans);
  const core = createCore(options);
  await bootstrap(core);
  const server = createServer(
    { cert: certificates.certPem, key: certificates.keyPem, keepAliveTimeout: 120_000, requestTimeout: 0 },
    createRequestHandler(core),
  );
  server.on('tlsClientError', (error) => options.logger.debug({ error: error.message }, 'TLS handshake failed'));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.listen.port, options.listen.host, () => {
      server.removeListener('error', reject);
      resolve();
    });
  });
  const { port } = server.address() as AddressInfo;
  const host = options.listen.host.includes(':') ? `[${options.listen.host}]` : options.listen.host;
  const url = `https://${host}:${port}`;
  const { caPem } = certificates;
  const { adminToken } = core.tokens;
  return {
    url,
    port,
    caPem,
    adminKubeconfig: (at = url) => kubeconfigYaml({ server: at, caPem, token: adminToken }),
    adminConnection: () => ({ server: url, caPem, auth: { kind: 'token', token: adminToken } }),
    accept: (socket) => void server.emit('connection', socket),
    issueToken(namespace, serviceAccount) {
      const account = lookUp(core, 'serviceaccounts', namespace, serviceAccount);
      if (account === undefined) throw notFound({ group: '', plural: 'serviceaccounts' }, serviceAccount);
      return core.tokens.issue({ serviceAccount: account, audiences: [], lifetimeSeconds: TOKEN_SECONDS }).token;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function lookUp(core: Pick<Core, 'store'>, plural: string, namespace: string, name: string): ApiObject | undefined {
  return core.store.collection(collectionId({ group: '', plural })).get(objectKey(namespace, name))?.object;
}

function createCore(options: ApiServerOptions): Core {
  const { clock, logger } = options;
  const store = createStore({ historyLimit: options.historyLimit ?? DEFAULT_HISTORY });
  const registry = createRegistry();
  const types = builtInTypes();
  for (const definition of builtInDefinitions(types)) registry.add(definition);
  const ids = options.ids ?? randomIds;
  const rbac = (plural: string): ReturnType<typeof store.collection> =>
    store.collection(collectionId({ group: 'rbac.authorization.k8s.io', plural }));
  const authorizer = createAuthorizer({
    clusterRole: (name) => rbac('clusterroles').get(name)?.object,
    role: (namespace, name) => rbac('roles').get(objectKey(namespace, name))?.object,
    clusterRoleBindings: () => rbac('clusterrolebindings').list().map((entry) => entry.object),
    roleBindings: (namespace) => rbac('rolebindings').list(`${namespace}/`).map((entry) => entry.object),
  });
  const tokens = createTokens({
    clock,
    issuer: options.serviceAccountIssuer ?? DEFAULT_ISSUER,
    findServiceAccount: (namespace, name) => lookUp({ store }, 'serviceaccounts', namespace, name),
    findPod: (namespace, name) => lookUp({ store }, 'pods', namespace, name),
  });
  const admission = createWebhookAdmission({ store, logger, resolveService: options.resolveService });
  serveCustomResources({ store, registry, logger, objectMeta: typeOf(types, 'ObjectMeta') });
  const core: Core = { clock, logger, ids, store, registry, snapshots: createSnapshots(SNAPSHOTS_KEPT), tokens, authorizer, admission, readBody: createBodyReader() };
  return core;
}
