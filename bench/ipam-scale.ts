// ipamd against 5,000 nodes and 100,000 Pods in the simulators: memory, how soon a restarted one has converged and what it changes then, and stalls.
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { loadHollow } from '../lab/hollow/hollow-load.ts';
import { applyObject } from '../lab/install.ts';
import { kubeconfigYaml } from '../lab/kube/apiserver/kubeconfig.ts';
import { CLUSTER_ID } from '../lab/layout.ts';
import { loadKustomization } from '../lab/manifests.ts';
import type { IpMode } from '../src/api/addon-values.ts';
import { objectNames } from '../src/api/keys.ts';
import { systemClock } from '../src/base/clock.ts';
import { silentLogger } from '../src/base/logger.ts';
import { createKubeClient } from '../src/kube/client.ts';
import type { KubeClient, KubeObject } from '../src/kube/types.ts';
import {
  type CallCounts,
  type CloudQuestion,
  type MadeEni,
  type ProcessSample,
  SCALE_SUBNETS,
  SCALE_VPC,
  type ScaleCloud,
  type WantedEni,
} from './ipam-scale-message.ts';
import type { Endpoint } from './kube-api-connection.ts';
import { addressOf, makeClaims, makeNodeEnis } from './ipam-scale-addresses.ts';
import { deployedEnvironment } from './deployed-environment.ts';
import { type Benchmark, figure, type Figure } from './result.ts';
import { rollStatic } from './static-roll.ts';

const NODES = 5_000;
const PODS_PER_NODE = 20;
/** Pods of the StatefulSet that is rolled, in static mode. */
const ROLLED = 1_000;
const NAMESPACES = 50;
/** Of the first convergence, which is bounded by the documented limits of the cloud, not by ipamd. */
const PATIENCE_MS = 30 * 60_000;
/** Converged: nothing was asked of the cloud, and little computed, for this long. */
const QUIET_MS = 10_000;
const QUIET_CPU = 0.25;
const PROGRESS_MS = 15_000;

export const ipamScale: Benchmark = {
  name: 'ipam-scale',
  title: `${NODES} nodes and ${NODES * PODS_PER_NODE} Pods: ipamd's memory, its restart, its stalls; and a roll of kept addresses`,
  run: async (progress) => {
    const scale = await runScale({ nodes: NODES, mode: 'non-static' }, progress);
    const rolled = await rollStatic(ROLLED, progress);
    return { ...scale, figures: [...scale.figures, ...rolled] };
  },
};

/** The same with a claim and a kept address for each Pod, which are there before ipamd starts. */
export const ipamScaleStatic: Benchmark = {
  name: 'ipam-scale-static',
  title: 'the same in static IP mode, with a claim and a VpcIP for each Pod; without the roll',
  run: async (progress) => ({
    ...(await runScale({ nodes: NODES, mode: 'static' }, progress)),
    benchmark: 'ipam-scale-static',
  }),
};

export interface ScaleOptions {
  readonly nodes: number;
  readonly mode: IpMode;
}

/** The benchmark at any size. */
export async function runScale(
  options: ScaleOptions,
  progress: (line: string) => void,
): Promise<Awaited<ReturnType<Benchmark['run']>>> {
  const { nodes, mode } = options;
  const stack = new AsyncDisposableStack();
  try {
    const world = await openWorld(options, progress, stack);
    const first = await converge(world, progress, stack);
    progress(
      `converged for the first time after ${first.seconds.toFixed(0)} s: ${JSON.stringify(first.calls.byAction)}`,
    );
    await first.stop();
    const again = await converge(world, progress, stack);
    progress(`converged again after ${again.seconds.toFixed(0)} s: ${JSON.stringify(again.calls.byAction)}`);
    await again.stop();
    return {
      benchmark: 'ipam-scale',
      conditions: `${nodes} hollow nodes with CVMs in the simulator, ${nodes * PODS_PER_NODE} Pods, ${mode} mode, documented limits of the cloud's API; API, cloud, ipamd and load tool are a process each; converged: ${QUIET_MS / 1000} s without a call and below ${QUIET_CPU * 100} % of a core`,
      figures: [...figuresOf('first start', first, false), ...figuresOf('restart', again, true)],
    };
  } finally {
    await stack.disposeAsync();
  }
}

