// The endpoint of Service default/kubernetes, which an API server publishes itself: Endpoints and EndpointSlice of that name.
import type { KubeClient, KubeObject, Resource } from '../../src/kube/types.ts';

/** An IPv4 address and port that Pods reach; loopback addresses are refused by every server. */
export interface ApiEndpoint {
  readonly host: string;
  readonly port: number;
}

const METADATA = { name: 'kubernetes', namespace: 'default' } as const;
const PORT_NAME = 'https';

const endpoints: Resource<KubeObject> = {
  group: '',
  version: 'v1',
  plural: 'endpoints',
  kind: 'Endpoints',
  namespaced: true,
};
const endpointSlices: Resource<KubeObject> = {
  group: 'discovery.k8s.io',
  version: 'v1',
  plural: 'endpointslices',
  kind: 'EndpointSlice',
  namespaced: true,
};

/** Creates both as kube-apiserver writes them, in a cluster that has neither. `slices`: the server has discovery.k8s.io/v1. */
export async function publishApiEndpoint(
  client: Pick<KubeClient, 'create'>,
  { host, port }: ApiEndpoint,
  slices: boolean,
): Promise<void> {
  const ports = [{ name: PORT_NAME, port, protocol: 'TCP' }];
  const published: readonly (readonly [Resource<KubeObject>, KubeObject & Record<string, unknown>])[] = [
    [
      endpoints,
      {
        apiVersion: 'v1',
        kind: endpoints.kind,
        // Nobody makes a second slice of them.
        metadata: { ...METADATA, labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } },
        subsets: [{ addresses: [{ ip: host }], ports }],
      },
    ],
    [
      endpointSlices,
      {
        apiVersion: 'discovery.k8s.io/v1',
        kind: endpointSlices.kind,
        metadata: { ...METADATA, labels: { 'kubernetes.io/service-name': METADATA.name } },
        addressType: 'IPv4',
        endpoints: [{ addresses: [host], conditions: { ready: true } }],
        ports,
      },
    ],
  ];
  const wanted = slices ? published : published.slice(0, 1);
  await Promise.all(
    wanted.map(([resource, object]) => client.create(resource, object, { namespace: METADATA.namespace })),
  );
}
