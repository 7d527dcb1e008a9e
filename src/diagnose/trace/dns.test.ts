// Names before flows: whether a caller's questions get to the DNS of the cluster.
import { describe, expect, it } from 'vitest';
import type { Pod } from '../../kube/resources.ts';
import type { EndpointSlice, ServiceView } from '../picture/picture.ts';
import { traceFlow } from './flow.ts';
import { ANY, pictureOf, podPlace, type TestCluster, type TestRule } from './testing/cluster.ts';
import type { Trace } from './trace.ts';

const [N1, N2] = ['10.0.1.1', '10.0.1.2'];
const system = { namespace: 'kube-system', uid: 'uid-dns' };
const dns: ServiceView = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'kube-dns', ...system },
  spec: { clusterIP: '10.96.0.10', selector: { app: 'dns' }, ports: [{ port: 53, protocol: 'UDP' }] },
};
const servers: EndpointSlice = {
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { name: 'kube-dns-1', ...system, labels: { 'kubernetes.io/service-name': 'kube-dns' } },
  ports: [{ port: 53, protocol: 'UDP' }],
  endpoints: [{ addresses: ['10.0.36.9'], conditions: { ready: true } }],
};
const question = (Action: 'ACCEPT' | 'DROP'): TestRule => ({
  Protocol: 'UDP',
  Port: '53',
  CidrBlock: '10.0.0.0/16',
  Action,
});

function byName(ingress: readonly TestRule[], change: Partial<TestCluster> = {}, policy?: string): Trace {
  const picture = pictureOf({
    nodes: { [N1]: [], [N2]: [] },
    groups: { open: { in: [ANY], out: [ANY] }, dns: { in: ingress, out: [ANY] } },
    pods: [
      { name: 'a', address: '10.0.32.1', node: N1, mode: 'standard', groups: ['open'] },
      { name: 'b', address: '10.0.36.1', node: N2, mode: 'standard', groups: ['open'] },
      { name: 'dns', address: '10.0.36.9', node: N2, mode: 'standard', groups: ['dns'] },
    ],
    ...change,
    kube: { services: [dns], endpointSlices: [servers] },
  });
  const { pod } = podPlace(picture, 'a');
  const asking = (policy === undefined ? pod : { ...pod, spec: { ...pod.spec, dnsPolicy: policy } }) as Pod;
  const to = podPlace(picture, 'b');
  return traceFlow(picture, { from: { kind: 'pod', pod: asking }, to, protocol: 'TCP', port: 80, byName: true });
}

describe('a destination that is called by its name', () => {
  it('is reached where questions by UDP get to the DNS', () => {
    const trace = byName([question('ACCEPT')]);
    expect([trace.verdict, trace.hops[0]?.verdict]).toEqual(['delivered', 'pass']);
  });

  it('is not resolved where the group of the DNS shuts them out; the rule that mends it is one of that group', () => {
    const trace = byName([question('DROP'), ANY]);
    expect([trace.verdict, trace.cause?.code]).toEqual(['dropped', 'DnsClosed']);
    expect(trace.cause?.text).toContain('by its address the destination may still be reached');
    expect(trace.cause?.cures[0]?.command).toMatch(
      /--SecurityGroupId dns .*PolicyIndex 0 .*Protocol UDP .*Port 53 .*10\.0\.32\.1\/32/,
    );
  });

  it('says nothing of a resolver that is not the cluster’s', () => {
    const trace = byName([question('DROP')], {}, 'Default');
    expect([trace.verdict, trace.hops[0]?.verdict]).toEqual(['delivered', 'note']);
  });

  it('is not resolved for a Pod with strict routing where a DNS cache listens inside the node', () => {
    const pods = [
      { name: 'a', address: '10.0.32.1', node: N1, mode: 'strict', groups: ['open'] },
      { name: 'b', address: '10.0.36.1', node: N2, mode: 'standard', groups: ['open'] },
    ] as const;
    const trace = byName([ANY], { pods, routing: { strict: true, nodeLocalDNS: true } });
    expect([trace.verdict, trace.cause?.code]).toEqual(['dropped', 'StrictNodeLocalDns']);
  });
});
