// Three hundred Pods with an EIP each at once, under the documented 10 calls a second for each EIP action: calls per Pod, and the time against
// what the limit alone costs. The real ipamd runs as a process of its own; nodes are computed, so that only the control plane is measured.
import type { RequestLogEntry } from '../lab/cloud/request-log.ts';
import { EIP_POLICY, IPAMD_ROLE } from '../lab/cloud/identity/cam-presets.ts';
import { documentedRateLimits } from '../lab/cloud/rate-limits.ts';
import { startControlPlane } from '../lab/control-plane.ts';
import { waitForObjects } from '../lab/wait.ts';
import { annotations, resourceNames } from '../src/api/keys.ts';
import { eipClaims } from '../src/api/eip-claim.ts';
import { nodes as nodeResource } from '../src/kube/resources.ts';
import { boundPod, podResource } from './pods.ts';
import { geometricInterval } from './interval.ts';
import type { Benchmark, Figure } from './result.ts';
import { figure, median } from './result.ts';

const PODS = 300;
/** Cores for nine EIP Pods on each node (facts/tke.md 8). */
const MODEL = 'SA5.16XLARGE128';
const NODES = Math.ceil(PODS / 9);
const PER_SECOND = 10;
const TASK_MS = 300;
const BLOCKS = 5;
/** Of the time that the limit alone costs. */
const MOST = 1.1;
/** So many addresses wait on each node before the Pods come: only EIPs are measured. */
const WARM = ['--ip-min-warm-target=10', '--ip-max-warm-target=10'];

/** Each at its documented limit (facts of the cloud API, section 19); GUESS for the one that reads. */
const LIMITED = [
  'AllocateAddresses',
  'AssociateAddress',
  'DisassociateAddress',
  'ReleaseAddresses',
  'DescribeAddresses',
];

export const eipBurst: Benchmark = {
  name: 'eip-burst',
  title: `${PODS} Pods with an EIP at once under ${PER_SECOND} calls a second: calls per Pod, time against the limit's own`,
  run: async (progress) => {
    const blocks: Block[] = [];
    for (let count = 0; count < BLOCKS; count += 1) {
      const done = await block();
      blocks.push(done);
      progress(
        `block ${count + 1} of ${BLOCKS}: bound after ${seconds(done.boundMs)}, released after ${seconds(done.releasedMs)}`,
      );
    }
    const alone = PODS / PER_SECOND;
    const perPod = (which: 'binding' | 'releasing', action: string): number =>
      Math.max(...blocks.map((one) => one[which].filter((call) => call.action === action && isLetIn(call)).length)) /
      PODS;
    const refused = blocks.map(
      ({ binding, releasing }) => [...binding, ...releasing].filter((call) => !isLetIn(call)).length,
    );
    return {
      benchmark: 'eip-burst',
      conditions: `${BLOCKS} blocks, each with an account, an API and an ipamd of its own: ${PODS} Pods bound at once on ${NODES} computed nodes whose addresses are warm, each EIP action limited to ${PER_SECOND}/s, tasks of ${TASK_MS} ms; then all Pods deleted. Calls: of the worst block, those that were let in; times: medians, missed when the whole 95 % interval of the ratios is above`,
      figures: [
        timeFigure(
          `${PODS} Pods show their EIP`,
          blocks.map(({ boundMs }) => boundMs),
          `${PODS} AllocateAddresses at ${PER_SECOND}/s`,
          alone,
        ),
        figure('AllocateAddresses per Pod', perPod('binding', 'AllocateAddresses'), 'calls', 1),
        figure('AssociateAddress per Pod', perPod('binding', 'AssociateAddress'), 'calls', 1),
        figure('DescribeAddresses per Pod', perPod('binding', 'DescribeAddresses'), 'calls', 1),
        figure('EIP calls refused for their number', Math.max(...refused), 'calls'),
        timeFigure(
          `${PODS} EIPs released after the Pods`,
          blocks.map(({ releasedMs }) => releasedMs),
          `${PODS} ReleaseAddresses at ${PER_SECOND}/s`,
          alone,
        ),
        figure('DisassociateAddress per Pod', perPod('releasing', 'DisassociateAddress'), 'calls', 1),
        figure('ReleaseAddresses per Pod', perPod('releasing', 'ReleaseAddresses'), 'calls', 1),
      ],
    };
  },
};

