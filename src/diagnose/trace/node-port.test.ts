// Node ports: the groups of the node first, then those of the Pod, which sees the node or the caller.
import { describe, expect, it } from 'vitest';
import type { EndpointSlice, ServiceView } from '../picture/picture.ts';
import { traceFlow } from './flow.ts';
import { ANY, nodePlace, pictureOf, podPlace, type TestCluster } from './testing/cluster.ts';
import type { Trace } from './trace.ts';

const [N1, N2] = ['10.0.1.1', '10.0.1.2'];
const meta = (name: string) => ({ name, namespace: 'default', uid: `uid-${name}` });
const service = (externalTrafficPolicy: string): ServiceView => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: meta('web'),
  spec: { type: 'NodePort', clusterIP: '10.96.0.9', externalTrafficPolicy, ports: [{ port: 80, nodePort: 30_080 }] },
});
const slice: EndpointSlice = {
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { ...meta('web-1'), labels: { 'kubernetes.io/service-name': 'web' } },
  ports: [{ port: 8080, protocol: 'TCP' }],
  endpoints: [{ addresses: ['10.0.36.1'], conditions: { ready: true } }],
};
const fromNodes = { ...ANY, CidrBlock: '10.0.1.0/24' };

function toNodePort(node: string, policy: string, change: Partial<TestCluster> = {}): Trace {
  const picture = pictureOf({
    nodes: { [N1]: ['open'], [N2]: ['open'] },
    groups: { open: { in: [ANY], out: [ANY] }, nodes: { in: [fromNodes], out: [ANY] } },
    pods: [
      { name: 'a', address: '10.0.32.1', node: N1, mode: 'standard', groups: ['open'] },
      { name: 'b', address: '10.0.36.1', node: N2, mode: 'standard', groups: ['nodes'], ports: [8080] },
    ],
    ...change,
    kube: { services: [service(policy)], endpointSlices: [slice] },
  });
  return traceFlow(picture, {
    from: podPlace(picture, 'a'),
    to: nodePlace(picture, node),
    protocol: 'TCP',
    port: 30_080,
  });
}

describe('a node port', () => {
  it('of policy Cluster leads on to every node with the address of the node', () => {
    const trace = toNodePort(N1, 'Cluster');
    expect([trace.verdict, trace.sourceSeen, trace.target]).toEqual([
      'delivered',
      N1,
      { address: '10.0.36.1', port: 8080 },
    ]);
  });

  it('is shut by the groups of the Pod where they do not know the node', () => {
    const trace = toNodePort(N1, 'Cluster', { groups: { open: { in: [ANY], out: [ANY] }, nodes: {} } });
    expect([trace.verdict, trace.cause?.code]).toEqual(['dropped', 'TargetGroupBlocks']);
    expect(trace.cause?.cures[0]?.command).toContain(`${N1}/32`);
  });

  it('is shut by the groups of the node first', () => {
    const trace = toNodePort(N2, 'Cluster', { nodes: { [N1]: ['open'], [N2]: ['nodes'] } });
    expect([trace.verdict, trace.cause?.cures[0]?.command.includes('--SecurityGroupId nodes')]).toEqual([
      'dropped',
      true,
    ]);
    expect(trace.cause?.cures[0]?.command).toContain('.Port 30080 ');
  });

  it('of policy Local keeps the caller where an endpoint is on the node, and is silent where none is', () => {
    const near = toNodePort(N2, 'Local');
    expect([near.verdict, near.sourceSeen]).toEqual(['delivered', '10.0.32.1']);
    const pods = [
      { name: 'a', address: '10.0.32.1', node: N2, mode: 'standard', groups: ['open'] },
      { name: 'b', address: '10.0.36.1', node: N2, mode: 'standard', groups: ['nodes'], ports: [8080] },
    ] as const;
    const far = toNodePort(N1, 'Local', { pods });
    expect([far.verdict, far.cause?.code]).toEqual(['dropped', 'NoEndpoint']);
  });

  it('of policy Local does not lead to a Pod with strict routing', () => {
    const pods = [
      { name: 'a', address: '10.0.32.1', node: N1, mode: 'standard', groups: ['open'] },
      { name: 'b', address: '10.0.36.1', node: N2, mode: 'strict', groups: ['open'], ports: [8080] },
    ] as const;
    expect(toNodePort(N2, 'Local', { pods }).cause?.code).toBe('StrictLocalPolicy');
  });
});

describe('a Pod that is its own endpoint', () => {
  it.each([
    ['standard', 'delivered'],
    ['strict', 'dropped'],
  ] as const)('with %s routing is %s', (mode, verdict) => {
    const picture = pictureOf({
      nodes: { [N2]: [] },
      groups: { open: { in: [ANY], out: [ANY] } },
      pods: [{ name: 'b', address: '10.0.36.1', node: N2, mode, groups: ['open'], ports: [8080] }],
      kube: { services: [service('Cluster')], endpointSlices: [slice] },
    });
    const [web = service('Cluster')] = picture.kube.services;
    const query = {
      from: podPlace(picture, 'b'),
      to: { kind: 'service', service: web },
      protocol: 'TCP',
      port: 80,
    } as const;
    expect(traceFlow(picture, query).verdict).toBe(verdict);
  });
});
