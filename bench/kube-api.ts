// The embedded API server's speed, memory and manners towards slow clients, alone in a process, beside a bare HTTPS server.
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Question } from './kube-api-child.ts';
import type { Connection, Endpoint } from './kube-api-connection.ts';
import { openConnection } from './kube-api-connection.ts';
import { openAll, openWatches, perRequest, podText } from './kube-api-measures.ts';
import type { Benchmark, Figure } from './result.ts';
import { figure, median } from './result.ts';

const BLOCKS = 5;
const PODS = 10_000;
const FLOOR = 0.3;
const IDLE_MS = 2_000;
const WARM_UP = 4_000;
const EVENTS = 300;
const NAMESPACE = '/api/v1/namespaces/default';

interface Child extends Endpoint {
  ask(question: Question): Promise<number>;
  /** Resolves when its process has ended. */
  close(): Promise<void>;
}

export const kubeApi: Benchmark = {
  name: 'kube-api',
  title: `the embedded API server: create, get, list of ${PODS} Pods and watch fan-out, each at least ${FLOOR} x a bare HTTPS server`,
  run: async (progress) => {
    const cache = await mkdtemp(join(tmpdir(), 'kube-api-compile-cache-'));
    // The first start fills the compile cache: what is measured is a server, not the compiler beside it.
    await (await startChild('apiserver', cache)).close();
    const api = await startChild('apiserver', cache);
    const bare = await startChild('bare', cache);
    try {
      await sleep(IDLE_MS);
      const rss = (await api.ask('rss')) / 2 ** 20;
      progress(`idle: ${rss.toFixed(0)} MB`);
      const figures = [figure('resident memory, idle', rss, 'MB', 120), ...(await measureAll(api, bare, progress))];
      return {
        benchmark: 'kube-api',
        conditions:
          `server alone in a process, started from a filled compile cache, after ${WARM_UP} dry runs; ${BLOCKS} blocks, interleaved with a node:https server that sends the same bytes; medians, ` +
          `with the lowest and highest ratio of a block; 16 TLS connections unless said otherwise; budget: 1/${FLOOR} of the bare time`,
        figures,
      };
    } finally {
      await Promise.all([api.close(), bare.close()]);
      await rm(cache, { recursive: true, force: true });
    }
  },
};

async function measureAll(api: Child, bare: Child, progress: (line: string) => void): Promise<Figure[]> {
  const ours = await openAll(api);
  const theirs = await openAll(bare);
  const [one, other] = [first(ours), first(theirs)];
  await one
    .send('POST', `${NAMESPACE}/serviceaccounts`, JSON.stringify({ metadata: { name: 'default' } }))
    .catch(() => 0);
  await one.send('POST', `${NAMESPACE}/pods`, podText('sample'));
  const sample = await fetchText(api, `${NAMESPACE}/pods/sample`);
  await other.send('PUT', '/pod', sample);

  const dryRun = `${NAMESPACE}/pods?dryRun=All`;
  await perRequest(ours, WARM_UP, (to, n) => to.send('POST', dryRun, podText(`dry-${n}`)));
  await perRequest(theirs, WARM_UP, (to, n) => to.send('POST', '/pod', podText(`dry-${n}`)));
  const create = await blocks(
    (block) =>
      perRequest(ours, PODS / BLOCKS, (to, n) => to.send('POST', `${NAMESPACE}/pods`, podText(`p-${block}-${n}`))),
    () => perRequest(theirs, PODS / BLOCKS, (to, n) => to.send('POST', '/pod', podText(`p-${n}`))),
  );
  progress(line('create', create));
  const get = await blocks(
    (block) => perRequest(ours, 2_000, (to, n) => to.send('GET', `${NAMESPACE}/pods/p-${block}-${n % 1000}`)),
    () => perRequest(theirs, 2_000, (to) => to.send('GET', '/pod')),
  );
  progress(line('get', get));
  await other.send('PUT', '/list', await fetchText(api, `${NAMESPACE}/pods`));
  const list = await blocks(
    () => perRequest([one], 3, (to) => to.send('GET', `${NAMESPACE}/pods`)),
    () => perRequest([other], 3, (to) => to.send('GET', '/list')),
  );
  progress(line('list', list));
  await api.ask('reset');
  await perRequest(ours.slice(0, 4), 4, (to) => readPages(to));
  const stall = await api.ask('stall');
  progress(`longest stall while listing in pages: ${stall.toFixed(0)} ms`);
  const fanOut = await measureFanOut(api, bare, sample, progress);
  for (const connection of [...ours, ...theirs]) connection.close();
  return [
    speed('create a Pod', create),
    speed('get a Pod', get),
    speed(`list ${PODS} Pods, one connection`, list),
    figure(`longest event-loop stall, four clients listing ${PODS} Pods in pages of 500`, stall, 'ms', 100),
    ...fanOut,
  ];
}

