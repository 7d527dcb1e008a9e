// For tests: a Kubernetes API and a cloud on loopback, nodes whose kubelets and agents are played, and ipamd in this process.
import { layOutNetwork, runInstances } from '../../../lab/account.ts';
import { type Cloud, startCloud } from '../../../lab/cloud/cloud.ts';
import type { CloudSettings } from '../../../lab/cloud/settings.ts';
import { createComputedNodes } from '../../../lab/computed/computed-nodes.ts';
import { startApiServer } from '../../../lab/kube/apiserver/index.ts';
import { chooseApi } from '../../../lab/kube/cluster-api.ts';
import type { ClusterApi } from '../../../lab/kube/cluster-api.ts';
import { embeddedApi } from '../../../lab/kube/embedded-api.ts';
import { startBinaries } from '../../../lab/kube/real/binaries.ts';
import { customResourceDefinitions } from '../../../lab/kube-resources.ts';
import { CLUSTER_ID, planNodes, POD_SUBNET_IDS, SAMPLE_GROUP, VPC } from '../../../lab/layout.ts';
import { waitForObjects } from '../../../lab/wait.ts';
import { customResourceDefinition } from '../../api/crd.ts';
import { annotations, labels, networks, objectNames } from '../../api/keys.ts';
import { kinds } from '../../api/kinds.ts';
import { type VpcEni, vpcEnis } from '../../api/vpc-eni.ts';
import { systemClock } from '../../base/clock.ts';
import type { Clock } from '../../base/clock.ts';
import { silentLogger } from '../../base/logger.ts';
import type { Logger } from '../../base/logger.ts';
import { type ClosableKubeClient, createKubeClient } from '../../kube/client.ts';
import type { KubeConnection } from '../../kube/connection.ts';
import { runManager } from '../../kube/manager.ts';
import {
  configMaps,
  events,
  namespaces,
  nodes as nodeResource,
  type Pod,
  pods,
  serviceAccounts,
} from '../../kube/resources.ts';
import type { KubeClient, KubeObject } from '../../kube/types.ts';
import type { PlanLog } from '../dry-run.ts';
import { type Ipamd, type IpamdTweaks, startIpamd } from './ipamd.ts';

export interface WorldOptions {
  readonly settings?: Partial<CloudSettings>;
  /** Models of the general nodes; default two SA5.LARGE8. */
  readonly instanceTypes?: readonly string[];
  /** Of them, how many at the end have no kubelet and no agent. */
  readonly agentless?: number;
  /** Names of our kinds that the cluster does not have, as without the add-on SecurityGroupPolicy. */
  readonly absentKinds?: readonly string[];
  /** Another cluster of the account of that world, in its VPC; `settings` are its. */
  readonly beside?: { readonly cloud: Cloud; readonly clusterId: string };
  /** Further or other add-on values. */
  readonly values?: Readonly<Record<string, string>>;
}

export interface World {
  readonly client: KubeClient;
  readonly cloud: Cloud;
  readonly nodeNames: readonly string[];
  readonly instanceIds: readonly string[];
  /** A group that exists. */
  readonly group: string;
  /** For programs that are started as processes. */
  readonly connection: KubeConnection;
  connect(): ClosableKubeClient;
  /** Another ipamd on the same cluster and cloud. */
  ipamd(tweaks?: IpamdTweaks): Ipamd;
  /** Bound, and marked as admission marks it. */
  createPod(name: string, change?: PodChange): Promise<Pod>;
  deletePod(name: string): Promise<void>;
  setValues(values: Readonly<Record<string, string>>): Promise<void>;
  /** Sub-ENIs that the cloud knows. */
  subEnis(): { readonly eniId: string; readonly groups: readonly string[] }[];
  /** Calls of one action that the cloud got so far. */
  calls(action: string): number;
  /** The VpcENIs of Pods, once `done` says so. */
  subEniObjects(
    done: (enis: readonly VpcEni[]) => boolean,
    what: string,
    timeoutMs?: number,
  ): Promise<readonly VpcEni[]>;
  nodesReady(): Promise<void>;
  events(
    reason: string,
  ): Promise<readonly { readonly message: string; readonly involvedObject: { readonly name: string } }[]>;
  close(): Promise<void>;
}

