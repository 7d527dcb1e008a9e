// The nouns of our small controller-runtime: what every controller, agent and webhook stands on.
// Objects travel as plain JSON in and out; nothing typed is ever rewritten, so unknown fields survive.
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';

/** Kubernetes metadata as it travels. Unknown fields are kept. */
export interface ObjectMeta {
  name: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  generateName?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  finalizers?: string[];
  ownerReferences?: OwnerReference[];
}

export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
}

/** metav1.Condition. `lastTransitionTime` moves only when `status` does. */
export interface Condition {
  type: string;
  status: 'True' | 'False' | 'Unknown';
  reason: string;
  message: string;
  lastTransitionTime: string;
  observedGeneration?: number | undefined;
}

/** Where a kind is served. `T` is the narrow view of the object that this program reads. */
export interface Resource<T extends KubeObject = KubeObject> {
  /** '' for the core group. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
  /** Type carrier; never set. */
  readonly _type?: T;
}

/** Identifies an object inside one resource: `namespace/name`, or `name` when cluster-scoped. */
export type ObjectKey = string;

export interface ListResult<T> {
  readonly items: T[];
  /** Collection resourceVersion to start a watch from. */
  readonly resourceVersion: string;
}

/** One page of a collection. */
export interface ListPage<T> extends ListResult<T> {
  /** The collection is told from its beginning: forget the pages before this one. True for the first page. */
  readonly startsOver: boolean;
  /** No page follows; only now the pages since `startsOver` are complete. */
  readonly last: boolean;
}

export type PatchType = 'json' | 'merge' | 'strategic' | 'apply';

export interface CallOptions {
  readonly namespace?: string;
  readonly signal?: AbortSignal;
}

export interface ListOptions extends CallOptions {
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

export interface WriteOptions extends CallOptions {
  readonly fieldManager?: string;
  readonly subresource?: 'status' | 'scale' | 'binding' | 'eviction' | 'token' | 'finalize';
}

export type WatchEvent<T> =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: T }
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string };

/**
 * A thin client: JSON in, the same JSON out. Every failed call throws `ApiError` (src/kube/api-error.ts), which carries the
 * HTTP status, the Status reason and a retry class. GETs and lists are retried on 429, 5xx and broken connections with
 * back-off; writes are retried only on 429 with Retry-After (the server did not act).
 */
export interface KubeClient {
  get<T extends KubeObject>(resource: Resource<T>, name: string, options?: CallOptions): Promise<T>;
  /** Pages by 250 and follows `continue`; a 410 in the middle falls back to one full list. */
  list<T extends KubeObject>(resource: Resource<T>, options?: ListOptions): Promise<ListResult<T>>;
  /** The same list page by page, for callers that must not hold it whole. Optional: informers fall back to `list`. */
  listPages?<T extends KubeObject>(resource: Resource<T>, options?: ListOptions): AsyncIterable<ListPage<T>>;
  create<T extends KubeObject>(resource: Resource<T>, object: T, options?: WriteOptions): Promise<T>;
  /** PUT; the object's resourceVersion is the optimistic lock. */
  replace<T extends KubeObject>(resource: Resource<T>, object: T, options?: WriteOptions): Promise<T>;
  /** `apply` needs `fieldManager`; `force` takes conflicting fields over. To lock a merge patch, put metadata.resourceVersion in it. */
  patch<T extends KubeObject>(
    resource: Resource<T>,
    name: string,
    patch: { readonly type: PatchType; readonly body: unknown; readonly force?: boolean },
    options?: WriteOptions,
  ): Promise<T>;
  /** Resolves also when the object was already gone. Preconditions that fail throw a conflict. */
  delete(
    resource: Resource,
    name: string,
    options?: CallOptions & {
      readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
      readonly gracePeriodSeconds?: number;
      readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan';
    },
  ): Promise<void>;
  /**
   * One watch connection with bookmarks. Ends normally when the server closes it; throws ApiError (410 = expired) otherwise.
   * A line that is not JSON, or silence longer than the server's timeout plus 30 s, throws.
   */
  watch<T extends KubeObject>(
    resource: Resource<T>,
    options: ListOptions & { readonly resourceVersion: string; readonly timeoutSeconds?: number },
  ): AsyncIterable<WatchEvent<T>>;
  /** Raw request for what has no method (`/version`, access reviews). */
  request(method: string, path: string, body?: unknown, options?: CallOptions): Promise<unknown>;
}

