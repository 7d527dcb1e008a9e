// The agent as a whole: its parts put together on a client and a kernel, to run until a signal.
import { join } from 'node:path';
import { type NodeEniConfig, nodeEniConfigs } from '../api/node-eni-config.ts';
import { labels, nameLabel, objectNames } from '../api/keys.ts';
import { subEniName, type VpcEni, vpcEnis } from '../api/vpc-eni.ts';
import { type VpcIp, vpcIps } from '../api/vpc-ip.ts';
import type { Clock } from '../base/clock.ts';
import type { ListenAddress } from '../base/listen-flag.ts';
import type { Logger } from '../base/logger.ts';
import { createController, watchOf } from '../kube/controller.ts';
import { createInformer } from '../kube/informer.ts';
import { withoutManagedFields } from '../kube/lean.ts';
import { runManager } from '../kube/manager.ts';
import { type ConfigMap, configMaps, type Pod, pods } from '../kube/resources.ts';
import type { Controller, Informer, InformerChange, KubeClient } from '../kube/types.ts';
import { createAddressControllers } from './address-controllers.ts';
import { createAddressStore } from './address-store.ts';
import { type Chained, type ConflistFile, createConflistFile, requireChained } from './conflist.ts';
import { installPlugins } from './install.ts';
import { createInspection, createInspectionServer } from './inspection.ts';
import type { Kernel } from './kernel.ts';
import { createKernelRepair } from './kernel-repair.ts';
import { createKeyLock } from './key-lock.ts';
import { chooseLinkDriver, type LinkDriverChoice } from './link-driver.ts';
import { createLinkWatch, type LinkWatch } from './link-watch.ts';
import { createAgentMetrics } from './metrics.ts';
import { checkNetns, netnsFinder } from './netns-path.ts';
import { createNodeController } from './node-controller.ts';
import { createNodeNetwork, type MutableNodeNetwork } from './node-network.ts';
import { createNodeRouting, type NodeRouting } from './node-routing.ts';
import { createRestClock } from './rest-clock.ts';
import { type PodView, viewPod } from './pod-view.ts';
import { createTornDownPods, reportWiring } from './report-wiring.ts';
import { createStaticAddresses } from './static-addresses.ts';
import { createReturnPathController, type ReturnPath } from './return-path.ts';
import { createRoutingController } from './routing-controller.ts';
import { createCniServer } from './server.ts';
import { createCniService } from './service.ts';
import type { ServiceDeps } from './service-deps.ts';
import { startUp } from './start-up.ts';
import { checkStateFormat } from './state-format.ts';
import { createTombstones } from './tombstones.ts';
import { createWiredStore, type WiredStore } from './wired-store.ts';

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
  /** Where the runtime's network namespaces are seen. */
  readonly netnsDirectory: string;
  /** The namespace of the node; default: the one that this program is in. */
  readonly ownNetns?: string;
  /** Files that may be installed as CNI binary, best first; the first that exists is taken. */
  readonly entries: readonly string[];
  readonly linkDriver: LinkDriverChoice;
  readonly addTimeoutMs: number;
  /** How long a freed shared address is left alone. */
  readonly addressRestMs: number;
  readonly version: string;
  readonly quickRelease?: boolean;
  /** Plugins of others in the network configuration, behind ours. */
  readonly chained?: readonly Chained[];
  /** Absent: somebody else sees to it. */
  readonly returnPath?: ReturnPath;
  /** Where health, readiness and metrics are served over TCP, besides the socket; absent: nowhere. */
  readonly health?: ListenAddress;
  readonly signal: AbortSignal;
}

interface Informers {
  readonly pods: Informer<PodView>;
  readonly enis: Informer<VpcEni>;
  readonly configs: Informer<NodeEniConfig>;
  readonly ips: Informer<VpcIp>;
  /** Only kube-system/tke-eni-ipamd. */
  readonly values: Informer<ConfigMap>;
}