function figuresOf(what: string, { seconds, calls, peakRss, rss, stalls }: Converged, budgeted: boolean): Figure[] {
  const budget = (value: number): number | undefined => (budgeted ? value : undefined);
  return [
    figure(`${what}: until converged`, seconds, 's', budget(60)),
    figure(`${what}: mutating calls`, calls.mutating, 'calls', budget(0)),
    figure(`${what}: all calls`, calls.all, 'calls'),
    figure(`${what}: RSS when converged`, rss / 2 ** 20, 'MiB', budget(400)),
    figure(`${what}: highest RSS on the way`, peakRss / 2 ** 20, 'MiB'),
    figure(`${what}: stall of the event loop, p99`, percentile(stalls, 0.99), 'ms', budget(100)),
    figure(`${what}: longest stall`, Math.max(0, ...stalls), 'ms'),
  ];
}

interface World {
  readonly client: KubeClient;
  readonly kubeconfig: string;
  readonly credentials: string;
  readonly cloud: ScaleCloud;
  calls(from: number): Promise<CallCounts>;
}

async function openWorld(
  { nodes, mode }: ScaleOptions,
  progress: (line: string) => void,
  stack: AsyncDisposableStack,
): Promise<World> {
  const child = (file: string, ...args: string[]): ChildProcess => {
    const started = fork(new URL(file, import.meta.url), args, { stdio: 'inherit' });
    stack.defer(() => started.disconnect());
    return started;
  };
  const apiProcess = child('./kube-api-child.ts', 'apiserver');
  const [endpoint] = (await once(apiProcess, 'message')) as [Endpoint];
  const cloudProcess = child('./ipam-scale-cloud.ts', String(nodes));
  const [cloud] = (await once(cloudProcess, 'message')) as [ScaleCloud];
  const server = `https://127.0.0.1:${endpoint.port}`;
  const client = createKubeClient({
    connection: { server, caPem: endpoint.caPem, auth: { readToken: () => Promise.resolve(endpoint.token) } },
    clock: systemClock,
    logger: silentLogger,
    qps: 100_000,
    burst: 100_000,
  });
  stack.defer(() => client.close());
  await installApi(client, cloud, mode);
  const deps = { client, clock: systemClock, logger: silentLogger };
  const ask = async (question: CloudQuestion): Promise<unknown> => {
    const answer = once(cloudProcess, 'message');
    cloudProcess.send(question);
    return (await answer)[0] as unknown;
  };
  const make = async (wanted: readonly WantedEni[]) => (await ask({ make: wanted })) as readonly MadeEni[];
  const enis = mode === 'static' ? await makeNodeEnis(client, nodes, PODS_PER_NODE, make) : undefined;
  const load = { nodes, pods: nodes * PODS_PER_NODE, namespaces: NAMESPACES };
  const told = (count: number): void => progress(`${count} Pods made`);
  if (enis === undefined) await loadHollow(deps, load, told);
  else {
    const podAddress = (index: number): string => addressOf(enis, index, nodes);
    await loadHollow(deps, { ...load, podAddress }, told);
    await makeClaims(client, enis, (count) => progress(`${count} claims made`));
  }
  const folder = await mkdtemp(join(tmpdir(), 'trunkline-scale-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const kubeconfig = join(folder, 'kubeconfig');
  await writeFile(kubeconfig, kubeconfigYaml({ server, caPem: endpoint.caPem, token: endpoint.token }));
  await writeFile(join(folder, 'secretId'), cloud.secretId);
  await writeFile(join(folder, 'secretKey'), cloud.secretKey);
  return {
    client,
    kubeconfig,
    credentials: folder,
    cloud,
    calls: async (from) => (await ask({ callsFrom: from })) as CallCounts,
  };
}

async function installApi(client: KubeClient, cloud: ScaleCloud, mode: IpMode): Promise<void> {
  for (const crd of await loadKustomization(join(process.cwd(), 'deploy', 'crds'))) await applyObject(client, crd);
  const values = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: objectNames.addonValues,
      namespace: objectNames.systemNamespace,
      labels: { 'app.kubernetes.io/managed-by': 'trunkline' },
    },
    data: {
      region: cloud.region,
      vpcId: SCALE_VPC,
      clusterId: CLUSTER_ID,
      subnetIds: SCALE_SUBNETS.join(','),
      'vpcCni.ipMode': mode,
    },
  };
  await applyObject(client, values as KubeObject);
}

