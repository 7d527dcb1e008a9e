// `lab hollow`: fills a cluster with nodes and Pods that are no processes, and keeps them until it is told to end.
import { systemClock } from '../../src/base/clock.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { createKubeClient } from '../../src/kube/client.ts';
import { loadKubeConfig } from '../../src/kube/config.ts';
import { loadHollow } from '../hollow/hollow-load.ts';
import { runNodes } from '../hollow/hollow-nodes.ts';
import { readState } from '../state-file.ts';
import type { CommandContext } from './context.ts';

export interface HollowOptions {
  readonly nodes: number;
  readonly pods: number;
  readonly namespaces: number;
  /** Default: the running lab's. */
  readonly kubeconfig?: string;
}

/** Half of what a node has before it counts as gone. */
const LEASE_MS = 20_000;

/** Exit code 1 when there is no cluster to fill. What was made stays in the cluster. */
export async function hollow({ out, err, ...id }: CommandContext, options: HollowOptions): Promise<number> {
  const path = options.kubeconfig ?? (await readState(id))?.kubeconfig;
  if (path === undefined) {
    err.write('lab: no lab is running; start one, or name a cluster with --kubeconfig\n');
    return 1;
  }
  const connection = await loadKubeConfig({ path });
  const deps = {
    client: createKubeClient({ connection, clock: systemClock, logger: silentLogger, qps: 10_000, burst: 10_000 }),
    clock: systemClock,
    logger: silentLogger,
  };
  const stop = new AbortController();
  const end = (): void => stop.abort();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, end);
  const load = loadHollow(deps, options, (made) => out.write(`${made} Pods\n`)).then(() => {
    out.write(`${options.nodes} hollow nodes with ${options.pods} Pods are there; Ctrl-C ends their heartbeat\n`);
  });
  // Nodes beat while Pods are still being made, or the first would be gone before the last is there.
  await Promise.race([
    Promise.all([load, runNodes(deps, options.nodes, LEASE_MS, stop.signal)]),
    new Promise<void>((resolve) => stop.signal.addEventListener('abort', () => resolve(), { once: true })),
  ]);
  return 0;
}
