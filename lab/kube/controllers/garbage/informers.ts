// Watches everything that the API serves and lets be deleted, as kinds come and go, and keeps the owner graph up to date.
import type { Clock } from '../../../../src/base/clock.ts';
import { errorText } from '../../../../src/base/errors.ts';
import type { Logger } from '../../../../src/base/logger.ts';
import { createInformer } from '../../../../src/kube/informer.ts';
import type { InformerChange, KubeClient, KubeObject, Resource } from '../../../../src/kube/types.ts';
import type { ServedResources } from '../served-resources.ts';
import { apiVersionOf, discoverResources } from '../served-resources.ts';
import type { OwnerGraph } from './graph.ts';
import { metadataOnly } from './graph.ts';

/** How often discovery is asked for kinds that came or went without a CustomResourceDefinition. */
const REDISCOVER_MS = 30_000;

export interface WatchEverythingDeps {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly graph: OwnerGraph;
}

export interface EverythingWatcher {
  /** What was served when discovery was last asked; `undefined` before. */
  readonly served: ServedResources | undefined;
  /** True once every kind served at the first look has been listed. */
  readonly hasSynced: boolean;
  /** Works until `signal` aborts. `enqueue` gets the uids that are to be looked at. */
  start(enqueue: (uid: string) => void, signal: AbortSignal): void;
  /** Asks discovery again; resolves when the informers match it. */
  refresh(): Promise<void>;
}

const definitions: Resource = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  plural: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
  namespaced: false,
};

/** Events own nothing and are owned by nobody, and there are too many of them. */
const isWatched = ({ plural, verbs }: { readonly plural: string; readonly verbs: readonly string[] }): boolean =>
  plural !== 'events' && ['delete', 'list', 'watch'].every((verb) => verbs.includes(verb));

export function createEverythingWatcher({ client, clock, logger, graph }: WatchEverythingDeps): EverythingWatcher {
  const running = new Map<string, { readonly stop: AbortController; readonly uids: Set<string> }>();
  const state: { served?: ServedResources; hasSynced: boolean; enqueue?: (uid: string) => void; signal?: AbortSignal } =
    {
      hasSynced: false,
    };

  const take = (resource: Resource, uids: Set<string>, change: InformerChange<KubeObject>): void => {
    const { before, after } = change;
    const gone = before?.metadata.uid;
    const kept = after?.metadata.uid;
    const touched: string[] = [];
    if (gone !== undefined && gone !== kept) {
      uids.delete(gone);
      touched.push(...graph.remove(gone));
    }
    if (after !== undefined && kept !== undefined) {
      uids.add(kept);
      const { apiVersion, kind, metadata } = after;
      touched.push(
        ...graph.put({
          resource,
          apiVersion: apiVersion || apiVersionOf(resource),
          kind: kind || resource.kind,
          metadata,
        }),
      );
    }
    for (const uid of touched) state.enqueue?.(uid);
  };

  const watch = (resource: Resource, signal: AbortSignal): Promise<void> => {
    const stop = new AbortController();
    const uids = new Set<string>();
    running.set(idOf(resource), { stop, uids });
    const informer = createInformer({ client, clock, logger, resource, project: metadataOnly });
    informer.onChange((change) => {
      take(resource, uids, change);
      if (resource.plural === definitions.plural && resource.group === definitions.group && state.hasSynced)
        void refresh().catch((error: unknown) => logger.debug({ error: errorText(error) }, 'discovery failed'));
    });
    informer.run(AbortSignal.any([signal, stop.signal])).catch(() => undefined);
    return Promise.race([informer.synced, aborted(AbortSignal.any([signal, stop.signal]))]);
  };

  const refresh = async (): Promise<void> => {
    const { signal } = state;
    if (signal === undefined || signal.aborted) return;
    const served = await discoverResources(client);
    state.served = served;
    const wanted = new Map(served.preferred.filter(isWatched).map((resource) => [idOf(resource), resource]));
    for (const [id, { stop, uids }] of running) {
      if (wanted.has(id)) continue;
      stop.abort();
      running.delete(id);
      // The kind went with everything in it.
      for (const uid of uids) for (const touched of graph.remove(uid)) state.enqueue?.(touched);
    }
    await Promise.all(
      [...wanted.values()]
        .filter((resource) => !running.has(idOf(resource)))
        .map((resource) => watch(resource, signal)),
    );
  };

  return {
    get served() {
      return state.served;
    },
    get hasSynced() {
      return state.hasSynced;
    },
    refresh,
    start(enqueue, signal) {
      state.enqueue = enqueue;
      state.signal = signal;
      const loop = (): void => {
        if (signal.aborted) return;
        refresh()
          .then(() => {
            state.hasSynced = true;
          })
          .catch((error: unknown) => logger.warn({ error: errorText(error) }, 'discovery failed'))
          .finally(() => {
            if (!signal.aborted) cancel = clock.after(state.hasSynced ? REDISCOVER_MS : 500, loop);
          });
      };
      let cancel = (): void => undefined;
      signal.addEventListener('abort', () => cancel(), { once: true });
      loop();
    },
  };
}

const idOf = (resource: Resource): string => `${apiVersionOf(resource)}/${resource.plural}`;

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
