// Endpoints' subsets: addresses together that have the same ports, the ready ones and the others. Pure.
import type { Service } from '../views.ts';
import { isReachable, targetRef } from './backends.ts';
import type { Backend, EndpointPort } from './backends.ts';

export interface EndpointSubset {
  readonly addresses?: readonly object[];
  readonly notReadyAddresses?: readonly object[];
  readonly ports?: readonly EndpointPort[];
}

const address = ({ ip, pod, hostname }: Backend): object => ({
  ip,
  ...(hostname === undefined ? {} : { hostname }),
  ...(pod.spec.nodeName === undefined ? {} : { nodeName: pod.spec.nodeName }),
  targetRef: targetRef(pod),
});

const portOrder = (one: EndpointPort, other: EndpointPort): number =>
  (one.name ?? '').localeCompare(other.name ?? '') || one.port - other.port;

/** Pods that are leaving are in none, unless the Service publishes every Pod. */
export function subsetsOf(service: Service, backends: readonly Backend[]): EndpointSubset[] {
  const groups = new Map<string, { readonly ports: readonly EndpointPort[]; readonly members: Backend[] }>();
  for (const backend of backends) {
    if (!isReachable(service, backend)) continue;
    if (backend.terminating && service.spec?.publishNotReadyAddresses !== true) continue;
    const ports = backend.ports.toSorted(portOrder);
    const key = JSON.stringify(ports);
    const group = groups.get(key) ?? { ports, members: [] };
    group.members.push(backend);
    groups.set(key, group);
  }
  return [...groups]
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([, { ports, members }]) => {
      const ready = members.filter((member) => member.ready);
      const others = members.filter((member) => !member.ready);
      return {
        ...(ready.length === 0 ? {} : { addresses: ready.map(address) }),
        ...(others.length === 0 ? {} : { notReadyAddresses: others.map(address) }),
        ...(ports.length === 0 ? {} : { ports }),
      };
    });
}
