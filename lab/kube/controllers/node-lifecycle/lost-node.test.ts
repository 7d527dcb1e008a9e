// A node that is lost, from its last word to the eviction of its Pods, in an hour of a clock that is moved by hand.
import { afterEach, expect, it } from 'vitest';

import { leases, nodes, pods } from '../../../../src/kube/resources.ts';
import type { Lease, Node, Pod } from '../../../../src/kube/resources.ts';
import { createFakeClock } from '../../../../test/fake-clock.ts';
import { untilObject } from '../../testing/until-object.ts';
import { isReady } from '../ownership.ts';
import { ready, setPodStatus, startControllersBench } from '../testing/controllers-bench.ts';
import type { ControllersBench } from '../testing/controllers-bench.ts';

const namespace = 'default';
let bench: ControllersBench;
afterEach(() => bench.close());

const makeNode = async (name: string): Promise<void> => {
  await bench.client.create(nodes, { apiVersion: 'v1', kind: 'Node', metadata: { name } });
  const conditions = [
    { type: 'Ready', status: 'True', reason: 'KubeletReady', lastHeartbeatTime: '2026-01-01T00:00:00Z' },
  ];
  await bench.client.patch(nodes, name, { type: 'merge', body: { status: { conditions } } }, { subresource: 'status' });
};
const renew = async (name: string, renewTime: string): Promise<void> => {
  await bench.client.patch(
    leases,
    name,
    { type: 'merge', body: { spec: { renewTime } } },
    { namespace: 'kube-node-lease' },
  );
};
const taintsOf = ({ spec }: Node): string[] => (spec?.taints ?? []).map(({ key, effect }) => `${key}:${effect}`);
const nodeAs = (name: string, holds: (node: Node) => boolean): Promise<Node> =>
  untilObject(bench.client, nodes, {}, (node) => node.metadata.name === name && holds(node));

it('turns Unknown after its grace, is tainted, and gives up its Pods when they tolerate it no longer', async () => {
  const clock = createFakeClock();
  bench = await startControllersBench(() => undefined, clock);
  await makeNode('alive');
  await makeNode('lost');
  const lease: Lease = {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: 'alive', namespace: 'kube-node-lease' },
    spec: { renewTime: '2026-01-01T00:00:00.000000Z' },
  };
  await bench.client.create(leases, lease, { namespace: 'kube-node-lease' });
  await bench.client.create(
    pods,
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p', namespace },
      spec: { nodeName: 'lost', terminationGracePeriodSeconds: 0, containers: [{ name: 'c', image: 'nginx' }] },
    } as Pod,
    { namespace },
  );
  const pod = await untilObject(bench.client, pods, { namespace }, ({ metadata }) => metadata.name === 'p');
  await setPodStatus(bench.client, pod, ready());
  await nodeAs('alive', (node) => taintsOf(node).length === 0);
  await nodeAs('lost', (node) => taintsOf(node).length === 0);

  await clock.advance(30_000);
  await renew('alive', '2026-01-01T00:00:30.000000Z');
  await bench.settled(
    () => bench.informers.leases.get('kube-node-lease/alive')?.spec?.renewTime === '2026-01-01T00:00:30.000000Z',
  );
  await clock.advance(15_000);
  const lost = await nodeAs('lost', (node) => taintsOf(node).length === 2);
  expect(taintsOf(lost)).toEqual([
    'node.kubernetes.io/unreachable:NoSchedule',
    'node.kubernetes.io/unreachable:NoExecute',
  ]);
  await untilObject(bench.client, pods, { namespace }, (each) => !isReady(each));
  expect(taintsOf(await bench.client.get(nodes, 'alive'))).toEqual([]);

  await bench.settled(() => bench.informers.nodes.get('lost')?.spec?.taints?.length === 2);
  await clock.advance(299_000);
  const before = await bench.client.get(pods, 'p', { namespace });
  expect(before.metadata.deletionTimestamp).toBeUndefined();
  await clock.advance(2_000);
  // Nobody is left to end it on its node: it is marked, and gone only by force or with its node.
  const marked = await untilObject(
    bench.client,
    pods,
    { namespace },
    (each) => each.status?.conditions?.some(({ type }) => type === 'DisruptionTarget') ?? false,
  );
  expect(marked.status?.conditions?.find(({ type }) => type === 'DisruptionTarget')?.reason).toBe(
    'DeletionByTaintManager',
  );
});