/** Runs until `signal` aborts; rejects when a part cannot go on. What is wired stays wired when the agent ends. */
export async function runAgent(options: AgentProgramOptions): Promise<void> {
  const { client, kernel, clock, logger, nodeName, signal } = options;
  const informers = createInformers(options);
  const watch = createLinkWatch({ kernel, clock, logger });
  const node = createNodeNetwork();
  const store = createWiredStore({ directory: join(options.stateDirectory, 'wired'), logger });
  const routing = createNodeRouting({
    kernel,
    store,
    path: join(options.stateDirectory, 'early-demux.json'),
    logger,
  });
  const shared = {
    ...informers,
    routing,
    nodeName,
    client,
    store,
    lock: createKeyLock(),
    tornDown: createTornDownPods(),
    addresses: createAddressStore({ path: join(options.stateDirectory, 'addresses.json'), logger }),
    node,
    clock,
    restNowMs: createRestClock(clock),
    logger,
  };
  const addressControllers = createAddressControllers(shared);
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
  const staticAddresses = createStaticAddresses(shared);
  const metrics = createAgentMetrics();
  const deps: ServiceDeps = {
    ...shared,
    metrics,
    kernel,
    findNetns: netnsFinder(options.netnsDirectory),
    checkNetns: (path) => checkNetns(path, options.ownNetns),
    addTimeoutMs: options.addTimeoutMs,
    addressRestMs: options.addressRestMs,
    changed: (uid) => {
      reporter.enqueue(subEniName(uid));
      addressControllers.changed(uid);
      staticAddresses.changed(uid);
    },
  };
  const tombstones = createTombstones({ directory: join(options.stateDirectory, 'tombstones'), logger });
  const service = createCniService(deps, tombstones);
  const repair = createKernelRepair({ ...deps, client });
  const inspection = createInspection({
    ...deps,
    metrics,
    foreignRules: () => repair.foreignRules,
    version: options.version,
  });
  const server = createCniServer({
    socket: options.socket,
    handle: service.handle,
    inspection,
    metrics,
    clock,
    logger,
  });
  await checkStateFormat({ directory: options.stateDirectory, logger });
  // Before anything runs: a reporter that saw an unread store would tell TornDown for a Pod that is still wired.
  await startUp(deps, () => service.processTombstones());
  await requireChained(options.binDirectory, options.chained ?? []);
  const entry = await installPlugins({ directory: options.binDirectory, entries: options.entries });
  logger.info({ entry, directory: options.binDirectory }, 'CNI binaries are installed');
  const conflist = createConflistFile(options.conflistDirectory, options.chained);
  const nodeKeeper = nodeController(options, informers.configs, conflist, node, watch, store, routing);
  await runManager({
    informers: Object.values(informers),
    controllers: [
      reporter,
      ...addressControllers.controllers,
      staticAddresses.controller,
      repair.controller,
      createRoutingController({ ...shared, values: informers.values }),
      ...(options.returnPath === undefined
        ? []
        : [createReturnPathController({ path: options.returnPath, clock, logger })]),
      nodeKeeper,
    ],
    servers: [
      server,
      ...(options.health === undefined ? [] : [createInspectionServer(inspection, options.health)]),
      {
        name: 'conflist watch',
        when: 'at-start',
        run: (stop) => conflist.watch(() => nodeKeeper.enqueue(nodeName), stop),
      },
      { name: 'link watch', when: 'at-start', run: (stop) => watch.run(stop) },
      {
        name: 'tombstone watch',
        when: 'at-start',
        run: (stop) => tombstones.watch(() => service.processTombstones(), stop),
      },
    ],
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
      project: withoutManagedFields,
      labelSelector: `${labels.nodeName}=${nameLabel(nodeName, hash)}`,
    }),
    ips: createInformer({
      ...common,
      resource: vpcIps,
      project: withoutManagedFields,
      labelSelector: `${labels.nodeName}=${nameLabel(nodeName, hash)}`,
    }),
    configs: createInformer({
      ...common,
      resource: nodeEniConfigs,
      project: withoutManagedFields,
      fieldSelector: `metadata.name=${nodeName}`,
    }),
    values: createInformer({
      ...common,
      resource: configMaps,
      namespace: objectNames.systemNamespace,
      fieldSelector: `metadata.name=${objectNames.addonValues}`,
    }),
  };
}

/** A Pod that ends or goes away is what TornDown waits for. */
function eniOfPod({ before, after }: InformerChange<PodView>): readonly string[] {
  return [before, after].flatMap((pod) => (pod?.metadata.uid === undefined ? [] : [subEniName(pod.metadata.uid)]));
}

function nodeController(
  options: AgentProgramOptions,
  necs: Informer<NodeEniConfig>,
  conflist: ConflistFile,
  network: MutableNodeNetwork,
  links: LinkWatch,
  store: WiredStore,
  routing: NodeRouting,
): Controller {
  const { kernel, linkDriver } = options;
  return createNodeController({
    ...options,
    necs,
    links,
    network,
    routing,
    wirings: () => store.list().map(({ wiring }) => wiring),
    // The probe is for a trunk that is new; a driver does not change under Pods that it serves.
    chooseDriver: async (trunk) =>
      network.offer.trunk?.device === trunk
        ? network.offer.trunk.driver
        : await chooseLinkDriver({ kernel, watch: links }, linkDriver),
    conflist,
    agentVersion: options.version,
    quickRelease: options.quickRelease ?? false,
  });
}
