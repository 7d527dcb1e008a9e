// One leg of a flow, from one address to one other: leaving the node, both sides' groups, arriving, and the way back.
import { departure, nodeOf } from './departure.ts';
import { leaveVpc } from './edge.ts';
import { passGroups } from './group-hop.ts';
import { whoHas } from './next-steps.ts';
import { endOf, type Party } from './party.ts';
import type { Cause, FlowProtocol, Hop, TraceEnd, TraceVerdict } from './trace.ts';
import { earlyDemux } from './way-back.ts';
import type { World } from './world.ts';

export interface LegQuery {
  readonly from: Party;
  readonly to: Party;
  readonly protocol: FlowProtocol;
  /** Where the packet goes, behind Services. */
  readonly port: number | undefined;
}

export interface Leg {
  readonly to: TraceEnd;
  readonly verdict: TraceVerdict;
  readonly hops: readonly Hop[];
  readonly sourceSeen?: string | undefined;
  readonly cause?: Cause | undefined;
  readonly unknowns: readonly string[];
}

/** What decides is asked in the order of the way; behind a drop nothing is asked any more. */
export function traceLeg(world: World, query: LegQuery): Leg {
  const { from, to } = query;
  const hops: Hop[] = [];
  const unknowns: string[] = [];
  const ends = (verdict: TraceVerdict, more: Partial<Leg> = {}): Leg => ({
    to: endOf(to),
    verdict: verdict === 'delivered' && unknowns.length > 0 ? 'unknown' : verdict,
    hops,
    unknowns,
    ...more,
  });
  const left = departure(world, from, to);
  hops.push(...left.hops);
  if (left.kind === 'lost') return ends('dropped', { cause: left.cause });
  if (left.kind === 'unknown') {
    unknowns.push(left.why);
    return ends('unknown');
  }
  if (left.kind === 'inside') return arrive(world, query, { hops, unknowns, sourceSeen: left.source, ends });

  const flow = { protocol: query.protocol, flowPort: query.port };
  const carrier = left.masqueraded ? (nodeOf(world, from) ?? from) : from;
  if (from.network !== 'outside') {
    const out = passGroups(world, {
      ...flow,
      party: carrier,
      port: left.port,
      direction: 'egress',
      peer: to.address,
      peerName: to.name,
    });
    hops.push(out.hop);
    if (out.unknown !== undefined) unknowns.push(out.unknown);
    if (out.hop.verdict === 'drop') return ends('dropped', { cause: out.cause });
  }
  if (to.network === 'outside') {
    const edge = leaveVpc(world, from, to);
    hops.push(...edge.hops);
    unknowns.push(...edge.unknowns);
    return ends(edge.verdict, { cause: edge.cause, sourceSeen: edge.address });
  }
  if (to.port === undefined) return ends('dropped', { cause: nobodyHas(world, to, hops) });
  hops.push({
    where: 'vpc',
    verdict: 'pass',
    source: 'inferred',
    text: `the VPC takes the packet from ${left.port.address} to ${to.address}${to.port.eniId === undefined ? '' : ` on ${to.port.eniId}`}`,
  });
  if (to.port.managed === true) {
    const text = `the API server publishes ${to.address} as its own; no ENI of the account has it, so none of its groups is asked`;
    hops.push({ where: 'target-groups', verdict: 'pass', source: 'cluster', rule: 'no-group', text });
    return arrive(world, query, { hops, unknowns, sourceSeen: left.port.address, ends });
  }
  const into = passGroups(world, {
    ...flow,
    party: to,
    port: to.port,
    direction: 'ingress',
    peer: left.port.address,
    peerName: left.masqueraded ? `${from.name} behind the address of its node` : from.name,
  });
  hops.push(into.hop);
  if (into.unknown !== undefined) unknowns.push(into.unknown);
  if (into.hop.verdict === 'drop') return ends('dropped', { cause: into.cause });
  return arrive(world, query, { hops, unknowns, sourceSeen: left.port.address, ends });
}

interface Arrival {
  readonly hops: Hop[];
  readonly unknowns: string[];
  readonly sourceSeen: string;
  readonly ends: (verdict: TraceVerdict, more?: Partial<Leg>) => Leg;
}

function arrive(world: World, query: LegQuery, { hops, sourceSeen, ends }: Arrival): Leg {
  const { from, to, protocol } = query;
  if (to.network !== 'host' && to.pod !== undefined && to.network !== 'super-node') {
    const by = to.network === 'strict' ? 'the rule for its sub-ENI' : 'the route to the Pod';
    hops.push({
      where: 'target-node',
      verdict: 'pass',
      source: 'inferred',
      text: `node ${to.node?.metadata.name ?? ''} hands it to ${to.name} by ${by}`,
    });
  }
  const demux = earlyDemux(world, from, to, protocol);
  if (demux !== undefined) {
    hops.push(demux.hop);
    if (demux.cause !== undefined) return ends('dropped', { cause: demux.cause, sourceSeen });
  } else {
    hops.push({
      where: 'way-back',
      verdict: 'pass',
      source: 'inferred',
      text: 'replies belong to the connection: no security group is asked about them',
    });
  }
  return ends('delivered', { sourceSeen });
}

function nobodyHas(world: World, to: Party, hops: Hop[]): Cause {
  const text = `no ENI of ${world.picture.cloud?.vpcId ?? 'the VPC'} has the address ${to.address}`;
  hops.push({ where: 'vpc', verdict: 'drop', source: 'cloud', text });
  return {
    code: 'NotThere',
    text: `${text}: the VPC drops the packet, and the caller times out`,
    cures: [],
    next: whoHas(world, to.address),
  };
}
