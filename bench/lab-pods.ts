// 200 Pods of one Deployment on two nodes of a lab, from asking for them to Ready and back to nothing, with the time of each phase.
import { startLab } from '../lab/lab.ts';
import type { Lab } from '../lab/lab.ts';
import { workloadDeployments } from '../lab/kube-resources.ts';
import { pods as podResource } from '../src/kube/resources.ts';
import type { Pod } from '../src/kube/resources.ts';
import type { KubeObject } from '../src/kube/types.ts';
import type { Benchmark, Figure } from './result.ts';
import { figure, median } from './result.ts';

const PODS = 200;
const NODES = 2;
/** Its ENIs carry more shared addresses than a node takes Pods. */
const INSTANCE_TYPE = 'SA5.4XLARGE64';
const NAMESPACE = 'bench';
const LABELS = { app: 'bench' } as const;
const LIMIT_MS = 300_000;

/** When a Pod was first seen to have got so far, in milliseconds since the Deployment was asked for. */
interface Passage {
  readonly created: number;
  scheduled?: number;
  networked?: number;
  ready?: number;
  gone?: number;
}

const STEPS = ['created', 'scheduled', 'networked', 'ready'] as const;

export const labPods: Benchmark = {
  name: 'lab-pods',
  title: `${PODS} Pods on ${NODES} nodes of the lab to Ready, with the time of each phase`,
  run: async (progress) => {
    const lab = await startLab({
      projectDir: process.cwd(),
      nodes: NODES,
      superNodes: 0,
      instanceType: INSTANCE_TYPE,
      progress,
    });
    try {
      await lab.createNamespace(NAMESPACE);
      const cpuBefore = process.cpuUsage();
      const { passages, allReady, allGone } = await run(lab, progress);
      const cpu = process.cpuUsage(cpuBefore);
      return {
        benchmark: 'lab-pods',
        conditions: `one Deployment of ${PODS} Pods that sleep, with shared addresses; ${NODES} general nodes; times are those at which a watch saw them, phases are medians over the Pods; the lab and its programs share the machine`,
        figures: [
          figure(`${PODS} Pods Ready`, allReady / 1000, 's'),
          figure('one Pod Ready, share of the whole', allReady / PODS, 'ms'),
          ...phases(passages),
          figure(`${PODS} Pods gone after the Deployment`, allGone / 1000, 's'),
          figure("processor time of the lab's own process", (cpu.user + cpu.system) / 1e6, 's'),
        ],
      };
    } finally {
      await lab.close();
    }
  },
};

async function run(
  lab: Lab,
  progress: (line: string) => void,
): Promise<{ passages: readonly Passage[]; allReady: number; allGone: number }> {
  const passages = new Map<string, Passage>();
  const { resourceVersion } = await lab.client.list(podResource, { namespace: NAMESPACE });
  const limit = AbortSignal.timeout(LIMIT_MS);
  const events = lab.client.watch(podResource, { namespace: NAMESPACE, resourceVersion, signal: limit });
  const started = performance.now();
  await lab.client.create(workloadDeployments, deployment(), { namespace: NAMESPACE });
  let allReady: number | undefined;
  let leaving: number | undefined;
  for await (const event of events) {
    if (event.type === 'BOOKMARK') continue;
    const now = performance.now() - started;
    note(passages, event.object, event.type === 'DELETED', now);
    const all = [...passages.values()];
    if (allReady === undefined && count(all, 'ready') === PODS) {
      allReady = now;
      progress(`${PODS} Pods Ready after ${(now / 1000).toFixed(1)} s`);
      leaving = performance.now() - started;
      // With what it made, as kubectl deletes.
      await lab.client.delete(workloadDeployments, LABELS.app, {
        namespace: NAMESPACE,
        propagationPolicy: 'Background',
      });
    }
    if (allReady !== undefined && leaving !== undefined && count(all, 'gone') === PODS)
      return { passages: all, allReady, allGone: now - leaving };
  }
  const seen = STEPS.map((step) => `${count([...passages.values()], step)} ${step}`).join(', ');
  throw new Error(`not done after ${LIMIT_MS / 1000} s: ${seen}, ${count([...passages.values()], 'gone')} gone`);
}

function note(passages: Map<string, Passage>, pod: Pod, gone: boolean, now: number): void {
  const uid = pod.metadata.uid ?? '';
  const passage = passages.get(uid) ?? { created: now };
  passages.set(uid, passage);
  const holds = (type: string): boolean =>
    pod.status?.conditions?.some((condition) => condition.type === type && condition.status === 'True') ?? false;
  if (pod.spec.nodeName !== undefined) passage.scheduled ??= now;
  if (holds('PodReadyToStartContainers')) passage.networked ??= now;
  if (holds('Ready')) passage.ready ??= now;
  if (gone) passage.gone ??= now;
}

function count(passages: readonly Passage[], step: keyof Passage): number {
  return passages.filter((passage) => passage[step] !== undefined).length;
}

/** How long each Pod took from one step to the next. */
function phases(passages: readonly Passage[]): Figure[] {
  const words = {
    created: 'asked for to created',
    scheduled: 'created to scheduled',
    networked: 'scheduled to network',
  };
  const named = { ...words, ready: 'network to Ready' };
  return STEPS.map((step, index) => {
    const before = STEPS[index - 1];
    const took = passages.map((passage) => (passage[step] ?? 0) - (before === undefined ? 0 : (passage[before] ?? 0)));
    return figure(named[step], median(took) / 1000, 's');
  });
}

function deployment(): KubeObject {
  const spec = {
    replicas: PODS,
    selector: { matchLabels: LABELS },
    template: {
      metadata: { labels: LABELS },
      spec: {
        terminationGracePeriodSeconds: 1,
        containers: [{ name: 'main', image: 'busybox:1.36', command: ['sleep', 'infinity'] }],
      },
    },
  };
  const metadata = { name: LABELS.app, namespace: NAMESPACE };
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec } as KubeObject;
}
