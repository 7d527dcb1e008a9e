// Hollow nodes on a real API server.
import { afterAll, beforeAll, expect, it } from 'vitest';

import { systemClock } from '../../src/base/clock.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { leases, nodes, pods } from '../../src/kube/resources.ts';
import { startApiBench } from '../kube/testing/api-bench.ts';
import type { ApiBench } from '../kube/testing/api-bench.ts';
import { untilGone, untilObject } from '../kube/testing/until-object.ts';
import { loadHollow } from './hollow-load.ts';
import { runNodes } from './hollow-nodes.ts';
import type { HollowDeps } from './hollow-nodes.ts';
import { hollowNode } from './hollow-objects.ts';

let bench: ApiBench;
let deps: HollowDeps;
const stop = new AbortController();
let running: Promise<void>;

beforeAll(async () => {
  bench = await startApiBench();
  deps = { client: bench.client, clock: systemClock, logger: silentLogger };
  await loadHollow(deps, { nodes: 7, pods: 40, namespaces: 3 });
  running = runNodes(deps, 7, 2_000, stop.signal);
});
afterAll(async () => {
  stop.abort();
  await running;
  await bench.close();
});

it('shows ready nodes, and Pods that are Running and Ready, each with an address of its own', async () => {
  const { items } = await bench.client.list(nodes);
  expect(items).toHaveLength(7);
  expect(items[0]?.status?.conditions?.find(({ type }) => type === 'Ready')?.status).toBe('True');
  const all = (await bench.client.list(pods)).items;
  expect(all).toHaveLength(40);
  expect(all.every(({ status }) => status?.phase === 'Running')).toBe(true);
  expect(new Set(all.map(({ status }) => status?.podIP)).size).toBe(40);
  expect(new Set(all.map(({ spec }) => spec.nodeName)).size).toBe(7);
});

it('may be repeated', async () => {
  await loadHollow(deps, { nodes: 7, pods: 40, namespaces: 3 });
  expect((await bench.client.list(pods)).items).toHaveLength(40);
});

it('says of a Pod that is bound later that it runs, and lets it go when it is deleted', async () => {
  const namespace = 'hollow-0';
  const spec = { nodeName: hollowNode(3).name, containers: [{ name: 'main', image: 'nginx' }] };
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'later', namespace }, spec };
  await bench.client.create(pods, { ...pod, spec: { ...spec, automountServiceAccountToken: false } } as typeof pod, {
    namespace,
  });
  await untilObject(
    bench.client,
    pods,
    { namespace },
    (each) => each.metadata.name === 'later' && each.status?.phase === 'Running',
  );
  await bench.client.delete(pods, 'later', { namespace });
  await untilGone(bench.client, pods, 'later', namespace);
});

it('renews the Leases of its nodes', async () => {
  const name = hollowNode(6).name;
  const renewed =
    (after: string) =>
    (lease: { metadata: { name: string }; spec?: { renewTime?: string } }): boolean =>
      lease.metadata.name === name && (lease.spec?.renewTime ?? '') > after;
  const first = await untilObject(bench.client, leases, { namespace: 'kube-node-lease' }, renewed(''));
  await untilObject(bench.client, leases, { namespace: 'kube-node-lease' }, renewed(first.spec?.renewTime ?? ''));
});
