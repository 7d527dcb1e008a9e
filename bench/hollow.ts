// 5,000 hollow nodes and 100,000 Pods in the embedded API server: the time to load them, and what API and load tool hold in memory.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { systemClock } from '../src/base/clock.ts';
import { silentLogger } from '../src/base/logger.ts';
import { createKubeClient } from '../src/kube/client.ts';
import { pods } from '../src/kube/resources.ts';
import { loadHollow } from '../lab/hollow/hollow-load.ts';
import { runNodes } from '../lab/hollow/hollow-nodes.ts';
import type { Endpoint } from './kube-api-connection.ts';
import type { Question } from './kube-api-child.ts';
import type { Benchmark } from './result.ts';
import { figure } from './result.ts';

const NODES = 5_000;
const PODS = 100_000;
const NAMESPACES = 50;
/** How long nodes run, with their Leases, before memory is read: two periods. */
const SETTLE_MS = 40_000;
const LEASE_MS = 20_000;

export const hollow: Benchmark = {
  name: 'hollow',
  title: `${NODES} hollow nodes and ${PODS} Pods in the API: time to load, memory of API and load tool`,
  run: async (progress) => {
    const child = fork(new URL('./kube-api-child.ts', import.meta.url), ['apiserver'], { stdio: 'inherit' });
    try {
      const [endpoint] = (await once(child, 'message')) as [Endpoint];
      const ask = async (question: Question): Promise<number> => {
        const answered = once(child, 'message') as Promise<[number]>;
        child.send(question);
        return (await answered)[0];
      };
      const client = createKubeClient({
        connection: {
          server: `https://127.0.0.1:${endpoint.port}`,
          caPem: endpoint.caPem,
          auth: { readToken: () => Promise.resolve(endpoint.token) },
        },
        clock: systemClock,
        logger: silentLogger,
        qps: 100_000,
        burst: 100_000,
      });
      const deps = { client, clock: systemClock, logger: silentLogger };
      const started = performance.now();
      await loadHollow(deps, { nodes: NODES, pods: PODS, namespaces: NAMESPACES }, (made) => {
        progress(`${made} Pods after ${((performance.now() - started) / 1000).toFixed(0)} s`);
      });
      const loadS = (performance.now() - started) / 1000;
      const stop = new AbortController();
      const running = runNodes(deps, NODES, LEASE_MS, stop.signal);
      await systemClock.sleep(SETTLE_MS);
      const [api, tool] = [await ask('rss'), process.memoryUsage.rss()];
      const listed = performance.now();
      let seen = 0;
      for await (const page of client.listPages?.(pods) ?? []) seen += page.items.length;
      const listS = (performance.now() - listed) / 1000;
      stop.abort();
      await running;
      if (seen !== PODS) throw new Error(`${seen} of ${PODS} Pods are there`);
      return {
        benchmark: 'hollow',
        conditions: `Pods are made and their status written through the API, one process each for API and load tool; memory is read after ${SETTLE_MS / 1000} s in which the nodes watched all Pods and renewed their Leases`,
        figures: [
          figure(`${NODES} nodes and ${PODS} Pods loaded`, loadS, 's'),
          figure('API and load tool together', (api + tool) / 2 ** 30, 'GiB', 3),
          figure('API alone', api / 2 ** 30, 'GiB'),
          figure('all Pods listed in pages', listS, 's'),
        ],
      };
    } finally {
      child.disconnect();
    }
  },
};
