// For tests: an informer of Pods against a scripted server, and the words to speak to it.
import { type ClosableKubeClient, createKubeClient } from '../client.ts';
import { createInformer } from '../informer.ts';
import { type Pod, pods } from '../resources.ts';
import type { Informer, InformerChange, InformerOptions, KubeObject } from '../types.ts';
import { createLogCollector, type LogLine } from './collect.ts';
import { createInstantClock, type InstantClock } from './instant-clock.ts';
import { type Exchange, type ScriptedServer, startScriptedServer } from './scripted-server.ts';

export interface RunningInformer {
  readonly informer: Informer<KubeObject>;
  /** `type key uid@version uid@version`, before and after. */
  readonly changes: string[];
  readonly stop: AbortController;
  readonly stopped: Promise<void>;
}

export interface InformerBench {
  readonly server: ScriptedServer;
  readonly clock: InstantClock;
  readonly client: ClosableKubeClient;
  readonly logLines: readonly LogLine[];
  readonly start: (
    options?: Partial<InformerOptions<Pod, KubeObject>> & { readonly random?: () => number },
  ) => RunningInformer;
  /** Answers the next request, which must be a list, in one page. */
  readonly answerList: (version: string, items: readonly Pod[]) => Promise<void>;
  /** Opens the next request, which must be a watch from this version. */
  readonly openWatch: (fromVersion: string) => Promise<Exchange>;
  /** Runs the event loop until the informer has told this many changes. */
  readonly told: (running: RunningInformer, count: number) => Promise<void>;
  close(): Promise<void>;
}

export async function createInformerBench(): Promise<InformerBench> {
  const server = await startScriptedServer();
  const clock = createInstantClock();
  const log = createLogCollector();
  const client = createKubeClient({
    connection: { server: server.url, auth: {} },
    clock,
    logger: log.logger,
    random: () => 0,
    qps: 1e6,
    burst: 1e6,
  });
  const started: AbortController[] = [];
  const next = async (watch: 'true' | null): Promise<Exchange> => {
    const request = await server.next();
    if (request.query.get('watch') !== watch) throw new Error(`unexpected ${request.path}?${request.query.toString()}`);
    return request;
  };
  return {
    server,
    clock,
    client,
    logLines: log.lines,
    start: (options = {}) => {
      const informer = createInformer<Pod, KubeObject>({
        client,
        resource: pods,
        clock,
        logger: log.logger,
        random: () => 0,
        ...options,
      });
      const changes: string[] = [];
      informer.onChange((change) => changes.push(describeChange(change)));
      const stop = new AbortController();
      started.push(stop);
      return { informer, changes, stop, stopped: informer.run(stop.signal) };
    },
    answerList: async (version, items) => (await next(null)).reply(200, podList(version, items)),
    openWatch: async (fromVersion) => {
      const request = await next('true');
      const asked = request.query.get('resourceVersion');
      if (asked !== fromVersion) throw new Error(`expected a watch from ${fromVersion}, it is from ${asked}`);
      request.stream();
      return request;
    },
    told: async (running, count) => {
      while (running.changes.length < count) await clock.settle();
    },
    close: async () => {
      for (const stop of started) stop.abort();
      client.close();
      await server.close();
    },
  };
}

export const pod = (name: string, version: string, uid = `uid-${name}`): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'shop', uid, resourceVersion: version },
  spec: { nodeName: 'n1', containers: [] },
});

export const podList = (version: string, items: readonly Pod[], next?: string) => ({
  kind: 'PodList',
  apiVersion: 'v1',
  metadata: { resourceVersion: version, ...(next === undefined ? {} : { continue: next }) },
  items,
});

export const bookmark = (version: string) => ({
  type: 'BOOKMARK',
  object: { kind: 'Pod', apiVersion: 'v1', metadata: { resourceVersion: version } },
});

/** The event that ends a watch from a version that the server has forgotten. */
export const expired = { type: 'ERROR', object: { kind: 'Status', status: 'Failure', reason: 'Expired', code: 410 } };

function describeChange(change: InformerChange<KubeObject>): string {
  const version = (object: KubeObject | undefined): string =>
    object === undefined ? '-' : `${object.metadata.uid}@${object.metadata.resourceVersion}`;
  return `${change.type} ${change.key} ${version(change.before)} ${version(change.after)}`;
}
