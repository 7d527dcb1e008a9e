// Two hundred nodes join at once under an account's limit of 20 calls a second: calls per node, and time against what the limit alone costs.
// The real ipamd runs as a process of its own; nodes are computed, so that only the control plane is measured.
import { runInstances } from '../lab/account.ts';
import type { RequestLogEntry } from '../lab/cloud/request-log.ts';
import { createComputedNodes } from '../lab/computed/computed-nodes.ts';
import { type ComputedNodePlan, nodeObject } from '../lab/computed/node-objects.ts';
import { startControlPlane } from '../lab/control-plane.ts';
import { planNodes } from '../lab/layout.ts';
import { waitForObjects } from '../lab/wait.ts';
import { annotations, resourceNames } from '../src/api/keys.ts';
import { type VpcEni, vpcEnis } from '../src/api/vpc-eni.ts';
import { systemClock } from '../src/base/clock.ts';
import { silentLogger } from '../src/base/logger.ts';
import { runManager } from '../src/kube/manager.ts';
import { nodes as nodeResource } from '../src/kube/resources.ts';
import { geometricInterval } from './interval.ts';
import { type Benchmark, type Figure, figure, median } from './result.ts';

const NODES = 200;
const PER_SECOND = 20;
const TASK_MS = 300;
/** Nodes that then want all addresses of their model, and so ENIs that are attached one after the other. */
const GROWING = 20;
const ENIS_OF_MODEL = 3;

const BLOCKS = 5;
/** Of the time that the limit alone costs. */
const MOST = 1.2;

const MUTATING = /^(Create|Delete|Attach|Detach|Assign|Unassign|Associate|Disassociate|Modify)/;
/** The service counts each action of an account apart. */
const LIMITED = [
  'CreateNetworkInterface',
  'AttachNetworkInterface',
  'AssignPrivateIpAddresses',
  'DescribeNetworkInterfaces',
  'DescribeNetworkInterfaceLimit',
  'DescribeInstances',
  'DescribeSubnets',
  'DescribeVpcTaskResult',
];

export const nodeJoin: Benchmark = {
  name: 'node-join',
  title: `${NODES} nodes at once under ${PER_SECOND} calls a second: calls per node, time against the limit's own`,
  run: async (progress) => {
    const blocks: Block[] = [];
    for (let count = 0; count < BLOCKS; count += 1) {
      blocks.push(await block());
      progress(`block ${count + 1} of ${BLOCKS}: ${NODES} nodes have joined after ${told(blocks.at(-1)?.ms ?? 0)} s`);
    }
    const perNode = (pick: (block: Block) => number): number => Math.max(...blocks.map(pick)) / NODES;
    const most = (pick: (block: Block) => number): number => Math.max(...blocks.map(pick));
    return {
      benchmark: 'node-join',
      conditions:
        `${BLOCKS} blocks, each with an account, an API and an ipamd of its own: ${NODES} computed nodes registered at once beside the running ipamd, every action of the account limited to ${PER_SECOND}/s, tasks of ${TASK_MS} ms; then ${GROWING} nodes grow to ${ENIS_OF_MODEL} ENIs. ` +
        'Calls: of the worst block; time: median of the blocks, missed when the whole 95 % interval of the ratios is above',
      figures: [
        figure(
          'mutating calls per node',
          perNode(({ letIn }) => letIn.filter(isMutating).length),
          'calls',
          2,
        ),
        figure(
          'all calls per node',
          perNode(({ letIn }) => letIn.length),
          'calls',
        ),
        figure(
          'calls refused while the limit was found out, per node',
          perNode(({ refused }) => refused),
          'calls',
        ),
        timeFigure(blocks),
        figure(
          'attaches under way at one instance, most',
          most(({ under }) => under.atOne),
          'calls',
          1,
        ),
        figure(
          'instances with an attach under way, most',
          most(({ under }) => under.inAll),
          'instances',
        ),
      ],
    };
  },
};

interface Block {
  /** Until all nodes offer their addresses. */
  readonly ms: number;
  readonly letIn: readonly RequestLogEntry[];
  readonly refused: number;
  readonly under: { readonly atOne: number; readonly inAll: number };
}

/** Nothing that a former block taught is known to this one. */
async function block(): Promise<Block> {
  const plane = await startControlPlane({
    projectDir: process.cwd(),
    nodes: 1,
    taskMs: TASK_MS,
    progress: () => undefined,
  });
  try {
    for (const action of LIMITED) plane.cloud.admin.throttle({ action, perSecond: PER_SECOND });
    const joined = await join(plane);
    const grown = await grow(plane, joined.names.slice(0, GROWING));
    const letIn = joined.calls.filter((call) => call.outcome !== 'RequestLimitExceeded');
    await joined.stop();
    return { ms: joined.ms, letIn, refused: joined.calls.length - letIn.length, under: attachesUnderWay(grown) };
  } finally {
    await plane.close();
  }
}

