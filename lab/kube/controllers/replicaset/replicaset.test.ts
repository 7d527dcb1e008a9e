// ReplicaSets against the embedded API: what they adopt, let go and tell.
import { afterEach, beforeEach, expect, it } from 'vitest';

import { events, pods } from '../../../../src/kube/resources.ts';
import type { Pod } from '../../../../src/kube/resources.ts';
import { createFakeClock } from '../../../../test/fake-clock.ts';
import { untilObject } from '../../testing/until-object.ts';
import { controllerOf } from '../ownership.ts';
import { ready, startControllersBench } from '../testing/controllers-bench.ts';
import type { ControllersBench } from '../testing/controllers-bench.ts';
import { replicaSets } from '../views.ts';
import type { ReplicaSet } from '../views.ts';

const namespace = 'default';
let bench: ControllersBench;
beforeEach(async () => {
  bench = await startControllersBench();
});
afterEach(() => bench.close());

const labels = { app: 'a' };
const containers = [{ name: 'c', image: 'nginx' }];
const create = (replicas: number, spec: object = {}): Promise<unknown> => {
  const object = {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: { name: 'rs', namespace },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers } },
      ...spec,
    },
  };
  return bench.client.create(replicaSets, object as ReplicaSet, { namespace });
};
const until = (holds: (set: ReplicaSet) => boolean): Promise<ReplicaSet> =>
  untilObject(bench.client, replicaSets, { namespace }, holds);

it('adopts matching Pods on creation and releases no longer matching Pods', async () => {
  const orphan = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'orphan', namespace, labels },
    spec: { containers },
  };
  await bench.client.create(pods, orphan as Pod, { namespace });
  await create(1);
  await until(({ status }) => status?.readyReplicas === 1);
  const adopted = await bench.client.get(pods, 'orphan', { namespace });
  expect([controllerOf(adopted)?.kind, (await bench.client.list(pods, { namespace })).items.length]).toEqual([
    'ReplicaSet',
    1,
  ]);
  await bench.client.patch(
    pods,
    'orphan',
    { type: 'merge', body: { metadata: { labels: { app: 'b' } } } },
    { namespace },
  );
  const released = await untilObject(
    bench.client,
    pods,
    { namespace },
    (pod) => pod.metadata.name === 'orphan' && controllerOf(pod) === undefined,
  );
  expect(released.metadata.ownerReferences).toBeUndefined();
  await untilObject(bench.client, pods, { namespace }, (pod) => pod.metadata.name !== 'orphan');
});

it('surfaces a failure condition when its Pods are refused, and takes it back', async () => {
  const template = { metadata: { labels }, spec: { containers, serviceAccountName: 'missing' } };
  await create(1, { template });
  const failing = await until(({ status }) => (status?.conditions ?? []).length > 0);
  expect(failing.status?.conditions).toMatchObject([
    { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate' },
  ]);
  const event = await untilObject(
    bench.client,
    events,
    { namespace },
    (each) => Reflect.get(each, 'reason') === 'FailedCreate',
  );
  expect(Reflect.get(event, 'message')).toMatch(/^Error creating: /);
  await bench.client.patch(replicaSets, 'rs', { type: 'merge', body: { spec: { replicas: 0 } } }, { namespace });
  await until(({ status }) => (status?.conditions ?? []).length === 0);
});

it('counts Pods as available only after minReadySeconds', async () => {
  await bench.close();
  const clock = createFakeClock(new Date().toISOString());
  bench = await startControllersBench(ready, clock);
  await create(1, { minReadySeconds: 60 });
  expect((await until(({ status }) => status?.readyReplicas === 1)).status?.availableReplicas ?? 0).toBe(0);
  await clock.advance(70_000);
  await until(({ status }) => status?.availableReplicas === 1);
});
