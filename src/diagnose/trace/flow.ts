// The whole trace of one flow: names, Services, legs and the target, put together. Pure.
import { parseAddress } from '../../securitygroup/address.ts';
import type { ClusterPicture, ServiceView } from '../picture/picture.ts';
import { isInVpc } from './departure.ts';
import { traceDns } from './dns.ts';
import { type Leg, traceLeg } from './leg.ts';
import { type HostPort, hostPortOf, throughHostPort } from './host-port.ts';
import { buyEip, lookAtPod, standardRouting } from './next-steps.ts';
import { notStarted } from './not-started.ts';
import { addressParty, endOf, nodeParty, type Party, podName, podParty } from './party.ts';
import { type NodePort, nodePortOf, throughNodePort } from './node-port.ts';
import { behindService, type Endpoint, serviceName } from './service.ts';
import { askTarget, type Listening } from './target.ts';
import type { Cause, FlowQuery, Hop, Place, Trace, TraceEnd, TraceVerdict } from './trace.ts';
import { clusterIps, openWorld, type World } from './world.ts';

export interface FlowOptions {
  readonly listening?: Listening | undefined;
}

/** One question to a picture; for many, open the world once and use `traceIn`. */
export function traceFlow(picture: ClusterPicture, query: FlowQuery, options: FlowOptions = {}): Trace {
  return traceIn(openWorld(picture), query, options);
}

/** What to say about a trace so far. */
interface Parts {
  readonly hops: readonly Hop[];
  readonly unknowns: readonly string[];
}

export function traceIn(world: World, query: FlowQuery, options: FlowOptions = {}): Trace {
  const { protocol, port } = query;
  const from = originOf(world, query.from);
  const base = { protocol, port, from: from.end, to: placeEnd(query.to) };
  const blocked = (cause: Cause, hop: Hop): Trace => ({
    ...base,
    verdict: 'dropped',
    hops: [hop],
    cause,
    unknowns: [],
  });
  if (from.party === undefined)
    return blocked(from.cause, { where: 'source-node', verdict: 'drop', source: 'cluster', text: from.cause.text });
  const caller = from.party;
  const names = query.byName === true ? traceDns(world, caller, query.calledAs ?? placeEnd(query.to).name) : undefined;
  const parts: Parts = {
    hops: names === undefined ? [] : [names.hop],
    unknowns: names?.unknown === undefined ? [] : [names.unknown],
  };
  const reached = traceTo(world, caller, query, parts, options);
  const trace: Trace = { ...base, ...reached, called: reached.called ?? query.calledAs };
  if (names?.cause === undefined) return trace;
  return { ...trace, verdict: 'dropped', cause: names.cause, sourceSeen: undefined };
}

type Reached = Omit<Trace, 'from' | 'protocol' | 'port'>;

function traceTo(world: World, from: Party, query: FlowQuery, parts: Parts, options: FlowOptions): Reached {
  const { to, protocol, port } = query;
  switch (to.kind) {
    case 'service':
      return throughService(world, from, to.service, query, parts, options);
    case 'pod': {
      const party = podParty(world, to.pod);
      const why = notStarted(world, to.pod);
      if (party === undefined || (why !== undefined && to.pod.status?.phase !== 'Running'))
        return nobody(to, parts, why);
      return toParty(world, from, party, query, parts, options);
    }
    case 'node': {
      const party = nodeParty(world, to.node);
      if (party === undefined) return unknownEnd(to, parts, `node ${to.node.metadata.name} has no InternalIP`);
      return toParty(world, from, party, query, parts, options);
    }
    case 'name':
      return unknownEnd(to, parts, `the address of ${to.name} is not known here: give it, to see the way there`);
    case 'address': {
      const service = world.servicesByAddress.get(to.address);
      if (service !== undefined) return throughService(world, from, service, query, parts, options);
      return toAddress(world, from, to.address, { protocol, port, parts, query, options });
    }
  }
}

interface AddressQuestion {
  readonly protocol: FlowQuery['protocol'];
  readonly port: number | undefined;
  readonly parts: Parts;
  readonly query: FlowQuery;
  readonly options: FlowOptions;
}

