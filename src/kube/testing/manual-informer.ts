// For tests: an informer whose content the test sets directly, with the same order of store and handlers as the real one.
import { keyOf } from '../object-key.ts';
import { createStore, type IndexFunctions } from '../store.ts';
import type { Informer, InformerChange, KubeObject, Resource } from '../types.ts';

export interface ManualInformer<T extends KubeObject> extends Informer<T> {
  /** Adds or updates. */
  put(object: T): void;
  remove(key: string): void;
  /** Resolves `synced`. */
  sync(): void;
}

/** `run` waits for its signal. */
export function createManualInformer<T extends KubeObject>(
  resource: Resource<T>,
  indexes: IndexFunctions<T> = {},
): ManualInformer<T> {
  const store = createStore(indexes);
  const handlers = new Set<(change: InformerChange<T>) => void>();
  const synced = Promise.withResolvers<void>();
  let hasSynced = false;
  const tell = (change: InformerChange<T>): void => {
    for (const handler of handlers) handler(change);
  };
  return {
    resource,
    run: (signal) =>
      new Promise((resolve) => {
        if (signal.aborted) resolve();
        signal.addEventListener('abort', () => resolve(), { once: true });
      }),
    synced: synced.promise,
    get hasSynced() {
      return hasSynced;
    },
    get: (key) => store.get(key),
    list: () => store.list(),
    byIndex: (index, value) => store.byIndex(index, value),
    onChange: (handler) => {
      handlers.add(handler);
      return () => handlers.delete(handler);
    },
    lastActivityMs: 0,
    put: (object) => {
      const key = keyOf(object);
      const before = store.get(key);
      store.set(object);
      tell(
        before === undefined ? { type: 'added', key, after: object } : { type: 'updated', key, before, after: object },
      );
    },
    remove: (key) => {
      const before = store.get(key);
      store.delete(key);
      if (before !== undefined) tell({ type: 'deleted', key, before });
    },
    sync: () => {
      hasSynced = true;
      synced.resolve();
    },
  };
}