export interface PodChange {
  readonly node?: string;
  readonly groups?: string;
  readonly annotations?: Record<string, string>;
}

export const isReady = (eni: VpcEni): boolean => eni.status?.phase === 'Ready';

/** The embedded server, or a real one when `KUBEBUILDER_ASSETS` names one: the same tests run against both. */
async function openApi(base: { readonly clock: Clock; readonly logger: Logger }): Promise<ClusterApi> {
  const choice = chooseApi(undefined, process.env);
  if (choice.kind === 'binaries') return startBinaries(choice.folder, base.clock);
  const listen = { host: '127.0.0.1', port: 0 };
  return embeddedApi(await startApiServer({ ...base, listen, resolveService: () => Promise.resolve(undefined) }));
}

const openCloud = (settings: Partial<CloudSettings> = {}): Promise<Cloud> =>
  startCloud({
    clock: systemClock,
    logger: silentLogger,
    listen: { host: '127.0.0.1', port: 0 },
    seed: 1,
    settings: { taskMs: 20, vlanRestMs: 0, ...settings },
  });

export async function startWorld(options: WorldOptions = {}): Promise<World> {
  const stack = new AsyncDisposableStack();
  const base = { clock: systemClock, logger: silentLogger };
  const cloud = options.beside?.cloud ?? (await openCloud(options.settings));
  if (options.beside === undefined) {
    stack.defer(() => cloud.close());
    layOutNetwork(cloud.admin);
  }
  const api = await openApi(base);
  stack.defer(() => api.close());
  const connect = (plan?: PlanLog): ClosableKubeClient =>
    createKubeClient({
      ...base,
      connection: api.connection,
      qps: 5000,
      burst: 5000,
      ...(plan === undefined ? {} : { onDryRun: plan.write }),
    });
  const client = connect();
  stack.defer(() => client.close());
  await installKinds(client, options.absentKinds ?? []);
  // As if a policy had been there: its Pods are marked by hand.
  await client.patch(namespaces, 'default', {
    type: 'merge',
    body: { metadata: { labels: { [labels.securityGroupPolicy]: '' } } },
  });
  // Pods need it, and no controller makes it here.
  if (!api.brings.controllers)
    await client.create(serviceAccounts, {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'default', namespace: 'default' },
    });

  const instances = runInstances(cloud.admin, plansOf(options.instanceTypes ?? ['SA5.LARGE8', 'SA5.LARGE8']));
  const played = instances.slice(0, instances.length - (options.agentless ?? 0));
  const nodes = createComputedNodes({
    ...base,
    client,
    nodes: played.map(({ plan, instanceId, privateIp }) => ({
      name: privateIp,
      internalIp: privateIp,
      providerId: `qcloud:///${plan.zone}/${instanceId}`,
      instanceType: plan.instanceType,
      zone: plan.zone,
    })),
  });
  await nodes.register();
  for (const { plan, instanceId, privateIp } of instances.slice(played.length))
    await client.create(nodeResource, {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: privateIp, labels: { [labels.instanceType]: plan.instanceType } },
      spec: { providerID: `qcloud:///${plan.zone}/${instanceId}` },
    });
  const stop = new AbortController();
  const playing = runManager({ ...base, ...nodes, signal: stop.signal, shutdownBudgetMs: 1_000 });
  stack.defer(async () => {
    stop.abort();
    await playing;
  });
  const values = (more: Readonly<Record<string, string>> = {}): Record<string, string> => ({
    region: cloud.region,
    vpcId: VPC.vpcId,
    clusterId: options.beside?.clusterId ?? CLUSTER_ID,
    subnetIds: POD_SUBNET_IDS.join(','),
    paused: 'none',
    'vpcCni.trunkingEni.enableSubEni': 'true',
    ...options.values,
    ...more,
  });
  const system = { namespace: objectNames.systemNamespace };
  const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: objectNames.addonValues, ...system } };
  await client.create(configMaps, { ...map, data: values() });

  const nodeNames = instances.map((instance) => instance.privateIp);
  const running: Ipamd[] = [];
  stack.defer(async () => {
    await Promise.all(running.map((each) => each.stop()));
  });
  return {
    client,
    cloud,
    nodeNames,
    instanceIds: instances.map((instance) => instance.instanceId),
    group: SAMPLE_GROUP.securityGroupId,
    connection: api.connection,
    connect,
    ipamd: (tweaks = {}) => {
      const started = startIpamd({ client: connect(tweaks.plan), cloud }, tweaks);
      running.push(started);
      return started;
    },
    createPod: (name, change = {}) => client.create(pods, podObject(name, change.node ?? nodeNames[0] ?? '', change)),
    deletePod: (name) => client.delete(pods, name, { namespace: 'default', gracePeriodSeconds: 0 }),
    setValues: async (more) => {
      await client.patch(configMaps, objectNames.addonValues, { type: 'merge', body: { data: values(more) } }, system);
    },
    subEnis: () =>
      cloud
        .snapshot()
        .enis.filter((eni) => eni.kind === 'sub')
        .map((eni) => ({ eniId: eni.eniId, groups: eni.securityGroupIds })),
    calls: (action) => cloud.requestLog().filter((entry) => entry.action === action).length,
    subEniObjects: async (done, what, timeoutMs = 60_000) => {
      const subs = (enis: readonly VpcEni[]): VpcEni[] => enis.filter((eni) => eni.spec.type === 'SubENI');
      return subs(await waitForObjects(client, vpcEnis, (enis) => done(subs(enis)), { what, timeoutMs }));
    },
    nodesReady: async () => {
      const resource = 'tke.cloud.tencent.com/sub-eni';
      const ready = (name: string, list: readonly KubeObject[]): boolean =>
        list.some((node) => node.metadata.name === name && publishedOf(node, resource) !== undefined);
      await waitForObjects(client, nodeResource, (list) => played.every(({ privateIp }) => ready(privateIp, list)), {
        what: 'the resource on every node that has an agent',
        timeoutMs: 60_000,
      });
    },
    events: async (reason) => {
      const isIt = (event: KubeObject): boolean => 'reason' in event && event.reason === reason;
      const all = await waitForObjects(client, events, (items) => items.some(isIt), {
        what: `an event ${reason}`,
        timeoutMs: 60_000,
      });
      return all.filter(isIt) as unknown as { reason: string; message: string; involvedObject: { name: string } }[];
    },
    close: () => stack.disposeAsync(),
  };
}