function toAddress(world: World, from: Party, address: string, question: AddressQuestion): Reached {
  const { parts, query, options } = question;
  const eip = world.eipsByPublic.get(address);
  if (eip !== undefined && from.network !== 'outside')
    return unknownEnd(
      query.to,
      parts,
      `${address} is the EIP of ${eip.privateIp === '' ? 'nobody' : eip.privateIp}: how the cloud carries a flow from inside to a public address of its own is not modelled; trace to ${eip.privateIp === '' ? 'its private address' : eip.privateIp}`,
    );
  if (from.network === 'outside') {
    if (eip === undefined || eip.privateIp === '')
      return noWayIn(world, query, parts, `${address} is no EIP that is bound to an address of the VPC`);
    const party = addressParty(world, eip.privateIp, true);
    const hop: Hop = {
      where: 'edge',
      verdict: 'pass',
      source: 'cloud',
      text: `EIP ${eip.addressId} ${eip.publicIp} stands for ${eip.privateIp} (${party.name})`,
    };
    return toParty(world, from, party, query, { ...parts, hops: [...parts.hops, hop] }, options);
  }
  return toParty(world, from, addressParty(world, address, isInVpc(world, address)), query, parts, options);
}

function toParty(world: World, from: Party, to: Party, query: FlowQuery, parts: Parts, options: FlowOptions): Reached {
  if (from.network === 'outside' && to.network !== 'outside' && query.to.kind !== 'address') {
    const eip = world.eipsByPrivate.get(to.address);
    if (eip === undefined) return noWayIn(world, query, parts, `${to.name} has no EIP`);
    return toAddress(world, from, eip.publicIp, {
      ...query,
      port: query.port,
      parts,
      query: { ...query, to: { kind: 'address', address: eip.publicIp } },
      options,
    });
  }
  const served =
    to.network === 'host' && to.pod === undefined ? nodePortOf(world, query.protocol, query.port) : undefined;
  if (served !== undefined) return toNodePort(world, { from, node: to, served }, query, parts, options);
  const lent =
    to.network === 'host' && to.pod === undefined ? hostPortOf(world, to, query.protocol, query.port) : undefined;
  if (lent !== undefined) return toHostPort(world, { from, node: to, lent }, query, parts, options);
  const leg = traceLeg(world, { from, to, protocol: query.protocol, port: query.port });
  return finish({ world, leg, to, port: query.port, parts, query, options });
}

function toHostPort(
  world: World,
  { from, node, lent }: { readonly from: Party; readonly node: Party; readonly lent: HostPort },
  query: FlowQuery,
  parts: Parts,
  options: FlowOptions,
): Reached {
  const { protocol, port: hostPort = 0 } = query;
  const { leg, isIn } = throughHostPort(world, lent, { from, node, protocol, hostPort });
  if (isIn)
    return { ...finish({ world, leg, to: lent.party, port: lent.port, parts, query, options }), called: node.name };
  return endingAt(endOf(node), leg, parts);
}

/** Nothing behind it is asked. */
function endingAt(to: TraceEnd, { verdict, cause, sourceSeen, hops, unknowns }: Leg, parts: Parts): Reached {
  const all = { hops: [...parts.hops, ...hops], unknowns: [...parts.unknowns, ...unknowns] };
  return { to, verdict, cause, sourceSeen, ...all };
}

function toNodePort(
  world: World,
  { from, node, served }: { readonly from: Party; readonly node: Party; readonly served: NodePort },
  query: FlowQuery,
  parts: Parts,
  options: FlowOptions,
): Reached {
  const { protocol, port: nodePort = 0 } = query;
  const answer = throughNodePort(world, served, { from, node, protocol, nodePort });
  const to: TraceEnd = { ...endOf(node), name: `${node.name} port ${nodePort}` };
  if (answer.kind === 'end') return endingAt(to, answer.leg, parts);
  const ways = answer.ways.map(({ endpoint, leg }) => {
    const { party, port } = endpoint;
    return { endpoint, end: finish({ world, leg, to: party, port, parts, query, options, by: served }) };
  });
  return worst(to, ways, parts);
}

interface Finish {
  readonly world: World;
  readonly leg: Leg;
  readonly to: Party;
  readonly port: number | undefined;
  readonly parts: Parts;
  readonly query: FlowQuery;
  readonly options: FlowOptions;
  readonly by?: { readonly service: ServiceView; readonly portAt: number };
}

