// One node for the benchmark `cni`: the agent as it is shipped, an API with its Pods and a pool of shared addresses, an ENI with nobody behind it.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { parse } from 'yaml';
import { startApiServer } from '../lab/kube/apiserver/index.ts';
import { waitForObjects } from '../lab/wait.ts';
import { eniInfoOf, sharedEniOf } from '../src/agent/testing/shared-enis.ts';
import { NODE } from '../src/agent/testing/service-world.ts';
import { nodeEniConfigs } from '../src/api/node-eni-config.ts';
import { type VpcEni, vpcEnis } from '../src/api/vpc-eni.ts';
import { systemClock } from '../src/base/clock.ts';
import { silentLogger } from '../src/base/logger.ts';
import { createKubeClient } from '../src/kube/client.ts';
import { namespaces, type Pod, pods, serviceAccounts } from '../src/kube/resources.ts';
import type { KubeClient } from '../src/kube/types.ts';
import { deployedEnvironment } from './deployed-environment.ts';

const PROJECT = join(import.meta.dirname, '..');
const GROUP = 'networking.tke.cloud.tencent.com/v1';

export interface BenchNode {
  readonly plugin: string;
  readonly socket: string;
  readonly agentPid: number;
  /** Ordinary Pods on the node, known to the agent. */
  createPods(names: readonly string[]): Promise<readonly Pod[]>;
  /** Resolves once the agent has told that none of their addresses is in use, but only so many of others. */
  deletePods(pods: readonly Pod[], left?: number): Promise<void>;
  /** Resolves once the agent has told of exactly this many addresses. */
  untilInUse(count: number): Promise<void>;
}

/** In the network namespace of the caller, which is the node's. */
export async function createBenchNode(folder: string, stack: AsyncDisposableStack): Promise<BenchNode> {
  const { client, environment } = await startApi(stack);
  const info = eniInfoOf(1);
  sh(`ip link add eth1 address ${info.mac} type veth peer name fabric; ip link set fabric up; ip link set eth1 up`);
  // What the subnet has besides its gateway and the ENI's own.
  const ips = Array.from({ length: 253 }, (_, at) => `10.0.35.${at + 2}`).filter((ip) => ip !== info.primaryIP);
  const { status, ...intent } = sharedEniOf(1, { generation: 1, addresses: ips.map((ip) => ({ ip, since: 1 })) });
  await client.create(vpcEnis, intent as VpcEni);
  const nec = { apiVersion: GROUP, kind: 'NodeENIConfig' as const, metadata: { name: NODE }, spec: {} };
  await client.create(nodeEniConfigs, nec);
  const report = { subresource: 'status' as const };
  await client.patch(vpcEnis, intent.metadata.name, { type: 'merge', body: { status } }, report);
  const enis = { eniInfos: [info] };
  await client.patch(nodeEniConfigs, NODE, { type: 'merge', body: { status: enis } }, report);

  const agent = await startAgent(folder, environment);
  stack.defer(() => endChild(agent, 'SIGTERM'));
  await waitForObjects(client, nodeEniConfigs, (all) => all[0]?.status?.node?.ready === true, {
    what: 'a node that takes Pods',
  });
  const untilInUse = async (count: number): Promise<void> => {
    await waitForObjects(client, vpcEnis, (all) => all[0]?.status?.use?.inUse.length === count, {
      what: `${count} addresses in use`,
    });
  };
  return {
    plugin: join(folder, 'bin', 'tke-route-eni'),
    socket: join(folder, 'agent.sock'),
    agentPid: agent.pid ?? 0,
    untilInUse,
    createPods: (names) =>
      Promise.all(
        names.map((name) =>
          client.create(
            pods,
            {
              apiVersion: 'v1',
              kind: 'Pod',
              metadata: { name, namespace: 'ns' },
              spec: { nodeName: NODE, containers: [{ name: 'c', image: 'i' }] },
            } as Pod,
            { namespace: 'ns' },
          ),
        ),
      ),
    deletePods: async (gone, left = 0) => {
      for (const { metadata } of gone)
        await client.delete(pods, metadata.name, { namespace: 'ns', gracePeriodSeconds: 0 });
      await untilInUse(left);
    },
  };
}

async function startApi(
  stack: AsyncDisposableStack,
): Promise<{ readonly client: KubeClient; readonly environment: NodeJS.ProcessEnv }> {
  const common = { clock: systemClock, logger: silentLogger };
  const api = await startApiServer({
    ...common,
    listen: { host: '127.0.0.1', port: 0 },
    resolveService: () => Promise.resolve(undefined),
  });
  stack.defer(() => api.close());
  const { server, caPem, auth } = api.adminConnection();
  const connection = { server, caPem, auth: { readToken: () => Promise.resolve(auth.token) } };
  const client = createKubeClient({ ...common, connection, qps: 2_000, burst: 2_000 });
  stack.defer(() => client.close());
  for (const file of readdirSync(join(PROJECT, 'deploy/crds')).filter((name) => /^(vpcenis|vpcips|nodeeni)/.test(name)))
    await client.request(
      'POST',
      '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
      parse(readFileSync(join(PROJECT, 'deploy/crds', file), 'utf8')),
    );
  await client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'ns' } });
  const account = {
    apiVersion: 'v1' as const,
    kind: 'ServiceAccount' as const,
    metadata: { name: 'default', namespace: 'ns' },
  };
  await client.create(serviceAccounts, account);
  return { client, environment: inPod(new URL(server), caPem, auth.token) };
}

/** What a Pod finds of its ServiceAccount; the child's mounts are its own. */
function inPod({ hostname, port }: URL, caPem: string, token: string): NodeJS.ProcessEnv {
  const folder = '/run/secrets/kubernetes.io/serviceaccount';
  sh(`mkdir -p /run/secrets; mount -t tmpfs none /run/secrets; mkdir -p ${folder}`);
  writeFileSync(join(folder, 'ca.crt'), caPem);
  writeFileSync(join(folder, 'token'), token, { mode: 0o600 });
  return { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port };
}

/** As in an image: one file, beside what was built for it, with the environment that its DaemonSet gives it. */
async function startAgent(folder: string, inside: NodeJS.ProcessEnv): Promise<ChildProcess> {
  const image = join(folder, 'image');
  const main = join(image, 'src/main/agent.mjs');
  await build({
    entryPoints: [join(PROJECT, 'src/main/agent.ts')],
    outfile: main,
    bundle: true,
    platform: 'node',
    format: 'esm',
    // Some packages inside are CommonJS.
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    logLevel: 'error',
  });
  symlinkSync(join(PROJECT, 'build'), join(image, 'build'));
  const flags = [
    `--node-name=${NODE}`,
    `--cni-bin-dir=${join(folder, 'bin')}`,
    `--cni-conf-dir=${join(folder, 'net.d')}`,
    `--socket=${join(folder, 'agent.sock')}`,
    `--state-dir=${join(folder, 'state')}`,
    '--address-rest=0s',
    '--log-level=warn',
  ];
  const env = { ...process.env, ...inside, ...(await deployedEnvironment('agent', 'daemon-set.yaml')) };
  return spawn(process.execPath, [main, ...flags], { env, stdio: ['ignore', 'inherit', 'inherit'] });
}

async function endChild(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill(signal);
  await exit;
}

const sh = (script: string): void => {
  execFileSync('sh', ['-ec', script], { stdio: ['ignore', 'ignore', 'inherit'] });
};
