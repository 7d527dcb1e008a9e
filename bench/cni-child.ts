// The child of the benchmark `cni`, alone in a network and mount namespace that is the node: turns of the contenders over the same Pods' namespaces.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addPhases } from '../src/agent/metrics.ts';
import { http } from '../src/base/node-http.ts';
import type { Pod } from '../src/kube/resources.ts';
import { type Call, createLauncher, type Launcher } from './cni-launcher.ts';
import { type BenchNode, createBenchNode } from './cni-node.ts';
import { type Contender, contenders, type Message, type Turn } from './cni-message.ts';
import { cpuMsOf, rssMbOf } from './process-usage.ts';

const BLOCKS = Number(process.env['TRUNKLINE_BENCH_CNI_BLOCKS'] ?? 8);
const PODS = 30;
const FULL = 250;
/** ADDs on the empty node, and on the full one, that are compared. */
const ENDS = 10;
const FILLS = 12;
/** What a burst left to do, at most a second later, is not the cost of those that come next. */
const SETTLE_MS = 1_500;
/** One look of the agent at the kernel is among it. */
const IDLE_S = 60;
const PLUGINS = '/usr/lib/cni';

const tell = (message: Message): void => {
  process.send?.(message);
};
const netnsOf = (at: number): string => `/run/netns/p${at}`;

interface World {
  readonly node: BenchNode;
  readonly launcher: Launcher;
  readonly confs: Readonly<Record<Contender, string>>;
}

function writeConfs(folder: string): World['confs'] {
  const ipam = (name: string, subnet: string): object => ({ type: 'host-local', subnet, dataDir: join(folder, name) });
  const common = { cniVersion: '0.4.0', mtu: 1500 };
  const confs = {
    trunkline: { ...common, name: 'tke-eni', type: 'tke-route-eni', ipam: { type: 'tke-eni-ipamc' } },
    ptp: { ...common, name: 'ptp', type: 'ptp', ipam: ipam('ptp', '10.77.0.0/16') },
    bridge: {
      ...common,
      name: 'bridge',
      type: 'bridge',
      bridge: 'cni0',
      isGateway: true,
      ipam: ipam('bridge', '10.78.0.0/16'),
    },
  };
  const written = contenders.map((name) => {
    const path = join(folder, `${name}.conf`);
    writeFileSync(path, JSON.stringify(confs[name]));
    return [name, path];
  });
  return Object.fromEntries(written) as World['confs'];
}

function callsOf({ node, confs }: World, contender: Contender, pods: readonly Pod[], round: string): readonly Call[] {
  return pods.map(({ metadata }, at) => ({
    plugin: contender === 'trunkline' ? node.plugin : join(PLUGINS, contender),
    command: 'ADD',
    containerId: `${contender}-${round}-${metadata.uid ?? ''}`,
    netns: netnsOf(at),
    // As containerd writes it.
    args: `IgnoreUnknown=1;K8S_POD_NAMESPACE=ns;K8S_POD_NAME=${metadata.name};K8S_POD_UID=${metadata.uid ?? ''}`,
    conf: confs[contender],
  }));
}

const deletions = (calls: readonly Call[]): readonly Call[] => calls.map((call) => ({ ...call, command: 'DEL' }));

/** Serial: one after the other. Burst: all at once. ADD of all Pods, then DEL of all. */
async function turn(world: World, contender: Contender, pods: readonly Pod[], round: string): Promise<Turn> {
  const { node, launcher } = world;
  const own = contender === 'trunkline';
  const before = own ? cpuMsOf(node.agentPid) : 0;
  let cpuMs = 0;
  const run = async (calls: readonly Call[]): Promise<number[]> => {
    const answers = await launcher.start(calls);
    for (const answer of answers) cpuMs += answer.cpuMs;
    return answers.map(({ ms }) => ms);
  };
  const oneByOne = async (calls: readonly Call[]): Promise<number[]> => {
    const all: number[] = [];
    for (const call of calls) all.push(...(await run([call])));
    return all;
  };
  const serial = callsOf(world, contender, pods, `${round}s`);
  const burst = callsOf(world, contender, pods, `${round}b`);
  const found = {
    serial: { add: await oneByOne(serial), del: await oneByOne(deletions(serial)) },
    burst: { add: await run(burst), del: await run(deletions(burst)) },
  };
  if (own) cpuMs += cpuMsOf(node.agentPid) - before;
  return { ...found, cpuMs: cpuMs / (2 * pods.length) };
}

