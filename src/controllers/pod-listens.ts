// Where a Pod listens, as its spec says: the ports it names, those at which the kubelet probes it, and those of its node.
import type { Container, Pod, Probe } from '../kube/resources.ts';

export interface PodListens {
  /** By name, for Services and probes that use names. */
  readonly named: Readonly<Record<string, number>>;
  /** TCP, without repetition. */
  readonly probes: readonly number[];
  /** Ports of its node that are to lead to it; absent: none. */
  readonly hostPorts?: readonly number[];
}

const NOWHERE: PodListens = { named: {}, probes: [] };

/** One and the same object for the many Pods that name no port and have no network probe. */
export function listensOf({ spec }: Pod): PodListens {
  const named = Object.fromEntries(
    spec.containers.flatMap(({ ports = [] }) =>
      ports.flatMap(({ name, containerPort }) => (name === undefined ? [] : [[name, containerPort] as const])),
    ),
  );
  const probes = [...new Set(spec.containers.flatMap(probesOf).flatMap((probe) => portOf(probe, named) ?? []))];
  const hostPorts = spec.containers.flatMap(({ ports = [] }) =>
    ports.flatMap(({ hostPort = 0 }) => (hostPort === 0 ? [] : [hostPort])),
  );
  if (hostPorts.length > 0) return { named, probes, hostPorts };
  return probes.length === 0 && Object.keys(named).length === 0 ? NOWHERE : { named, probes };
}

const probesOf = ({ livenessProbe, readinessProbe, startupProbe }: Container): readonly Probe[] =>
  [livenessProbe, readinessProbe, startupProbe].filter((probe) => probe !== undefined);

function portOf({ httpGet, tcpSocket, grpc }: Probe, named: Readonly<Record<string, number>>): number | undefined {
  const port = httpGet?.port ?? tcpSocket?.port ?? grpc?.port;
  return typeof port === 'string' ? named[port] : port;
}
