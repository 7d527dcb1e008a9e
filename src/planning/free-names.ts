// Which addresses of a subnet may be asked for by name when the cloud, asked by number, gives what is kept for others. Pure.
import ipaddr from 'ipaddr.js';

/**
 * At most `count` addresses of `cidr` that are not `taken`, those behind `after` first, so that one that was given lately comes last. Network, gateway
 * and last address are the system's (facts/tencent-cloud-api.md, section 13).
 */
export function freeNames(
  cidr: string,
  { after, count, taken }: { readonly after: string; readonly count: number; readonly taken: (ip: string) => boolean },
): readonly string[] {
  const [network, prefix] = ipaddr.IPv4.parseCIDR(cidr);
  const first = numberOf(network) + 2;
  const total = 2 ** (32 - prefix) - 3;
  const from = numberOf(ipaddr.IPv4.parse(after)) - first + 1;
  const found: string[] = [];
  for (let step = 0; step < total && found.length < count; step += 1) {
    const ip = textOf(first + ((((from + step) % total) + total) % total));
    if (!taken(ip)) found.push(ip);
  }
  return found;
}

const numberOf = (ip: ipaddr.IPv4): number => ip.toByteArray().reduce((value, byte) => value * 256 + byte, 0);

const textOf = (value: number): string => [24, 16, 8, 0].map((bits) => Math.floor(value / 2 ** bits) % 256).join('.');
