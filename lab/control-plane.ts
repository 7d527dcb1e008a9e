// The control plane alone: cloud, API, ipamd and webhook as processes of their own, and nodes that are computed. No namespaces, no root.
import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { IpMode } from '../src/api/addon-values.ts';
import { objectNames } from '../src/api/keys.ts';
import { systemClock } from '../src/base/clock.ts';
import { createLogger, silentLogger } from '../src/base/logger.ts';
import type { LogLevel } from '../src/base/logger.ts';
import { runManager } from '../src/kube/manager.ts';
import { mutatingWebhookConfigurations, nodes as nodeResource } from '../src/kube/resources.ts';
import type { KubeClient, KubeObject } from '../src/kube/types.ts';
import { resourceNames } from '../src/api/keys.ts';
import { runInstances } from './account.ts';
import { connectAddons } from './addon-connection.ts';
import type { CloudAccess } from './cloud-client.ts';
import type { Cloud } from './cloud/cloud.ts';
import type { CloudSettings } from './cloud/settings.ts';
import { startCluster } from './cluster.ts';
import type { Cluster } from './cluster.ts';
import { createComputedNodes } from './computed/computed-nodes.ts';
import { freePort } from './free-port.ts';
import { installWithoutWorkloads } from './install.ts';
import type { ApiChoice } from './kube/cluster-api.ts';
import { kubeconfigYaml } from './kube/apiserver/kubeconfig.ts';
import { API_ENDPOINT, CLUSTER_ID, planNodes, SAMPLE_GROUP } from './layout.ts';
import { NODE_GROUPS_POLICY, ROLE_POLICIES_POLICY, SUB_ENI_POLICY } from './permissions.ts';
import { openSimulatedAccount } from './simulated-account.ts';
import { untilServing } from './until-serving.ts';
import { waitForObjects } from './wait.ts';

export interface ControlPlaneOptions {
  readonly projectDir: string;
  readonly progress: (line: string) => void;
  readonly nodes: number;
  /** As in `LabOptions`. */
  readonly stateDir?: string;
  readonly instanceType?: string;
  readonly taskMs?: number;
  readonly ipMode?: IpMode;
  /** Quotas of the account, where they differ from the simulator's. */
  readonly cloudSettings?: Partial<CloudSettings>;
  /** Further arguments of ipamd; default none. */
  readonly ipamdArgs?: readonly string[];
  readonly logLevel?: LogLevel;
  readonly api?: ApiChoice | undefined;
  readonly onFailure?: (error: unknown) => void;
}

export interface ControlPlane {
  readonly client: KubeClient;
  readonly cluster: Cluster;
  readonly cloud: Cloud;
  readonly cloudAccess: CloudAccess;
  readonly kubeconfig: string;
  readonly stateDir: string;
  readonly nodeNames: readonly string[];
  /** A group that exists, for Pods made by hand. */
  readonly group: string;
  /** Ends ipamd or the webhook in order, by its object's name. */
  stopProgram(name: string): Promise<void>;
  /** Starts it again; resolves when it runs, for the webhook when it serves. */
  startProgram(name: string): Promise<void>;
  close(): Promise<void>;
}