async function measureFanOut(
  api: Child,
  bare: Child,
  sample: string,
  progress: (line: string) => void,
): Promise<Figure[]> {
  const path = `${NAMESPACE}/pods?watch=1&labelSelector=app%3Dbench`;
  const version = (
    JSON.parse(await fetchText(api, `${NAMESPACE}/pods?limit=1`)) as { metadata: { resourceVersion: string } }
  ).metadata.resourceVersion;
  const ours = await openWatches(api, 16, `${path}&resourceVersion=${version}`);
  const theirs = await openWatches(bare, 16, '/watch');
  const [one, other] = [await openConnection(api), await openConnection(bare)];
  await other.send('PUT', '/event', `{"type":"ADDED","object":${sample.trim()}}\n`);
  await sleep(100);
  let made = 0;
  const ourRound = async (): Promise<number> => {
    const started = performance.now();
    const seen = ours.seen(EVENTS);
    for (let count = 0; count < EVENTS; count += 1) {
      made += 1;
      await one.send('POST', `${NAMESPACE}/pods`, podText(`w-${made}`));
    }
    await seen;
    return ((performance.now() - started) * 1000) / EVENTS;
  };
  const bareRound = async (): Promise<number> => {
    const started = performance.now();
    const seen = theirs.seen(EVENTS);
    for (let count = 0; count < EVENTS; count += 1) await other.send('POST', '/event', podText('w'));
    await seen;
    return ((performance.now() - started) * 1000) / EVENTS;
  };
  const fanOut = await blocks(ourRound, bareRound);
  progress(line('fan-out', fanOut));

  const besideStuck = async (): Promise<number> => {
    const stuck = await openConnection(api);
    stuck.stream(`${path}&resourceVersion=${version}`, () => stuck.pause());
    try {
      return await ourRound();
    } finally {
      stuck.close();
    }
  };
  const withStuck = await blocks(besideStuck, ourRound);
  progress(line('fan-out beside a stuck watcher, against without', withStuck));
  for (const connection of [...ours.watchers, ...theirs.watchers]) connection.close();

  const crowd = await openWatches(api, 200, `${NAMESPACE}/configmaps?watch=1&fieldSelector=metadata.name%3Dcrowd`);
  await sleep(200);
  const started = performance.now();
  const seen = crowd.seen(1);
  await one.send('POST', `${NAMESPACE}/configmaps`, JSON.stringify({ metadata: { name: 'crowd' } }));
  await seen;
  const crowdMs = performance.now() - started;
  for (const connection of [one, other, ...crowd.watchers]) connection.close();
  return [
    speed('create a Pod that 16 watches see', fanOut),
    figure('the same beside a watcher that does not read', median(withStuck.ours), 'us', median(withStuck.bare) * 1.5, {
      what: 'without it',
      value: median(withStuck.bare),
    }),
    figure('one change until 200 watches have it', crowdMs, 'ms', 250),
  ];
}

interface Pairs {
  readonly ours: number[];
  readonly bare: number[];
}

async function blocks(ours: (block: number) => Promise<number>, bare: () => Promise<number>): Promise<Pairs> {
  const pairs: Pairs = { ours: [], bare: [] };
  for (let block = 0; block < BLOCKS; block += 1) {
    // Who begins changes, so that neither has the warmer machine.
    if (block % 2 === 0) pairs.bare.push(await bare());
    pairs.ours.push(await ours(block));
    if (block % 2 !== 0) pairs.bare.push(await bare());
  }
  return pairs;
}

const ratios = ({ ours, bare }: Pairs): number[] => ours.map((time, block) => (bare[block] ?? 0) / time);

function speed(what: string, pairs: Pairs): Figure {
  const all = ratios(pairs).toSorted((left, right) => left - right);
  const bare = median(pairs.bare);
  const range = `${(all[0] ?? 0).toFixed(2)} to ${(all.at(-1) ?? 0).toFixed(2)} x its speed`;
  return figure(`${what} (${range})`, median(pairs.ours), 'us', bare / FLOOR, { what: 'bare HTTPS', value: bare });
}

const line = (what: string, pairs: Pairs): string =>
  `${what}: ${median(pairs.ours).toFixed(0)} us, bare ${median(pairs.bare).toFixed(0)} us, ${median(ratios(pairs)).toFixed(2)} x its speed`;

const first = (connections: readonly Connection[]): Connection => {
  const [connection] = connections;
  if (connection === undefined) throw new Error('no connection');
  return connection;
};

async function readPages(connection: Connection): Promise<void> {
  // Tokens are what the server says they are: the key after which to go on, and the version.
  let token = '';
  do {
    const page = await connection.text('GET', `${NAMESPACE}/pods?limit=500${token === '' ? '' : `&continue=${token}`}`);
    token = /"continue":"([^"]+)"/.exec(page.slice(0, 1_000))?.[1] ?? '';
  } while (token !== '');
}

async function fetchText(endpoint: Endpoint, path: string): Promise<string> {
  const connection = await openConnection(endpoint);
  try {
    return await connection.text('GET', path);
  } finally {
    connection.close();
  }
}

async function startChild(role: 'apiserver' | 'bare', cache: string): Promise<Child> {
  const child = fork(join(import.meta.dirname, 'kube-api-child.ts'), [role], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: { ...process.env, NODE_COMPILE_CACHE: cache },
  });
  const endpoint = (await nextMessage(child)) as Endpoint;
  return {
    ...endpoint,
    async ask(question) {
      const answer = nextMessage(child);
      child.send(question);
      return Number(await answer);
    },
    async close() {
      const ended = once(child, 'exit');
      child.disconnect();
      await ended;
    },
  };
}

function nextMessage(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null): void => reject(new Error(`the measured server ended with ${String(code)}`));
    child.once('exit', ended);
    child.once('message', (message: unknown) => {
      child.off('exit', ended);
      resolve(message);
    });
  });
}
