// What a person is told to type where nothing mends a cause by itself.
import { describe, expect, it } from 'vitest';
import type { CloudPicture, KubePicture, ServiceView } from '../picture/picture.ts';
import { traceFlow } from './flow.ts';
import { ANY, nodePlace, pictureOf, podPlace, type TestPod } from './testing/cluster.ts';
import type { Cause, FlowQuery, Place } from './trace.ts';

const [N1, N2] = ['10.0.1.1', '10.0.1.2'];
const OUTSIDE: Place = { kind: 'address', address: '192.0.2.7' };

interface Change {
  readonly kube?: Partial<KubePicture>;
  readonly cloud?: Partial<CloudPicture>;
  readonly a?: Partial<TestPod>;
  readonly b?: Partial<TestPod>;
  readonly routing?: { readonly strict: boolean; readonly ipvs?: boolean; readonly nodeLocalDNS?: boolean };
  /** Status of Pod b. */
  readonly status?: object;
}

const owned = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', namespace: 'default', uid: 'u' } };
const web = (spec: object = {}): ServiceView => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', namespace: 'default' },
  spec: { clusterIP: '10.96.0.9', selector: { app: 'b' }, ports: [{ port: 80, targetPort: 80 }], ...spec },
});
const behind = (address: string) => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { name: 'web-1', namespace: 'default', labels: { 'kubernetes.io/service-name': 'web' } },
  addressType: 'IPv4',
  ports: [{ port: 80, protocol: 'TCP' }],
  endpoints: [{ addresses: [address], conditions: { ready: true } }],
});

function cluster({ kube, cloud, a, b, routing, status }: Change) {
  const base = { mode: 'standard', groups: ['open'] } as const;
  const picture = pictureOf({
    nodes: { [N1]: [], [N2]: [] },
    groups: { open: { in: [ANY], out: [ANY] } },
    pods: [
      { name: 'a', address: '10.0.32.1', node: N1, ...base, ...a },
      { name: 'b', address: '10.0.36.1', node: N2, ports: [80], labels: { app: 'b' }, ...base, ...b },
    ],
    ...(routing === undefined ? {} : { routing }),
    ...(kube === undefined ? {} : { kube }),
    ...(cloud === undefined ? {} : { cloud }),
  });
  const pods = picture.kube.pods.map((pod) => {
    const owner = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid: 'u', controller: true };
    const metadata = { ...pod.metadata, ownerReferences: [owner] };
    return pod.metadata.name === 'b' && status !== undefined ? { ...pod, metadata, status } : { ...pod, metadata };
  });
  return { ...picture, kube: { ...picture.kube, pods, workloads: [owned] } };
}

function causeOf(change: Change, query: Partial<FlowQuery> & { readonly toName?: string }): Cause | undefined {
  const picture = cluster(change);
  const to = query.to ?? podPlace(picture, query.toName ?? 'b');
  return traceFlow(picture, { from: podPlace(picture, 'a'), protocol: 'TCP', port: 80, ...query, to }).cause;
}
const typed = (cause: Cause | undefined): readonly (string | undefined)[] => [
  cause?.code,
  ...(cause?.cures ?? []).map(({ command }) => command),
  ...(cause?.next ?? []).map(({ command }) => command),
];