/** A world for one test: `await using`. */
export async function disposableWorld(options: WorldOptions = {}): Promise<World & AsyncDisposable> {
  const world = await startWorld(options);
  return { ...world, [Symbol.asyncDispose]: () => world.close() };
}

function plansOf(models: readonly string[]): ReturnType<typeof planNodes> {
  const plans = planNodes(models.length, 0);
  return plans.map((plan, index) => ({ ...plan, instanceType: models[index] ?? plan.instanceType }));
}

async function installKinds(client: KubeClient, absent: readonly string[]): Promise<void> {
  const present = kinds.filter(({ resource }) => !absent.includes(resource.kind));
  const definitions = present.map((kind) => customResourceDefinition(kind) as unknown as KubeObject);
  for (const definition of definitions) await client.create(customResourceDefinitions, definition);
  const established = (object: KubeObject): boolean =>
    (object as KubeObject & { status?: { conditions?: { type: string; status: string }[] } }).status?.conditions?.some(
      ({ type, status }) => type === 'Established' && status === 'True',
    ) ?? false;
  await waitForObjects(client, customResourceDefinitions, (all) => all.length > 0 && all.every(established), {
    what: 'the kinds',
  });
}

const publishedOf = (node: KubeObject, resource: string): string | undefined =>
  (node as KubeObject & { status?: { allocatable?: Record<string, string> } }).status?.allocatable?.[resource];

function podObject(name: string, nodeName: string, change: PodChange): Pod {
  const marks = {
    [annotations.networks]: networks.subEni,
    [annotations.securityGroupId]: change.groups ?? SAMPLE_GROUP.securityGroupId,
  };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'default',
      annotations: change.annotations ?? marks,
      labels: { [labels.podName]: name },
    },
    spec: { nodeName, containers: [{ name: 'main', image: 'sample' }] },
  };
}