export interface InformerChange<T> {
  readonly type: 'added' | 'updated' | 'deleted';
  readonly key: ObjectKey;
  /** Before; absent for `added`. */
  readonly before?: T;
  /** After; absent for `deleted`. */
  readonly after?: T;
}

/**
 * A live, indexed, projected copy of one resource: paged list, then watch with bookmarks and resume, relist on 410 with
 * back-off, for ever. Never stops silently: a failing list or watch is retried, logged and visible in `lastActivityMs`.
 * Handlers run synchronously after the store changed; they must only enqueue.
 */
export interface Informer<T> {
  readonly resource: Resource;
  /** Starts; resolves when `signal` aborts. */
  run(signal: AbortSignal): Promise<void>;
  /** Resolves after the first complete list. */
  readonly synced: Promise<void>;
  readonly hasSynced: boolean;
  get(key: ObjectKey): T | undefined;
  list(): readonly T[];
  /** Objects whose index function named `value`. Unknown index names throw. */
  byIndex(index: string, value: string): readonly T[];
  onChange(handler: (change: InformerChange<T>) => void): () => void;
  /** Monotonic time of the last list page, event or bookmark. */
  readonly lastActivityMs: number;
}

export interface InformerOptions<S extends KubeObject, T extends KubeObject> {
  readonly client: KubeClient;
  readonly resource: Resource<S>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** The cluster may not have the kind (404): it counts as empty until it has. Default false: nothing is synced before. */
  readonly optional?: boolean;
  /** Keeps only what is needed (memory); must keep metadata.name, namespace, uid and resourceVersion. */
  readonly project?: (object: S) => T;
  readonly indexes?: Readonly<Record<string, (object: T) => readonly string[]>>;
  /** Nothing is read before that one is synced, since the projection looks into it. */
  readonly after?: { readonly synced: Promise<void> };
}

export interface ReconcileContext {
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** Carries controller, key and reconcileID. */
  readonly log: Logger;
}

/** Nothing: done until something changes. `requeueAfterMs`: look again then at the latest. */
export interface ReconcileResult {
  readonly requeueAfterMs?: number;
}

/**
 * Level-triggered: `reconcile` is told a key, never an event; it re-reads, compares and repairs. At most one call per key at
 * a time. A thrown error backs off per key (5 ms doubling to 1000 s, jittered); a TrunklineError or ApiError with retry class
 * `terminal` is logged and not retried until something changes; `conflict` is requeued at once without an error log.
 */
export interface Reconciler {
  (key: ObjectKey, context: ReconcileContext): Promise<ReconcileResult | undefined | void>;
}

export interface ControllerWatch<T> {
  readonly informer: Informer<T>;
  /** Keys to reconcile for a change. */
  readonly keys: (change: InformerChange<T>) => readonly ObjectKey[];
}

export interface ControllerOptions {
  readonly name: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly reconcile: Reconciler;
  readonly watches: readonly ControllerWatch<never>[];
  /** Parallel reconciles of different keys; default 1. */
  readonly concurrency?: number;
  /** Deadline of one reconcile; default 60 s. */
  readonly deadlineMs?: number;
  /** Called when the controller starts, for sources that are not informers (timers, cloud readiness). */
  readonly sources?: readonly ((enqueue: (key: ObjectKey) => void, signal: AbortSignal) => void)[];
}

export interface Controller {
  readonly name: string;
  /** Waits for its informers, then works until `signal` aborts and running reconciles have ended. */
  run(signal: AbortSignal): Promise<void>;
  enqueue(key: ObjectKey): void;
}

/**
 * Lease-based leader election with fencing (DESIGN, expensive decision 4). Expiry is judged on our own monotonic clock,
 * never on the other side's timestamps.
 */
export interface Elector {
  /** Resolves when leadership was won and it is safe to mutate; rejects when `signal` aborts first. */
  acquired(signal: AbortSignal): Promise<void>;
  /** Aborts when leadership is lost. */
  readonly lost: AbortSignal;
  /** True when the lease will still be ours `marginMs` from now, by the monotonic clock. */
  holds(marginMs: number): boolean;
  /** This process's holder identity. */
  readonly identity: string;
  run(signal: AbortSignal): Promise<void>;
}

export interface EventInput {
  /** Object the event is about. */
  readonly regarding: KubeObject;
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

/** Writes core/v1 Events, deduplicated by (object, type, reason, message) within 10 minutes by raising `count`. Never throws. */
export interface EventRecorder {
  record(event: EventInput): void;
}
