// The addresses of one subnet: which are free, which is the gateway, which are never handed out.
import { isIPv4 } from 'node:net';

export interface Cidr4 {
  /** Network address as a number. */
  readonly base: number;
  readonly prefix: number;
}

/** Parses `a.b.c.d/n` with no host bits set; undefined when it is not one. */
export function parseCidr4(text: string): Cidr4 | undefined {
  const match = /^([\d.]+)\/(\d{1,2})$/.exec(text);
  const base = match?.[1] === undefined ? undefined : ipToNumber(match[1]);
  const prefix = Number(match?.[2]);
  if (base === undefined || prefix > 32) return undefined;
  return base % 2 ** (32 - prefix) === 0 ? { base, prefix } : undefined;
}

/** True when `inner` lies wholly within `outer`. */
export function cidrContains(outer: Cidr4, inner: Cidr4): boolean {
  return (
    inner.prefix >= outer.prefix &&
    Math.floor(inner.base / 2 ** (32 - outer.prefix)) === Math.floor(outer.base / 2 ** (32 - outer.prefix))
  );
}

/** A dotted IPv4 address as a number; undefined when it is not one. */
export function ipToNumber(text: string): number | undefined {
  if (!isIPv4(text)) return undefined;
  return text.split('.').reduce((value, part) => value * 256 + Number(part), 0);
}

/** The reverse of `ipToNumber`. */
export function numberToIp(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
}

export interface AddressPool {
  readonly gateway: string;
  readonly total: number;
  available(): number;
  /** The next free address after the last one given, so that a freed address rests as long as it can; undefined when dry. */
  take(): string | undefined;
  claim(ip: string): 'taken' | 'in-use' | 'reserved' | 'outside';
  release(ip: string): void;
  save(): SavedAddressPool;
  /** Holds exactly these from now on. Throws Error for an address that the subnet does not hand out. */
  restore(saved: SavedAddressPool): void;
}

export interface SavedAddressPool {
  readonly used: readonly string[];
  readonly cursor: number;
}

/** Network, first (gateway) and last address are the system's: a /24 offers .2 to .254 (facts, section 13, DescribeSubnets). */
export function createAddressPool(cidr: Cidr4): AddressPool {
  const size = 2 ** (32 - cidr.prefix);
  const first = cidr.base + 2;
  const total = Math.max(0, size - 3);
  const used = new Set<number>();
  let cursor = 0;
  const pool: AddressPool = {
    gateway: numberToIp(cidr.base + 1),
    total,
    available: () => total - used.size,
    take: () => {
      if (used.size >= total) return undefined;
      for (;;) {
        const candidate = first + (cursor % total);
        cursor += 1;
        if (used.has(candidate)) continue;
        used.add(candidate);
        return numberToIp(candidate);
      }
    },
    claim: (ip) => {
      const value = ipToNumber(ip);
      if (value === undefined || value < cidr.base || value >= cidr.base + size) return 'outside';
      if (value < first || value >= first + total) return 'reserved';
      if (used.has(value)) return 'in-use';
      used.add(value);
      return 'taken';
    },
    release: (ip) => {
      const value = ipToNumber(ip);
      if (value !== undefined) used.delete(value);
    },
    save: () => ({ used: [...used].map(numberToIp), cursor }),
    restore: (saved) => {
      used.clear();
      for (const ip of saved.used) {
        const outcome = pool.claim(ip);
        if (outcome !== 'taken') throw new Error(`${ip} cannot be held: ${outcome}`);
      }
      cursor = saved.cursor;
    },
  };
  return pool;
}
