// IP addresses and CIDR blocks in expressions, read as Go's netip reads them.
import ipaddr from 'ipaddr.js';
import { isIPv4, isIPv6 } from 'node:net';
import type { Overload } from '../overload.ts';
import { declare } from '../overload.ts';
import type { Value } from '../values.ts';
import { CelError, OpaqueValue } from '../values.ts';
import { traversal } from './costs.ts';

const one = (): number => 1;

class Ip extends OpaqueValue {
  readonly typeName = 'net.IP';
  readonly bytes: readonly number[];
  override readonly size: number;
  constructor(bytes: readonly number[]) {
    super();
    this.bytes = bytes;
    this.size = bytes.length;
  }
  get text(): string {
    return textOf(this.bytes);
  }
  equals(other: OpaqueValue): boolean {
    return other instanceof Ip && other.text === this.text;
  }
}

class Cidr extends OpaqueValue {
  readonly typeName = 'net.CIDR';
  readonly ip: Ip;
  readonly bits: number;
  override readonly size: number;
  constructor(ip: Ip, bits: number) {
    super();
    this.ip = ip;
    this.bits = bits;
    this.size = Math.ceil(bits / 8);
  }
  get text(): string {
    return `${this.ip.text}/${this.bits}`;
  }
  equals(other: OpaqueValue): boolean {
    return other instanceof Cidr && other.text === this.text;
  }
}

const textOf = (bytes: readonly number[]): string => {
  const address = ipaddr.fromByteArray([...bytes]);
  return address instanceof ipaddr.IPv6 ? address.toRFC5952String() : address.toString();
};

function parseIp(text: string): Ip | string {
  const address = text.split('%')[0] ?? '';
  if (!isIPv4(address) && !isIPv6(address))
    return `IP Address ${JSON.stringify(text)} parse error during conversion from string: ParseAddr(${JSON.stringify(text)}): unable to parse IP`;
  if (text.includes('%')) return `IP address ${JSON.stringify(text)} with zone value is not allowed`;
  const parsed = ipaddr.parse(address);
  if (parsed instanceof ipaddr.IPv6 && parsed.isIPv4MappedAddress())
    return `IPv4-mapped IPv6 address ${JSON.stringify(text)} is not allowed`;
  return new Ip(parsed.toByteArray());
}

const PREFIX = 'network address parse error during conversion from string: ';

function parseCidr(text: string): Cidr | string {
  const slash = text.lastIndexOf('/');
  const refused = (why: string): string => `${PREFIX}netip.ParsePrefix(${JSON.stringify(text)}): ${why}`;
  if (slash < 0) return refused("no '/'");
  const ip = parseIp(text.slice(0, slash));
  if (typeof ip === 'string')
    return ip.includes('IPv4-mapped')
      ? `IPv4-mapped IPv6 address ${JSON.stringify(text)} is not allowed`
      : refused(ip.replace(/^.*conversion from string: /, ''));
  const bits = text.slice(slash + 1);
  if (!/^(0|[1-9]\d{0,2})$/.test(bits)) return refused(`bad bits after slash: ${JSON.stringify(bits)}`);
  if (Number(bits) > ip.bytes.length * 8) return refused('prefix length out of range');
  return new Cidr(ip, Number(bits));
}

function ipOf(text: Value): Ip {
  const parsed = parseIp(text as string);
  if (typeof parsed === 'string') throw new CelError(parsed);
  return parsed;
}

function cidrOf(text: Value): Cidr {
  const parsed = parseCidr(text as string);
  if (typeof parsed === 'string') throw new CelError(`${PREFIX}${parsed}`);
  return parsed;
}

function masked({ ip, bits }: Cidr): Cidr {
  const bytes = ip.bytes.map((byte, index) => byte & (0xff << Math.min(8, Math.max(0, 8 - (bits - index * 8)))) & 0xff);
  return new Cidr(new Ip(bytes), bits);
}

const holdsIp = (cidr: Value, ip: Ip): boolean => {
  const block = cidr as Cidr;
  if (block.ip.bytes.length !== ip.bytes.length) return false;
  return masked(new Cidr(ip, block.bits)).ip.equals(masked(block).ip);
};
const holdsCidr = (cidr: Value, other: Cidr): boolean => (cidr as Cidr).bits <= other.bits && holdsIp(cidr, other.ip);

