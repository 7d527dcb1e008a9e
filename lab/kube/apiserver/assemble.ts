// Puts the parts of the server together: store, kinds, tokens, authorizer, admission.
import { randomBytes, randomUUID } from 'node:crypto';
import { authorizerOf } from './access/store-authorizer.ts';
import { createTokens } from './access/tokens.ts';
import { withPolicies } from './admission/policies.ts';
import { reportPolicyTypes } from './admission/policy-status.ts';
import type { WebhookTransport } from './admission/webhook-transport.ts';
import { createWebhookAdmission } from './admission/webhooks.ts';
import { createAdmissionChain } from './admission-plugins/chain.ts';
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
import { createStore } from './storage/store.ts';

const DEFAULT_ISSUER = 'https://kubernetes.default.svc.cluster.local';
const DEFAULT_HISTORY = 5_000;
/** Characters that are added to a generateName. */
const SUFFIX = 5;

function createRandomIds(): IdSource {
  // Drawn in bulk: each draw asks the kernel.
  let pool = Buffer.alloc(0);
  return {
    uid: () => randomUUID(),
    nameSuffix() {
      if (pool.length < SUFFIX) pool = randomBytes(SUFFIX * 100);
      let suffix = '';
      // Kubernetes leaves out vowels and look-alikes, so that no words appear.
      for (const byte of pool.subarray(0, SUFFIX)) suffix += 'bcdfghjklmnpqrstvwxz2456789'[byte % 27];
      pool = pool.subarray(SUFFIX);
      return suffix;
    },
  };
}

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
  for (const definition of builtInDefinitions(types)) {
    registry.add(definition);
    // Made now, so that built-in kinds can be watched from the beginning.
    store.collection(collectionId(definition));
  }
  const ids = options.ids ?? createRandomIds();
  const authorizer = authorizerOf(store);
  const tokens = createTokens({
    clock,
    issuer: options.serviceAccountIssuer ?? DEFAULT_ISSUER,
    find: (plural, namespace, name) =>
      store.collection(collectionId({ group: '', plural })).get(objectKey(namespace, name))?.object,
  });
  const webhooks = withPolicies(
    createWebhookAdmission({
      store,
      registry,
      authorizer,
      logger,
      resolveService: options.resolveService,
      transport,
    }),
    { store, registry, authorizer },
  );
  const admission = createAdmissionChain({ store, ids, authorizer, webhooks });
  expireEvents({ store, clock });
  reportPolicyTypes({ store, registry });
  serveCustomResources({ store, registry, logger, clock, objectMeta: typeOf(types, 'ObjectMeta') });
  const core: Core = {
    clock,
    logger,
    ids,
    store,
    registry,
    tokens,
    authorizer,
    admission,
    readBody: createBodyReader(),
    nodeStreams: options.nodeStreams,
  };
  return core;
}