/** The leg and, where it gets through, what waits at its end. */
function finish({ world, leg, to, port, parts, query, options, by }: Finish): Reached {
  const noted = networkPolicies(world, to);
  const hops = [
    ...parts.hops,
    ...leg.hops,
    ...noted.map((text): Hop => ({ where: 'target-node', verdict: 'note', source: 'cluster', text })),
  ];
  const unknowns = [...parts.unknowns, ...leg.unknowns];
  const called = by === undefined ? undefined : serviceName(by.service);
  const base = { to: leg.to, called, target: { address: to.address, port }, sourceSeen: leg.sourceSeen };
  if (leg.verdict === 'dropped' || leg.verdict === 'refused')
    return { ...base, verdict: leg.verdict, hops, cause: leg.cause, unknowns };
  const target = askTarget({ to, protocol: query.protocol, port, by, listening: options.listening });
  const all = target === undefined ? hops : [...hops, target.hop];
  if (target?.cause !== undefined && leg.verdict === 'delivered')
    return { ...base, verdict: 'refused', hops: all, cause: target.cause, unknowns };
  const verdict: TraceVerdict = unknowns.length > 0 ? 'unknown' : leg.verdict;
  return { ...base, verdict, hops: all, cause: leg.cause, unknowns };
}

/** They are enforced by other programs, of which this one knows nothing. */
function networkPolicies(world: World, to: Party): readonly string[] {
  const { pod } = to;
  if (pod === undefined || world.picture.kube.networkPolicies.length === 0) return [];
  const named = world.networkPoliciesOf(pod);
  return named.length === 0
    ? []
    : [`NetworkPolicy ${named.join(', ')} selects ${to.name}; what it does is not looked at`];
}

function throughService(
  world: World,
  from: Party,
  service: ServiceView,
  query: FlowQuery,
  parts: Parts,
  options: FlowOptions,
): Reached {
  const to: TraceEnd = { name: serviceName(service), address: clusterIps(service)[0] };
  if (service.spec?.type === 'ExternalName')
    return unknownEnd(
      { kind: 'service', service },
      parts,
      `${serviceName(service)} is another name for ${service.spec.externalName ?? ''}: trace to that`,
    );
  const behind = behindService(world, service, query.protocol, query.port);
  const hops = [...parts.hops, behind.hop];
  if (behind.kind === 'nobody')
    return { to, verdict: behind.verdict, hops, cause: behind.cause, unknowns: parts.unknowns };
  const routing = world.necs.get(from.node?.metadata.name ?? '')?.status?.node?.routing;
  if (from.network === 'strict' && routing?.ipvs === true && clusterIps(service).length > 0) {
    const text = `the service proxy of node ${from.node?.metadata.name ?? ''} works with IPVS, which a Pod with strict routing never meets: the caller times out (spec 002)`;
    const cause: Cause = { code: 'StrictIpvs', text, cures: standardRouting(from.pod) };
    return {
      to,
      verdict: 'dropped',
      hops: [...hops, { where: 'service', verdict: 'drop', source: 'kernel', text }],
      cause,
      unknowns: parts.unknowns,
    };
  }
  const ways = behind.endpoints.map((endpoint) => {
    const { party, port } = endpoint;
    const leg = hairpin(from, party, service) ?? traceLeg(world, { from, to: party, protocol: query.protocol, port });
    const by = { service, portAt: behind.portAt };
    return { endpoint, end: finish({ world, leg, to: party, port, parts: { ...parts, hops }, query, options, by }) };
  });
  return worst(to, ways, parts);
}

/** A strict Pod that is its own endpoint: kube-proxy gives the connection the node's address, which is a stranger on the sub-ENI (facts, data plane, section 3). */
function hairpin(from: Party, to: Party, service: ServiceView): Leg | undefined {
  if (from.address !== to.address || from.network !== 'strict' || clusterIps(service).length === 0) return undefined;
  const text = `${from.name} is itself behind ${serviceName(service)}: kube-proxy gives such a connection the node's address, which is lost on the sub-ENI of a Pod with strict routing`;
  return {
    to: endOf(to),
    verdict: 'dropped',
    hops: [{ where: 'snat', verdict: 'drop', source: 'inferred', text }],
    cause: { code: 'StrictHairpin', text: `${text}: the caller times out`, cures: standardRouting(from.pod) },
    unknowns: [],
  };
}

const GRAVITY: readonly TraceVerdict[] = ['dropped', 'refused', 'unknown', 'delivered'];