export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const stack = new AsyncDisposableStack();
  try {
    return await build(options, stack);
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

async function build(options: ControlPlaneOptions, stack: AsyncDisposableStack): Promise<ControlPlane> {
  const { projectDir, progress, onFailure = () => undefined } = options;
  const clock = systemClock;
  const logger =
    options.logLevel === undefined || options.logLevel === 'silent'
      ? silentLogger
      : createLogger('lab', options.logLevel);
  const stateDir = options.stateDir ?? (await mkdtemp(join(tmpdir(), 'trunkline-lab-')));
  await mkdir(stateDir, { recursive: true });
  stack.defer(() => rm(stateDir, { recursive: true, force: true }));

  const { cloud, access: cloudAccess } = await openSimulatedAccount({
    clock,
    logger,
    taskMs: options.taskMs,
    grants: [SUB_ENI_POLICY, NODE_GROUPS_POLICY, ROLE_POLICIES_POLICY],
    settings: options.cloudSettings,
  });
  stack.defer(() => cloud.close());
  progress(`cloud at ${cloud.endpoint}`);

  const webhook = { host: '127.0.0.1', port: await freePort() };
  const cluster = await startCluster({
    clock,
    logger,
    onFailure,
    choice: options.api,
    endpoint: options.api?.kind === 'kubeconfig' ? undefined : API_ENDPOINT,
    fixedServices: new Map([[`${objectNames.webhookNamespace}/${objectNames.webhook}`, webhook]]),
  });
  stack.defer(() => cluster.close());
  const kubeconfig = join(stateDir, 'kubeconfig');
  await writeFile(kubeconfig, cluster.api.kubeconfig(), { mode: 0o600 });
  progress(`${cluster.api.description} at ${cluster.api.url}`);
  await installWithoutWorkloads({
    client: cluster.client,
    projectDir,
    cloud: cloudAccess,
    ipMode: options.ipMode,
    ipamdArgs: [],
    webhookPort: webhook.port,
    api: cluster.api,
  });
  const addons = connectAddons({ cloud, clusterId: CLUSTER_ID, client: cluster.client, projectDir, clock, logger });
  stack.defer(() => addons.close());

  const instances = runInstances(cloud.admin, planNodes(options.nodes, 0, options.instanceType));
  const nodes = createComputedNodes({
    client: cluster.client,
    clock,
    logger,
    nodes: instances.map(({ plan, instanceId, privateIp }) => ({
      name: privateIp,
      internalIp: privateIp,
      providerId: `qcloud:///${plan.zone}/${instanceId}`,
      instanceType: plan.instanceType,
      zone: plan.zone,
    })),
  });
  await nodes.register();
  const stop = new AbortController();
  const running = runManager({
    informers: nodes.informers,
    controllers: nodes.controllers,
    clock,
    logger,
    signal: stop.signal,
    shutdownBudgetMs: 2_000,
  }).catch(onFailure);
  stack.defer(async () => {
    stop.abort(new Error('the lab is closing'));
    await running;
  });

  const { ipamdArgs = [] } = options;
  const parts = { projectDir, stateDir, cluster, cloudAccess, webhookPort: webhook.port, ipamdArgs };
  const programs = await preparePrograms(parts);
  const children = new Map<string, { stop(): Promise<void> }>();
  const startByName = (name: string): void => {
    const program = programs.find((each) => each.name === name);
    if (program === undefined || children.has(name)) throw new Error(`no stopped program ${name}`);
    children.set(name, startProgram(program, onFailure));
  };
  stack.defer(() => Promise.all([...children.values()].map((child) => child.stop())).then(() => undefined));
  for (const { name } of programs) startByName(name);
  const nodeNames = instances.map((instance) => instance.privateIp);
  await waitForObjects(
    cluster.client,
    nodeResource,
    (all) =>
      nodeNames.every((name) =>
        all.some(
          (node) => node.metadata.name === name && node.status?.allocatable?.[resourceNames.subEni] !== undefined,
        ),
      ),
    {
      what: `${resourceNames.subEni} on every node`,
    },
  );
  await untilServing(clock, webhook.port, objectNames.webhook);
  await waitForObjects(cluster.client, mutatingWebhookConfigurations, (all) => all.some(isTrusted), {
    what: 'the webhook configuration to trust the webhook',
  });
  progress('ipamd and webhook are ready');
  return {
    client: cluster.client,
    cluster,
    cloud,
    cloudAccess,
    kubeconfig,
    stateDir,
    nodeNames,
    group: SAMPLE_GROUP.securityGroupId,
    stopProgram: async (name) => {
      const child = children.get(name);
      children.delete(name);
      await child?.stop();
    },
    startProgram: async (name) => {
      startByName(name);
      if (name === objectNames.webhook) await untilServing(clock, webhook.port, objectNames.webhook);
    },
    close: () => stack.disposeAsync(),
  };
}

interface Program {
  readonly name: string;
  readonly argv: readonly string[];
  readonly logFile: string;
}

/** ipamd and webhook with the identity and credentials that their Pods would have. */
async function preparePrograms(parts: {
  projectDir: string;
  stateDir: string;
  cluster: Cluster;
  cloudAccess: CloudAccess;
  webhookPort: number;
  ipamdArgs: readonly string[];
}): Promise<Program[]> {
  const { projectDir, stateDir, cluster, cloudAccess, webhookPort, ipamdArgs } = parts;
  const credentials = join(stateDir, 'credentials');
  await mkdir(credentials);
  await writeFile(join(credentials, 'secretId'), cloudAccess.secretId, { mode: 0o600 });
  await writeFile(join(credentials, 'secretKey'), cloudAccess.secretKey, { mode: 0o600 });
  const identity = async (namespace: string, account: string): Promise<string> => {
    const file = join(stateDir, `${account}.kubeconfig`);
    await writeFile(
      file,
      kubeconfigYaml({
        server: cluster.api.url,
        caPem: cluster.api.caPem,
        token: await cluster.api.issueToken(namespace, account),
      }),
      { mode: 0o600 },
    );
    return file;
  };
  const program = (name: string, file: string, args: readonly string[]): Program => ({
    name,
    argv: [join(projectDir, 'src', 'main', `${file}.ts`), ...args],
    logFile: join(stateDir, `${name}.log`),
  });
  return [
    program(objectNames.ipamd, 'ipamd', [
      `--kubeconfig=${await identity(objectNames.systemNamespace, objectNames.ipamd)}`,
      `--cloud-endpoint=${cloudAccess.endpoint}`,
      `--credentials-dir=${credentials}`,
      '--health-address=127.0.0.1:0',
      '--metrics-address=127.0.0.1:0',
      ...ipamdArgs,
    ]),
    program(objectNames.webhook, 'webhook', [
      `--kubeconfig=${await identity(objectNames.webhookNamespace, objectNames.webhook)}`,
      `--listen=127.0.0.1:${webhookPort}`,
      '--serving-names=127.0.0.1',
    ]),
  ];
}

/** A child that ends with SIGTERM, then SIGKILL after 3 s; its own end before that is the lab's failure. */
function startProgram(program: Program, onFailure: (error: unknown) => void): { stop(): Promise<void> } {
  const log = openSync(program.logFile, 'a');
  const [command, ...args] = [...endWithParent(), process.execPath, ...program.argv];
  const child = spawn(command, args, { stdio: ['ignore', log, log] });
  const endNow = (): void => void child.kill('SIGKILL');
  process.once('exit', endNow);
  closeSync(log);
  const state = { stopping: false };
  const ended = new Promise<void>((resolve) => {
    child.on('error', (error) => {
      onFailure(error);
      resolve();
    });
    child.on('exit', (code, signal) => {
      if (!state.stopping)
        onFailure(
          new Error(`${program.name} ended with ${signal ?? `exit code ${code}`}; its log: ${program.logFile}`),
        );
      resolve();
    });
  });
  return {
    stop: async () => {
      state.stopping = true;
      child.kill('SIGTERM');
      const kill = systemClock.after(3_000, () => child.kill('SIGKILL'));
      await ended;
      kill();
      process.off('exit', endNow);
    },
  };
}

/** What makes the kernel end a child with us, also after SIGKILL, on systems that have it. */
function endWithParent(): readonly [string, ...string[]] | readonly [] {
  const setpriv = ['/usr/bin/setpriv', '/bin/setpriv'].find((file) => existsSync(file));
  return setpriv === undefined ? [] : [setpriv, '--pdeathsig', 'KILL', '--'];
}

/** The program has put its authority into the configuration. */
function isTrusted(object: KubeObject): boolean {
  const { webhooks } = object as KubeObject & { webhooks?: { clientConfig?: { caBundle?: string } }[] };
  return (
    webhooks !== undefined &&
    webhooks.length > 0 &&
    webhooks.every((webhook) => (webhook.clientConfig?.caBundle ?? '') !== '')
  );
}
