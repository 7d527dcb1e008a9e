// Walks a compiled ruleset as the kernel would, for new flows: lets tests ask what the text means without packets.
import ipaddr from 'ipaddr.js';
import type { Direction, Ruleset } from '../ruleset.ts';

/** The first packet of a flow. */
export interface Packet {
  readonly fromPort: string;
  readonly toPort: string;
  readonly source: string;
  readonly destination: string;
  readonly protocol: 'tcp' | 'udp' | 'icmp' | '47';
  readonly port: number;
}

/** True when both base chains accept. Throws on text that it does not know, so that nothing passes unread. */
export function passes(ruleset: Ruleset, packet: Packet): boolean {
  if (!ruleset.sources.has(`"${packet.fromPort}" . ${packet.source}`)) return false;
  return accepts(ruleset, packet, 'out', packet.fromPort) && accepts(ruleset, packet, 'in', packet.toPort);
}

function accepts(ruleset: Ruleset, packet: Packet, direction: Direction, port: string): boolean {
  const verdict = ruleset.verdicts[direction].get(`"${port}"`);
  return verdict !== undefined && follow(ruleset, packet, verdict) === 'accept';
}

function follow(ruleset: Ruleset, packet: Packet, verdict: string): string | undefined {
  const target = /^jump (\S+)$/.exec(verdict)?.[1];
  if (target === undefined) {
    if (verdict !== 'accept' && verdict !== 'drop') throw new Error(`unknown verdict: ${verdict}`);
    return verdict;
  }
  const chain = ruleset.listChains.get(target) ?? ruleset.groupChains.get(target);
  if (chain === undefined) throw new Error(`no chain ${target}`);
  for (const line of chain) {
    const [, conditions = '', last = ''] = /^(.*?)\s?(accept|drop|jump \S+)$/.exec(line) ?? [];
    if (!holds(ruleset, packet, conditions)) continue;
    const outcome = follow(ruleset, packet, last);
    if (outcome !== undefined) return outcome;
  }
  return undefined;
}

function holds(ruleset: Ruleset, packet: Packet, conditions: string): boolean {
  const words = conditions.split(' ').filter((word) => word !== '');
  for (let i = 0; i < words.length; i += 3) {
    const [what, field, value = ''] = words.slice(i, i + 3);
    if (!holdsOne(ruleset, packet, `${what} ${field}`, value)) return false;
  }
  return true;
}

function holdsOne(ruleset: Ruleset, packet: Packet, what: string, value: string): boolean {
  switch (what) {
    case 'ip saddr':
      return matchesAddress(ruleset, packet.source, value);
    case 'ip daddr':
      return matchesAddress(ruleset, packet.destination, value);
    case 'ip protocol':
      return packet.protocol === value;
    case 'tcp dport':
    case 'udp dport':
      return packet.protocol === what.slice(0, 3) && inRange(packet.port, value);
    default:
      throw new Error(`unknown condition: ${what} ${value}`);
  }
}

function matchesAddress(ruleset: Ruleset, address: string, value: string): boolean {
  if (!value.startsWith('@')) return ipaddr.IPv4.parse(address).match(ipaddr.IPv4.parseCIDR(value));
  const members = ruleset.memberSets.get(value.slice(1));
  if (members === undefined) throw new Error(`no set ${value}`);
  return members.has(address);
}

function inRange(port: number, value: string): boolean {
  const [low, high = low] = value.split('-').map(Number);
  return low !== undefined && high !== undefined && port >= low && port <= high;
}