/** One connection gets one endpoint: the trace shows the worst, and says how many fare so. */
function worst(
  to: TraceEnd,
  ways: readonly { readonly endpoint: Endpoint; readonly end: Reached }[],
  parts: Parts,
): Reached {
  const [first] = ways.toSorted((a, b) => GRAVITY.indexOf(a.end.verdict) - GRAVITY.indexOf(b.end.verdict));
  if (first === undefined) return { to, verdict: 'unknown', hops: parts.hops, unknowns: ['no endpoint'] };
  const alike = ways.filter(({ end }) => end.verdict === first.end.verdict).length;
  const note: Hop = {
    where: 'target',
    verdict: 'note',
    source: 'inferred',
    text: `so it is with ${alike} of ${ways.length} endpoints; the way shown is the one to ${first.endpoint.party.name}`,
  };
  return { ...first.end, hops: ways.length === 1 ? first.end.hops : [...first.end.hops, note] };
}

function nobody(to: Place, parts: Parts, why: Cause | undefined): Reached {
  const next = to.kind === 'pod' ? lookAtPod(to.pod) : [];
  const cause: Cause = why ?? { code: 'PodNotStarted', text: `${placeEnd(to).name} has no address`, cures: [], next };
  const hop: Hop = { where: 'target', verdict: 'drop', source: 'cluster', text: cause.text };
  return { to: placeEnd(to), verdict: 'dropped', hops: [...parts.hops, hop], cause, unknowns: parts.unknowns };
}

function unknownEnd(to: Place, parts: Parts, why: string): Reached {
  return {
    to: placeEnd(to),
    verdict: 'unknown',
    hops: [...parts.hops, { where: 'target', verdict: 'unknown', source: 'inferred', text: why }],
    unknowns: [...parts.unknowns, why],
  };
}

function noWayIn(world: World, query: FlowQuery, parts: Parts, why: string): Reached {
  const gap = world.picture.cloud === undefined ? 'the EIPs are not known without the cloud' : undefined;
  if (gap !== undefined) return unknownEnd(query.to, parts, gap);
  const text = `${why}: nothing from outside gets there, and the caller times out`;
  return {
    to: placeEnd(query.to),
    verdict: 'dropped',
    hops: [...parts.hops, { where: 'edge', verdict: 'drop', source: 'cloud', text: why }],
    cause: {
      code: 'NoWayIn',
      text,
      cures: [],
      next: buyEip(world, query.to.kind === 'pod' ? query.to.pod : undefined),
    },
    unknowns: parts.unknowns,
  };
}

type Origin =
  | { readonly party: Party; readonly end: TraceEnd }
  | { readonly party: undefined; readonly end: TraceEnd; readonly cause: Cause };

function originOf(world: World, place: Place): Origin {
  const end = placeEnd(place);
  const none = (text: string): Origin => ({
    party: undefined,
    end,
    cause: { code: 'PodNotStarted', text, cures: [] },
  });
  const found = (party: Party | undefined, why: string): Origin =>
    party === undefined ? none(why) : { party, end: endOf(party) };
  switch (place.kind) {
    case 'pod': {
      const why = notStarted(world, place.pod);
      const party = podParty(world, place.pod);
      if (why !== undefined && (party === undefined || place.pod.status?.phase !== 'Running'))
        return { party: undefined, end, cause: why };
      return found(party, `${podName(place.pod)} has no address`);
    }
    case 'node':
      return found(nodeParty(world, place.node), `node ${place.node.metadata.name} has no InternalIP`);
    case 'address':
      return found(
        parseAddress(place.address) === undefined
          ? undefined
          : addressParty(world, place.address, isInVpc(world, place.address)),
        `"${place.address}" is no address`,
      );
    case 'service':
    case 'name':
      return none(`${end.name} sends nothing: give a Pod, a node, a workload or an address`);
  }
}

function placeEnd(place: Place): TraceEnd {
  switch (place.kind) {
    case 'pod':
      return { name: podName(place.pod), address: place.pod.status?.podIP, node: place.pod.spec.nodeName };
    case 'node':
      return { name: `node ${place.node.metadata.name}` };
    case 'service':
      return { name: serviceName(place.service), address: clusterIps(place.service)[0] };
    case 'address':
      return { name: place.address, address: place.address };
    case 'name':
      return { name: place.name };
  }
}
