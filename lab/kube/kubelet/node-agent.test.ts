// What a kubelet keeps of its Node in a real API, whoever writes there.
import { afterEach, beforeEach, expect, it } from 'vitest';

import { createFakeClock } from '../../../test/fake-clock.ts';
import type { FakeClock } from '../../../test/fake-clock.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import { nodes } from '../../../src/kube/resources.ts';
import type { Node } from '../../../src/kube/resources.ts';
import type { ExecResult, LabHost } from '../../host/types.ts';
import { startApiBench } from '../testing/api-bench.ts';
import type { ApiBench } from '../testing/api-bench.ts';
import { untilObject } from '../testing/until-object.ts';
import type { KubeletNode, KubeletOptions } from './kubelet-types.ts';
import { createNodeAgent } from './node-agent.ts';

const NODE = 'n1';
const ENI = 'tke.cloud.tencent.com/eni-ip';
const HEARTBEAT_MS = 10_000;
/** Steps of time; a status is written every five minutes at any rate. */
const AT_MOST = 3;

const kubeletNode: KubeletNode = {
  name: NODE,
  internalIp: '10.0.1.2',
  providerId: 'qcloud:///zone-1/ins-1',
  zone: 'zone-1',
  instanceType: 'SA5.LARGE8',
  kind: 'general',
  cpu: 4,
  memoryGiB: 8,
  labels: {},
  taints: [],
};

// A node whose add-on has written its configuration.
const answer = (stdout: string): Promise<ExecResult> => Promise.resolve({ code: 0, stdout, stderr: '' } as ExecResult);
const host = {
  exec: () => answer('10-test.conflist\n'),
  readFile: () => Promise.resolve(JSON.stringify({ name: 'test', plugins: [{ type: 'test-cni' }] })),
} as unknown as LabHost;

let bench: ApiBench;
let clock: FakeClock;
let stop: AbortController;
let running: Promise<void>;
beforeEach(async () => {
  bench = await startApiBench();
  clock = createFakeClock();
  stop = new AbortController();
  const options = { client: bench.client, clock, logger: silentLogger, host, node: kubeletNode };
  running = createNodeAgent(options as unknown as KubeletOptions, () => undefined).run('/node', stop.signal);
  await untilNode(({ status }) => status?.conditions?.some(isReady) === false);
  await passing(1_000, ({ status }) => status?.conditions?.some(isReady) === true);
});
afterEach(async () => {
  stop.abort(new Error('done'));
  await running;
  await bench.close();
});

const isReady = (each: { readonly type: string; readonly status: string }): boolean =>
  each.type === 'Ready' && each.status === 'True';
const untilNode = async (holds: (node: Node) => boolean): Promise<Node> =>
  await untilObject(bench.client, nodes, {}, (node) => node.metadata.name === NODE && holds(node));
/** Time passes until the node is as wanted: not before the agent waits again for its heartbeat and its look at the network, and no longer. */
const passing = async (ms: number, holds: (node: Node) => boolean): Promise<Node> => {
  const found = untilNode(holds);
  const late = { isOver: false };
  const ended = found.then(
    () => (late.isOver = true),
    () => (late.isOver = true),
  );
  const isBusy = (): boolean => clock.pendingTimers < 2 && !late.isOver;
  for (let left = AT_MOST; left > 0 && !late.isOver; left--) {
    await clock.advance(ms);
    do await clock.settle();
    while (isBusy());
  }
  await ended;
  return await found;
};
const byHand = async (status: object): Promise<void> => {
  const patch = { type: 'merge', body: { status } } as const;
  await bench.client.patch(nodes, NODE, patch, { subresource: 'status' });
};

it('puts back what is its own in a status that somebody changed, and leaves what others publish', async () => {
  const own = (await untilNode(() => true)).status;
  await byHand({ capacity: { [ENI]: '27' }, allocatable: { [ENI]: '27' } });
  await byHand({
    capacity: { cpu: '1000', pods: null },
    allocatable: { memory: '1Ti' },
    addresses: [{ type: 'InternalIP', address: '10.9.9.9' }],
    conditions: [{ type: 'Ready', status: 'False', reason: 'ByHand', message: 'by hand' }],
  });
  const back = await passing(HEARTBEAT_MS, ({ status }) => status?.conditions?.some(isReady) === true);
  expect(back.status?.capacity).toEqual({ cpu: '4', memory: '8Gi', pods: '110', [ENI]: '27' });
  expect(back.status?.allocatable).toEqual(back.status?.capacity);
  expect(back.status?.addresses).toEqual(own?.addresses);
  expect(back.status?.conditions?.find(isReady)).toMatchObject({ reason: 'KubeletReady' });
});

it('offers all of what others publish, and no more, whatever somebody wrote as allocatable', async () => {
  await byHand({ capacity: { [ENI]: '27' }, allocatable: { [ENI]: '99', 'example.test/made-up': '5' } });
  const back = await passing(HEARTBEAT_MS, ({ status }) => status?.allocatable?.[ENI] === '27');
  expect(back.status?.allocatable).toEqual({ cpu: '4', memory: '8Gi', pods: '110', [ENI]: '27' });
});

it('registers again when somebody deleted its Node', async () => {
  await bench.client.delete(nodes, NODE);
  const back = await passing(HEARTBEAT_MS, ({ status }) => status?.conditions?.some(isReady) === true);
  expect(back.metadata.labels?.['node.kubernetes.io/instance-type']).toBe('SA5.LARGE8');
});
