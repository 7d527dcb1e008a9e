// A whole lab: cloud, fabric, cluster, nodes and our programs, from nothing to ready, and back to nothing.
import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { IpMode } from '../src/api/addon-values.ts';
import { resourceNames } from '../src/api/keys.ts';
import { systemClock } from '../src/base/clock.ts';
import type { Clock } from '../src/base/clock.ts';
import { createLogger, silentLogger } from '../src/base/logger.ts';
import type { Logger, LogLevel } from '../src/base/logger.ts';
import type { Pod } from '../src/kube/resources.ts';
import type { KubeClient } from '../src/kube/types.ts';
import { runInstances } from './account.ts';
import { createApiInVpc } from './api-in-vpc.ts';
import { connectAddons } from './addon-connection.ts';
import { createCloudClient } from './cloud-client.ts';
import type { CloudAccess, CloudClient } from './cloud-client.ts';
import type { Cloud } from './cloud/cloud.ts';
import { findClusterDns, installClusterDns } from './cluster-dns.ts';
import { startCluster } from './cluster.ts';
import { freePort } from './free-port.ts';
import { createFabric } from './fabric/fabric.ts';
import { startLabHost } from './host/lab-host.ts';
import type { ExecResult, LabHost } from './host/types.ts';
import { createHandle } from './handle.ts';
import { install } from './install.ts';
import type { ApiChoice } from './kube/cluster-api.ts';
import { createImageTable } from './kube/kubelet/images.ts';
import { createServiceProxy } from './kube/proxy/proxy.ts';
import type { ExtenderConfig } from './kube/scheduler/extender-config.ts';
import { API_ENDPOINT, CLUSTER_ID, planNodes } from './layout.ts';
import { serveNodeControl } from './node-control.ts';
import { startControlPlaneNode, startGeneralNode, startSuperNode } from './nodes.ts';
import type { LabNode } from './nodes.ts';
import { type DocumentedPolicy, NODE_GROUPS_POLICY, ROLE_POLICIES_POLICY, SUB_ENI_POLICY } from './permissions.ts';
import { ownImages } from './programs.ts';
import { nodesOffer, programsReady } from './readiness.ts';
import { serveInternetHost } from './internet-host.ts';
import { installSchedulerExtender, shippedExtenders } from './scheduler-extender.ts';
import { openSimulatedAccount } from './simulated-account.ts';
import { uninstall } from './uninstall.ts';
import { once } from './once.ts';

export interface LabOptions {
  readonly projectDir: string;
  /** One line for each thing that was reached. */
  readonly progress: (line: string) => void;
  /** Folder for the lab's files, made when absent and removed at the end; default a new one in the temporary folder. */
  readonly stateDir?: string;
  /** General nodes; default 2. */
  readonly nodes?: number;
  /** Native nodes: general ones that TKE manages; default none. */
  readonly nativeNodes?: number;
  /** Super nodes; default 1. */
  readonly superNodes?: number;
  /** CVM model of the general nodes; default SA5.LARGE8. */
  readonly instanceType?: string;
  /** How ordinary Pods get addresses; default non-static. */
  readonly ipMode?: IpMode;
  /** What ipamd's role may do beside the preset; default what documents 000 and 002 tell to add. */
  readonly grants?: readonly DocumentedPolicy[];
  /** How long the cloud's asynchronous tasks take; default 300 ms. */
  readonly taskMs?: number;
  readonly logLevel?: LogLevel;
  /** Which Kubernetes API; default the embedded one. */
  readonly api?: ApiChoice | undefined;
  /** Of the lab's scheduler, as `readExtenders` gives them; a host `NAME.NAMESPACE.svc` is found behind its Service. Default none. */
  readonly extenders?: readonly ExtenderConfig[];
  /** With tke-eni-ip-scheduler from deploy/scheduler, which the scheduler then asks; default without. */
  readonly ipScheduler?: boolean;
  /** Told once when a part of the lab ends by itself; the caller closes the lab. */
  readonly onFailure?: (error: unknown) => void;
}

