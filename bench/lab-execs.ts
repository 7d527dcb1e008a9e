// 10,000 commands in one Pod through the API, as kubectl exec runs them, and what is left of them afterwards.
import { readFile } from 'node:fs/promises';

import { execMany } from '../lab/kube/testing/exec-many.ts';
import { startLab } from '../lab/lab.ts';
import { waitForObjects } from '../lab/wait.ts';
import { pods, serviceAccounts } from '../src/kube/resources.ts';
import type { Pod } from '../src/kube/resources.ts';
import type { Benchmark } from './result.ts';
import { figure } from './result.ts';

const EXECS = 10_000;
const PARALLEL = 16;
const NAMESPACE = 'bench';

const POD = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'target', namespace: NAMESPACE, labels: { app: 'target' } },
  spec: {
    terminationGracePeriodSeconds: 1,
    containers: [{ name: 'main', image: 'busybox:1.36', command: ['sleep', 'infinity'] }],
  },
} as unknown as Pod;

export const labExecs: Benchmark = {
  name: 'lab-execs',
  title: `${EXECS} commands in a Pod through the API, and what they leave`,
  run: async (progress) => {
    const lab = await startLab({ projectDir: process.cwd(), nodes: 1, superNodes: 0, progress });
    try {
      await lab.createNamespace(NAMESPACE);
      const accounts = { namespace: NAMESPACE, what: 'the ServiceAccount of the namespace' };
      await waitForObjects(lab.client, serviceAccounts, ({ length }) => length > 0, accounts);
      await lab.client.create(pods, POD, { namespace: NAMESPACE });
      await lab.runningPods(NAMESPACE, 'app=target', 1);
      const kubeconfig = await readFile(lab.kubeconfig, 'utf8');
      const target = { namespace: NAMESPACE, pod: 'target', container: 'main' };
      const processes = async (): Promise<number> =>
        Number((await lab.host.exec(['sh', '-c', 'ls -d /proc/[0-9]* | wc -l'])).stdout);
      // What is made once, such as connections, is not counted.
      await execMany(kubeconfig, target, { count: 200, parallel: PARALLEL });
      const before = { processes: await processes(), memory: process.memoryUsage().rss };
      const started = performance.now();
      await execMany(kubeconfig, target, { count: EXECS, parallel: PARALLEL });
      const tookMs = performance.now() - started;
      const after = { processes: await processes(), memory: process.memoryUsage().rss };
      return {
        benchmark: 'lab-execs',
        conditions: `echo in one container, ${PARALLEL} at a time, by WebSocket from the lab's own process`,
        figures: [
          figure(`${EXECS} execs`, tookMs / 1000, 's'),
          figure('execs per second', EXECS / (tookMs / 1000), '/s'),
          figure('processes left', after.processes - before.processes, ''),
          figure('growth of the process that holds lab and client', (after.memory - before.memory) / 2 ** 20, 'MiB'),
        ],
      };
    } finally {
      await lab.close();
    }
  },
};
