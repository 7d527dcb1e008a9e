// Rules as intervals of ports and addresses: the same rules in a form that is asked quickly, and about many addresses at once.
import type { Address } from './address.ts';
import type { Direction, Protocol, Rule, SecurityGroup } from './rule.ts';

/** IPv4 as a number, IPv6 as a bigint: never equal to each other, and ordered within their family. */
export type AddressKey = number | bigint;

/** The same for the same address, in whatever form it was written. */
export function keyOf({ family, value }: Address): AddressKey {
  return family === 4 ? Number(value) : value;
}

export interface AddressInterval {
  readonly kind: 'interval';
  readonly family: 4 | 6;
  readonly first: AddressKey;
  /** Inclusive. */
  readonly last: AddressKey;
}

export interface IntervalRule {
  readonly rule: Rule;
  /** In its group's own list. */
  readonly index: number;
  /** First and last port of each range, in turn; absent: every port, and protocols without ports. */
  readonly ports: readonly number[] | undefined;
  readonly peer: AddressInterval | { readonly kind: 'group'; readonly groupId: string };
}

/** A group's rules in order, by direction. */
export type IntervalGroup = Readonly<Record<Direction, readonly IntervalRule[]>>;

export function intervalsOf(group: SecurityGroup): IntervalGroup {
  return { ingress: group.ingress.map(toIntervals), egress: group.egress.map(toIntervals) };
}

/** Whether the rule is about the protocol and the port at all, whoever the peer is. */
export function isAbout({ rule, ports }: IntervalRule, protocol: Protocol, port: number | undefined): boolean {
  if (rule.protocol !== 'ALL' && rule.protocol !== protocol) return false;
  if (ports === undefined) return true;
  if (port === undefined) return false;
  for (let at = 0; at < ports.length; at += 2)
    if ((ports[at] ?? Infinity) <= port && port <= (ports[at + 1] ?? -Infinity)) return true;
  return false;
}

/** Never across families. */
export function isWithin({ family, first, last }: AddressInterval, address: Address, key: AddressKey): boolean {
  return family === address.family && first <= key && key <= last;
}

const EVERY_IPV4: AddressInterval = { kind: 'interval', family: 4, first: 0, last: 0xff_ff_ff_ff };

function toIntervals(rule: Rule, index: number): IntervalRule {
  const ports = rule.ports === 'ALL' ? undefined : rule.ports.flatMap(({ from, to }) => [from, to]);
  return { rule, index, ports, peer: peerOf(rule) };
}

function peerOf({ peer }: Rule): IntervalRule['peer'] {
  switch (peer.kind) {
    case 'any':
      return EVERY_IPV4;
    case 'group':
      return peer;
    case 'cidr': {
      const { family, value, prefix } = peer.cidr;
      const hostBits = BigInt((family === 4 ? 32 : 128) - prefix);
      const first = (value >> hostBits) << hostBits;
      const last = first | ((1n << hostBits) - 1n);
      return { kind: 'interval', family, first: keyOf({ family, value: first }), last: keyOf({ family, value: last }) };
    }
  }
}
