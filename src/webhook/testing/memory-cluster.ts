// For tests: a Kubernetes API in a map, with watches, as far as the webhook uses one.
import { ApiError } from '../../kube/api-error.ts';
import { keyOf } from '../../kube/object-key.ts';
import type { KubeClient, KubeObject, ListOptions, Resource, WatchEvent } from '../../kube/types.ts';

export interface MemoryCluster {
  readonly client: KubeClient;
  put(resource: Resource, object: KubeObject): void;
  read(resource: Resource, key: string): KubeObject | undefined;
  /** `verb plural` of every call but lists and watches. */
  readonly calls: readonly string[];
  /** From now on watches of it are silent, while reads are answered. */
  pauseWatches(resource: Resource): void;
  /** Asked before a write is carried out; what it throws is the call's failure. */
  onWrite(fn: (verb: string) => void): void;
}

type Listener = (event: WatchEvent<KubeObject>) => void;

const failure = (status: number, reason: string): ApiError =>
  new ApiError({ status, reason, message: `${status} ${reason}` });

/** Optimistic locks are kept; selectors on metadata.name are honoured; patches and deletes are not implemented. */
export function createMemoryCluster(): MemoryCluster {
  const stores = new Map<string, Map<string, KubeObject>>();
  const listeners = new Map<string, Set<Listener>>();
  const calls: string[] = [];
  const paused = new Set<string>();
  let version = 0;
  let intercept: (verb: string) => void = () => undefined;

  const storeOf = (resource: Resource): Map<string, KubeObject> => {
    const store = stores.get(resource.plural) ?? new Map<string, KubeObject>();
    stores.set(resource.plural, store);
    return store;
  };
  const save = (resource: Resource, object: KubeObject): KubeObject => {
    const stored = structuredClone({
      ...object,
      metadata: { uid: `uid-${object.metadata.name}`, ...object.metadata, resourceVersion: String(++version) },
    });
    const key = keyOf(stored);
    const type = storeOf(resource).has(key) ? 'MODIFIED' : 'ADDED';
    storeOf(resource).set(key, stored);
    for (const listener of paused.has(resource.plural) ? [] : (listeners.get(resource.plural) ?? []))
      listener({ type, object: structuredClone(stored) });
    return structuredClone(stored);
  };
  const existing = (resource: Resource, key: string): KubeObject => {
    const object = storeOf(resource).get(key);
    if (object === undefined) throw failure(404, 'NotFound');
    return structuredClone(object);
  };
  const refuse = (): never => {
    throw failure(501, 'NotImplemented');
  };
  const record = async (verb: string, resource: Resource): Promise<void> => {
    calls.push(`${verb} ${resource.plural}`);
    await Promise.resolve();
    if (verb !== 'get') intercept(verb);
  };
  const client: KubeClient = {
    get: async <T extends KubeObject>(resource: Resource<T>, name: string, options: { namespace?: string } = {}) => {
      await record('get', resource);
      return existing(resource, options.namespace === undefined ? name : `${options.namespace}/${name}`) as T;
    },
    list: async <T extends KubeObject>(resource: Resource<T>, options: ListOptions = {}) => {
      await Promise.resolve();
      const items = [...storeOf(resource).values()].filter((object) => selected(object, options)) as T[];
      return { items: structuredClone(items), resourceVersion: String(version) };
    },
    create: async <T extends KubeObject>(resource: Resource<T>, object: T) => {
      await record('create', resource);
      if (storeOf(resource).has(keyOf(object))) throw failure(409, 'AlreadyExists');
      return save(resource, object) as T;
    },
    replace: async <T extends KubeObject>(resource: Resource<T>, object: T) => {
      await record('replace', resource);
      if (existing(resource, keyOf(object)).metadata.resourceVersion !== object.metadata.resourceVersion)
        throw failure(409, 'Conflict');
      return save(resource, object) as T;
    },
    patch: refuse,
    delete: refuse,
    request: refuse,
    watch: <T extends KubeObject>(resource: Resource<T>, options: ListOptions & { readonly resourceVersion: string }) =>
      watch(resource, options) as AsyncIterable<WatchEvent<T>>,
  };

  async function* watch(
    resource: Resource,
    options: ListOptions & { readonly resourceVersion: string },
  ): AsyncIterable<WatchEvent<KubeObject>> {
    const pending: WatchEvent<KubeObject>[] = [];
    let wake = Promise.withResolvers<void>();
    const listener: Listener = (event) => {
      if (event.type !== 'BOOKMARK' && !selected(event.object, options)) return;
      pending.push(event);
      wake.resolve();
    };
    const own = listeners.get(resource.plural) ?? new Set();
    listeners.set(resource.plural, own.add(listener));
    // What was written between the list and this watch.
    for (const object of storeOf(resource).values())
      if (Number(object.metadata.resourceVersion) > Number(options.resourceVersion))
        listener({ type: 'MODIFIED', object: structuredClone(object) });
    options.signal?.addEventListener('abort', () => wake.resolve(), { once: true });
    try {
      while (options.signal?.aborted !== true) {
        yield* pending.splice(0);
        await wake.promise;
        wake = Promise.withResolvers();
      }
    } finally {
      own.delete(listener);
    }
  }

  return {
    client,
    put: (resource, object) => void save(resource, object),
    read: (resource, key) => storeOf(resource).get(key),
    calls,
    pauseWatches: (resource) => void paused.add(resource.plural),
    onWrite: (fn) => {
      intercept = fn;
    },
  };
}

function selected({ metadata }: KubeObject, { namespace, fieldSelector }: ListOptions): boolean {
  if (namespace !== undefined && metadata.namespace !== namespace) return false;
  return fieldSelector === undefined || fieldSelector === `metadata.name=${metadata.name}`;
}
