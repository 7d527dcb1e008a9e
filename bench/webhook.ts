// The webhook as a process on a filled cluster, beside the same HTTPS server that only parses and answers: throughput, latency, memory.
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kubeconfigYaml } from '../lab/kube/apiserver/kubeconfig.ts';
import { freePort } from '../lab/free-port.ts';
import { waitForObjects } from '../lab/wait.ts';
import { objectNames } from '../src/api/keys.ts';
import { systemClock } from '../src/base/clock.ts';
import { silentLogger } from '../src/base/logger.ts';
import { createKubeClient } from '../src/kube/client.ts';
import { type Secret, secrets } from '../src/kube/resources.ts';
import type { KubeClient } from '../src/kube/types.ts';
import { CERTIFICATE_SECRET } from '../src/webhook/certificate-secret.ts';
import { webhookPaths } from '../src/webhook/server.ts';
import { type Connection, type Endpoint, openConnection } from './kube-api-connection.ts';
import { openAll, perRequest } from './kube-api-measures.ts';
import { deployedEnvironment } from './deployed-environment.ts';
import { type Benchmark, type Figure, figure, median } from './result.ts';
import { fillCluster, POLICIES, reviewText } from './webhook-cluster.ts';

const ACCOUNTS = 10_000;
/** Many and short, so that what else the machine does meets both alike. */
const BLOCKS = 21;
const REQUESTS = 600;
const CONNECTIONS = 16;
/** Student's t for 95 % with 20 degrees of freedom: the interval of 21 paired ratios. */
const T_95 = 2.086;

export const webhook: Benchmark = {
  name: 'webhook',
  title: `admission of a 7 kB Pod among ${POLICIES.all} policies: throughput and p99 beside the same HTTPS server, memory with ${ACCOUNTS} ServiceAccounts`,
  run: async (progress) => {
    await using stack = new AsyncDisposableStack();
    const folder = await mkdtemp(join(tmpdir(), 'webhook-bench-'));
    stack.defer(() => rm(folder, { recursive: true, force: true }));
    const api = await startChild(stack, 'kube-api-child.ts', ['apiserver']);
    const client = createKubeClient({
      connection: {
        server: `https://127.0.0.1:${api.port}`,
        caPem: api.caPem,
        auth: { readToken: () => Promise.resolve(api.token) },
      },
      clock: systemClock,
      logger: silentLogger,
      qps: 100_000,
      burst: 100_000,
    });
    stack.defer(() => client.close());
    await fillCluster(client, ACCOUNTS);
    progress(`${ACCOUNTS} ServiceAccounts and ${POLICIES.all} policies are there`);
    // The first start fills the compile cache: an image carries compiled programs, and its memory is what is judged.
    await (await startWebhook(folder, api, client)).end();
    const ours = await startWebhook(folder, api, client);
    stack.defer(() => ours.end());
    const theirs = await startChild(stack, 'webhook-yardstick.ts', []);
    const atRest = await residentMb(ours.pid);
    const figures = await measure(ours.endpoint, theirs, progress);
    const afterLoad = await residentMb(ours.pid);
    return {
      benchmark: 'webhook',
      conditions:
        `${POLICIES.all} policies in the namespace (${POLICIES.withExpressions} with matchExpressions, ${POLICIES.byServiceAccount} with serviceAccountSelector, ${POLICIES.match} match), ` +
        `${Math.round(reviewText().length / 1000)} kB of review; ${CONNECTIONS} TLS connections; ${BLOCKS} interleaved blocks of ${REQUESTS}; a budget is missed when the whole 95 % interval of the paired ratios is`,
      figures: [
        ...figures,
        figure(`resident memory with ${ACCOUNTS} ServiceAccounts`, atRest, 'MB', 120),
        figure('the same after the load', afterLoad, 'MB'),
      ],
    };
  },
};

async function measure(ours: Endpoint, theirs: Endpoint, progress: (line: string) => void): Promise<Figure[]> {
  const [one, other] = [await openAll(ours, CONNECTIONS), await openAll(theirs, CONNECTIONS)];
  const review = reviewText();
  if (!(await answerOf(ours, review)).includes('patch')) throw new Error('the webhook did not mark the Pod');
  for (const connections of [one, other]) await block(connections, review, REQUESTS * 6);
  const [mine, yard]: [Block[], Block[]] = [[], []];
  for (let count = 0; count < BLOCKS; count += 1) {
    // Who begins changes, so that neither has the warmer machine.
    if (count % 2 === 0) yard.push(await block(other, review, REQUESTS));
    mine.push(await block(one, review, REQUESTS));
    if (count % 2 !== 0) yard.push(await block(other, review, REQUESTS));
  }
  for (const connection of [...one, ...other]) connection.close();
  const time = interval(mine.map(({ perRequestUs }, index) => perRequestUs / (yard[index]?.perRequestUs ?? 1)));
  const p99 = interval(mine.map(({ p99Ms }, index) => p99Ms / (yard[index]?.p99Ms ?? 1)));
  progress(`throughput ${(1 / time.mean).toFixed(2)} x, p99 ${p99.mean.toFixed(2)} x`);
  return [
    judged(
      `one review, ${(1 / time.high).toFixed(2)} to ${(1 / time.low).toFixed(2)} x its throughput`,
      'us',
      time,
      1 / 0.7,
      {
        ours: median(mine.map(({ perRequestUs }) => perRequestUs)),
        theirs: median(yard.map(({ perRequestUs }) => perRequestUs)),
      },
    ),
    judged(`p99 of one review, ${p99.low.toFixed(2)} to ${p99.high.toFixed(2)} x`, 'ms', p99, 1.5, {
      ours: median(mine.map(({ p99Ms }) => p99Ms)),
      theirs: median(yard.map(({ p99Ms }) => p99Ms)),
    }),
  ];
}

