// The Kubernetes client: JSON in, the same JSON out, every failure an ApiError.
import type { Clock } from '../base/clock.ts';
import { TrunklineError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import { createApiCaller, type ApiCaller } from './api-caller.ts';
import { isNotFound, malformedAnswer } from './api-error.ts';
import { createBearerToken } from './bearer-token.ts';
import type { KubeConnection } from './connection.ts';
import { dryRunCaller, type TriedWrite } from './dry-run.ts';
import { kubeErrors } from './kube-errors.ts';
import { listPages } from './list-pages.ts';
import { creationPath, objectPath, withQuery } from './paths.ts';
import { createTokenBucket } from './token-bucket.ts';
import { createTransport, type Lane } from './transport.ts';
import type { KubeClient, KubeObject, PatchType, Resource } from './types.ts';
import { openWatch } from './watch.ts';

export interface KubeClientOptions {
  readonly connection: KubeConnection;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Calls a second on average; default 50. Leases have a bucket of their own (5 a second, 10 at once). */
  readonly qps?: number;
  /** Calls at once; default 100. */
  readonly burst?: number;
  /** Owner of the fields of writes that do not name one. */
  readonly fieldManager?: string;
  /** Default `trunkline`. */
  readonly userAgent?: string;
  /** Deadline of one attempt of a call that is not a watch; default 30 s. */
  readonly callTimeoutMs?: number;
  /** Uniform in [0, 1); default Math.random. */
  readonly random?: () => number;
  /** Present: no write is kept; each is told here and only tried (`dryRun=All`). */
  readonly onDryRun?: (write: TriedWrite) => void;
}

/** A client whose sockets can be closed; calls after that fail. */
export interface ClosableKubeClient extends KubeClient {
  close(): void;
  listPages: NonNullable<KubeClient['listPages']>;
}

/** Connects lazily: nothing is sent before the first call. See `KubeClient` for what each method promises. */
export function createKubeClient(options: KubeClientOptions): ClosableKubeClient {
  const { connection, clock, logger, fieldManager } = options;
  const transport = createTransport(connection);
  const shared = createTokenBucket({ qps: options.qps ?? 50, burst: options.burst ?? 100, clock });
  const sender = createApiCaller({
    transport,
    clock,
    logger,
    random: options.random ?? Math.random,
    token: createBearerToken({ readToken: connection.auth.readToken, clock, logger }),
    buckets: { call: shared, watch: shared, lease: createTokenBucket({ qps: 5, burst: 10, clock }) },
    userAgent: options.userAgent ?? 'trunkline',
    callTimeoutMs: options.callTimeoutMs ?? 30_000,
  });
  const caller = options.onDryRun === undefined ? sender : dryRunCaller(sender, options.onDryRun);
  const pages: ClosableKubeClient['listPages'] = (resource, listOptions = {}) =>
    listPages(
      // Also of Leases: what is kept from waiting is the renewal of one.
      (path, signal) => caller.call({ method: 'GET', path, lane: 'call', signal }),
      resource,
      listOptions,
    );
  return {
    ...writes(caller, fieldManager),
    get: async (resource, name, call = {}) => {
      const path = objectPath(resource, name, call.namespace);
      return asObject(path, await caller.call({ method: 'GET', path, lane: laneOf(resource), signal: call.signal }));
    },
    listPages: pages,
    list: async <T extends KubeObject>(resource: Resource<T>, listOptions = {}) => {
      let items: T[] = [];
      let resourceVersion = '';
      for await (const page of pages(resource, listOptions)) {
        items = page.startsOver ? page.items : items.concat(page.items);
        resourceVersion = page.resourceVersion;
      }
      return { items, resourceVersion };
    },
    watch: (resource, watchOptions) => openWatch({ caller, clock }, resource, watchOptions),
    request: (method, path, body, call = {}) =>
      caller.call({
        method,
        path,
        body,
        lane: /^\/apis\/coordination\.k8s\.io\/.*\/leases\/./.test(path) ? 'lease' : 'call',
        signal: call.signal,
      }),
    close: () => transport.close(),
  };
}

function writes(
  caller: ApiCaller,
  defaultManager: string | undefined,
): Pick<KubeClient, 'create' | 'replace' | 'patch' | 'delete'> {
  return {
    create: async (resource, object, options = {}) => {
      const namespace = options.namespace ?? object.metadata.namespace;
      const base =
        options.subresource === undefined
          ? creationPath(resource, namespace)
          : objectPath(resource, object.metadata.name, namespace, options.subresource);
      const path = withQuery(base, { fieldManager: options.fieldManager ?? defaultManager });
      return asObject(
        path,
        await caller.call({ method: 'POST', path, body: object, lane: laneOf(resource), signal: options.signal }),
      );
    },
    replace: async (resource, object, options = {}) => {
      const base = objectPath(
        resource,
        object.metadata.name,
        options.namespace ?? object.metadata.namespace,
        options.subresource,
      );
      const path = withQuery(base, { fieldManager: options.fieldManager ?? defaultManager });
      return asObject(
        path,
        await caller.call({ method: 'PUT', path, body: object, lane: laneOf(resource), signal: options.signal }),
      );
    },
    patch: async (resource, name, patch, options = {}) => {
      const base = objectPath(resource, name, options.namespace, options.subresource);
      const fieldManager = options.fieldManager ?? defaultManager;
      if (patch.type === 'apply' && fieldManager === undefined)
        throw new TrunklineError(kubeErrors.requestInvalid, `server-side apply to ${base} needs a fieldManager`);
      const path = withQuery(base, { fieldManager, force: patch.force });
      const contentType = PATCH_CONTENT_TYPES[patch.type];
      return asObject(
        path,
        await caller.call({
          method: 'PATCH',
          path,
          body: patch.body,
          contentType,
          lane: laneOf(resource),
          signal: options.signal,
        }),
      );
    },
    delete: async (resource, name, options = {}) => {
      const { namespace, signal, ...deleteOptions } = options;
      const path = objectPath(resource, name, namespace);
      try {
        const body = { apiVersion: 'v1', kind: 'DeleteOptions', ...deleteOptions };
        await caller.call({ method: 'DELETE', path, body, lane: laneOf(resource), signal });
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    },
  };
}

// JSON is YAML, and this content type is the one every served version knows.
const PATCH_CONTENT_TYPES: Readonly<Record<PatchType, string>> = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
};

function laneOf(resource: Resource): Lane {
  return resource.group === 'coordination.k8s.io' ? 'lease' : 'call';
}

function asObject<T extends KubeObject>(path: string, body: unknown): T {
  if (typeof body === 'object' && body !== null && 'metadata' in body) return body as T;
  // Subresources such as binding answer with a Status, which has no name but is what the caller gets.
  if (typeof body === 'object' && body !== null && 'kind' in body) return body as T;
  throw malformedAnswer(path, 'the answer is not a Kubernetes object');
}
