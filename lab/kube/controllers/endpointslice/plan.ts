// Which EndpointSlices a Service should have: endpoints stay where they are, and slices hold a hundred at most. Pure.
import { isDeepStrictEqual } from 'node:util';

import type { Node } from '../../../../src/kube/resources.ts';
import { controlledBy } from '../ownership.ts';
import { isHeadless, isReachable } from '../endpoints/backends.ts';
import type { Backend, EndpointPort } from '../endpoints/backends.ts';
import type { Service } from '../views.ts';
import { MANAGED_BY_LABEL, MANAGER, SERVICE_LABEL } from './view.ts';
import type { EndpointSlice, SliceEndpoint } from './view.ts';

const MAX_ENDPOINTS = 100;
const ZONE_LABEL = 'topology.kubernetes.io/zone';

export interface SlicePlan {
  readonly create: readonly EndpointSlice[];
  readonly update: readonly EndpointSlice[];
  readonly remove: readonly EndpointSlice[];
}

const keyOf = (endpoint: SliceEndpoint): string => endpoint.targetRef?.uid ?? endpoint.addresses.join(',');
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value ?? null)) as unknown;
const portsKey = (ports: readonly EndpointPort[] | null | undefined): string =>
  JSON.stringify(
    (ports ?? [])
      .map(({ name = '', port, protocol, appProtocol }) => ({ name, port, protocol, appProtocol }))
      .toSorted((one, other) => one.name.localeCompare(other.name) || one.port - other.port),
  );

function endpointOf(backend: Backend, nodeOf: (name: string) => Node | undefined): SliceEndpoint {
  const { pod, ip, ready, serving, terminating, hostname } = backend;
  const { nodeName } = pod.spec;
  const zone = nodeName === undefined ? undefined : nodeOf(nodeName)?.metadata.labels?.[ZONE_LABEL];
  const { name, namespace = 'default', uid = '' } = pod.metadata;
  return {
    addresses: [ip],
    conditions: { ready, serving, terminating },
    ...(hostname === undefined ? {} : { hostname }),
    ...(nodeName === undefined ? {} : { nodeName }),
    ...(zone === undefined ? {} : { zone }),
    targetRef: { kind: 'Pod', name, namespace, uid },
  };
}

/** `existing`: those that the controller manages for this Service. A Service without endpoints has one slice that is empty. */
export function planSlices(
  service: Service,
  backends: readonly Backend[],
  existing: readonly EndpointSlice[],
  nodeOf: (name: string) => Node | undefined,
): SlicePlan {
  const groups = new Map<string, { ports: readonly EndpointPort[]; endpoints: Map<string, SliceEndpoint> }>();
  for (const backend of backends) {
    if (!isReachable(service, backend) || backend.ip.includes(':')) continue;
    const key = portsKey(backend.ports);
    const group = groups.get(key) ?? { ports: backend.ports, endpoints: new Map<string, SliceEndpoint>() };
    const endpoint = endpointOf(backend, nodeOf);
    group.endpoints.set(keyOf(endpoint), endpoint);
    groups.set(key, group);
  }
  if (groups.size === 0) groups.set('', { ports: [], endpoints: new Map() });
  const labels = {
    ...service.metadata.labels,
    [SERVICE_LABEL]: service.metadata.name,
    [MANAGED_BY_LABEL]: MANAGER,
    ...(isHeadless(service) ? { 'service.kubernetes.io/headless': '' } : {}),
  };
  const plan = { create: [] as EndpointSlice[], update: [] as EndpointSlice[], remove: [] as EndpointSlice[] };
  const left = new Set(existing);
  for (const [key, { ports, endpoints }] of groups) {
    const places = existing.filter((slice) => left.has(slice) && (key === '' || portsKey(slice.ports) === key));
    const waiting = new Map(endpoints);
    const filled = places.map((slice) => {
      const kept = (slice.endpoints ?? []).flatMap((known) => {
        const endpoint = waiting.get(keyOf(known));
        waiting.delete(keyOf(known));
        return endpoint === undefined ? [] : [endpoint];
      });
      return { slice, kept };
    });
    for (const place of filled)
      for (const [uid, endpoint] of waiting) {
        if (place.kept.length >= MAX_ENDPOINTS) break;
        place.kept.push(endpoint);
        waiting.delete(uid);
      }
    const used = filled.filter(({ kept }, index) => kept.length > 0 || (endpoints.size === 0 && index === 0));
    for (const { slice, kept } of used) {
      left.delete(slice);
      const wanted: EndpointSlice = {
        ...slice,
        metadata: { ...slice.metadata, labels },
        endpoints: kept,
        ports: [...ports],
      };
      if (!isSame(slice, wanted)) plan.update.push(wanted);
    }
    const rest = [...waiting.values()];
    for (let at = 0; at < rest.length || (used.length === 0 && at === 0); at += MAX_ENDPOINTS)
      plan.create.push(newSlice(service, labels, rest.slice(at, at + MAX_ENDPOINTS), ports));
  }
  plan.remove.push(...left);
  return plan;
}

const isSame = (one: EndpointSlice, other: EndpointSlice): boolean =>
  isDeepStrictEqual(plain(one.endpoints ?? []), plain(other.endpoints ?? [])) &&
  isDeepStrictEqual(plain(one.metadata.labels), plain(other.metadata.labels)) &&
  portsKey(one.ports) === portsKey(other.ports);

function newSlice(
  service: Service,
  labels: Record<string, string>,
  endpoints: SliceEndpoint[],
  ports: readonly EndpointPort[],
): EndpointSlice {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: '',
      generateName: `${service.metadata.name}-`,
      namespace: service.metadata.namespace ?? 'default',
      labels,
      ownerReferences: [controlledBy({ ...service, apiVersion: 'v1', kind: 'Service' })],
    },
    addressType: 'IPv4',
    endpoints,
    ports: [...ports],
  };
}
