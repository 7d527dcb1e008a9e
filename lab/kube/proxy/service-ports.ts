// From Services and Endpoints to what a proxy of one place has to carry: a port each, with who answers. Pure.
import { isIPv4 } from 'node:net';

import { z } from 'zod';
import type { KubeObject } from '../../../src/kube/types.ts';

/** A Pod's or a node's address and port behind a Service. */
export interface Backend {
  readonly ip: string;
  readonly port: number;
  /** It runs on the node whose traffic is carried. */
  readonly local: boolean;
}

export interface ServicePort {
  /** `namespace/name/protocol/port`, unique in a cluster. */
  readonly key: string;
  readonly protocol: 'tcp' | 'udp' | 'sctp';
  readonly clusterIp: string;
  readonly port: number;
  readonly nodePort?: number;
  /** Further addresses that lead to it from outside: `externalIPs`, and those that a load balancer was given. */
  readonly outsideIps: readonly string[];
  /** How long a client stays with its backend; absent: no affinity. */
  readonly affinitySeconds?: number;
  /** Traffic from inside goes to backends of the same node only. */
  readonly internalLocal: boolean;
  /** Traffic from outside goes to backends of the node that it came to, and keeps its source. */
  readonly externalLocal: boolean;
  /** Ready ones, ordered by address and port. */
  readonly backends: readonly Backend[];
}

const PROTOCOLS = { TCP: 'tcp', UDP: 'udp', SCTP: 'sctp' } as const;
/** A Service that another proxy was told to carry. */
const OTHER_PROXY = 'service.kubernetes.io/service-proxy-name';
/** Kubernetes' default for `sessionAffinityConfig.clientIP.timeoutSeconds`. */
const AFFINITY_SECONDS = 10_800;

const protocol = z.enum(['TCP', 'UDP', 'SCTP']).default('TCP');

const serviceSpec = z.object({
  type: z.string().default('ClusterIP'),
  clusterIP: z.string().default(''),
  sessionAffinity: z.string().optional(),
  sessionAffinityConfig: z.object({ clientIP: z.object({ timeoutSeconds: z.int().optional() }).nullish() }).nullish(),
  externalIPs: z.array(z.string()).nullish(),
  internalTrafficPolicy: z.string().optional(),
  externalTrafficPolicy: z.string().optional(),
  ports: z
    .array(z.object({ name: z.string().default(''), protocol, port: z.int(), nodePort: z.int().optional() }))
    .default([]),
});

const balancerStatus = z.object({
  loadBalancer: z.object({ ingress: z.array(z.object({ ip: z.string().optional() })).nullish() }).nullish(),
});

const subset = z.object({
  addresses: z.array(z.object({ ip: z.string(), nodeName: z.string().nullish() })).nullish(),
  ports: z.array(z.object({ name: z.string().default(''), protocol, port: z.int() })).nullish(),
});
const subsetsOf = z.array(subset).nullish();

/** The parts of objects that are read; whatever else they carry is left alone. */
export type ServiceObject = KubeObject & { readonly spec?: unknown; readonly status?: unknown };
export type EndpointsObject = KubeObject & { readonly subsets?: unknown };

/** `endpointsOf` gives the Endpoints of a Service by `namespace/name`. */
export interface ServiceView {
  readonly services: readonly ServiceObject[];
  readonly endpointsOf: (key: string) => EndpointsObject | undefined;
}

/**
 * Every port of every Service that has an address of its own, ordered by key. A Service of type ExternalName, a headless one and one whose
 * address is in `served` by other means has none. A Service that cannot be read is left out.
 */
export function servicePorts(view: ServiceView, nodeName: string, served: ReadonlySet<string>): ServicePort[] {
  return view.services
    .flatMap((service) => portsOf(service, view, nodeName, served))
    .toSorted((a, b) => (a.key < b.key ? -1 : 1));
}

function portsOf(
  service: ServiceObject,
  view: ServiceView,
  nodeName: string,
  served: ReadonlySet<string>,
): ServicePort[] {
  const decoded = serviceSpec.safeParse(service.spec ?? {});
  if (!decoded.success || service.metadata.labels?.[OTHER_PROXY] !== undefined) return [];
  const spec = decoded.data;
  const { clusterIP: clusterIp } = spec;
  if (spec.type === 'ExternalName' || clusterIp === '' || clusterIp === 'None' || served.has(clusterIp)) return [];
  const name = `${service.metadata.namespace ?? 'default'}/${service.metadata.name}`;
  const given = balancerStatus.safeParse(service.status ?? {}).data?.loadBalancer?.ingress ?? [];
  const outsideIps = [...(spec.externalIPs ?? []), ...given.flatMap(({ ip }) => ip ?? [])].filter(isIPv4);
  const subsets = subsetsOf.safeParse(view.endpointsOf(name)?.subsets).data ?? [];
  return spec.ports.map((port) => ({
    key: `${name}/${PROTOCOLS[port.protocol]}/${port.port}`,
    protocol: PROTOCOLS[port.protocol],
    clusterIp,
    port: port.port,
    ...(port.nodePort === undefined || spec.type === 'ClusterIP' ? {} : { nodePort: port.nodePort }),
    outsideIps: [...new Set(outsideIps)],
    ...(spec.sessionAffinity === 'ClientIP'
      ? { affinitySeconds: spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? AFFINITY_SECONDS }
      : {}),
    internalLocal: spec.internalTrafficPolicy === 'Local',
    externalLocal: spec.externalTrafficPolicy === 'Local',
    backends: backendsOf(subsets, port, nodeName),
  }));
}

function backendsOf(
  subsets: readonly z.output<typeof subset>[],
  wanted: { readonly name: string; readonly protocol: string },
  nodeName: string,
): Backend[] {
  const found = new Map<string, Backend>();
  for (const { addresses, ports } of subsets)
    for (const port of ports ?? [])
      if (port.name === wanted.name && port.protocol === wanted.protocol)
        for (const { ip, nodeName: node } of addresses ?? [])
          found.set(`${ip}/${port.port}`, { ip, port: port.port, local: node === nodeName });
  return [...found].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, backend]) => backend);
}