const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;

const isLetIn = ({ outcome }: RequestLogEntry): boolean => outcome !== 'RequestLimitExceeded';

function timeFigure(name: string, times: readonly number[], what: string, alone: number): Figure {
  const { low, mean, high } = geometricInterval(times.map((ms) => ms / 1000 / alone));
  const ratios = `${mean.toFixed(3)} x, ${low.toFixed(3)} to ${high.toFixed(3)}`;
  const row = figure(`${name} (${ratios})`, median([...times]) / 1000, 's', alone * MOST, { what, value: alone });
  return { ...row, withinBudget: low <= MOST };
}

interface Block {
  readonly boundMs: number;
  readonly releasedMs: number;
  readonly binding: readonly RequestLogEntry[];
  readonly releasing: readonly RequestLogEntry[];
}

async function block(): Promise<Block> {
  const plane = await startControlPlane({
    projectDir: process.cwd(),
    nodes: NODES,
    instanceType: MODEL,
    taskMs: TASK_MS,
    ipamdArgs: WARM,
    cloudSettings: { eipTotalQuota: PODS, eipDailyApply: PODS },
    progress: () => undefined,
  });
  try {
    plane.cloud.identity.attachRolePolicy(IPAMD_ROLE, EIP_POLICY);
    for (const action of LIMITED)
      plane.cloud.admin.throttle({ action, perSecond: documentedRateLimits[action] ?? PER_SECOND });
    await offered(plane);
    let before = plane.cloud.requestLog().length;
    const boundMs = await bind(plane);
    const binding = plane.cloud.requestLog().slice(before);
    before = plane.cloud.requestLog().length;
    const releasedMs = await release(plane);
    return { boundMs, releasedMs, binding, releasing: plane.cloud.requestLog().slice(before) };
  } finally {
    await plane.close();
  }
}

type Plane = Awaited<ReturnType<typeof startControlPlane>>;

const offered = (plane: Plane): Promise<unknown> =>
  waitForObjects(
    plane.client,
    nodeResource,
    (all) =>
      all.filter(({ status }) => Number(status?.allocatable?.[resourceNames.eip] ?? 0) > 0).length >= NODES &&
      all.filter(({ status }) => Number(status?.allocatable?.[resourceNames.eniIp] ?? 0) > 0).length >= NODES,
    { what: `EIPs and addresses on ${NODES} nodes`, timeoutMs: 120_000 },
  );

const names = Array.from({ length: PODS }, (_, index) => `eip-${index}`);
const where = { namespace: 'default' } as const;

/** From the first Pod that is asked for to the last annotation. */
async function bind(plane: Plane): Promise<number> {
  const marks = { [annotations.eipAttributes]: '{"Bandwidth":"100","ISP":"BGP"}' };
  const started = performance.now();
  await Promise.all(
    names.map((name, index) => {
      const pod = boundPod(name, plane.nodeNames[index % NODES] ?? '');
      return plane.client.create(podResource, { ...pod, metadata: { ...pod.metadata, annotations: marks } }, where);
    }),
  );
  const shown = new Set<string>();
  await waitForObjects(
    plane.client,
    podResource,
    (all) => {
      for (const { metadata } of all)
        if (metadata.annotations?.[annotations.eipPublicIp] !== undefined) shown.add(metadata.name);
      return shown.size >= PODS;
    },
    { ...where, what: `an EIP on ${PODS} Pods`, timeoutMs: 240_000, describe: () => `${shown.size} have one` },
  );
  return performance.now() - started;
}

async function release(plane: Plane): Promise<number> {
  const started = performance.now();
  await Promise.all(names.map((name) => plane.client.delete(podResource, name, { ...where, gracePeriodSeconds: 0 })));
  await waitForObjects(plane.client, eipClaims, (all) => all.length === 0, {
    what: 'no EIPClaim',
    timeoutMs: 240_000,
    describe: (all) => `${all.length} are left`,
  });
  return performance.now() - started;
}
