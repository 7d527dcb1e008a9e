// The rule language of security groups as values (facts, section 11).
import type { Cidr } from './address.ts';

export const protocols = ['TCP', 'UDP', 'ICMP', 'ICMPV6', 'GRE'] as const;
/** What a packet can be. */
export type Protocol = (typeof protocols)[number];

export interface PortRange {
  readonly from: number;
  /** Inclusive. */
  readonly to: number;
}

/** `any` is a rule without a peer: every IPv4 address (a GUESS of the facts, since spec 001 writes such rules). */
export type Peer =
  | { readonly kind: 'any' }
  | { readonly kind: 'cidr'; readonly cidr: Cidr; readonly text: string }
  | { readonly kind: 'group'; readonly groupId: string };

export interface Rule {
  readonly protocol: Protocol | 'ALL';
  /** Only with TCP and UDP; `ALL` otherwise. */
  readonly ports: 'ALL' | readonly PortRange[];
  readonly peer: Peer;
  readonly action: 'ACCEPT' | 'DROP';
  /** The owner's remark; empty when there is none. */
  readonly description: string;
  /** Its place in the cloud's list, where that is not its place in this one: a rule that names templates is several here. */
  readonly policyIndex?: number;
  /** Ids that the rule names instead of a peer or a port. */
  readonly templates?: { readonly address?: string; readonly service?: string };
}

export type Direction = 'ingress' | 'egress';

/** One group: rules in order of priority, the first match decides. */
export interface SecurityGroup {
  readonly groupId: string;
  readonly ingress: readonly Rule[];
  readonly egress: readonly Rule[];
}
