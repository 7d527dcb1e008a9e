// The scheduler against the embedded API server: what it binds, what it says, when it looks again.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { systemClock } from '../../../src/base/clock.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import { runManager } from '../../../src/kube/manager.ts';
import { events, nodes } from '../../../src/kube/resources.ts';
import type { KubeClient, KubeObject } from '../../../src/kube/types.ts';
import { resourceNames } from '../../../src/api/keys.ts';
import { labPods } from '../kubelet/pod-view.ts';
import type { LabPod } from '../kubelet/pod-view.ts';
import { startApiBench } from '../testing/api-bench.ts';
import type { ApiBench } from '../testing/api-bench.ts';
import { untilObject } from '../testing/until-object.ts';
import { createScheduler } from './scheduler.ts';

const SUB_ENI = resourceNames.subEni;
const namespace = 'default';

let bench: ApiBench;
let client: KubeClient;
let stop: AbortController;
let running: Promise<void>;

beforeEach(async () => {
  bench = await startApiBench();
  ({ client } = bench);
  const clock = systemClock;
  const logger = silentLogger;
  stop = new AbortController();
  running = runManager({ ...createScheduler({ client, clock, logger }), clock, logger, signal: stop.signal });
});

afterEach(async () => {
  stop.abort();
  await running;
  await bench.close();
});

async function addNode(name: string, subEnis: string): Promise<void> {
  await client.create(nodes, { apiVersion: 'v1', kind: 'Node', metadata: { name } });
  // New nodes are tainted not-ready, which no controller takes away here.
  await client.patch(nodes, name, { type: 'merge', body: { spec: { taints: [] } } });
  await offer(name, subEnis);
}

async function offer(name: string, subEnis: string): Promise<void> {
  const allocatable = { cpu: '4', memory: '8Gi', pods: '110', [SUB_ENI]: subEnis };
  const body = { status: { allocatable, capacity: allocatable } };
  await client.patch(nodes, name, { type: 'merge', body }, { subresource: 'status' });
}

async function addPod(name: string, more: object = {}): Promise<void> {
  const resources = { requests: { [SUB_ENI]: '1' }, limits: { [SUB_ENI]: '1' } };
  const spec = { containers: [{ name: 'c', image: 'nginx', resources }], ...more };
  await client.create(labPods, { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace }, spec } as LabPod, {
    namespace,
  });
}

const pod = async (name: string, holds: (pod: LabPod) => boolean): Promise<LabPod> =>
  await untilObject(client, labPods, { namespace }, (each) => each.metadata.name === name && holds(each));

const scheduled = (each: LabPod) => each.status?.conditions?.find((condition) => condition.type === 'PodScheduled');

describe('the scheduler', () => {
  it('binds a Pod and says so on it', async () => {
    await addNode('a', '1');
    await addPod('p');
    const bound = await pod('p', (each) => (each.spec.nodeName ?? '') !== '');
    expect(bound.spec.nodeName).toBe('a');
    expect(scheduled(bound)).toMatchObject({ status: 'True' });
  });

  it('tells a Pod that fits nowhere by condition and event, and binds it once a node offers more', async () => {
    await addNode('a', '0');
    await addPod('p');
    const message = `0/1 nodes are available: 1 Insufficient ${SUB_ENI}. preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.`;
    // The Pod may be looked at before the node is known, with other words.
    const waiting = await pod('p', (each) => scheduled(each)?.message === message);
    expect(scheduled(waiting)).toMatchObject({ status: 'False', reason: 'Unschedulable' });
    const told = await untilObject(client, events, { namespace }, (event) => Reflect.get(event, 'message') === message);
    expect(told as KubeObject & { message?: string }).toMatchObject({ type: 'Warning', reason: 'FailedScheduling' });
    await offer('a', '1');
    expect((await pod('p', (each) => (each.spec.nodeName ?? '') !== '')).spec.nodeName).toBe('a');
  });

  it('gives one place to one of several Pods that arrive together, and to the next when the first is gone', async () => {
    await addNode('a', '1');
    await Promise.all(['p1', 'p2', 'p3'].map((name) => addPod(name)));
    await untilObject(client, labPods, { namespace }, (each) => (each.spec.nodeName ?? '') !== '');
    const refused = new Set<string>();
    await untilObject(client, labPods, { namespace }, (each) => {
      if (scheduled(each)?.status === 'False') refused.add(each.metadata.name);
      return refused.size === 2;
    });
    const { items } = await client.list(labPods, { namespace });
    const winners = items.filter((each) => (each.spec.nodeName ?? '') !== '').map((each) => each.metadata.name);
    expect(winners).toHaveLength(1);
    await client.delete(labPods, winners[0] ?? '', { namespace, gracePeriodSeconds: 0 });
    const next = await untilObject(
      client,
      labPods,
      { namespace },
      (each) => refused.has(each.metadata.name) && (each.spec.nodeName ?? '') !== '',
    );
    expect(next.spec.nodeName).toBe('a');
  });

  it('preempts a less important Pod, promises the node, and binds once it is free', async () => {
    await addNode('a', '1');
    const classes = {
      group: 'scheduling.k8s.io',
      version: 'v1',
      plural: 'priorityclasses',
      kind: 'PriorityClass',
      namespaced: false,
    };
    const high = { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name: 'high' }, value: 1000 };
    await client.create<KubeObject>(classes, high);
    await addPod('low');
    await pod('low', (each) => (each.spec.nodeName ?? '') !== '');
    await addPod('important', { priorityClassName: 'high' });
    const promised = await pod(
      'important',
      (each) => Reflect.get(each.status ?? {}, 'nominatedNodeName') !== undefined,
    );
    expect(scheduled(promised)?.message).toBe(`0/1 nodes are available: 1 Insufficient ${SUB_ENI}.`);
    const victim = await pod('low', (each) => each.metadata.deletionTimestamp !== undefined);
    expect(victim.status?.conditions).toContainEqual(
      expect.objectContaining({
        type: 'DisruptionTarget',
        reason: 'PreemptionByScheduler',
        message: 'default-scheduler: preempting to accommodate a higher priority pod',
      }),
    );
    await client.delete(labPods, 'low', { namespace, gracePeriodSeconds: 0 });
    expect((await pod('important', (each) => (each.spec.nodeName ?? '') !== '')).spec.nodeName).toBe('a');
  });

  it('leaves Pods of another scheduler alone', async () => {
    await addNode('a', '1');
    const spec = { schedulerName: 'mine', containers: [{ name: 'c', image: 'nginx' }] };
    await client.create(
      labPods,
      { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'other', namespace }, spec } as LabPod,
      { namespace },
    );
    await addPod('p');
    await pod('p', (each) => (each.spec.nodeName ?? '') !== '');
    expect((await client.get(labPods, 'other', { namespace })).spec.nodeName ?? '').toBe('');
  });
});
