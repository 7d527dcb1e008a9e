// Which Services a proxy carries, and who answers for them.
import { describe, expect, it } from 'vitest';
import type { EndpointsObject, ServiceObject } from './service-ports.ts';
import { servicePorts } from './service-ports.ts';

const service = (spec: object, name = 'web'): ServiceObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace: 'shop' },
  spec: { clusterIP: '10.96.1.1', ports: [{ port: 80 }], ...spec },
});
const endpoints = (subsets: unknown): EndpointsObject => ({
  apiVersion: 'v1',
  kind: 'Endpoints',
  metadata: { name: 'web', namespace: 'shop' },
  subsets,
});
const two = endpoints([
  {
    addresses: [
      { ip: '10.0.0.2', nodeName: 'n2' },
      { ip: '10.0.0.1', nodeName: 'n1' },
    ],
    notReadyAddresses: [{ ip: '10.0.0.3' }],
    ports: [{ port: 8080, protocol: 'TCP' }],
  },
]);
const ports = (object: ServiceObject, found: EndpointsObject | undefined = two) =>
  servicePorts({ services: [object], endpointsOf: () => found }, 'n1', new Set(['10.96.0.1']));

describe('the ports of Services', () => {
  it('are answered by ready endpoints, of which those of the same node are local', () => {
    expect(ports(service({}))).toEqual([
      {
        key: 'shop/web/tcp/80',
        protocol: 'tcp',
        clusterIp: '10.96.1.1',
        port: 80,
        outsideIps: [],
        internalLocal: false,
        externalLocal: false,
        backends: [
          { ip: '10.0.0.1', port: 8080, local: true },
          { ip: '10.0.0.2', port: 8080, local: false },
        ],
      },
    ]);
  });

  it('take their endpoints by name and protocol', () => {
    const named = endpoints([
      { addresses: [{ ip: '10.0.0.1' }], ports: [{ name: 'dns', port: 5353, protocol: 'UDP' }] },
      { addresses: [{ ip: '10.0.0.1' }], ports: [{ name: 'dns-tcp', port: 5354, protocol: 'TCP' }] },
    ]);
    const both = service({
      ports: [
        { name: 'dns', port: 53, protocol: 'UDP' },
        { name: 'dns-tcp', port: 53, protocol: 'TCP' },
      ],
    });
    expect(ports(both, named).map(({ key, backends }) => [key, backends.map(({ port }) => port)])).toEqual([
      ['shop/web/tcp/53', [5354]],
      ['shop/web/udp/53', [5353]],
    ]);
  });

  it('carry node port, policies and affinity as the Service has them', () => {
    const [port] = ports(
      service({
        type: 'NodePort',
        ports: [{ port: 80, nodePort: 30_080 }],
        externalTrafficPolicy: 'Local',
        internalTrafficPolicy: 'Local',
        sessionAffinity: 'ClientIP',
        sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } },
      }),
    );
    expect(port).toMatchObject({ nodePort: 30_080, externalLocal: true, internalLocal: true, affinitySeconds: 60 });
    expect(ports(service({ sessionAffinity: 'ClientIP' }))[0]?.affinitySeconds).toBe(10_800);
  });

  it('carry the addresses by which they are called from outside', () => {
    const status = { loadBalancer: { ingress: [{ ip: '203.0.113.9' }, { hostname: 'lb.example.org' }] } };
    const [port] = ports({ ...service({ type: 'LoadBalancer', externalIPs: ['203.0.113.8', '203.0.113.9'] }), status });
    expect(port?.outsideIps).toEqual(['203.0.113.8', '203.0.113.9']);
  });

  it('are none for headless Services, names of other places, and what the node serves itself', () => {
    expect(ports(service({ clusterIP: 'None' }))).toEqual([]);
    expect(ports(service({ type: 'ExternalName', clusterIP: undefined, externalName: 'example.org' }))).toEqual([]);
    expect(ports(service({ clusterIP: '10.96.0.1' }))).toEqual([]);
    const labels = { 'service.kubernetes.io/service-proxy-name': 'other' };
    expect(ports({ ...service({}), metadata: { name: 'web', namespace: 'shop', labels } })).toEqual([]);
  });

  it('are there without anybody who answers', () => {
    expect(ports(service({}), endpoints(null))[0]?.backends).toEqual([]);
    expect(
      servicePorts({ services: [service({})], endpointsOf: () => undefined }, 'n1', new Set())[0]?.backends,
    ).toEqual([]);
  });
});
