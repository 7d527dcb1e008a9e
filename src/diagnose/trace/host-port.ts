// A port of a node that leads to a Pod there by its hostPort: with the caller's address, and asked of the groups of the node alone.
import { z } from 'zod';
import { objectNames } from '../../api/keys.ts';
import { type Leg, traceLeg } from './leg.ts';
import { chainPortMapping, standardRouting } from './next-steps.ts';
import { endOf, type Party, podParty } from './party.ts';
import type { Cause, FlowProtocol, Hop } from './trace.ts';
import type { World } from './world.ts';

export interface HostPort {
  readonly party: Party;
  /** Where the container listens. */
  readonly port: number;
}

const EVERY_ADDRESS = [undefined, '', '0.0.0.0'];

/** The Pod of the node that declares this hostPort; one on the node's own network listens there itself, and is none. */
export function hostPortOf(
  world: World,
  node: Party,
  protocol: FlowProtocol,
  port: number | undefined,
): HostPort | undefined {
  if (port === undefined) return undefined;
  for (const pod of world.picture.kube.pods) {
    if (pod.spec.nodeName !== node.node?.metadata.name || pod.spec.hostNetwork === true) continue;
    if (pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed') continue;
    const found = pod.spec.containers
      .flatMap(({ ports = [] }) => ports)
      .find(
        ({ hostPort, hostIP, protocol: of = 'TCP' }) =>
          hostPort === port && of === protocol && [...EVERY_ADDRESS, node.address].includes(hostIP),
      );
    const party = found === undefined ? undefined : podParty(world, pod);
    if (found !== undefined && party !== undefined && party.network !== 'super-node')
      return { party, port: found.containerPort };
  }
  return undefined;
}

/** `isIn`: the leg is the one to the Pod; else it ends at the node. */
export interface HostPortWay {
  readonly leg: Leg;
  readonly isIn: boolean;
}

/** As the plugin portmap does it, which keeps the caller's address (ADR 0034). */
export function throughHostPort(
  world: World,
  { party, port }: HostPort,
  query: { readonly from: Party; readonly node: Party; readonly protocol: FlowProtocol; readonly hostPort: number },
): HostPortWay {
  const { from, node, protocol, hostPort } = query;
  const into = traceLeg(world, { from, to: node, protocol, port: hostPort });
  if (into.verdict !== 'delivered') return { leg: into, isIn: false };
  const arrived = into.hops.filter(({ where }) => where !== 'way-back');
  const what = `hostPort ${hostPort} of ${party.name}`;
  const chained = chainsPortMapping(world);
  if (chained !== true) {
    const why = `${what} does nothing: the agents of the nodes do not chain the plugin portmap (--port-mapping)`;
    if (chained === undefined) {
      const unknown = `whether ${what} does something is not known: DaemonSet ${objectNames.agent} cannot be read`;
      const hop: Hop = { where: 'target-node', verdict: 'unknown', source: 'inferred', text: unknown };
      return { leg: { ...into, verdict: 'unknown', hops: [...arrived, hop], unknowns: [unknown] }, isIn: false };
    }
    const hop: Hop = { where: 'target-node', verdict: 'refuse', source: 'cluster', text: why };
    const text = `${why}; nothing else is known to listen on ${node.name}, and the caller is refused at once`;
    const cause: Cause = { code: 'HostPortOff', text, cures: chainPortMapping };
    return { leg: { ...into, verdict: 'refused', hops: [...arrived, hop], cause, sourceSeen: undefined }, isIn: false };
  }
  const leads: Hop = {
    where: 'target-node',
    verdict: 'pass',
    source: 'cluster',
    text: `port ${hostPort} of ${node.name} is the hostPort of ${party.name}: it goes on to ${party.address}:${port} with the address of the caller`,
  };
  const isOwn = from.network === 'host' && from.node?.metadata.name === node.node?.metadata.name;
  if (isOwn) {
    const on = traceLeg(world, { from, to: party, protocol, port });
    return { leg: { ...on, hops: [leads, ...on.hops] }, isIn: true };
  }
  const to = endOf(party);
  if (from.pod !== undefined && from.pod.metadata.uid === party.pod?.metadata.uid) {
    const text = `what becomes of a call of ${party.name} to itself by a port of its node is not modelled`;
    const hop: Hop = { where: 'target-node', verdict: 'unknown', source: 'inferred', text };
    return { leg: { ...into, to, verdict: 'unknown', hops: [...arrived, leads, hop], unknowns: [text] }, isIn: true };
  }
  if (party.network === 'strict') {
    const text = `${party.name} has strict routing: its node finds it through the VPC alone, and sends the call out with the caller's address, which the VPC drops`;
    const lost: Hop = { where: 'target-node', verdict: 'drop', source: 'inferred', text };
    const cause: Cause = {
      code: 'StrictHostPort',
      text: `${text}: callers of ${what} time out`,
      cures: standardRouting(party.pod),
    };
    return {
      leg: { ...into, to, verdict: 'dropped', hops: [...arrived, leads, lost], cause, sourceSeen: undefined },
      isIn: true,
    };
  }
  const back: Hop = {
    where: 'way-back',
    verdict: 'pass',
    source: 'inferred',
    text: 'replies leave by the node with its address: no security group of the Pod is asked',
  };
  return { leg: { ...into, to, hops: [...arrived, leads, back] }, isIn: true };
}

const agentSchema = z.object({
  spec: z.object({
    template: z.object({
      spec: z.object({ containers: z.array(z.object({ args: z.array(z.string()).optional() })).min(1) }),
    }),
  }),
});

/** Whether the agents put portmap behind the plugin; undefined: they cannot be asked. */
function chainsPortMapping({ picture: { kube } }: World): boolean | undefined {
  const agent = kube.daemonSets.find(({ metadata }) => metadata.name === objectNames.agent);
  const { data } = agentSchema.safeParse(agent);
  if (data === undefined) return undefined;
  const args = data.spec.template.spec.containers.flatMap(({ args = [] }) => args);
  return args.some((arg) => arg === '--port-mapping' || arg === '--port-mapping=true');
}
