// What the edit of one of 500 policies costs among 10,000 Pods: from the watch event to the counts of its status and the Pods that Live mode would change.
import { createPopulation, type Population } from '../src/controllers/security-group-policy/status/population.ts';
import { standingsOf } from '../src/controllers/security-group-policy/status/standings.ts';
import { planLiveChange } from '../src/planning/live-change.ts';
import { matchPolicies } from '../src/planning/match-policies.ts';
import { countPods } from '../src/planning/policy-status.ts';
import { projectPolicy } from '../src/planning/policy-view.ts';
import { subEniName } from '../src/api/vpc-eni.ts';
import { fillScaleWorld, type ScaleWorld, type Shape } from './policy-scale-world.ts';
import { measureInCluster } from './policy-scale-cluster.ts';
import { type Benchmark, type Figure, figure, median } from './result.ts';

const POLICIES = 500;
const PODS = 10_000;
const EDITS = 200;
const CLUSTER_EDITS = 50;
const BUDGET_MS = 100;

const shapes: readonly (Shape & { readonly what: string })[] = [
  { what: '20 namespaces', namespaces: 20, policies: POLICIES, pods: PODS, uniqueLabels: false },
  { what: 'one namespace, no two Pods alike', namespaces: 1, policies: POLICIES, pods: PODS, uniqueLabels: true },
];

/** `npm run bench -- policy-scale`: the budget of issue 7, and that an edit touches the Pods of its policy alone. */
export const policyScale: Benchmark = {
  name: 'policy-scale',
  title: 'edit of one of 500 policies among 10,000 Pods: time, and what it touches',
  run: async (progress) => {
    const figures: Figure[] = [];
    for (const shape of shapes) {
      progress(`policy-scale: ${shape.what}`);
      figures.push(...measure(shape));
      await Promise.resolve();
    }
    figures.push(...(await inCluster(progress)));
    return {
      benchmark: 'policy-scale',
      conditions: `${POLICIES} policies, ${PODS} Pods, ${PODS / POLICIES} of each policy; ${EDITS} edits with caches in memory; ${CLUSTER_EDITS} with ipamd, the embedded API and the simulated cloud, all in one process`,
      figures,
    };
  },
};

/** ipamd, the API server and who looks on share one thread here, so the budget is asked of the middle. */
async function inCluster(progress: (line: string) => void): Promise<readonly Figure[]> {
  const scale = { policies: POLICIES, pods: PODS, edits: CLUSTER_EDITS };
  const { times, othersWritten, told } = await measureInCluster(scale, progress);
  const what = 'ipamd and the embedded API, one namespace';
  return [
    figure(`${what}: from the edit to its status, median`, median(times), 'ms', BUDGET_MS),
    figure(`${what}: the slowest`, Math.max(...times), 'ms'),
    figure(`${what}: statuses of other policies written`, othersWritten, 'writes', 0),
    figure(`${what}: Pods that a status tells of, at least`, told.least, 'Pods'),
    figure(`${what}: at most`, told.most, 'Pods', PODS / POLICIES),
  ];
}

function measure(shape: (typeof shapes)[number]): readonly Figure[] {
  const world = fillScaleWorld(shape);
  const told: string[] = [];
  const { population, stop } = createPopulation(world, (key) => told.push(key));
  const times: number[] = [];
  let policiesTouched = 0;
  let podsTouched = 0;
  let wrongPods = 0;
  for (let edit = 0; edit < EDITS; edit += 1) {
    const index = (edit * 7) % shape.policies;
    told.length = 0;
    const edited = world.policy(index, 2 + Math.floor(edit / shape.policies));
    const startedAt = performance.now();
    world.informers.policies.put(edited);
    const results = [...new Set(told)].map((key) => recompute(world, population, key));
    times.push(performance.now() - startedAt);
    policiesTouched = Math.max(policiesTouched, results.length);
    for (const { changed } of results) {
      podsTouched = Math.max(podsTouched, changed.length);
      wrongPods += changed.filter((name) => Number(name.slice('pod-'.length)) % shape.policies !== index).length;
    }
  }
  stop();
  const sorted = times.toSorted((a, b) => a - b);
  const worst = sorted.at(-1) ?? 0;
  // The very slowest is whatever else the machine does in that moment.
  const almostAll = sorted[Math.ceil(sorted.length * 0.99) - 1] ?? 0;
  const middle = sorted[Math.floor(sorted.length / 2)] ?? 0;
  const scratch = { what: 'every Pod matched with every policy of its namespace', value: fromScratch(world) };
  return [
    figure(`${shape.what}: 99 of 100 edits`, almostAll, 'ms', BUDGET_MS, scratch),
    figure(`${shape.what}: slowest edit`, worst, 'ms', undefined, scratch),
    figure(`${shape.what}: median edit`, middle, 'ms', undefined, scratch),
    figure(`${shape.what}: policies recomputed by an edit`, policiesTouched, 'policies', 1),
    figure(`${shape.what}: Pods that an edit changes`, podsTouched, 'Pods', shape.pods / shape.policies),
    figure(`${shape.what}: Pods of other policies changed`, wrongPods, 'Pods', 0),
  ];
}

/** What the controller does for one policy before it writes. */
function recompute(world: ScaleWorld, population: Population, key: string): { readonly changed: readonly string[] } {
  const { informers } = world;
  const policy = informers.policies.get(key);
  if (policy === undefined) return { changed: [] };
  const view = projectPolicy(policy);
  const deps = {
    informers,
    enis: {
      latest: (name: string) => informers.vpcEnis.get(name),
      wrote: () => undefined,
      unseen: () => [],
      forget: () => undefined,
      inTurn: <R>(_key: string, write: () => Promise<R>): Promise<R> => write(),
    },
  };
  countPods(standingsOf(deps, population, view));
  const changed = population.index.podsOf(key).filter((podKey) => {
    const pod = informers.pods.get(podKey);
    const eni = informers.vpcEnis.get(subEniName(pod?.metadata.uid ?? ''));
    const step = planLiveChange({
      policy: view,
      matching: population.index.matching(podKey),
      givenBy: population.decision(podKey)?.policies ?? [],
      given: eni?.spec.securityGroups ?? [],
      isLive: () => true,
    });
    return step.kind === 'change';
  });
  return { changed: changed.map((podKey) => podKey.slice(podKey.indexOf('/') + 1)) };
}

/** Milliseconds of the same knowledge without an index. */
function fromScratch({ informers }: ScaleWorld): number {
  const byNamespace = Map.groupBy(informers.policies.list().map(projectPolicy), ({ metadata }) => metadata.namespace);
  const startedAt = performance.now();
  for (const { metadata } of informers.pods.list())
    matchPolicies({
      policies: byNamespace.get(metadata.namespace) ?? [],
      podLabels: metadata.labels ?? {},
      serviceAccountLabels: {},
    });
  return performance.now() - startedAt;
}
