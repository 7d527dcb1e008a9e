// Rules without templates: what a rule that names address and service templates means to a packet (facts, section 11).
import { isIPv4 } from 'node:net';
import { ipToNumber, numberToIp } from './addresses.ts';
import { entriesOf, type TemplateBook } from './policy-templates.ts';
import type { PolicyRecord } from './state.ts';

type Peer = Pick<PolicyRecord, 'cidr' | 'cidr6'>;
type Service = Pick<PolicyRecord, 'protocol' | 'port'>;

const NO_TEMPLATE = { addressId: '', addressGroupId: '', serviceId: '', serviceGroupId: '' } as const;

/**
 * The plain rules of one rule, in order; a rule without templates is itself. A template without entries gives none.
 * ICMP is for IPv4 and ICMPV6 for IPv6, so pairs that cannot meet are left out.
 */
export function expandPolicy(policy: PolicyRecord, book: TemplateBook): readonly PolicyRecord[] {
  const { addressId, addressGroupId, serviceId, serviceGroupId } = policy;
  const byAddress = addressId !== '' || addressGroupId !== '';
  const byService = serviceId !== '' || serviceGroupId !== '';
  if (!byAddress && !byService) return [policy];
  const peers: readonly Peer[] = byAddress
    ? entriesOf(book, 'address', addressId, addressGroupId).flatMap(peersOf)
    : [policy];
  const services: readonly Service[] = byService
    ? entriesOf(book, 'service', serviceId, serviceGroupId).map(serviceOf)
    : [policy];
  return services.flatMap(({ protocol, port }) =>
    peers
      .filter(({ cidr6 }) => (cidr6 === '' ? protocol !== 'ICMPV6' || !byAddress : protocol !== 'ICMP'))
      .map(({ cidr, cidr6 }) => ({ ...policy, ...NO_TEMPLATE, protocol, port, cidr, cidr6 })),
  );
}

function serviceOf(entry: string): Service {
  const [protocol = '', port = 'ALL'] = entry.toUpperCase().split(':');
  const known = (['TCP', 'UDP', 'ICMP', 'ICMPV6', 'GRE'] as const).find((candidate) => candidate === protocol);
  return { protocol: known ?? 'ALL', port };
}

function peersOf(entry: string): readonly Peer[] {
  const [first = '', last] = entry.split('-');
  if (isIPv4(first.split('/')[0] ?? ''))
    return (last === undefined ? [first] : networks4(first, last)).map((cidr) => ({ cidr, cidr6: '' }));
  return (last === undefined ? [first.toLowerCase()] : networks6(first, last)).map((cidr6) => ({ cidr: '', cidr6 }));
}

function networks4(first: string, last: string): string[] {
  const low = BigInt(ipToNumber(first) ?? 0);
  const high = BigInt(ipToNumber(last) ?? 0);
  return networks(low, high, 32).map(({ base, prefix }) => `${numberToIp(Number(base))}/${prefix}`);
}

function networks6(first: string, last: string): string[] {
  return networks(ipv6ToBigInt(first), ipv6ToBigInt(last), 128).map(
    ({ base, prefix }) => `${bigIntToIpv6(base)}/${prefix}`,
  );
}

/** The fewest networks that cover low to high exactly, upwards; none when low is above high. */
function networks(
  low: bigint,
  high: bigint,
  width: number,
): readonly { readonly base: bigint; readonly prefix: number }[] {
  const parts: { readonly base: bigint; readonly prefix: number }[] = [];
  for (let base = low; base <= high; ) {
    let prefix = width;
    while (prefix > 0) {
      const size = 1n << BigInt(width - prefix + 1);
      if (base % size !== 0n || base + size - 1n > high) break;
      prefix -= 1;
    }
    parts.push({ base, prefix });
    base += 1n << BigInt(width - prefix);
  }
  return parts;
}

function ipv6ToBigInt(text: string): bigint {
  const [head = '', tail] = plainIpv6(text).split('::');
  const words = (part: string): string[] => (part === '' ? [] : part.split(':'));
  const front = words(head);
  const back = words(tail ?? '');
  const middle = tail === undefined ? [] : Array<string>(8 - front.length - back.length).fill('0');
  return [...front, ...middle, ...back].reduce((value, word) => (value << 16n) | BigInt(`0x${word}`), 0n);
}

// The last 32 bits may be written as an IPv4 address.
function plainIpv6(text: string): string {
  const dotted = /(\d+\.\d+\.\d+\.\d+)$/.exec(text)?.[1];
  if (dotted === undefined) return text;
  const value = ipToNumber(dotted) ?? 0;
  return `${text.slice(0, -dotted.length)}${Math.floor(value / 65_536).toString(16)}:${(value % 65_536).toString(16)}`;
}

function bigIntToIpv6(value: bigint): string {
  return Array.from({ length: 8 }, (_, place) => ((value >> BigInt(112 - 16 * place)) & 0xffffn).toString(16)).join(
    ':',
  );
}