describe('where no command mends it, the next one to type is told', () => {
  it.each<readonly [string, Change, Partial<FlowQuery>, readonly string[]]>([
    [
      'an address that nobody has',
      {},
      { to: { kind: 'address', address: '10.0.9.9' } },
      [
        'NotThere',
        'tccli vpc DescribeVpcPrivateIpAddresses --cli-unfold-argument --VpcId vpc-1 --PrivateIpAddresses.0 10.0.9.9',
        'kubectl get pods -A -o wide --field-selector status.podIP=10.0.9.9',
      ],
    ],
    [
      'no way out',
      {},
      { to: OUTSIDE },
      [
        'NoWayOut',
        `kubectl patch deployment web -n default --type merge -p '{"spec":{"template":{"metadata":{"annotations":{"tke.cloud.tencent.com/eip-attributes":""}}}}}'`,
        'tccli vpc CreateNatGateway --NatGatewayName way-out --VpcId vpc-1 --AddressCount 1',
      ],
    ],
    [
      'a Pod that waits',
      { status: { phase: 'Pending' } },
      {},
      ['PodNotStarted', 'trunkline explain pod default/b', 'kubectl describe pod b -n default'],
    ],
    ['a Pod that has ended', { status: { phase: 'Failed' } }, {}, ['PodNotStarted', 'kubectl logs b -n default']],
    [
      'another port',
      {},
      { port: 81 },
      [
        'WrongTargetPort',
        "kubectl get pod b -n default -o 'jsonpath={.spec.containers[*].ports}'",
        'kubectl logs b -n default',
      ],
    ],
    [
      'a port that the Service has not',
      {},
      { to: { kind: 'service', service: web() }, port: 81 },
      ['ServicePortUnknown', 'kubectl describe service web -n default'],
    ],
    [
      'a selector that finds nobody',
      {},
      { to: { kind: 'service', service: web({ selector: { app: 'x', tier: 'y' } }) } },
      ['NoEndpoint', 'kubectl get pods -n default --show-labels', 'kubectl describe service web -n default'],
    ],
  ])('%s', (_, change, query, expected) => {
    expect(typed(causeOf(change, query))).toEqual(expected);
  });

  it('but where the VPC has a NAT gateway, a route to it mends that nothing leads out', () => {
    const natGateways = [{ natGatewayId: 'nat-1', vpcId: 'vpc-1', state: 'AVAILABLE', publicIps: ['203.0.113.9'] }];
    expect(typed(causeOf({ cloud: { natGateways } }, { to: OUTSIDE }))[1]).toBe(
      'tccli vpc CreateRoutes --cli-unfold-argument --RouteTableId rtb-1 --Routes.0.DestinationCidrBlock 0.0.0.0/0 --Routes.0.GatewayType NAT --Routes.0.GatewayId nat-1',
    );
  });
});

describe('what strict routing cannot do is mended', () => {
  const standard =
    /^kubectl patch configmap tke-eni-ipamd .*EnforcingMode":"standard".* && kubectl delete pod a -n default$/;
  const strict = { mode: 'strict', groups: ['open'] } as const;
  const service = web();
  const toService = { to: { kind: 'service', service } } as const;

  it.each<readonly [string, Change, Partial<FlowQuery>]>([
    ['StrictIpvs', { routing: { strict: true, ipvs: true } }, toService],
    ['StrictHairpin', { routing: { strict: true }, kube: { endpointSlices: [behind('10.0.32.1')] } }, toService],
    ['StrictNodeLocalDns', { routing: { strict: true, nodeLocalDNS: true } }, { ...toService, byName: true }],
  ])('by standard routing: %s', (code, change, query) => {
    const kube = { services: [service], endpointSlices: [behind('10.0.36.1')], ...change.kube };
    const [found, command] = typed(causeOf({ ...change, a: strict, kube }, query));
    expect([found, command]).toEqual([code, expect.stringMatching(standard)]);
  });

  it('by policy Cluster, where policy Local of a node port passes the node by', () => {
    const local = web({ type: 'NodePort', externalTrafficPolicy: 'Local', ports: [{ port: 80, nodePort: 30_080 }] });
    const kube = { services: [local], endpointSlices: [behind('10.0.36.1')] };
    const picture = cluster({ routing: { strict: true }, b: strict, kube });
    const from = podPlace(picture, 'a');
    const { cause } = traceFlow(picture, { from, to: nodePlace(picture, N2), protocol: 'TCP', port: 30_080 });
    expect(typed(cause)).toEqual([
      'StrictLocalPolicy',
      `kubectl patch service web -n default --type merge -p '{"spec":{"externalTrafficPolicy":"Cluster"}}'`,
    ]);
  });
});