/** Against what the limit alone costs the action that it holds up longest. */
function timeFigure(blocks: readonly Block[]): Figure {
  const needed = blocks.map(({ letIn }) => busiest(letIn));
  const { low, mean, high } = geometricInterval(
    blocks.map(({ ms }, index) => ms / 1000 / ((needed[index]?.count ?? 0) / PER_SECOND)),
  );
  const alone = median(needed.map(({ count }) => count / PER_SECOND));
  const row = figure(
    `all nodes offer their addresses (${mean.toFixed(3)} x, ${low.toFixed(3)} to ${high.toFixed(3)})`,
    median(blocks.map(({ ms }) => ms)) / 1000,
    's',
    alone * MOST,
    { what: `${needed[0]?.count ?? 0} ${needed[0]?.action ?? ''} at ${PER_SECOND}/s`, value: alone },
  );
  return { ...row, withinBudget: low <= MOST };
}

const told = (ms: number): string => (ms / 1000).toFixed(2);

type Plane = Awaited<ReturnType<typeof startControlPlane>>;

interface Joined {
  readonly names: readonly string[];
  readonly ms: number;
  readonly calls: readonly RequestLogEntry[];
  stop(): Promise<void>;
}

/** From the moment the first Node object is made to the moment the last one offers its addresses. */
async function join({ client, cloud }: Plane): Promise<Joined> {
  const base = { client, clock: systemClock, logger: silentLogger };
  const instances = runInstances(cloud.admin, planNodes(NODES, 0), 1);
  const plans = instances.map(({ plan, instanceId, privateIp }) => ({
    name: privateIp,
    internalIp: privateIp,
    providerId: `qcloud:///${plan.zone}/${instanceId}`,
    instanceType: plan.instanceType,
    zone: plan.zone,
  }));
  const nodes = createComputedNodes({ ...base, nodes: plans });
  const names = instances.map((instance) => instance.privateIp);
  const stop = new AbortController();
  const playing = runManager({ ...base, ...nodes, signal: stop.signal, shutdownBudgetMs: 2_000 });
  const before = cloud.requestLog().length;
  const started = performance.now();
  // All at once, as a scaled node pool joins.
  await Promise.all(plans.map((plan) => register(client, plan)));
  const offering = new Set<string>();
  await waitForObjects(
    client,
    nodeResource,
    (all) => {
      for (const node of all)
        if (node.status?.allocatable?.[resourceNames.eniIp] !== undefined) offering.add(node.metadata.name);
      return names.every((name) => offering.has(name));
    },
    { what: `eni-ip on ${NODES} nodes`, timeoutMs: 180_000, describe: () => `${offering.size} nodes offer it` },
  );
  const ms = performance.now() - started;
  return {
    names,
    ms,
    calls: cloud.requestLog().slice(before),
    stop: async () => {
      stop.abort(new Error('the benchmark is over'));
      await playing;
    },
  };
}

async function register(client: Plane['client'], plan: ComputedNodePlan): Promise<void> {
  const object = nodeObject(plan, systemClock.now());
  await client.create(nodeResource, object);
  const body = { status: object.status };
  await client.patch(nodeResource, plan.name, { type: 'merge', body }, { subresource: 'status' });
}

/** Lets nodes ask for every address they may have; the calls until all their ENIs are attached. */
async function grow({ client, cloud }: Plane, names: readonly string[]): Promise<readonly RequestLogEntry[]> {
  const before = cloud.requestLog().length;
  const body = { metadata: { annotations: { [annotations.desiredRouteEniPodNum]: '27' } } };
  await Promise.all(names.map((name) => client.patch(nodeResource, name, { type: 'merge', body })));
  const wanted = new Set(names);
  const own = (all: readonly VpcEni[]): VpcEni[] => all.filter((eni) => wanted.has(eni.spec.nodeName));
  const isReady = (eni: VpcEni): boolean => eni.status?.phase === 'Ready';
  await waitForObjects(client, vpcEnis, (all) => own(all).filter(isReady).length === names.length * ENIS_OF_MODEL, {
    what: `${ENIS_OF_MODEL} ENIs on each of ${names.length} nodes`,
    timeoutMs: 60_000,
    describe: (all) =>
      own(all)
        .filter((eni) => !isReady(eni))
        .map(({ metadata, status }) => `${metadata.name} ${JSON.stringify(status?.conditions)}`)
        .join(', '),
  });
  return cloud.requestLog().slice(before);
}

const isMutating = ({ action }: RequestLogEntry): boolean => MUTATING.test(action);

/** The action that the limit holds up longest. */
function busiest(calls: readonly RequestLogEntry[]): { readonly action: string; readonly count: number } {
  const counts = new Map<string, number>();
  for (const { action } of calls) counts.set(action, (counts.get(action) ?? 0) + 1);
  const [most] = [...counts].sort(([, a], [, b]) => b - a);
  return { action: most?.[0] ?? 'no call', count: most?.[1] ?? 0 };
}

/** An attach is under way from its arrival until its task has ended; refused ones count as well, since they were one too many. */
function attachesUnderWay(calls: readonly RequestLogEntry[]): { readonly atOne: number; readonly inAll: number } {
  const attaches = calls
    .filter(({ action, outcome }) => action === 'AttachNetworkInterface' && outcome !== 'RequestLimitExceeded')
    .map(({ at, body }) => ({ at, instance: (body as { readonly InstanceId: string }).InstanceId }));
  let atOne = 0;
  let inAll = 0;
  for (const { at, instance } of attaches) {
    const open = attaches.filter((other) => other.at <= at && at < other.at + TASK_MS);
    atOne = Math.max(atOne, open.filter((other) => other.instance === instance).length);
    inAll = Math.max(inAll, new Set(open.map((other) => other.instance)).size);
  }
  return { atOne, inAll };
}
