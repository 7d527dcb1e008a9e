// The agent as a whole: its parts put together on a client and a kernel, to run until a signal.
import { join } from 'node:path';
import { type NodeEniConfig, nodeEniConfigs } from '../api/node-eni-config.ts';
import { labels, nameLabel } from '../api/keys.ts';
import { subEniName, type VpcEni, vpcEnis } from '../api/vpc-eni.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import { createController, watchOf } from '../kube/controller.ts';
import { createInformer } from '../kube/informer.ts';
import { runManager } from '../kube/manager.ts';
import { type Pod, pods } from '../kube/resources.ts';
import type { Controller, Informer, InformerChange, KubeClient } from '../kube/types.ts';
import { installEntry } from './install.ts';
import type { Kernel } from './kernel.ts';
import { createKeyLock } from './key-lock.ts';
import type { LinkDriverChoice } from './link-driver.ts';
import { createLinkWatch, type LinkWatch } from './link-watch.ts';
import { createNodeNetwork, type NodeNetworkController } from './node-network.ts';
import { type PodView, viewPod } from './pod-view.ts';
import { createTornDownPods, reportWiring } from './report-wiring.ts';
import { createCniServer } from './server.ts';
import { createCniService } from './service.ts';
import type { ServiceDeps } from './service-deps.ts';
import { startUp } from './start-up.ts';
import { createTombstones } from './tombstones.ts';
import { createWiredStore } from './wired-store.ts';

export interface AgentProgramOptions {
  readonly client: KubeClient;
  readonly kernel: Kernel;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly nodeName: string;
  /** Hash for names longer than a label value, as ipamd uses it. */
  readonly hash: (text: string) => string;
  readonly binDirectory: string;
  readonly conflistDirectory: string;
  readonly socket: string;
  readonly stateDirectory: string;
  /** File that is installed as CNI binary. */
  readonly entry: string;
  readonly linkDriver: LinkDriverChoice;
  readonly addTimeoutMs: number;
  readonly version: string;
  readonly signal: AbortSignal;
}

interface Informers {
  readonly pods: Informer<PodView>;
  readonly enis: Informer<VpcEni>;
  readonly configs: Informer<NodeEniConfig>;
}

/** Runs until `signal` aborts; rejects when a part cannot go on. What is wired stays wired when the agent ends. */
export async function runAgent(options: AgentProgramOptions): Promise<void> {
  const { client, kernel, clock, logger, nodeName, signal } = options;
  const informers = createInformers(options);
  const watch = createLinkWatch({ kernel, clock, logger });
  const node = createNodeNetwork({ ...options, configs: informers.configs, watch, agentVersion: options.version });
  const store = createWiredStore({ directory: join(options.stateDirectory, 'wired'), logger });
  const shared = { ...informers, nodeName, client, store, lock: createKeyLock(), tornDown: createTornDownPods(), clock };
  informers.enis.onChange(({ type, before }) => {
    if (type === 'deleted' && before?.spec.pod !== undefined) shared.tornDown.forget(before.spec.pod.uid);
  });
  const reporter = createController({
    name: 'wiring-report',
    clock,
    logger,
    concurrency: 8,
    watches: [watchOf(informers.enis, ({ key }) => [key]), watchOf(informers.pods, eniOfPod)],
    reconcile: (key, context) => reportWiring(shared, key, context.signal),
  });
  const deps: ServiceDeps = {
    ...shared,
    kernel,
    node,
    logger,
    addTimeoutMs: options.addTimeoutMs,
    changed: (uid) => reporter.enqueue(subEniName(uid)),
  };
  const tombstones = createTombstones({ directory: join(options.stateDirectory, 'tombstones'), logger });
  const service = createCniService(deps, tombstones);
  const server = createCniServer({
    socket: options.socket,
    handle: service.handle,
    prepare: async () => {
      await startUp(deps, service.processTombstones);
      await installEntry(options.entry, options.binDirectory);
    },
    logger,
  });
  await runManager({
    informers: [informers.pods, informers.enis, informers.configs],
    controllers: [reporter, nodeController(options, informers.configs, node, watch)],
    servers: [server, { name: 'link watch', when: 'at-start', run: (stop) => watch.run(stop) }],
    clock,
    logger,
    signal,
  });
}

function createInformers({ client, clock, logger, nodeName, hash }: AgentProgramOptions): Informers {
  const common = { client, clock, logger };
  return {
    pods: createInformer<Pod, PodView>({
      ...common,
      resource: pods,
      fieldSelector: `spec.nodeName=${nodeName}`,
      project: viewPod,
    }),
    enis: createInformer({
      ...common,
      resource: vpcEnis,
      labelSelector: `${labels.nodeName}=${nameLabel(nodeName, hash)}`,
    }),
    configs: createInformer({ ...common, resource: nodeEniConfigs, fieldSelector: `metadata.name=${nodeName}` }),
  };
}

/** A Pod that ends or goes away is what TornDown waits for. */
function eniOfPod({ before, after }: InformerChange<PodView>): readonly string[] {
  return [before, after].flatMap((pod) => (pod?.metadata.uid === undefined ? [] : [subEniName(pod.metadata.uid)]));
}

/** One key, the node: looked at again when its NodeENIConfig or any link changes. */
function nodeController(
  { nodeName, clock, logger }: AgentProgramOptions,
  configs: Informer<NodeEniConfig>,
  node: NodeNetworkController,
  watch: LinkWatch,
): Controller {
  return createController({
    name: 'node-network',
    clock,
    logger,
    watches: [watchOf(configs, () => [nodeName])],
    sources: [
      (enqueue, signal) => {
        enqueue(nodeName);
        const stop = watch.onChange(() => {
          // Links change with every Pod; they matter here only while the trunk is missing.
          if (node.ready === undefined) enqueue(nodeName);
        });
        signal.addEventListener('abort', stop, { once: true });
      },
    ],
    reconcile: (_key, context) => node.reconcile(context),
  });
}
