// A program of the benchmark `trace`: the account and the questions in a process of their own, whose memory is then nobody else's. Argument: the size.
import { setFlagsFromString } from 'node:v8';
import { openWorld, type World } from '../src/diagnose/trace/world.ts';
import { traceIn } from '../src/diagnose/trace/flow.ts';
import type { ClusterPicture } from '../src/diagnose/picture/picture.ts';
import { parseAddress } from '../src/securitygroup/address.ts';
import { evaluate } from '../src/securitygroup/evaluate.ts';
import { allPairs, type PairMatrix, type Party } from '../src/securitygroup/many-flows.ts';
import type { Pod } from '../src/kube/resources.ts';
import { pictureOfAccount } from './trace-account.ts';
import { sizeSchema, type TraceMessage } from './trace-message.ts';

// As src/main/cli.ts does.
setFlagsFromString('--semi-space-growth-factor=1');

const FLOWS = 2_000;
const ROUNDS = 5;
const PORT = { protocol: 'TCP', port: 80 } as const;

const size = sizeSchema.parse(JSON.parse(process.argv[2] ?? ''));
const tell = (message: TraceMessage): void => void process.send?.(message);

const [picture, readMs] = timed(() =>
  pictureOfAccount(size, (groups) => {
    if (groups % 100 === 0) tell({ progress: `the rules of ${groups} of ${size.groups} groups are read` });
  }),
);
const [world, openMs] = timed(() => openWorld(picture));
tell({ progress: `${FLOWS} flows` });
const flows = traceFlows(world, picture.kube.pods);
tell({ progress: `all pairs, ${ROUNDS} times` });
const pairs = allPairsOf(world, picture);
tell({ flows, pairs, readMs, openMs, peakMiB: process.resourceUsage().maxRSS / 1024 });

function timed<T>(work: () => T): readonly [T, number] {
  const began = performance.now();
  const result = work();
  return [result, performance.now() - began];
}

function traceFlows(opened: World, pods: readonly Pod[]): { times: number[]; plain: number[]; delivered: number } {
  const times: number[] = [];
  const plain: number[] = [];
  let delivered = 0;
  for (let n = 0; n < FLOWS; n += 1) {
    const [from, to] = [pods[(n * 7_919) % pods.length], pods[(n * 104_729 + 1) % pods.length]];
    if (from === undefined || to === undefined) throw new Error('no Pods');
    const query = { from: { kind: 'pod', pod: from }, to: { kind: 'pod', pod: to }, ...PORT } as const;
    const [{ verdict }, ms] = timed(() => traceIn(opened, query));
    times.push(ms);
    if (verdict === 'delivered') delivered += 1;
    else if (verdict !== 'dropped') throw new Error(`a flow is ${verdict}`);
    plain.push(timed(() => evaluatePlainly(opened, from, to))[1]);
  }
  return { times, plain, delivered };
}

/** Rule after rule, member after member. */
function evaluatePlainly(opened: World, from: Pod, to: Pod): void {
  for (const [own, other, direction] of [
    [from, to, 'egress'],
    [to, from, 'ingress'],
  ] as const) {
    const groups = opened.enisByAddress.get(own.status?.podIP ?? '')?.securityGroups ?? [];
    const peer = parseAddress(other.status?.podIP ?? '');
    if (peer === undefined) throw new Error('a Pod has no address');
    evaluate({
      ...PORT,
      direction,
      peer,
      groups: groups.flatMap((id) => {
        const rules = opened.picture.cloud?.groups.get(id)?.rules;
        return rules?.ok === true ? [rules.value] : [];
      }),
      membership: (id) => opened.membership(id),
    });
  }
}

function allPairsOf(opened: World, { kube }: ClusterPicture): { times: number[]; open: number } {
  const times: number[] = [];
  let open = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const began = performance.now();
    const parties = kube.pods.flatMap((pod): Party[] => {
      const ip = pod.status?.podIP ?? '';
      const address = parseAddress(ip);
      const groups = opened.enisByAddress.get(ip)?.securityGroups ?? [];
      return address === undefined ? [] : [{ workload: pod.metadata.labels?.['app'] ?? '', address, groups }];
    });
    open = openPairs(allPairs(opened.groups, parties, PORT));
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
