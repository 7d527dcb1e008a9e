// Parameter templates that rules may name instead of a peer or a port, as the plain peers and services they stand for (facts, section 11).
import { type Cidr, parseAddress, parseCidr } from './address.ts';
import { parsePorts } from './parse-ports.ts';
import { type Peer, type PortRange, protocols, type Rule } from './rule.ts';

/**
 * Entries as the API lists them, by id; a group's (ipmg-, ppmg-) are those of its templates, in order. Addresses: 10.0.0.1, 10.0.0.0/24 or
 * 10.0.0.1-10.0.0.9. Services: TCP:80,443, UDP:ALL, ICMP.
 */
export interface Templates {
  readonly address: ReadonlyMap<string, readonly string[]>;
  readonly service: ReadonlyMap<string, readonly string[]>;
}

export type TemplateResult<T> =
  | { readonly ok: true; readonly value: readonly T[] }
  | { readonly ok: false; readonly problem: string };

export type Service = Pick<Rule, 'protocol' | 'ports'>;

/** The peers of an address template or a group of them; none for an empty one. */
export function peersOfTemplate(id: string, templates: Templates): TemplateResult<Peer> {
  return read(id, 'addresses', templates.address.get(id), (entry) => {
    const networks = networksOf(entry);
    return networks?.map((cidr) => ({ kind: 'cidr', cidr, text: entry }));
  });
}

/** The services of a service template or a group of them; none for an empty one. */
export function servicesOfTemplate(id: string, templates: Templates): TemplateResult<Service> {
  return read(id, 'services', templates.service.get(id), (entry) => {
    const service = serviceOf(entry);
    return service === undefined ? undefined : [service];
  });
}

/** ICMP is for IPv4 and ICMPV6 for IPv6: what an address template and a service never mean together. */
export function canMeet(peer: Peer, { protocol }: Service): boolean {
  return peer.kind !== 'cidr' || protocol !== (peer.cidr.family === 4 ? 'ICMPV6' : 'ICMP');
}

function read<T>(
  id: string,
  what: string,
  entries: readonly string[] | undefined,
  toValues: (entry: string) => readonly T[] | undefined,
): TemplateResult<T> {
  if (entries === undefined) return { ok: false, problem: `the ${what} of ${id} are not known` };
  const value: T[] = [];
  for (const entry of entries) {
    const values = toValues(entry);
    if (values === undefined) return { ok: false, problem: `"${entry}" of ${id} is not understood` };
    value.push(...values);
  }
  return { ok: true, value };
}

function networksOf(entry: string): readonly Cidr[] | undefined {
  const [first = '', last, more] = entry.split('-').map((part) => part.trim());
  if (last === undefined) {
    const cidr = parseCidr(first);
    return cidr === undefined ? undefined : [cidr];
  }
  const [low, high] = [parseAddress(first), parseAddress(last)];
  if (more !== undefined || low === undefined || high === undefined || low.family !== high.family) return undefined;
  return cover(low.value, high.value, low.family);
}

/** The fewest networks that are low to high exactly; none when low is above high. */
function cover(low: bigint, high: bigint, family: 4 | 6): readonly Cidr[] {
  const width = family === 4 ? 32 : 128;
  const found: Cidr[] = [];
  let next = low;
  while (next <= high) {
    let prefix = width;
    const end = (candidate: number): bigint => next + (1n << BigInt(width - candidate)) - 1n;
    const starts = (candidate: number): boolean => next % (1n << BigInt(width - candidate)) === 0n;
    while (prefix > 0 && starts(prefix - 1) && end(prefix - 1) <= high) prefix -= 1;
    found.push({ family, value: next, prefix });
    next = end(prefix) + 1n;
  }
  return found;
}

function serviceOf(entry: string): Service | undefined {
  const [name = '', text = '', more] = entry.split(':');
  const upper = name.trim().toUpperCase();
  const protocol = upper === 'ALL' ? 'ALL' : protocols.find((known) => known === upper);
  const parsed = parsePorts(text.trim());
  if (protocol === undefined || more !== undefined || !parsed.ok) return undefined;
  const ports: 'ALL' | readonly PortRange[] = parsed.ports;
  return ports !== 'ALL' && protocol !== 'TCP' && protocol !== 'UDP' ? undefined : { protocol, ports };
}
