// The child of the benchmark `cni`, alone in a network and mount namespace that is the node: turns of the contenders over the same Pods' namespaces.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Pod } from '../src/kube/resources.ts';
import { type Call, createLauncher, type Launcher } from './cni-launcher.ts';
import { type BenchNode, createBenchNode } from './cni-node.ts';
import { type Contender, contenders, type Ends, type Message, type Turn } from './cni-message.ts';
import { meansBetween, type PhaseSums, phaseSumsOf } from './cni-phases.ts';
import { cpuMsOf, rssMbOf } from './process-usage.ts';

const BLOCKS = Number(process.env['TRUNKLINE_BENCH_CNI_BLOCKS'] ?? 8);
const PODS = 30;
const FULL = 250;
/** Pods that come to the empty node, and to the full one, and whose ADDs are compared; so many, so often for each fill. */
const GUESTS = 10;
const TIMES = 2;
const FILLS = Number(process.env['TRUNKLINE_BENCH_CNI_FILLS'] ?? 10);
/** What a burst left to do, at most a second later, is not the cost of those that come next. */
const SETTLE_MS = 1_500;
/** One look of the agent at the kernel is among it. */
const IDLE_S = 60;
/** What the runtime collects after a burst, once it finds the time, is not idling. */
const QUIET_MS = 15_000;
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

function callsOf(
  { node, confs }: World,
  contender: Contender,
  pods: readonly Pod[],
  round: string,
  firstNetns = 0,
): readonly Call[] {
  return pods.map(({ metadata }, at) => ({
    plugin: contender === 'trunkline' ? node.plugin : join(PLUGINS, contender),
    command: 'ADD',
    containerId: `${contender}-${round}-${metadata.uid ?? ''}`,
    netns: netnsOf(firstNetns + at),
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

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Guests come to the empty node and go, one after the other; then to the full one: both meet the same machine, seconds apart. */
async function fill(world: World, contender: Contender, fillers: readonly Pod[], round: string): Promise<Ends> {
  const { node, launcher } = world;
  const guests = async (present: number, name: string): Promise<Ends['first']> => {
    const all: number[] = [];
    const phases: PhaseSums[] = [];
    for (let time = 1; time <= TIMES; time += 1) {
      const names = Array.from({ length: GUESTS }, (_, at) => `${name}-${round}-${time}-${at}`);
      // New Pods, since one that comes again has its address already. Whoever does not ask the API can take any.
      const pods = contender === 'trunkline' ? await node.createPods(names) : fillers.slice(0, GUESTS);
      const calls = callsOf(world, contender, pods, `${name}${round}${time}`, FULL - GUESTS);
      await pause(SETTLE_MS);
      const before = await phaseSumsOf(node.socket);
      for (const call of calls) all.push(...(await launcher.start([call])).map(({ ms }) => ms));
      phases.push(meansBetween(before, await phaseSumsOf(node.socket), calls.length));
      await launcher.start(deletions(calls));
      if (contender === 'trunkline') await node.deletePods(pods, present);
    }
    return { ms: all, phases };
  };
  const first = await guests(0, 'first');
  const calls = callsOf(world, contender, fillers, `full${round}`);
  await launcher.start(calls);
  const last = await guests(fillers.length, 'last');
  await launcher.start(deletions(calls));
  return { first, last };
}

async function fullNode(world: World): Promise<Extract<Message, { fullNode: unknown }>['fullNode']> {
  const { node, launcher } = world;
  const fills: { trunkline: Ends; ptp: Ends }[] = [];
  const pods = (round: string, count: number): Promise<readonly Pod[]> =>
    node.createPods(Array.from({ length: count }, (_, at) => `full-${round}-${at}`));
  for (let round = 1; round <= FILLS; round += 1) {
    const fillers = await pods(String(round), FULL - GUESTS);
    const ptp = await fill(world, 'ptp', fillers, String(round));
    fills.push({ trunkline: await fill(world, 'trunkline', fillers, String(round)), ptp });
    await node.deletePods(fillers);
    tell({ progress: `cni: filled the node, ${round} of ${FILLS}` });
  }
  await launcher.start(callsOf(world, 'trunkline', await pods('idle', FULL), 'idle'));
  await node.untilInUse(FULL);
  const rssMb = rssMbOf(node.agentPid);
  await pause(QUIET_MS);
  tell({ progress: `cni: ${FULL} Pods; now ${IDLE_S} s of nothing` });
  const before = cpuMsOf(node.agentPid);
  await pause(IDLE_S * 1_000);
  const idleCpu = (cpuMsOf(node.agentPid) - before) / (IDLE_S * 1_000);
  return { count: FULL, fills, rssMb, idleCpu };
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
  tell({ fullNode: await fullNode(world), fileSystem });
}

await main();
process.disconnect?.();