interface Block {
  readonly perRequestUs: number;
  readonly p99Ms: number;
}

async function block(connections: readonly Connection[], review: string, count: number): Promise<Block> {
  const times: number[] = [];
  const perRequestUs = await perRequest(connections, count, async (connection) => {
    const started = performance.now();
    await connection.send('POST', webhookPaths.mutatePod, review);
    times.push(performance.now() - started);
  });
  times.sort((a, b) => a - b);
  return { perRequestUs, p99Ms: times[Math.floor(times.length * 0.99)] ?? 0 };
}

interface Interval {
  readonly low: number;
  readonly mean: number;
  readonly high: number;
}

/** Of the geometric mean. */
function interval(ratios: readonly number[]): Interval {
  const logs = ratios.map(Math.log);
  const mean = logs.reduce((sum, value) => sum + value, 0) / logs.length;
  const variance = logs.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (logs.length - 1);
  const half = T_95 * Math.sqrt(variance / logs.length);
  return { low: Math.exp(mean - half), mean: Math.exp(mean), high: Math.exp(mean + half) };
}

/** Within budget unless the whole interval is above `limit` (DESIGN section 7). */
function judged(
  what: string,
  unit: string,
  ratio: Interval,
  limit: number,
  medians: { readonly ours: number; readonly theirs: number },
): Figure {
  const yardstick = { what: 'the same server, parsing alone', value: medians.theirs };
  return {
    ...figure(what, medians.ours, unit, medians.theirs * limit, yardstick),
    budget: Math.round(medians.theirs * limit * 1000) / 1000,
    withinBudget: ratio.low <= limit,
  };
}

async function answerOf(endpoint: Endpoint, review: string): Promise<string> {
  const connection = await openConnection(endpoint);
  try {
    return await connection.text('POST', webhookPaths.mutatePod, review);
  } finally {
    connection.close();
  }
}

async function startChild(stack: AsyncDisposableStack, file: string, args: readonly string[]): Promise<Endpoint> {
  const child = fork(join(import.meta.dirname, file), args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  stack.defer(() => ended(child, () => child.disconnect()));
  const [endpoint] = (await once(child, 'message')) as [Endpoint];
  return endpoint;
}

/** With the environment that its Deployment gives it. */
async function startWebhook(
  folder: string,
  api: Endpoint,
  client: KubeClient,
): Promise<{ readonly endpoint: Endpoint; readonly pid: number; end(): Promise<void> }> {
  const port = await freePort();
  const kubeconfig = join(folder, 'kubeconfig');
  const server = `https://127.0.0.1:${api.port}`;
  await writeFile(kubeconfig, kubeconfigYaml({ server, caPem: api.caPem, token: api.token }), { mode: 0o600 });
  const main = join(import.meta.dirname, '..', 'src', 'main', 'webhook.ts');
  const flags = [
    `--kubeconfig=${kubeconfig}`,
    `--listen=127.0.0.1:${port}`,
    '--serving-names=127.0.0.1',
    '--log-level=warn',
  ];
  const child = spawn(process.execPath, [main, ...flags], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, ...(await deployedEnvironment('webhook')), NODE_COMPILE_CACHE: join(folder, 'compiled') },
  });
  const namespace = objectNames.webhookNamespace;
  const isIt = ({ metadata: { name } }: Secret): boolean => name === CERTIFICATE_SECRET;
  const found = await waitForObjects(client, secrets, (all) => all.some(isIt), { namespace, what: 'the certificates' });
  const caPem = Buffer.from(found.find(isIt)?.data?.['ca.crt'] ?? '', 'base64').toString('utf8');
  const endpoint: Endpoint = { port, caPem, token: 'none' };
  await untilReady(endpoint);
  return { endpoint, pid: child.pid ?? 0, end: () => ended(child, () => child.kill('SIGTERM')) };
}

async function untilReady(endpoint: Endpoint): Promise<void> {
  for (let left = 600; left > 0; left -= 1) {
    const ready = await openConnection(endpoint)
      .then((connection) => connection.text('GET', '/readyz').finally(() => connection.close()))
      .then(
        () => true,
        () => false,
      );
    if (ready) return;
    await systemClock.sleep(50);
  }
  throw new Error('the webhook was not ready within 30 s');
}

/** As the kernel counts it. */
async function residentMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? Number.NaN) / 1024;
}

async function ended(child: ChildProcess, end: () => void): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  end();
  await exit;
}