async function blocks(world: World): Promise<void> {
  const names = Array.from({ length: PODS }, (_, at) => `pod-${at}`);
  // The first is for caches and compilers, and is not told.
  for (let number = 0; number <= BLOCKS; number += 1) {
    const pods = await world.node.createPods(names.map((name) => `${name}-${number}`));
    const turns: Partial<Record<Contender, Turn>> = {};
    for (let at = 0; at < contenders.length; at += 1) {
      const contender = contenders[(number + at) % contenders.length] ?? 'ptp';
      turns[contender] = await turn(world, contender, pods, String(number));
    }
    const { trunkline, ptp, bridge } = turns;
    if (number > 0 && trunkline !== undefined && ptp !== undefined && bridge !== undefined)
      tell({ block: { trunkline, ptp, bridge } });
    tell({ progress: `cni: block ${number} of ${BLOCKS}` });
    await world.node.deletePods(pods);
  }
}

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, SETTLE_MS));

async function fullNode(world: World): Promise<Extract<Message, { fullNode: unknown }>['fullNode']> {
  const { node, launcher } = world;
  const pods = await node.createPods(Array.from({ length: FULL }, (_, at) => `full-${at}`));
  const oneByOne = async (calls: readonly Call[]): Promise<number[]> => {
    const all: number[] = [];
    for (const call of calls) all.push(...(await launcher.start([call])).map(({ ms }) => ms));
    return all;
  };
  const fills: { first: number[]; last: number[] }[] = [];
  for (let fill = 1; fill <= FILLS; fill += 1) {
    const calls = callsOf(world, 'trunkline', pods, `full${fill}`);
    await settled();
    const first = await oneByOne(calls.slice(0, ENDS));
    // At once: the first and the last meet the same machine, a few seconds apart.
    await launcher.start(calls.slice(ENDS, -ENDS));
    await settled();
    fills.push({ first, last: await oneByOne(calls.slice(-ENDS)) });
    tell({ progress: `cni: filled the node, ${fill} of ${FILLS}` });
    if (fill < FILLS) await launcher.start(deletions(calls));
  }
  await node.untilInUse(FULL);
  tell({ progress: `cni: ${FULL} Pods; now ${IDLE_S} s of nothing` });
  const rssMb = rssMbOf(node.agentPid);
  const before = cpuMsOf(node.agentPid);
  await new Promise((resolve) => setTimeout(resolve, IDLE_S * 1_000));
  const idleCpu = (cpuMsOf(node.agentPid) - before) / (IDLE_S * 1_000);
  return { count: FULL, fills, rssMb, idleCpu };
}

/** Mean milliseconds of each part of the agent's ADDs, over the whole run. */
async function phasesOf(socketPath: string): Promise<Record<string, number>> {
  const text = await new Promise<string>((resolve, reject) => {
    http
      .get({ socketPath, path: '/metrics' }, (response) => {
        let body = '';
        response.on('data', (chunk: Buffer) => {
          body += chunk.toString();
        });
        response.on('end', () => resolve(body));
      })
      .on('error', reject);
  });
  const of = (name: string, labels: string): number =>
    Number(new RegExp(`^trunkline_agent_${name}\\{${labels}\\} (\\S+)$`, 'm').exec(text)?.[1] ?? Number.NaN);
  const mean = (name: string, labels: string): number =>
    (1_000 * of(`${name}_sum`, labels)) / of(`${name}_count`, labels);
  const phases = addPhases.map((phase) => [phase, mean('add_phase_seconds', `phase="${phase}"`)] as const);
  return { ...Object.fromEntries(phases), 'whole call': mean('cni_call_seconds', 'command="ADD",code="0"') };
}

async function main(): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), 'tke-bench-cni-'));
  stack.defer(() => rmSync(folder, { recursive: true, force: true }));
  execFileSync('sh', ['-ec', 'ip link set lo up; mkdir -p /run/netns; mount -t tmpfs none /run/netns']);
  for (let at = 0; at < FULL; at += 1) execFileSync('ip', ['netns', 'add', `p${at}`]);
  const node = await createBenchNode(folder, stack);
  const env = [
    `TKE_ENI_AGENT_SOCKET=${node.socket}`,
    `TKE_ENI_AGENT_TOMBSTONES=${folder}/state/tombstones`,
    'PATH=/usr/bin:/sbin',
  ];
  const launcher = createLauncher(folder, PLUGINS, env);
  stack.defer(() => launcher.close());
  const world: World = { node, launcher, confs: writeConfs(folder) };
  await blocks(world);
  const fileSystem = execFileSync('stat', ['-f', '-c', '%T', folder], { encoding: 'utf8' }).trim();
  tell({ fullNode: await fullNode(world), phases: await phasesOf(node.socket), fileSystem });
}

await main();
process.disconnect?.();