export interface Lab {
  readonly client: KubeClient;
  readonly kubeconfig: string;
  readonly cloud: CloudClient;
  readonly cloudAccess: CloudAccess;
  /** The simulator itself: faults and request log, for tests. */
  readonly simulator: Cloud;
  readonly host: LabHost;
  readonly nodes: readonly LabNode[];
  readonly stateDir: string;
  /** One more general node of the same model, or a native one; resolves when it takes Pods. */
  addNode(options?: { readonly native?: boolean }): Promise<LabNode>;
  /** Terminates the machine of a general or native node and takes the node out of the cluster. */
  removeNode(name: string): Promise<void>;
  createNamespace(name: string): Promise<void>;
  deleteNamespace(name: string): Promise<void>;
  /** Server-side apply of every object of a file of the project. */
  applyFile(file: string): Promise<void>;
  setPolicyGroups(namespace: string, name: string, groupIds: readonly string[]): Promise<void>;
  /** Waits until exactly `count` Pods of the selector exist, all Running and Ready and none on its way out. */
  runningPods(namespace: string, labelSelector: string, count: number): Promise<readonly Pod[]>;
  /** Runs a command inside a Pod's first container. */
  exec(pod: Pod, argv: readonly string[]): Promise<ExecResult>;
  /** Signals the process of one of our programs, by its `k8s-app` label. */
  killProgram(app: string, signal: 'SIGKILL' | 'SIGTERM' | 'SIGSTOP' | 'SIGCONT'): Promise<void>;
  /** What a program's running Pod has written in its container's last two runs, by its `k8s-app` label: `kubectl logs`, the previous one first. */
  programLog(app: string): Promise<string>;
  /** Takes everything down; idempotent. */
  close(): Promise<void>;
}

/** Long enough for kubelets to kill what they run; one that hangs is not waited for. */
const KUBELETS_END_MS = 3_000;

/** A short lease makes a restart of ipamd quick to watch. */
const IPAMD_ARGS = [
  '--cloud-call-timeout=2s',
  '--lease-duration=6s',
  '--renew-deadline=4s',
  '--retry-period=1s',
  '--health-address=127.0.0.1:0',
  '--metrics-address=127.0.0.1:0',
] as const;

