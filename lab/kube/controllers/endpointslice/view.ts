// EndpointSlices as their controller reads and writes them.
import type { KubeObject, Resource } from '../../../../src/kube/types.ts';
import type { EndpointPort } from '../endpoints/backends.ts';

export interface SliceEndpoint {
  addresses: string[];
  conditions?: { ready?: boolean; serving?: boolean; terminating?: boolean };
  hostname?: string;
  nodeName?: string;
  zone?: string;
  targetRef?: { kind?: string; name?: string; namespace?: string; uid?: string };
}

export interface EndpointSlice extends KubeObject {
  addressType: 'IPv4' | 'IPv6';
  endpoints: SliceEndpoint[] | null;
  ports?: EndpointPort[] | null;
}

export const endpointSlices: Resource<EndpointSlice> = {
  group: 'discovery.k8s.io',
  version: 'v1',
  plural: 'endpointslices',
  kind: 'EndpointSlice',
  namespaced: true,
};

export const SERVICE_LABEL = 'kubernetes.io/service-name';
export const MANAGED_BY_LABEL = 'endpointslice.kubernetes.io/managed-by';
export const MANAGER = 'endpointslice-controller.k8s.io';

/** `namespace/name` of the Service that a slice belongs to, '' without one: index key. */
export function serviceKeyOf({ metadata }: KubeObject): string {
  const service = metadata.labels?.[SERVICE_LABEL];
  return service === undefined ? '' : `${metadata.namespace ?? 'default'}/${service}`;
}
