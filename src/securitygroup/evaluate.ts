// The verdict on one new flow: several groups read as one long list, the first match decides, nothing matching is dropped.
import { type Address, contains } from './address.ts';
import type { Direction, Peer, Protocol, Rule, SecurityGroup } from './rule.ts';

export interface Flow {
  /** Seen from the interface that has the groups: `ingress` arrives at it. */
  readonly direction: Direction;
  readonly protocol: Protocol;
  /** Destination port; absent for protocols without ports. */
  readonly port?: number;
  /** The other side: source of ingress, destination of egress. */
  readonly peer: Address;
}

export interface EvaluateInput extends Flow {
  /** In order of priority, which is the order of binding. */
  readonly groups: readonly SecurityGroup[];
  /** All private addresses of whatever is bound to a group. */
  readonly membership: (groupId: string) => Iterable<Address>;
}

/** Which rule decided. `index` counts from 0 in the cloud's list of that direction. */
export interface RuleReference {
  readonly groupId: string;
  readonly direction: Direction;
  readonly index: number;
  readonly rule: Rule;
}

export interface Verdict {
  readonly verdict: 'ACCEPT' | 'DROP';
  /** `no-group`: nothing is bound, nothing is filtered (a GUESS of the facts). */
  readonly decidedBy: RuleReference | 'default-drop' | 'no-group';
}

/**
 * Decides the first packet of a flow. Groups are stateful, so replies to an accepted flow pass without being asked about.
 * The implicit drop comes once, after the last group; a DROP in an earlier group beats an ACCEPT in a later one
 * (facts, section 11; spec 001: all rules of all groups are in force).
 */
export function evaluate(input: EvaluateInput): Verdict {
  if (input.groups.length === 0) return { verdict: 'ACCEPT', decidedBy: 'no-group' };
  for (const group of input.groups) {
    const index = group[input.direction].findIndex((rule) => ruleMatches(rule, input, input.membership));
    const rule = group[input.direction][index];
    if (rule !== undefined) return { verdict: rule.action, decidedBy: reference(group, input.direction, index, rule) };
  }
  return { verdict: 'DROP', decidedBy: 'default-drop' };
}

/** Names a rule of a group by its place in the group's own list. */
export function reference(
  { groupId }: Pick<SecurityGroup, 'groupId'>,
  direction: Direction,
  index: number,
  rule: Rule,
): RuleReference {
  return { groupId, direction, index: rule.policyIndex ?? index, rule };
}

/** Whether one rule speaks about the flow. */
export function ruleMatches(rule: Rule, flow: Flow, membership: EvaluateInput['membership']): boolean {
  return protocolMatches(rule, flow) && portMatches(rule, flow) && peerMatches(rule.peer, flow.peer, membership);
}

function protocolMatches({ protocol }: Rule, flow: Flow): boolean {
  return protocol === 'ALL' || protocol === flow.protocol;
}

function portMatches({ ports }: Rule, { port }: Flow): boolean {
  return ports === 'ALL' || (port !== undefined && ports.some(({ from, to }) => from <= port && port <= to));
}

function peerMatches(peer: Peer, address: Address, membership: EvaluateInput['membership']): boolean {
  switch (peer.kind) {
    case 'any':
      return address.family === 4;
    case 'cidr':
      return contains(peer.cidr, address);
    case 'group':
      for (const member of membership(peer.groupId))
        if (member.family === address.family && member.value === address.value) return true;
      return false;
  }
}