/** Starts a lab. When a step fails, what was started is taken down before the error is thrown. */
export async function startLab(options: LabOptions): Promise<Lab> {
  const stack = new AsyncDisposableStack();
  try {
    return await build(options, stack);
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

async function build(options: LabOptions, stack: AsyncDisposableStack): Promise<Lab> {
  const { projectDir, progress } = options;
  const clock: Clock = systemClock;
  const logger: Logger =
    options.logLevel === undefined || options.logLevel === 'silent'
      ? silentLogger
      : createLogger('lab', options.logLevel);
  const onFailure = once(options.onFailure ?? (() => undefined));

  const stateDir = options.stateDir ?? (await mkdtemp(join(tmpdir(), 'trunkline-lab-')));
  // Programs that were killed may still be closing their logs.
  stack.defer(() => rm(stateDir, { recursive: true, force: true, maxRetries: 10 }));
  await mkdir(join(stateDir, 'logs'), { recursive: true });
  const host = await startLabHost({ logger, projectDir, stateDir });
  const closing = { begun: false };
  stack.defer(() => host.close());
  stack.defer(() => void (closing.begun = true));
  void host.ended.then(() => {
    if (!closing.begun) onFailure(new Error('the process that holds the namespaces ended; nodes and Pods are gone'));
  });

  const fabric = createFabric({
    host,
    clock,
    logger,
    internet: (netns) => serveInternetHost(host, netns),
  });
  stack.defer(() => fabric.close());
  const { cloud: simulator, access: cloudAccess } = await openSimulatedAccount({
    clock,
    logger,
    fabric,
    taskMs: options.taskMs,
    grants: options.grants ?? [SUB_ENI_POLICY, NODE_GROUPS_POLICY, ROLE_POLICIES_POLICY],
  });
  stack.defer(() => simulator.close());
  progress(`cloud at ${cloudAccess.endpoint}`);

  // Of a cluster that was there before, its own server has said where it is, which is not in this VPC.
  const endpoint = options.api?.kind === 'kubeconfig' ? undefined : API_ENDPOINT;
  const cluster = await startCluster({
    clock,
    logger,
    onFailure,
    choice: options.api,
    endpoint,
    extenders: [
      ...(options.extenders ?? []),
      ...(options.ipScheduler === true ? await shippedExtenders(projectDir) : []),
    ],
  });
  stack.defer(() => cluster.close());
  const kubeconfig = join(stateDir, 'kubeconfig');
  await writeFile(kubeconfig, cluster.api.kubeconfig(), { mode: 0o600 });
  progress(`${cluster.api.description} at ${cluster.api.url}`);

  const stop = new AbortController();
  const kubelets: Promise<void>[] = [];
  stack.defer(async () => {
    stop.abort(new Error('the lab is closing'));
    await Promise.race([Promise.all(kubelets), clock.sleep(KUBELETS_END_MS)]);
  });
  const images = createImageTable(ownImages(projectDir, process.execPath));
  const proxy = createServiceProxy({
    client: cluster.client,
    host,
    clock,
    logger,
    servedAddresses: new Set(endpoint === undefined ? [cluster.api.service.host] : []),
    nodeAddresses: new Set([cluster.api.service.host]),
  });
  proxy.run(stop.signal).catch(onFailure);
  const apiInVpc = createApiInVpc({ host, cluster, endpoint });
  const dns = await findClusterDns(cluster.client, cluster.api);
  const deps = {
    host,
    cloud: simulator,
    fabric,
    cluster,
    images,
    proxy,
    apiInVpc,
    dns,
    stateDir,
    clock,
    logger,
    onFailure,
    kubelets,
  };
  const plans = planNodes(options.nodes ?? 2, options.superNodes ?? 1, options.instanceType, options.nativeNodes);
  const instances = runInstances(
    simulator.admin,
    plans.filter((plan) => plan.kind === 'general'),
  );
  const installed = install({
    client: cluster.client,
    projectDir,
    cloud: cloudAccess,
    metadataUrl: simulator.metadataUrl,
    ipMode: options.ipMode,
    ipamdArgs: IPAMD_ARGS,
    webhookPort: await freePort(),
    api: cluster.api,
  });
  // Awaited below, once the nodes start; a failure before that is not lost.
  installed.catch(() => undefined);
  let nextIndex = instances.length;
  const nodes: LabNode[] = [
    startControlPlaneNode(deps, stop.signal),
    ...(await Promise.all(instances.map((instance, index) => startGeneralNode(deps, instance, index, stop.signal)))),
    ...plans
      .filter((plan) => plan.kind === 'super')
      .map((plan, index) => startSuperNode(deps, plan, index, stop.signal)),
  ];
  if (endpoint !== undefined && instances.length > 0) await apiInVpc();
  const objects = [...(await installed)];
  const namespacesMade = new Set<string>();
  if (!cluster.api.endsWithLab)
    stack.defer(async () => {
      progress('taking nodes and programs out of the cluster');
      const nodeNames = nodes.map((node) => node.name);
      await uninstall(cluster.client, { namespaces: [...namespacesMade], objects, nodeNames });
    });
  const addons = connectAddons({
    cloud: simulator,
    clusterId: CLUSTER_ID,
    client: cluster.client,
    projectDir,
    clock,
    logger,
  });
  stack.defer(() => addons.close());
  progress(`installed from deploy/ on ${nodes.length} nodes`);
  const offers = options.ipMode === 'static' ? [resourceNames.subEni] : [resourceNames.subEni, resourceNames.eniIp];
  await programsReady(cluster.client, instances.length);
  await nodesOffer(
    cluster.client,
    instances.map((instance) => instance.privateIp),
    offers,
  );
  // After the nodes, with whose start it would compete; Pods that ask for names take as long to come.
  if (!dns.installed) objects.push(...(await installClusterDns(cluster.client, projectDir, dns)));
  if (options.ipScheduler === true)
    objects.push(...(await installSchedulerExtender(cluster.client, projectDir, await freePort())));
  progress('ipamd, webhook and agents are ready; the nodes take Pods');

  const cloud = createCloudClient(cloudAccess);
  stack.defer(() => cloud.close());
  const lab = createHandle({
    client: cluster.client,
    kubeconfig,
    cloud,
    cloudAccess,
    simulator,
    host,
    nodes,
    stateDir,
    projectDir,
    stack,
    namespacesMade,
    addNode: async ({ native = false } = {}) => {
      const [count, natives] = native ? [nextIndex, 1] : [nextIndex + 1, 0];
      const plan = planNodes(count, 0, options.instanceType, natives)[nextIndex];
      if (plan === undefined) throw new Error(`no plan for node ${nextIndex + 1}`);
      const [instance] = runInstances(simulator.admin, [plan], nextIndex);
      if (instance === undefined) throw new Error(`no instance for node ${nextIndex + 1}`);
      const node = await startGeneralNode(deps, instance, nextIndex, stop.signal);
      nextIndex += 1;
      nodes.push(node);
      await nodesOffer(cluster.client, [node.name], offers);
      return node;
    },
  });
  const control = await serveNodeControl(stateDir, nodes, {
    addNative: async () => (await lab.addNode({ native: true })).name,
    remove: (name) => lab.removeNode(name),
  });
  stack.defer(() => control.close());
  return lab;
}
