// Puts the parts of the server together: store, kinds, tokens, authorizer, admission.
import { randomBytes, randomUUID } from 'node:crypto';
import { createAuthorizer } from './access/rbac.ts';
import { createTokens } from './access/tokens.ts';
import type { WebhookTransport } from './admission/webhook-transport.ts';
import { createWebhookAdmission } from './admission/webhooks.ts';
import type { ApiServerOptions } from './api-server.ts';
import { expireEvents } from './builtin/event-expiry.ts';
import { builtInDefinitions } from './builtin/kinds.ts';
import { builtInTypes, typeOf } from './builtin/schemas.ts';
import type { Core, IdSource } from './core.ts';
import { serveCustomResources } from './custom/establish.ts';
import { createBodyReader } from './http/body.ts';
import type { ApiObject } from './json.ts';
import { collectionId, objectKey } from './registry/definition.ts';
import { createRegistry } from './registry/registry.ts';
import { createSnapshots } from './storage/snapshots.ts';
import { createStore } from './storage/store.ts';

const DEFAULT_ISSUER = 'https://kubernetes.default.svc.cluster.local';
const DEFAULT_HISTORY = 5_000;
const SNAPSHOTS_KEPT = 32;

const randomIds: IdSource = {
  uid: () => randomUUID(),
  // Kubernetes leaves out vowels and look-alikes, so that no words appear.
  nameSuffix: () => [...randomBytes(5)].map((byte) => 'bcdfghjklmnpqrstvwxz2456789'[byte % 27]).join(''),
};

/** An object of core/v1, or `undefined`. */
export function lookUp(
  core: Pick<Core, 'store'>,
  plural: string,
  namespace: string,
  name: string,
): ApiObject | undefined {
  return core.store.collection(collectionId({ group: '', plural })).get(objectKey(namespace, name))?.object;
}

/** The server without its listener and without any object. */
export function createCore(options: ApiServerOptions, transport: WebhookTransport): Core {
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
    clusterRoleBindings: () =>
      rbac('clusterrolebindings')
        .list()
        .map((entry) => entry.object),
    roleBindings: (namespace) =>
      rbac('rolebindings')
        .list(`${namespace}/`)
        .map((entry) => entry.object),
  });
  const tokens = createTokens({
    clock,
    issuer: options.serviceAccountIssuer ?? DEFAULT_ISSUER,
    findServiceAccount: (namespace, name) => lookUp({ store }, 'serviceaccounts', namespace, name),
    findPod: (namespace, name) => lookUp({ store }, 'pods', namespace, name),
  });
  const admission = createWebhookAdmission({
    store,
    logger,
    resolveService: options.resolveService,
    transport,
  });
  expireEvents({ store, clock });
  serveCustomResources({ store, registry, logger, objectMeta: typeOf(types, 'ObjectMeta') });
  const core: Core = {
    clock,
    logger,
    ids,
    store,
    registry,
    snapshots: createSnapshots(SNAPSHOTS_KEPT),
    tokens,
    authorizer,
    admission,
    readBody: createBodyReader(),
  };
  return core;
}
