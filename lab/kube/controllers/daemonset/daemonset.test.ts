// A DaemonSet against the embedded API: its Pods are tied to nodes, updated, and keep a history.
import { afterEach, beforeEach, expect, it } from 'vitest';

import { nodes, pods } from '../../../../src/kube/resources.ts';
import { untilObject } from '../../testing/until-object.ts';
import { startControllersBench } from '../testing/controllers-bench.ts';
import type { ControllersBench } from '../testing/controllers-bench.ts';
import { controllerRevisions } from '../revisions/view.ts';
import { daemonSets } from '../views.ts';
import type { DaemonSet } from '../views.ts';
import { nodeOf } from './placement.ts';

const namespace = 'default';
let bench: ControllersBench;
beforeEach(async () => {
  bench = await startControllersBench();
});
afterEach(() => bench.close());

const until = (holds: (set: DaemonSet) => boolean): Promise<DaemonSet> =>
  untilObject(bench.client, daemonSets, { namespace }, holds);
const setImage = (image: string): Promise<unknown> =>
  bench.client.patch(
    daemonSets,
    'd',
    { type: 'strategic', body: { spec: { template: { spec: { containers: [{ name: 'c', image }] } } } } },
    { namespace },
  );

it('rolls its Pods to a new template and back, node by node', async () => {
  for (const name of ['a', 'b']) {
    await bench.client.create(nodes, { apiVersion: 'v1', kind: 'Node', metadata: { name } });
    const conditions = [{ type: 'Ready', status: 'True' }];
    await bench.client.patch(
      nodes,
      name,
      { type: 'merge', body: { status: { conditions } } },
      { subresource: 'status' },
    );
  }
  const labels = { app: 'd' };
  const template = { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'one' }] } };
  const object = {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: 'd', namespace },
    spec: { selector: { matchLabels: labels }, template },
  };
  await bench.client.create(daemonSets, object as DaemonSet, { namespace });
  await until(({ status }) => status?.['numberReady'] === 2);
  for (const image of ['two', 'one']) {
    await setImage(image);
    await until(
      ({ status, metadata }) =>
        status?.['observedGeneration'] === metadata.generation &&
        status?.['updatedNumberScheduled'] === 2 &&
        status?.['numberAvailable'] === 2,
    );
    const { items } = await bench.client.list(pods, { namespace });
    expect(Object.fromEntries(items.map((pod) => [nodeOf(pod), pod.spec.containers[0]?.image]))).toEqual({
      a: image,
      b: image,
    });
  }
  const { items: revisions } = await bench.client.list(controllerRevisions, { namespace });
  expect(revisions.map(({ revision }) => revision).toSorted((one, other) => one - other)).toEqual([2, 3]);
});