const range = (ip: Value): string => ipaddr.fromByteArray([...(ip as Ip).bytes]).range();
const first = (ip: Value): number => (ip as Ip).bytes[0] ?? 0;
const second = (ip: Value): number => (ip as Ip).bytes[1] ?? 0;
const is4 = (ip: Value): boolean => (ip as Ip).bytes.length === 4;
const isUnspecified = (ip: Value): boolean => (ip as Ip).bytes.every((byte) => byte === 0);
const isLoopback = (ip: Value): boolean => range(ip) === 'loopback';
const isLinkLocalUnicast = (ip: Value): boolean => range(ip) === 'linkLocal';
const isMulticast = (ip: Value): boolean => (is4(ip) ? first(ip) >> 4 === 14 : first(ip) === 0xff);
const isLinkLocalMulticast = (ip: Value): boolean =>
  is4(ip)
    ? first(ip) === 224 && second(ip) === 0 && (ip as Ip).bytes[2] === 0
    : first(ip) === 0xff && (second(ip) & 0x0f) === 0x02;
const isGlobalUnicast = (ip: Value): boolean =>
  !(is4(ip) && (ip as Ip).bytes.every((byte) => byte === 255)) &&
  !isUnspecified(ip) &&
  !isLoopback(ip) &&
  !isMulticast(ip) &&
  !isLinkLocalUnicast(ip);

const containing = (values: readonly Value[], more: number): number =>
  Math.ceil((values[0] as Cidr).size * 2 * 0.1) + more;
const textCost = (value: Value | undefined): number =>
  typeof value === 'string' ? Math.ceil(Array.from(value).length * 0.1) : 0;

export const addresses: readonly Overload[] = [
  declare('ip(string) IP', ipOf, traversal()),
  declare('IP.family() int', (ip) => (is4(ip) ? 4n : 6n), one),
  declare('ip.isCanonical(string) bool', (text) => ipOf(text).text === text, traversal(0, 2)),
  declare('IP.isUnspecified() bool', isUnspecified, one),
  declare('IP.isLoopback() bool', isLoopback, one),
  declare('IP.isLinkLocalMulticast() bool', isLinkLocalMulticast, one),
  declare('IP.isLinkLocalUnicast() bool', isLinkLocalUnicast, one),
  declare('IP.isGlobalUnicast() bool', isGlobalUnicast, one),
  declare('isIP(string) bool', (text) => typeof parseIp(text as string) !== 'string', traversal()),
  declare('string(IP) string', (ip) => (ip as Ip).text),
  declare('cidr(string) CIDR', cidrOf, traversal()),
  declare(
    'CIDR.containsIP(string) bool',
    (cidr, text) => holdsIp(cidr, ipOf(text)),
    (values) => containing(values, textCost(values[1])),
  ),
  declare(
    'CIDR.containsIP(IP) bool',
    (cidr, ip) => holdsIp(cidr, ip as Ip),
    (values) => containing(values, 0),
  ),
  declare(
    'CIDR.containsCIDR(string) bool',
    (cidr, text) => holdsCidr(cidr, cidrOf(text)),
    (values) => containing(values, Math.ceil((values[0] as Cidr).size * 0.1) + 1 + textCost(values[1])),
  ),
  declare(
    'CIDR.containsCIDR(CIDR) bool',
    (cidr, other) => holdsCidr(cidr, other as Cidr),
    (values) => containing(values, Math.ceil((values[0] as Cidr).size * 0.1) + 1),
  ),
  declare('CIDR.ip() IP', (cidr) => (cidr as Cidr).ip, one),
  declare('CIDR.prefixLength() int', (cidr) => BigInt((cidr as Cidr).bits), one),
  declare('CIDR.masked() CIDR', (cidr) => masked(cidr as Cidr), one),
  declare('isCIDR(string) bool', (text) => typeof parseCidr(text as string) !== 'string', traversal()),
  declare('string(CIDR) string', (cidr) => (cidr as Cidr).text),
];
