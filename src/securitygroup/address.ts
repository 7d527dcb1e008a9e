// Addresses and CIDRs as values: strictly parsed, so that 010.0.0.1 or 10.1 never mean something else than they seem to.
import ipaddr from 'ipaddr.js';

export interface Address {
  readonly family: 4 | 6;
  /** 32 or 128 bits, unsigned. */
  readonly value: bigint;
}

export interface Cidr {
  readonly family: 4 | 6;
  /** The network with all host bits zero. */
  readonly value: bigint;
  readonly prefix: number;
}

/** Four decimal parts without leading zeros, or IPv6 without a zone; `undefined` for anything else. */
export function parseAddress(text: string): Address | undefined {
  if (ipaddr.IPv4.isValidFourPartDecimal(text))
    return { family: 4, value: toBits(ipaddr.IPv4.parse(text).toByteArray()) };
  // Brackets, zones and whitespace are forms of other languages (URLs, sockets), not addresses.
  if (!/^[0-9a-fA-F:.]+$/.test(text) || !text.includes(':') || !ipaddr.IPv6.isValid(text)) return undefined;
  const dotted = text.slice(text.lastIndexOf(':') + 1);
  if (dotted.includes('.') && !ipaddr.IPv4.isValidFourPartDecimal(dotted)) return undefined;
  return { family: 6, value: toBits(ipaddr.IPv6.parse(text).toByteArray()) };
}

/**
 * `address/prefix`, or a bare address as itself alone. Host bits are cleared, as the cloud does with 0.0.0.0/n
 * (facts, section 11, CIDR); `undefined` for anything else.
 */
export function parseCidr(text: string): Cidr | undefined {
  const slash = text.indexOf('/');
  const address = parseAddress(slash === -1 ? text : text.slice(0, slash));
  if (address === undefined) return undefined;
  const bits = address.family === 4 ? 32 : 128;
  const prefixText = slash === -1 ? String(bits) : text.slice(slash + 1);
  if (!/^(0|[1-9]\d{0,2})$/.test(prefixText) || Number(prefixText) > bits) return undefined;
  // The cloud stores 0.0.0.0/n as 0.0.0.0/0, whatever n says.
  const prefix = address.family === 4 && address.value === 0n && slash !== -1 ? 0 : Number(prefixText);
  const hostBits = BigInt(bits - prefix);
  return { family: address.family, value: (address.value >> hostBits) << hostBits, prefix };
}

/** Whether the address lies in the CIDR; never across families. */
export function contains(cidr: Cidr, address: Address): boolean {
  if (cidr.family !== address.family) return false;
  const hostBits = BigInt((cidr.family === 4 ? 32 : 128) - cidr.prefix);
  return cidr.value >> hostBits === address.value >> hostBits;
}

function toBits(bytes: readonly number[]): bigint {
  return bytes.reduce((bits, byte) => (bits << 8n) | BigInt(byte), 0n);
}
