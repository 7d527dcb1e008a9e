// StatefulSets against the embedded API: names, order, history and rollback as on a cluster.
import { afterEach, beforeEach, expect, it } from 'vitest';

import { events, pods } from '../../../../src/kube/resources.ts';
import type { Pod } from '../../../../src/kube/resources.ts';
import { untilObject } from '../../testing/until-object.ts';
import { startControllersBench } from '../testing/controllers-bench.ts';
import type { ControllersBench } from '../testing/controllers-bench.ts';
import { controllerRevisions } from '../revisions/view.ts';
import { statefulSets } from './view.ts';
import type { StatefulSet } from './view.ts';

const namespace = 'default';
let bench: ControllersBench;
beforeEach(async () => {
  bench = await startControllersBench();
});
afterEach(() => bench.close());

const web = (spec: Partial<StatefulSet['spec']> = {}): StatefulSet => ({
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  metadata: { name: 'web', namespace },
  spec: {
    replicas: 2,
    serviceName: 'web',
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: 'nginx:1' }] } },
    ...spec,
  },
});
const until = (holds: (set: StatefulSet) => boolean): Promise<StatefulSet> =>
  untilObject(bench.client, statefulSets, { namespace }, holds);
const images = async (): Promise<Record<string, string | undefined>> => {
  const { items } = await bench.client.list(pods, { namespace });
  return Object.fromEntries(items.map((pod: Pod) => [pod.metadata.name, pod.spec.containers[0]?.image]));
};
const setImage = (image: string): Promise<unknown> =>
  bench.client.patch(
    statefulSets,
    'web',
    { type: 'strategic', body: { spec: { template: { spec: { containers: [{ name: 'c', image }] } } } } },
    { namespace },
  );

it('gives its Pods names, host names and labels that stay', async () => {
  await bench.client.create(statefulSets, web(), { namespace });
  await until(({ status }) => status?.readyReplicas === 2);
  const first = await bench.client.get(pods, 'web-0', { namespace });
  expect(first.metadata.labels).toMatchObject({
    app: 'web',
    'statefulset.kubernetes.io/pod-name': 'web-0',
    'apps.kubernetes.io/pod-index': '0',
  });
  expect(first.spec).toMatchObject({ hostname: 'web-0', subdomain: 'web' });
  await bench.client.delete(pods, 'web-0', { namespace });
  const next = await untilObject(
    bench.client,
    pods,
    { namespace },
    ({ metadata }) => metadata.name === 'web-0' && metadata.uid !== first.metadata.uid,
  );
  expect(next.metadata.labels).toEqual(first.metadata.labels);
});

it('performs rolling updates and roll backs of template modifications', async () => {
  await bench.client.create(statefulSets, web(), { namespace });
  const before = await until(({ status }) => status?.readyReplicas === 2 && status.currentRevision !== '');
  await setImage('nginx:2');
  const updated = await until(
    ({ status }) => status?.currentRevision !== before.status?.currentRevision && status?.readyReplicas === 2,
  );
  expect(updated.status?.currentRevision).toBe(updated.status?.updateRevision);
  expect(await images()).toEqual({ 'web-0': 'nginx:2', 'web-1': 'nginx:2' });
  await setImage('nginx:1');
  const back = await until(
    ({ status }) => status?.currentRevision === before.status?.currentRevision && status?.readyReplicas === 2,
  );
  expect(await images()).toEqual({ 'web-0': 'nginx:1', 'web-1': 'nginx:1' });
  const { items } = await bench.client.list(controllerRevisions, { namespace });
  const current = items.find(({ metadata }) => metadata.name === back.status?.currentRevision);
  expect([items.length, current?.revision]).toEqual([2, 3]);
});

it('says that the lab has no volumes to claim instead of making Pods without them', async () => {
  const claims = {
    volumeClaimTemplates: [
      {
        metadata: { name: 'data' },
        spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
      },
    ],
  };
  await bench.client.create(statefulSets, web(claims), { namespace });
  const event = await untilObject(
    bench.client,
    events,
    { namespace },
    (each) => Reflect.get(each, 'reason') === 'FailedCreate',
  );
  expect(Reflect.get(event, 'message')).toContain('leave volumeClaimTemplates out');
  expect(await images()).toEqual({});
});
