// Through a Service: its endpoints, why there are none, and the port that was meant.
import { describe, expect, it } from 'vitest';
import type { EndpointSlice, KubePicture, ServiceView, Workload } from '../picture/picture.ts';
import { traceFlow } from './flow.ts';
import { ANY, pictureOf, podPlace, type TestCluster } from './testing/cluster.ts';
import type { Trace } from './trace.ts';

const [N1, N2] = ['10.0.1.1', '10.0.1.2'];
const meta = (name: string) => ({ name, namespace: 'default', uid: `uid-${name}` });

const service = (change: Partial<NonNullable<ServiceView['spec']>> = {}): ServiceView => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: meta('web'),
  spec: { clusterIP: '10.96.0.9', selector: { app: 'b' }, ports: [{ port: 80, targetPort: 80 }], ...change },
});
const slice = (addresses: readonly string[], port = 80, ready = true): EndpointSlice => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { ...meta('web-1'), labels: { 'kubernetes.io/service-name': 'web' } },
  addressType: 'IPv4',
  ports: [{ port, protocol: 'TCP' }],
  endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready } })),
});
const deployment = (replicas: number): Workload => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: meta('b'),
  spec: { replicas, template: { metadata: { labels: { app: 'b' } } } },
});

function toService(kube: Partial<KubePicture>, port = 80, change: Partial<TestCluster> = {}): Trace {
  const picture = pictureOf({
    nodes: { [N1]: [], [N2]: [] },
    groups: { open: { in: [ANY], out: [ANY] }, shut: {} },
    pods: [
      { name: 'a', address: '10.0.32.1', node: N1, mode: 'standard', groups: ['open'] },
      {
        name: 'b',
        address: '10.0.36.1',
        node: N2,
        mode: 'standard',
        groups: ['open'],
        ports: [80],
        labels: { app: 'b' },
      },
      {
        name: 'c',
        address: '10.0.36.2',
        node: N2,
        mode: 'standard',
        groups: ['shut'],
        ports: [80],
        labels: { app: 'b' },
      },
    ],
    ...change,
    kube: { services: [service()], ...kube },
  });
  const [found = service()] = picture.kube.services;
  return traceFlow(picture, {
    from: podPlace(picture, 'a'),
    to: { kind: 'service', service: found },
    protocol: 'TCP',
    port,
  });
}

describe('a flow through a Service', () => {
  it('goes to the endpoint and the port behind it', () => {
    const trace = toService({ endpointSlices: [slice(['10.0.36.1'])] });
    expect([trace.verdict, trace.target, trace.sourceSeen]).toEqual([
      'delivered',
      { address: '10.0.36.1', port: 80 },
      '10.0.32.1',
    ]);
  });

  it('is as good as its worst endpoint, and says how many fare so', () => {
    const trace = toService({ endpointSlices: [slice(['10.0.36.1', '10.0.36.2'])] });
    expect([trace.verdict, trace.cause?.code, trace.hops.at(-1)?.text]).toEqual([
      'dropped',
      'TargetGroupBlocks',
      'so it is with 1 of 2 endpoints; the way shown is the one to Pod default/c',
    ]);
  });

  it('is called by its address as well', () => {
    const picture = pictureOf({
      nodes: { [N1]: [] },
      groups: {},
      pods: [{ name: 'a', address: '10.0.32.1', node: N1 }],
      kube: { services: [service()], endpointSlices: [slice(['10.0.32.1'])] },
    });
    const from = podPlace(picture, 'a');
    const trace = traceFlow(picture, {
      from,
      to: { kind: 'address', address: '10.96.0.9' },
      protocol: 'TCP',
      port: 80,
    });
    expect(trace.target).toEqual({ address: '10.0.32.1', port: 80 });
  });

  it('never gets to one that a Pod with strict routing calls where the proxy works with IPVS', () => {
    const strict = { name: 'a', address: '10.0.32.1', node: N1, mode: 'strict', groups: ['open'] } as const;
    const b = { name: 'b', address: '10.0.36.1', node: N2, ports: [80] };
    const change = { pods: [strict, b], routing: { strict: true, ipvs: true } };
    const trace = toService({ endpointSlices: [slice(['10.0.36.1'])] }, 80, change);
    expect([trace.verdict, trace.cause?.code]).toEqual(['dropped', 'StrictIpvs']);
  });

  it.each([
    ['managed', 'kubernetes', '10.0.0.2', 'open', 'delivered', undefined],
    ['managed, out of the reach of the sender', 'kubernetes', '10.0.0.2', 'shut', 'dropped', 'SourceGroupBlocks'],
    [
      'one that one runs oneself, whose group is shut',
      'kubernetes',
      '10.0.36.2',
      'open',
      'dropped',
      'TargetGroupBlocks',
    ],
    ['any other Service, whose address nobody has', 'web', '10.0.0.2', 'open', 'dropped', 'NotThere'],
  ] as const)('gets to the API server where its endpoint says: %s', (_, name, address, group, verdict, code) => {
    const [api, behind] = [service(), slice([address], 6443)];
    const trace = toService(
      {
        services: [{ ...api, metadata: meta(name), spec: { clusterIP: '10.96.0.1', ports: [{ port: 443 }] } }],
        endpointSlices: [{ ...behind, metadata: { ...meta(name), labels: { 'kubernetes.io/service-name': name } } }],
      },
      443,
      {
        pods: [
          { name: 'a', address: '10.0.32.1', node: N1, mode: 'standard', groups: [group] },
          { name: 'c', address: '10.0.36.2', node: N2, mode: 'standard', groups: ['shut'] },
        ],
      },
    );
    expect([trace.verdict, trace.cause?.code]).toEqual([verdict, code]);
  });
});

