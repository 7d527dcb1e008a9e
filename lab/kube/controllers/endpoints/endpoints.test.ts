// Services, Endpoints and EndpointSlices against the embedded API: the conformance behaviours of both controllers.
import { afterEach, beforeEach, expect, it } from 'vitest';

import { pods } from '../../../../src/kube/resources.ts';
import type { Pod } from '../../../../src/kube/resources.ts';
import { untilGone, untilObject } from '../../testing/until-object.ts';
import { now, startControllersBench } from '../testing/controllers-bench.ts';
import type { ControllersBench } from '../testing/controllers-bench.ts';
import { endpointSlices } from '../endpointslice/view.ts';
import { endpoints, services } from '../views.ts';
import type { Endpoints, Service } from '../views.ts';

const namespace = 'default';
let bench: ControllersBench;
beforeEach(async () => {
  bench = await startControllersBench(() => ({
    phase: 'Running',
    podIP: '10.0.0.9',
    podIPs: [{ ip: '10.0.0.9' }],
    conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: now() }],
  }));
});
afterEach(() => bench.close());

const createService = (spec: object): Promise<unknown> =>
  bench.client.create(
    services,
    { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web', namespace, labels: { x: 'y' } }, spec } as Service,
    { namespace },
  );
const createPod = (): Promise<unknown> =>
  bench.client.create(
    pods,
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'web-1', namespace, labels: { app: 'web' } },
      spec: { containers: [{ name: 'c', image: 'nginx' }] },
    } as Pod,
    { namespace },
  );
const ofWeb = ({ metadata }: { metadata: { name: string } }): boolean => metadata.name.startsWith('web');

it('creates Endpoints and EndpointSlices for Pods matching a Service, and deletes both with it', async () => {
  await createService({ selector: { app: 'web' }, ports: [{ port: 80 }] });
  await createPod();
  const told = await untilObject(
    bench.client,
    endpoints,
    { namespace },
    (each) => ofWeb(each) && (each.subsets ?? []).length > 0,
  );
  expect(told).toMatchObject({
    metadata: { labels: { x: 'y' } },
    subsets: [
      { addresses: [{ ip: '10.0.0.9', targetRef: { name: 'web-1' } }], ports: [{ port: 80, protocol: 'TCP' }] },
    ],
  });
  const slice = await untilObject(
    bench.client,
    endpointSlices,
    { namespace },
    (each) => ofWeb(each) && (each.endpoints ?? []).length === 1,
  );
  expect(slice.metadata.labels).toMatchObject({ 'kubernetes.io/service-name': 'web', x: 'y' });
  await bench.client.delete(services, 'web', { namespace });
  await untilGone(bench.client, endpoints, 'web', namespace);
  await untilGone(bench.client, endpointSlices, slice.metadata.name, namespace);
});

it('takes an address away once its Pod is gone', async () => {
  await createService({ selector: { app: 'web' }, ports: [{ port: 80 }] });
  await createPod();
  const has = (count: number) => (each: Endpoints) => ofWeb(each) && (each.subsets ?? []).length === count;
  await untilObject(bench.client, endpoints, { namespace }, has(1));
  await bench.client.delete(pods, 'web-1', { namespace });
  await untilObject(bench.client, endpoints, { namespace }, has(0));
});

it('leaves Endpoints of a Service without a selector to whoever wrote them', async () => {
  await createService({ ports: [{ port: 80 }] });
  const subsets = [{ addresses: [{ ip: '10.9.9.9' }], ports: [{ port: 80, protocol: 'TCP' }] }];
  await bench.client.create(
    endpoints,
    { apiVersion: 'v1', kind: 'Endpoints', metadata: { name: 'web', namespace }, subsets },
    { namespace },
  );
  await createService({ selector: { app: 'web' }, ports: [{ port: 80 }] }).catch(() => undefined);
  const other = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'later', namespace },
    spec: { selector: { a: 'b' }, ports: [{ port: 80 }] },
  };
  await bench.client.create(services, other as Service, { namespace });
  await untilObject(bench.client, endpoints, { namespace }, ({ metadata }) => metadata.name === 'later');
  expect((await bench.client.get(endpoints, 'web', { namespace })).subsets).toMatchObject(subsets);
});
