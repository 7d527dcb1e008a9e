// What it costs to ask a big account: one flow traced, and who reaches whom among all workloads.
import { traceIn } from '../src/diagnose/trace/flow.ts';
import { openWorld, type World } from '../src/diagnose/trace/world.ts';
import type { ClusterPicture } from '../src/diagnose/picture/picture.ts';
import { parseAddress } from '../src/securitygroup/address.ts';
import { evaluate } from '../src/securitygroup/evaluate.ts';
import { allPairs, type PairMatrix, type Party } from '../src/securitygroup/many-flows.ts';
import type { Pod } from '../src/kube/resources.ts';
import { type Benchmark, type Figure, figure, median } from './result.ts';
import { type AccountSize, pictureOfAccount } from './trace-account.ts';

const SIZE: AccountSize = { pods: 10_000, workloads: 1_000, groups: 500, rules: 50_000, nodes: 100 };
const FLOWS = 2_000;
const ROUNDS = 5;
const PORT = { protocol: 'TCP', port: 80 } as const;
const FLOW_BUDGET_MS = 5;
const PAIRS_BUDGET_MS = 2_000;
const MEMORY_BUDGET_MB = 300;

/** `npm run bench -- trace`: DESIGN section 7. */
export const trace: Benchmark = {
  name: 'trace',
  title: 'one flow, and all pairs of 1,000 workloads, among 10,000 Pods with 500 groups',
  run: async (progress) => {
    const loading = performance.now();
    const picture = pictureOfAccount(SIZE, (groups) => {
      if (groups % 100 === 0) progress(`trace: the rules of ${groups} of ${SIZE.groups} groups are read`);
    });
    const loaded = performance.now() - loading;
    const opening = performance.now();
    const world = openWorld(picture);
    const opened = performance.now() - opening;
    progress(`trace: ${FLOWS} flows`);
    const flows = traceFlows(world, picture.kube.pods);
    progress(`trace: all pairs, ${ROUNDS} times`);
    const pairs = allPairsOf(world, picture);
    await Promise.resolve();
    return {
      benchmark: 'trace',
      conditions: `${SIZE.pods} Pods of ${SIZE.workloads} workloads with strict routing, ${SIZE.groups} groups, ${SIZE.rules} rules, 1 to 3 groups per Pod; ${FLOWS} flows between Pods`,
      figures: [
        figure('one flow traced, median', median(flows.times), 'ms', FLOW_BUDGET_MS, flows.plain),
        figure('one flow traced, the slowest', Math.max(...flows.times), 'ms', FLOW_BUDGET_MS),
        figure('of them delivered', flows.delivered, 'flows'),
        figure('all pairs on one port, median', median(pairs.times), 'ms', PAIRS_BUDGET_MS),
        figure('all pairs on one port, the slowest', Math.max(...pairs.times), 'ms', PAIRS_BUDGET_MS),
        figure('of them open in whole or in part', pairs.open, 'pairs of workloads'),
        figure(
          'memory of the process, the account and Node itself included',
          process.memoryUsage.rss() / 2 ** 20,
          'MiB',
          MEMORY_BUDGET_MB,
        ),
        figure('rules read', loaded, 'ms'),
        figure('made ready for questions', opened, 'ms'),
      ] satisfies readonly Figure[],
    };
  },
};

interface TracedFlows {
  readonly times: readonly number[];
  readonly delivered: number;
  readonly plain: { readonly what: string; readonly value: number };
}

function traceFlows(world: World, pods: readonly Pod[]): TracedFlows {
  const times: number[] = [];
  const plainTimes: number[] = [];
  let delivered = 0;
  for (let n = 0; n < FLOWS; n += 1) {
    const [from, to] = [pods[(n * 7_919) % pods.length], pods[(n * 104_729 + 1) % pods.length]];
    if (from === undefined || to === undefined) throw new Error('no Pods');
    const began = performance.now();
    const { verdict } = traceIn(world, { from: { kind: 'pod', pod: from }, to: { kind: 'pod', pod: to }, ...PORT });
    times.push(performance.now() - began);
    if (verdict === 'delivered') delivered += 1;
    else if (verdict !== 'dropped') throw new Error(`a flow is ${verdict}`);
    plainTimes.push(plainEvaluation(world, from, to));
  }
  return { times, delivered, plain: { what: 'plain evaluation of both sides', value: median(plainTimes) } };
}

/** Rule after rule, member after member. */
function plainEvaluation(world: World, from: Pod, to: Pod): number {
  const began = performance.now();
  for (const [own, other, direction] of [
    [from, to, 'egress'],
    [to, from, 'ingress'],
  ] as const) {
    const groups = world.enisByAddress.get(own.status?.podIP ?? '')?.securityGroups ?? [];
    const peer = parseAddress(other.status?.podIP ?? '');
    if (peer === undefined) throw new Error('a Pod has no address');
    evaluate({
      ...PORT,
      direction,
      peer,
      groups: groups.flatMap((id) => {
        const rules = world.picture.cloud?.groups.get(id)?.rules;
        return rules?.ok === true ? [rules.value] : [];
      }),
      membership: world.membership,
    });
  }
  return performance.now() - began;
}

function allPairsOf(
  world: World,
  picture: ClusterPicture,
): { readonly times: readonly number[]; readonly open: number } {
  const times: number[] = [];
  let open = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const began = performance.now();
    const parties = picture.kube.pods.flatMap((pod): Party[] => {
      const ip = pod.status?.podIP ?? '';
      const address = parseAddress(ip);
      const groups = world.enisByAddress.get(ip)?.securityGroups ?? [];
      return address === undefined ? [] : [{ workload: pod.metadata.labels?.['app'] ?? '', address, groups }];
    });
    open = openPairs(allPairs(world.groups, parties, PORT));
    times.push(performance.now() - began);
  }
  return { times, open };
}

function openPairs(matrix: PairMatrix): number {
  let open = 0;
  for (const from of matrix.workloads)
    for (const to of matrix.workloads) if (matrix.open(from, to) !== 'none') open += 1;
  return open;
}
