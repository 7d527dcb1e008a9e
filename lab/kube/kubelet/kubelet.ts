// A kubelet of the lab: registers a node, watches the Pods bound to it and runs them as processes in namespaces.
import { errorText } from '../../../src/base/errors.ts';
import { createController, watchOf } from '../../../src/kube/controller.ts';
import { createInformer } from '../../../src/kube/informer.ts';
import { createEventRecorder } from '../../../src/kube/recorder.ts';
import type { Controller } from '../../../src/kube/types.ts';
import { makeNodeRoot } from './node-root.ts';
import { createKubeletStreams } from './kubelet-streams.ts';
import { containerLogFile, createLogStore } from './logs/log-store.ts';
import type { LogStore } from './logs/log-store.ts';
import type { RunningContainer } from './container-runtime.ts';
import { createImageStore } from './image-store.ts';
import type { Kubelet, KubeletOptions, PodIdentity } from './kubelet-types.ts';
import { createNodeAgent } from './node-agent.ts';
import type { NodeAgent } from './node-agent.ts';
import { allSlots } from './pod-state.ts';
import { labPods } from './pod-view.ts';
import type { LabPod } from './pod-view.ts';
import type { SourceWatch } from './source-watch.ts';
import { createSourceWatch } from './source-watch.ts';
import { createPodWorker, volumesDir } from './pod-worker.ts';
import type { PodWorker } from './pod-worker.ts';

export type {
  ContainerSignal,
  Kubelet,
  KubeletNode,
  KubeletOptions,
  PodIdentity,
  SuperNodeNetwork,
} from './kubelet-types.ts';

/** Pods looked at in parallel: one may wait long for its CNI ADD. */
const CONCURRENCY = 16;
/** Longer than the longest CNI ADD or DEL. */
const DEADLINE_MS = 180_000;
/** Tokens are good for a day. */
const TOKEN_REFRESH_MS = 6 * 3_600_000;

/** Nothing happens before `run`. `run` rejects when the node's root cannot be made; later failures are retried for ever. */
export function createKubelet(options: KubeletOptions): Kubelet {
  const { clock, node, stateDir } = options;
  const logger = options.logger.child({ node: node.name });
  const late: { worker?: PodWorker; started: boolean } = { started: false };
  const logs = createLogStore(stateDir);

  const runningContainer = (pod: PodIdentity, container: string): RunningContainer => {
    const state = late.worker?.find(pod);
    const run = state && allSlots(state).find((slot) => slot.spec.name === container)?.run;
    if (run !== undefined) return run;
    const { namespace = 'default', name } = pod.metadata;
    throw new Error(`container "${container}" of Pod ${namespace}/${name} does not run on node ${node.name}`);
  };

  return {
    run: async (signal) => {
      if (late.started) throw new Error(`the kubelet of ${node.name} was started twice`);
      late.started = true;
      const nodeRoot = options.nodeRoot ?? (await makeNodeRoot(options.host, node.name));
      const parts = assemble({ ...options, logger }, nodeRoot, logs);
      late.worker = parts.worker;
      signal.addEventListener('abort', () => parts.sources.close(), { once: true });
      const refresh = async (): Promise<void> => {
        while (!signal.aborted) {
          await clock.sleep(TOKEN_REFRESH_MS, signal).catch(() => undefined);
          if (!signal.aborted)
            await parts.worker.refreshTokens().catch((error: unknown) => {
              logger.warn({ error: errorText(error) }, 'ServiceAccount tokens could not be refreshed');
            });
        }
      };
      await Promise.all([
        parts.informer.run(signal),
        parts.agent.run(nodeRoot, signal),
        runThenAbandon(parts.controller, parts.worker, signal),
        refresh(),
      ]);
    },
    exec: async (pod, container, argv, execOptions) => runningContainer(pod, container).exec(argv, execOptions),
    signal: async (pod, container, name) => runningContainer(pod, container).signal(name),
    signalSystem: async (name) => {
      for (const state of late.worker?.all() ?? [])
        if (state.pod.spec.hostNetwork === true) for (const slot of allSlots(state)) slot.run?.signal(name);
    },
    remains: () => {
      const states = late.worker?.all() ?? [];
      const sandboxes = states.flatMap((state) => [...state.leftovers, ...(state.sandbox ? [state.sandbox] : [])]);
      const netns = sandboxes.flatMap((sandbox) => (sandbox.netns === undefined ? [] : [sandbox.netns]));
      return {
        netns: netns.filter((name) => name !== node.netns),
        directories: states.map((state) => volumesDir(stateDir, state.uid)),
      };
    },
    streams: createKubeletStreams({ ...options, logs, find: (pod) => late.worker?.find(pod) }),
    logFile: (pod, container) => containerLogFile(stateDir, pod, container),
  };
}

/** Containers must not wait for a reconcile that hangs in a plugin, so they end with the signal and not with the controller. */
async function runThenAbandon(controller: Controller, worker: PodWorker, signal: AbortSignal): Promise<void> {
  const abandoned = new Promise<void>((resolve, reject) => {
    const act = (): void => void worker.abandon().then(resolve, reject);
    if (signal.aborted) act();
    else signal.addEventListener('abort', act, { once: true });
  });
  await controller.run(signal);
  await abandoned;
  // A reconcile that was under way may have started one more.
  await worker.abandon();
}

function assemble(
  options: KubeletOptions,
  nodeRoot: string,
  logs: LogStore,
): {
  informer: ReturnType<typeof podInformer>;
  agent: NodeAgent;
  worker: PodWorker;
  controller: Controller;
  sources: SourceWatch;
} {
  const { client, clock, logger, node } = options;
  const random = options.random ?? Math.random;
  const recorder = createEventRecorder({ client, component: 'kubelet', host: node.name, clock, logger, random });
  const informer = podInformer(options);
  const agent = createNodeAgent(options, () => {
    for (const uid of worker.networkReady()) controller.enqueue(uid);
  });
  const sources = createSourceWatch({ client, clock, logger }, (uid) => worker.volumesChanged(uid));
  const worker: PodWorker = createPodWorker({
    ...options,
    nodeRoot,
    imageStore: createImageStore(options.images, clock),
    logs,
    sources,
    network: () => agent.network,
    randomHex: (digits) => Array.from({ length: digits }, () => Math.floor(random() * 16).toString(16)).join(''),
    event: (pod, type, reason, message) => recorder.record({ regarding: pod, type, reason, message }),
    wake: (uid) => controller.enqueue(uid),
    podOf: (uid) => informer.byIndex('uid', uid)[0],
  });
  const controller: Controller = createController({
    name: `kubelet-${node.name}`,
    clock,
    logger,
    concurrency: CONCURRENCY,
    deadlineMs: DEADLINE_MS,
    watches: [watchOf(informer, ({ before, after }) => [(after ?? before)?.metadata.uid ?? ''])],
    reconcile: async (uid) => worker.reconcile(uid),
  });
  return { informer, agent, worker, controller, sources };
}

function podInformer({ client, clock, logger, node }: KubeletOptions) {
  return createInformer<LabPod>({
    client,
    clock,
    logger,
    resource: labPods,
    fieldSelector: `spec.nodeName=${node.name}`,
    indexes: { uid: (pod) => [pod.metadata.uid ?? ''] },
  });
}
