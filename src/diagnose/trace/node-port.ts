// A node port: to the node first, and from there to an endpoint of the Service, with the node's address or with the caller's.
import type { ServiceView } from '../picture/picture.ts';
import { type Leg, traceLeg } from './leg.ts';
import { policyCluster } from './next-steps.ts';
import type { Party } from './party.ts';
import { behindService, type Endpoint, serviceName } from './service.ts';
import type { Cause, FlowProtocol, Hop } from './trace.ts';
import type { World } from './world.ts';

export interface NodePort {
  readonly service: ServiceView;
  /** The Service's own port. */
  readonly port: number;
  readonly portAt: number;
}

/** The Service that has this node port; every node serves it. */
export function nodePortOf(world: World, protocol: FlowProtocol, port: number | undefined): NodePort | undefined {
  for (const service of world.picture.kube.services) {
    const ports = service.spec?.ports ?? [];
    const portAt = ports.findIndex((each) => each.nodePort === port && (each.protocol ?? 'TCP') === protocol);
    const found = ports[portAt];
    if (port !== undefined && found !== undefined) return { service, port: found.port, portAt };
  }
  return undefined;
}

export interface NodePortWay {
  readonly endpoint: Endpoint;
  readonly leg: Leg;
}

export type NodePortAnswer =
  | { readonly kind: 'ways'; readonly ways: readonly NodePortWay[] }
  /** It ends before any endpoint. */
  | { readonly kind: 'end'; readonly leg: Leg };

/** Policy Cluster gives every connection the node's address; policy Local keeps the caller's, and has endpoints of this node alone. */
export function throughNodePort(
  world: World,
  { service, port }: NodePort,
  query: { readonly from: Party; readonly node: Party; readonly protocol: FlowProtocol; readonly nodePort: number },
): NodePortAnswer {
  const { from, node, protocol, nodePort } = query;
  const into = traceLeg(world, { from, to: node, protocol, port: nodePort });
  if (into.verdict !== 'delivered') return { kind: 'end', leg: into };
  const behind = behindService(world, service, protocol, port);
  const arrived = into.hops.filter(({ where }) => where !== 'way-back');
  const stop = (verdict: Leg['verdict'], hop: Hop, cause: Cause): NodePortAnswer => ({
    kind: 'end',
    leg: { ...into, verdict, hops: [...arrived, hop], cause, sourceSeen: undefined },
  });
  if (behind.kind === 'nobody') return stop(behind.verdict, behind.hop, behind.cause);
  const local =
    service.spec?.externalTrafficPolicy === 'Local' && from.node?.metadata.name !== node.node?.metadata.name;
  const near = behind.endpoints.filter(({ party }) => party.node?.metadata.name === node.node?.metadata.name);
  const chosen = local ? near : behind.endpoints;
  if (chosen.length === 0) {
    const text = `externalTrafficPolicy of ${serviceName(service)} is Local, and no ready endpoint of it is on ${node.name}: the node drops the connection, and the caller times out`;
    const cause: Cause = { code: 'NoEndpoint', text, cures: policyCluster(service) };
    return stop('dropped', { where: 'service', verdict: 'drop', source: 'cluster', text }, cause);
  }
  const ways = chosen.map((endpoint): NodePortWay => {
    const address = `${endpoint.party.address}:${endpoint.port}`;
    const text = `node port ${nodePort} is ${serviceName(service)}: it goes on to ${address} (${endpoint.party.name}) with the address of ${local ? 'the caller' : 'the node'}`;
    const hop: Hop = { where: 'service', verdict: 'pass', source: 'cluster', text };
    if (local && endpoint.party.network === 'strict') {
      const why = `externalTrafficPolicy of ${serviceName(service)} is Local, and ${endpoint.party.name} has strict routing: it answers past the node that was called, and the caller times out (spec 002)`;
      const lost: Hop = { where: 'way-back', verdict: 'drop', source: 'inferred', text: why };
      const cause: Cause = { code: 'StrictLocalPolicy', text: why, cures: policyCluster(service) };
      return { endpoint, leg: { ...into, verdict: 'dropped', hops: [...arrived, hop, lost], cause } };
    }
    const on = local
      ? { ...into, hops: [] }
      : traceLeg(world, { from: node, to: endpoint.party, protocol, port: endpoint.port });
    return {
      endpoint,
      leg: { ...on, hops: [...arrived, hop, ...on.hops], unknowns: [...into.unknowns, ...on.unknowns] },
    };
  });
  return { kind: 'ways', ways };
}
