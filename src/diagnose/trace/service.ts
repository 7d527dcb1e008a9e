// What a Service makes of a call: which endpoints and which port of theirs, or why there is nobody.
import { addressParty, apiServerParty, podParty, type Party } from './party.ts';
import { lookAtService } from './next-steps.ts';
import type { Cause, FlowProtocol, Hop } from './trace.ts';
import { noEndpoint } from './no-endpoint.ts';
import type { ServiceView } from '../picture/picture.ts';
import { clusterIps, type World } from './world.ts';

export interface Endpoint {
  readonly party: Party;
  readonly port: number;
}

export type ServiceAnswer =
  | { readonly kind: 'endpoints'; readonly endpoints: readonly Endpoint[]; readonly hop: Hop; readonly portAt: number }
  | { readonly kind: 'nobody'; readonly verdict: 'refused' | 'dropped'; readonly hop: Hop; readonly cause: Cause };

export const serviceName = ({ metadata }: ServiceView): string =>
  `Service ${metadata.namespace ?? 'default'}/${metadata.name}`;

type Port = NonNullable<NonNullable<ServiceView['spec']>['ports']>[number];

/** Ports of the protocol, as text. */
const portList = (ports: readonly Port[]): string =>
  ports
    .map(({ port, protocol = 'TCP', name }) => `${port}/${protocol}${name === undefined ? '' : ` (${name})`}`)
    .join(', ');

/** Ready endpoints alone, as the service proxy takes them. */
export function behindService(
  world: World,
  service: ServiceView,
  protocol: FlowProtocol,
  port: number | undefined,
): ServiceAnswer {
  const ports = service.spec?.ports ?? [];
  const headless = clusterIps(service).length === 0;
  const portAt = ports.findIndex((each) => each.port === port && (each.protocol ?? 'TCP') === protocol);
  const chosen = ports[portAt];
  if (chosen === undefined) return noSuchPort(service, protocol, port, ports);
  const endpoints = readyEndpoints(world, service, chosen);
  if (endpoints.length === 0) {
    const text = `${serviceName(service)} has no ready endpoint for port ${chosen.port}/${protocol}`;
    const cause = noEndpoint(world, service, chosen);
    return {
      kind: 'nobody',
      verdict: 'refused',
      hop: { where: 'service', verdict: 'refuse', source: 'cluster', text: `${text}: ${cause.text}` },
      cause: { ...cause, text: `${text}, so the service proxy refuses the connection: ${cause.text}` },
    };
  }
  const [first] = endpoints;
  const others = endpoints.length > 1 ? ` and ${endpoints.length - 1} more` : '';
  return {
    kind: 'endpoints',
    endpoints,
    portAt,
    hop: {
      where: 'service',
      verdict: 'pass',
      source: 'cluster',
      text: `${serviceName(service)} port ${chosen.port}/${protocol} ${headless ? 'is' : 'goes to'} ${first?.party.address ?? ''}:${first?.port ?? ''} (${first?.party.name ?? ''})${others}`,
    },
  };
}

function noSuchPort(
  service: ServiceView,
  protocol: FlowProtocol,
  port: number | undefined,
  ports: readonly Port[],
): ServiceAnswer {
  const what = protocol === 'ICMP' ? 'a Service answers no ping' : `it has no port ${port ?? ''}/${protocol}`;
  const text = `${serviceName(service)}: ${what}; it has ${portList(ports) === '' ? 'no ports' : portList(ports)}`;
  return {
    kind: 'nobody',
    verdict: 'dropped',
    hop: { where: 'service', verdict: 'drop', source: 'cluster', text },
    cause: {
      code: 'ServicePortUnknown',
      text: `${text}: nobody answers, and the caller times out`,
      cures: [],
      next: [lookAtService(service, 'the ports that it has')],
    },
  };
}

function readyEndpoints(world: World, service: ServiceView, chosen: Port): readonly Endpoint[] {
  const slices = world.slices.get(`${service.metadata.namespace ?? 'default'}/${service.metadata.name}`) ?? [];
  return slices.flatMap((slice) => {
    const target = slice.ports?.find(
      (each) => (each.name ?? '') === (chosen.name ?? '') && (each.protocol ?? 'TCP') === (chosen.protocol ?? 'TCP'),
    );
    const { port } = target ?? {};
    if (port === undefined || slice.addressType === 'IPv6') return [];
    return (slice.endpoints ?? []).flatMap(({ addresses = [], conditions, targetRef }) => {
      if (conditions?.ready === false) return [];
      return addresses.map((address) => ({ party: endpointParty(world, service, address, targetRef), port }));
    });
  });
}

/** A host-network Pod is known by its reference alone, since its address is the node's. */
function endpointParty(
  world: World,
  { metadata: { name, namespace } }: ServiceView,
  address: string,
  reference: { kind?: string; namespace?: string; name?: string } | undefined,
): Party {
  const pod =
    reference?.kind === 'Pod'
      ? world.podsByName.get(`${reference.namespace ?? 'default'}/${reference.name ?? ''}`)
      : undefined;
  const party = pod === undefined ? undefined : podParty(world, pod);
  if (party !== undefined) return party;
  const isApi = name === 'kubernetes' && (namespace ?? 'default') === 'default';
  return isApi ? apiServerParty(world, address) : addressParty(world, address, true);
}
