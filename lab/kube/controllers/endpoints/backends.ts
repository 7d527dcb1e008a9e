// Which Pods stand behind a Service, on which ports, and in what state. Pure.
import type { Pod } from '../../../../src/kube/resources.ts';
import { isActive, isReady } from '../ownership.ts';
import type { Service } from '../views.ts';

export type ServicePort = NonNullable<NonNullable<Service['spec']>['ports']>[number];

/** A port as endpoints have it: the number that the Pod listens on. */
export interface EndpointPort {
  readonly name?: string;
  readonly port: number;
  readonly protocol: string;
  readonly appProtocol?: string;
}

export interface Backend {
  readonly pod: Pod;
  readonly ip: string;
  /** Takes part in load balancing; true whatever the Pod says where the Service publishes Pods that are not ready. */
  readonly ready: boolean;
  /** The Pod itself is ready, also while it is leaving. */
  readonly serving: boolean;
  readonly terminating: boolean;
  /** Those that the Pod has; a named one that it does not have is missing. */
  readonly ports: readonly EndpointPort[];
  /** Under which DNS gives it a name of its own. */
  readonly hostname: string | undefined;
}

export const isHeadless = (service: Service): boolean => service.spec?.clusterIP === 'None';

const selects = (service: Service, pod: Pod): boolean =>
  pod.metadata.namespace === service.metadata.namespace &&
  Object.entries(service.spec?.selector ?? {}).every(([key, value]) => pod.metadata.labels?.[key] === value);

/** A Service without a selector picks none: somebody else writes its endpoints. */
export const hasSelector = (service: Service): boolean => Object.keys(service.spec?.selector ?? {}).length > 0;

/** Pods that the Service's selector picks and that can serve, those that are leaving excepted. */
export function backends(service: Service, pods: readonly Pod[]): Pod[] {
  if (!hasSelector(service)) return [];
  return pods.filter((pod) => isActive(pod) && pod.status?.podIP !== undefined && selects(service, pod));
}

/** The number a Service port reaches on a Pod; a named target port is looked up in the Pod. */
export function targetPort(port: ServicePort, pod: Pod): number {
  return knownPort(port, pod) ?? port.port;
}

function knownPort(port: ServicePort, pod: Pod): number | undefined {
  const target = port.targetPort ?? port.port;
  if (typeof target === 'number') return target;
  return pod.spec.containers
    .flatMap((container) => container.ports ?? [])
    .find(({ name, protocol }) => name === target && (protocol ?? 'TCP') === (port.protocol ?? 'TCP'))?.containerPort;
}

/** Everything behind the Service with an address, in order of addresses; leaving Pods too, for who wants to drain them. */
export function backendsOf(service: Service, pods: readonly Pod[]): Backend[] {
  if (!hasSelector(service)) return [];
  const publishesAll = service.spec?.publishNotReadyAddresses === true;
  return pods
    .filter((pod) => selects(service, pod) && pod.status?.phase !== 'Succeeded' && pod.status?.phase !== 'Failed')
    .flatMap((pod): Backend[] => {
      const ip = pod.status?.podIP ?? '';
      if (ip === '' || !isPublishable(ip)) return [];
      const terminating = pod.metadata.deletionTimestamp !== undefined;
      const serving = isReady(pod);
      const { hostname, subdomain } = pod.spec as { hostname?: string; subdomain?: string };
      return [
        {
          pod,
          ip,
          serving,
          terminating,
          ready: publishesAll || (serving && !terminating),
          ports: (service.spec?.ports ?? []).flatMap((port) => endpointPort(port, pod)),
          hostname: (hostname ?? '') !== '' && subdomain === service.metadata.name ? hostname : undefined,
        },
      ];
    })
    .toSorted((one, other) => one.ip.localeCompare(other.ip, undefined, { numeric: true }));
}

function endpointPort(port: ServicePort, pod: Pod): EndpointPort[] {
  const number = knownPort(port, pod);
  if (number === undefined) return [];
  return [
    {
      ...(port.name === undefined ? {} : { name: port.name }),
      port: number,
      protocol: port.protocol ?? 'TCP',
      ...(port.appProtocol === undefined ? {} : { appProtocol: port.appProtocol }),
    },
  ];
}

/**
 * Endpoints may not name loopback addresses (API validation), which is what host-network Pods of the lab's control-plane node have: they run on
 * the user's own network. The API server finds them by their Pods instead (lab/service-resolver.ts).
 */
const isPublishable = (ip: string): boolean => !/^(127\.|::1$)/.test(ip);

/** What a Service with ports needs of a Pod that has none of them: nothing. A headless one without ports takes every Pod. */
export const isReachable = (service: Service, backend: Backend): boolean =>
  backend.ports.length > 0 || (isHeadless(service) && (service.spec?.ports ?? []).length === 0);

export const targetRef = ({ metadata }: Pod): object => ({
  kind: 'Pod',
  name: metadata.name,
  namespace: metadata.namespace,
  uid: metadata.uid,
});
