// EndpointSlices of a Service: what they tell, where endpoints stay, when slices come and go.
import { describe, expect, it } from 'vitest';

import type { Node, Pod } from '../../../../src/kube/resources.ts';
import { testPod } from '../testing/objects.ts';
import type { TestPod } from '../testing/objects.ts';
import { backendsOf } from '../endpoints/backends.ts';
import { subsetsOf } from '../endpoints/subsets.ts';
import type { Service } from '../views.ts';
import { planSlices } from './plan.ts';
import type { SlicePlan } from './plan.ts';
import type { EndpointSlice } from './view.ts';

const service = (spec: Partial<NonNullable<Service['spec']>> = {}): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 's', namespace: 'n', uid: 'u' },
  spec: { selector: { app: 'a' }, ports: [{ name: 'http', port: 80, targetPort: 'web', protocol: 'TCP' }], ...spec },
});
const pod = (index: number, options: TestPod = {}, port = 8080): Pod => {
  const made = testPod(`p${index}`, { labels: { app: 'a' }, nodeName: 'node', ...options });
  return {
    ...made,
    spec: { ...made.spec, containers: [{ name: 'c', ports: [{ containerPort: port, name: 'web' }] }] },
    status: { ...made.status, podIP: `10.0.${Math.floor(index / 250)}.${(index % 250) + 1}` },
  };
};
const node: Node = {
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'node', labels: { 'topology.kubernetes.io/zone': 'z' } },
};
const plan = (of: Service, pods: readonly Pod[], existing: readonly EndpointSlice[] = []): SlicePlan =>
  planSlices(of, backendsOf(of, pods), existing, () => node);
/** What the API would hold after the plan. */
const stored = (made: SlicePlan, kept: readonly EndpointSlice[] = []): EndpointSlice[] => [
  ...kept.filter((slice) => !made.remove.includes(slice)),
  ...made.update,
  ...made.create.map((slice, index) => ({
    ...slice,
    metadata: { ...slice.metadata, name: `s-${kept.length + index}`, uid: `${kept.length + index}` },
  })),
];
const many = (count: number): Pod[] => Array.from({ length: count }, (_, index) => pod(index));

describe('EndpointSlices', () => {
  it('tell address, port, node, zone and Pod', () => {
    expect(plan(service(), [pod(0)]).create).toMatchObject([
      {
        metadata: {
          generateName: 's-',
          labels: { 'kubernetes.io/service-name': 's' },
          ownerReferences: [{ kind: 'Service', uid: 'u' }],
        },
        addressType: 'IPv4',
        ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
        endpoints: [
          {
            addresses: ['10.0.0.1'],
            conditions: { ready: true, serving: true, terminating: false },
            nodeName: 'node',
            zone: 'z',
            targetRef: { kind: 'Pod', name: 'p0' },
          },
        ],
      },
    ]);
  });

  it('keep a Pod that is leaving, as serving but not ready', () => {
    const conditions = plan(service(), [pod(0, { leaving: true })]).create[0]?.endpoints?.[0]?.conditions;
    expect(conditions).toEqual({ ready: false, serving: true, terminating: true });
  });

  it('say ready for every Pod where the Service publishes those that are not', () => {
    const of = service({ publishNotReadyAddresses: true });
    expect(plan(of, [pod(0, { ready: false })]).create[0]?.endpoints?.[0]?.conditions).toMatchObject({
      ready: true,
      serving: false,
    });
  });

  it('hold a hundred endpoints each, which stay where they are', () => {
    const first = plan(service(), many(150));
    expect(first.create.map(({ endpoints }) => endpoints?.length)).toEqual([100, 50]);
    const slices = stored(first);
    expect(plan(service(), many(150), slices)).toEqual({ create: [], update: [], remove: [] });
    const more = plan(service(), many(151), slices);
    expect([more.create.length, more.update.map(({ metadata }) => metadata.name), more.remove]).toEqual([
      0,
      ['s-1'],
      [],
    ]);
  });

  it('are apart for Pods whose named port is another number', () => {
    const ports = plan(service(), [pod(0), pod(1, {}, 9090)]).create.map((slice) => slice.ports?.[0]?.port);
    expect(ports).toEqual([8080, 9090]);
  });

  it('are one empty slice while no Pod is behind the Service', () => {
    const slices = stored(plan(service(), []));
    expect(slices.map(({ endpoints }) => endpoints)).toEqual([[]]);
    expect(plan(service(), [], slices)).toEqual({ create: [], update: [], remove: [] });
    const filled = plan(service(), [pod(0)], slices);
    expect([filled.create.length, filled.update.length + filled.remove.length]).toEqual([1, 1]);
  });
});

describe('Endpoints', () => {
  const subsets = (of: Service, pods: readonly Pod[]): unknown => subsetsOf(of, backendsOf(of, pods));

  it('tell ready addresses and those that are not, without Pods that are leaving', () => {
    expect(subsets(service(), [pod(0), pod(1, { ready: false }), pod(2, { leaving: true })])).toMatchObject([
      {
        addresses: [{ ip: '10.0.0.1', nodeName: 'node', targetRef: { kind: 'Pod', name: 'p0' } }],
        notReadyAddresses: [{ ip: '10.0.0.2' }],
        ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
      },
    ]);
  });

  it('of a headless Service have every Pod, with its host name where its subdomain is the Service', () => {
    const named = pod(0);
    Object.assign(named.spec, { hostname: 'web-0', subdomain: 's' });
    const { ports: _none, ...headless } = service({ clusterIP: 'None' }).spec ?? {};
    expect(subsets({ ...service(), spec: headless }, [named])).toMatchObject([{ addresses: [{ hostname: 'web-0' }] }]);
  });

  it('leave out a Pod that does not have the named port', () => {
    const bare = pod(0);
    bare.spec.containers = [{ name: 'c' }];
    expect(subsets(service(), [bare])).toEqual([]);
  });
});
