// Document 001's conditions on a policy's groups, tried with the rule engine: what is missing, as the rule and the command that would add it. Pure.
import type { Address } from '../securitygroup/address.ts';
import { evaluate, type Verdict } from '../securitygroup/evaluate.ts';
import type { Direction, SecurityGroup } from '../securitygroup/rule.ts';

/** Something with an address and groups: a Pod, a DNS Pod, a node. */
export interface Party {
  /** For messages, e.g. `Pod kube-system/coredns-1` or `node 10.0.1.2`. */
  readonly name: string;
  readonly address: Address;
  /** In order of priority. Empty: no group is bound. */
  readonly groupIds: readonly string[];
}

export interface Port {
  readonly protocol: 'TCP' | 'UDP';
  readonly port: number;
}

export interface PreflightFacts {
  /** Groups of the policy that the cloud does not know. */
  readonly missingGroups: readonly string[];
  /** Every group whose rules are asked about, by id; one that cannot be read is absent. */
  readonly rules: ReadonlyMap<string, SecurityGroup>;
  /** A Pod of the policy, or one that could be: with all groups that it would get. */
  readonly pod: Party;
  readonly dns: readonly Party[];
  readonly dnsPorts: readonly Port[];
  /** Whose kubelets probe the policy's Pods through its groups; empty where probes do not pass them (standard routing). */
  readonly probers: readonly Party[];
  readonly probes: readonly Port[];
  /** Ports of the Services that the Pods back, which they reach each other at. */
  readonly services: readonly (Port & { readonly service: string })[];
}

export type Requirement = 'GroupsExist' | 'Probes' | 'DnsIngress' | 'DnsEgress' | 'Members';

export interface PreflightFinding {
  readonly requirement: Requirement;
  readonly message: string;
  /** Adds the rule; absent where none would help. */
  readonly command?: string;
}

/** In the order of the document. A missing rule is told once, for the first pair that needs it. */
export function planPreflight(facts: PreflightFacts): readonly PreflightFinding[] {
  const { pod, missingGroups } = facts;
  if (missingGroups.length > 0)
    return missingGroups.map((id) => ({
      requirement: 'GroupsExist',
      message: `${id} does not exist in this account and region`,
    }));
  const toDns = facts.dns.flatMap((server) => facts.dnsPorts.map((port) => ({ server, port })));
  const found = [
    ...facts.probers.flatMap((node) =>
      facts.probes.map((port) => tried(facts, 'Probes', { at: pod, direction: 'ingress', other: node, port })),
    ),
    ...toDns.map(({ server, port }) =>
      tried(facts, 'DnsIngress', { at: server, direction: 'ingress', other: pod, port }),
    ),
    ...toDns.map(({ server, port }) =>
      tried(facts, 'DnsEgress', { at: pod, direction: 'egress', other: server, port }),
    ),
    ...facts.services.flatMap((port) =>
      (['egress', 'ingress'] as const).map((direction) =>
        tried(facts, 'Members', { at: pod, direction, other: pod, port, service: port.service }),
      ),
    ),
  ].filter((finding) => finding !== undefined);
  const keyOf = ({ requirement, command, message }: PreflightFinding): string => `${requirement} ${command ?? message}`;
  return [...new Map(found.toReversed().map((finding) => [keyOf(finding), finding])).values()].toReversed();
}

interface Flow {
  /** Whose groups decide. */
  readonly at: Party;
  readonly direction: Direction;
  readonly other: Party;
  readonly port: Port;
  readonly service?: string;
}

/** What keeps one flow out; nothing when it passes, or when its groups cannot be read. */
function tried({ rules }: PreflightFacts, requirement: Requirement, flow: Flow): PreflightFinding | undefined {
  const { at, direction, other, port, service } = flow;
  const groups = at.groupIds.map((id) => rules.get(id));
  if (groups.some((group) => group === undefined)) return undefined;
  const verdict = evaluate({
    groups: groups.filter((group) => group !== undefined),
    direction,
    protocol: port.protocol,
    port: port.port,
    peer: other.address,
    membership: (id) => (other.groupIds.includes(id) ? [other.address] : []),
  });
  if (verdict.verdict === 'ACCEPT') return undefined;
  const [first = ''] = at.groupIds;
  const peer = other.groupIds[0] ?? textOf(other.address);
  const what = `${port.protocol} ${port.port} ${direction === 'ingress' ? 'from' : 'to'} ${peer} (${other.name})`;
  const why = service === undefined ? '' : `, port of Service ${service}`;
  return {
    requirement,
    message: `${first} of ${at.name} lets no ${what} ${direction === 'ingress' ? 'in' : 'out'}${why}: ${because(verdict)}`,
    command: command(first, direction, port, peer, typeof verdict.decidedBy !== 'string'),
  };
}

function because({ decidedBy }: Verdict): string {
  if (typeof decidedBy === 'string') return 'no rule accepts it';
  const { groupId, direction, index } = decidedBy;
  return `rule ${direction === 'ingress' ? 'Ingress' : 'Egress'}[${index}] of ${groupId} drops it; a rule that accepts must stand before that one`;
}

/** As document 001 writes it: a new rule comes last, so that before one that drops it needs its place (facts of the cloud API, section 10). */
function command(
  groupId: string,
  direction: Direction,
  { protocol, port }: Port,
  peer: string,
  dropped: boolean,
): string {
  const side = direction === 'ingress' ? 'Ingress' : 'Egress';
  const field = (name: string, value: string | number): string => `--SecurityGroupPolicySet.${side}.0.${name} ${value}`;
  const whom = peer.startsWith('sg-') ? field('SecurityGroupId', peer) : field('CidrBlock', `${peer}/32`);
  return `tccli vpc CreateSecurityGroupPolicies --cli-unfold-argument --SecurityGroupId ${groupId} ${field('Protocol', protocol)} ${field('Port', port)} ${whom} ${field('Action', 'ACCEPT')}${dropped ? ` ${field('PolicyIndex', 0)}` : ''}`;
}

/** Dotted; only IPv4 takes part (spec 001, limitations). */
function textOf({ value }: Address): string {
  return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 255n)).join('.');
}