describe('nobody behind a Service', () => {
  it('is refused; a workload that is scaled to 0 is scaled up again', () => {
    const trace = toService({ pods: [podOf('a')], workloads: [deployment(0)] });
    expect([trace.verdict, trace.cause?.code, trace.cause?.cures[0]?.command]).toEqual([
      'refused',
      'NoEndpoint',
      'kubectl scale deployment/b -n default --replicas=1',
    ]);
  });

  it('because its selector finds nobody, is mended by the labels that all Pods with its port have', () => {
    const trace = toService({ services: [service({ selector: { app: 'typo' } })] });
    expect(trace.cause?.text).toContain('no Pod of namespace default has the labels of its selector, app=typo');
    expect(trace.cause?.cures[0]?.command).toBe(
      `kubectl patch service web -n default --type merge -p '{"spec":{"selector":{"app":"b"}}}'`,
    );
  });

  it('because its Pods are not ready, says what their condition says', () => {
    const [b] = [podOf('b')];
    const conditions = [{ type: 'Ready', status: 'False', reason: 'ContainersNotReady', message: 'main crashed' }];
    const trace = toService({
      pods: [podOf('a'), { ...b, status: { ...b.status, conditions } }],
      endpointSlices: [slice(['10.0.36.1'], 80, false)],
    });
    expect(trace.cause?.text).toContain('Pod default/b of its selector is not ready: ContainersNotReady: main crashed');
  });

  it('is not known by a port that it has not: the caller times out', () => {
    const trace = toService({ endpointSlices: [slice(['10.0.36.1'])] }, 8080);
    expect([trace.verdict, trace.cause?.code]).toEqual(['dropped', 'ServicePortUnknown']);
    expect(trace.cause?.text).toContain('it has no port 8080/TCP; it has 80/TCP');
  });

  it('at its target port is refused, not timed out, and the port that is declared is put in its place', () => {
    const trace = toService({ endpointSlices: [slice(['10.0.36.1'], 8081)] });
    expect([trace.verdict, trace.cause?.code, trace.cause?.cures[0]?.command]).toEqual([
      'refused',
      'WrongTargetPort',
      `kubectl patch service web -n default --type json -p '[{"op":"replace","path":"/spec/ports/0/targetPort","value":80}]'`,
    ]);
  });
});

function podOf(name: string) {
  const picture = pictureOf({
    nodes: {},
    groups: {},
    pods: [{ name, address: name === 'a' ? '10.0.32.1' : '10.0.36.1', node: N1, labels: { app: name }, ports: [80] }],
  });
  return podPlace(picture, name).pod;
}
