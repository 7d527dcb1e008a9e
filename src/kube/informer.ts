// A live, indexed, projected copy of one resource, and the changes that made it so.
import { errorText } from '../base/errors.ts';
import { abortable } from './abortable.ts';
import { keyOf } from './object-key.ts';
import { runReflector, type ReflectorSink } from './reflector.ts';
import { createStore } from './store.ts';
import type { Informer, InformerChange, InformerOptions, KubeObject, ListPage, ObjectKey } from './types.ts';

/**
 * See `Informer` for the contract. Beyond it: an object that was deleted and made again under the same name is told as `deleted`, then
 * `added`, even when the watch missed the moment between; an object whose resourceVersion is the cached one is not told at all; a handler
 * that throws is logged and the others still run. `run` may be called once.
 */
export function createInformer<S extends KubeObject, T extends KubeObject = S>(
  options: InformerOptions<S, T> & { readonly random?: () => number },
): Informer<T> {
  const { clock, resource } = options;
  const logger = options.logger.child({ informer: resource.plural });
  const store = createStore<T>(options.indexes);
  const handlers = new Set<(change: InformerChange<T>) => void>();
  const synced = Promise.withResolvers<void>();
  const state = { hasSynced: false, started: false, lastActivityMs: clock.monotonicMs() };

  const tell = (change: InformerChange<T>): void => {
    for (const handler of handlers)
      try {
        handler(change);
      } catch (error) {
        logger.error({ key: change.key, change: change.type, error: errorText(error) }, 'change handler failed');
      }
  };
  const remove = (key: ObjectKey): void => {
    const before = store.get(key);
    if (before === undefined) return;
    store.delete(key);
    tell({ type: 'deleted', key, before });
  };
  const upsert = (after: T): void => {
    const key = keyOf(after);
    let before = store.get(key);
    if (before !== undefined && before.metadata.uid !== after.metadata.uid) {
      remove(key);
      before = undefined;
    }
    if (before === undefined) {
      store.set(after);
      tell({ type: 'added', key, after });
    } else if (before.metadata.resourceVersion !== after.metadata.resourceVersion) {
      store.set(after);
      tell({ type: 'updated', key, before, after });
    }
  };
  // One object that a projection cannot read must neither stop the others nor look deleted: its last known state stays.
  const project = (object: S): T | undefined => {
    try {
      // Without a projection the caller's T is S.
      return options.project === undefined ? (object as unknown as T) : options.project(object);
    } catch (error) {
      const key = keyOf(object);
      logger.error({ key, error: errorText(error) }, 'object cannot be projected; its last known state stays');
      return store.get(key);
    }
  };
  const replaceAll = async (listed: ReadonlyMap<ObjectKey, T>): Promise<void> => {
    for (const key of store.keys()) if (!listed.has(key)) remove(key);
    let count = 0;
    for (const object of listed.values()) {
      upsert(object);
      count += 1;
      if (count % PER_TURN === 0) await new Promise<void>((resolve) => setImmediate(resolve));
    }
    state.hasSynced = true;
    synced.resolve();
  };
  const sink: ReflectorSink<S> = {
    ...listCollector(project, replaceAll),
    event: (type, object) => {
      if (type === 'DELETED') return remove(keyOf(object));
      const after = project(object);
      if (after !== undefined) upsert(after);
    },
    heard: () => {
      state.lastActivityMs = clock.monotonicMs();
    },
  };

  return {
    resource,
    run: async (signal) => {
      if (state.started) throw new Error(`the informer of ${resource.plural} was started twice`);
      state.started = true;
      const { namespace, labelSelector, fieldSelector, optional, client, after } = options;
      if (after !== undefined) await abortable(after.synced, signal).catch(() => undefined);
      if (signal.aborted) return;
      const random = options.random ?? Math.random;
      await runReflector(
        {
          client,
          resource: options.resource,
          clock,
          logger,
          random,
          namespace,
          labelSelector,
          fieldSelector,
          optional,
        },
        sink,
        signal,
      );
    },
    synced: synced.promise,
    get hasSynced() {
      return state.hasSynced;
    },
    get: (key) => store.get(key),
    list: () => store.list(),
    byIndex: (index, value) => store.byIndex(index, value),
    onChange: (handler) => {
      // A wrapper, so that the same function given twice is two subscriptions.
      const own = (change: InformerChange<T>): void => handler(change);
      handlers.add(own);
      return () => handlers.delete(own);
    },
    get lastActivityMs() {
      return state.lastActivityMs;
    },
  };
}

/** Objects that enter the store in one turn of the event loop: a hundred thousand at once would hold everything else up. */
const PER_TURN = 500;

/** Projects page after page, so that only one page of whole objects is alive, and hands over the complete list. */
function listCollector<S extends KubeObject, T extends KubeObject>(
  project: (object: S) => T | undefined,
  complete: (listed: ReadonlyMap<ObjectKey, T>) => Promise<void>,
): Pick<ReflectorSink<S>, 'page'> {
  let listed = new Map<ObjectKey, T>();
  return {
    page: async (page: ListPage<S>) => {
      if (page.startsOver) listed = new Map();
      for (const object of page.items) {
        const projected = project(object);
        if (projected !== undefined) listed.set(keyOf(projected), projected);
      }
      if (!page.last) return;
      const whole = listed;
      listed = new Map();
      await complete(whole);
    },
  };
}