interface Converged {
  readonly seconds: number;
  readonly calls: CallCounts;
  readonly rss: number;
  readonly peakRss: number;
  readonly stalls: readonly number[];
  stop(): Promise<void>;
}

/** Starts ipamd and waits until it rests. */
async function converge(
  world: World,
  progress: (line: string) => void,
  stack: AsyncDisposableStack,
): Promise<Converged> {
  const before = await world.calls(0);
  const started = performance.now();
  const ipamd = fork(
    new URL('../src/main/ipamd.ts', import.meta.url),
    [
      `--kubeconfig=${world.kubeconfig}`,
      `--cloud-endpoint=${world.cloud.endpoint}`,
      `--credentials-dir=${world.credentials}`,
      '--health-address=127.0.0.1:0',
      '--metrics-address=127.0.0.1:0',
      '--log-level=error',
      // A machine that everything shares is slow to renew one.
      '--lease-duration=60s',
      '--renew-deadline=40s',
    ],
    {
      env: { ...process.env, ...(await deployedEnvironment('ipamd')) },
      execArgv: ['--import', new URL('./process-samples.ts', import.meta.url).href],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    },
  );
  const ended = once(ipamd, 'exit');
  stack.defer(() => void ipamd.kill('SIGKILL'));
  const samples: ProcessSample[] = [];
  ipamd.on('message', (sample) => samples.push(sample as ProcessSample));
  const deadline = started + PATIENCE_MS;
  let busyUntil = started;
  let calls = before;
  for (let told = started; performance.now() - busyUntil < QUIET_MS; ) {
    if (performance.now() > deadline) throw new Error(`ipamd did not converge within ${PATIENCE_MS / 60_000} min`);
    await Promise.race([systemClock.sleep(1_000), ended]);
    if (ipamd.exitCode !== null) throw new Error(`ipamd ended with exit code ${ipamd.exitCode}`);
    const [last, former] = [samples.at(-1), samples.at(-2)];
    const now = await world.calls(before.until);
    const computes = last === undefined || last.cpuS - (former?.cpuS ?? 0) > QUIET_CPU;
    if (computes || now.all !== calls.all || now.until === before.until) busyUntil = performance.now();
    calls = now;
    if (performance.now() - told < PROGRESS_MS) continue;
    told = performance.now();
    progress(
      `${((told - started) / 1000).toFixed(0)} s: ${JSON.stringify(now.byAction)}, RSS ${mib(last?.rss)}, heap ${mib(last?.heapUsed)} of ${mib(last?.heapTotal)}, external ${mib(last?.external)}`,
    );
  }
  const seconds = (busyUntil - started) / 1000;
  const rss = samples.at(-1)?.rss ?? 0;
  return {
    seconds,
    calls: await world.calls(before.until),
    rss,
    peakRss: Math.max(...samples.map((sample) => sample.rss)),
    stalls: samples.flatMap((sample) => sample.stalls),
    stop: async () => {
      ipamd.kill('SIGTERM');
      await ended;
    },
  };
}

const mib = (bytes = 0): string => `${(bytes / 2 ** 20).toFixed(0)} MiB`;

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
