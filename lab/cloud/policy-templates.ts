// Parameter templates that rules may name instead of a peer or a port: addresses (ipm-, ipmg-) and services (ppm-, ppmg-).
import { isIPv4, isIPv6 } from 'node:net';
import { ApiError } from './api-error.ts';
import { isId } from './ids.ts';
import type { TagRecord } from './state.ts';

export type TemplateKind = 'address' | 'service';

export interface TemplateEntry {
  /** An address, a CIDR, a range 10.0.0.1-10.0.0.9; or TCP:80,443, UDP:ALL, ICMP. As written. */
  readonly value: string;
  readonly description: string;
  readonly updatedAt: Date;
}

export interface TemplateRecord {
  readonly templateId: string;
  name: string;
  entries: readonly TemplateEntry[];
  readonly createdAt: Date;
  updatedAt: Date;
  readonly tags: readonly TagRecord[];
}

export interface TemplateGroupRecord {
  readonly groupId: string;
  name: string;
  /** Templates of the same kind. */
  templateIds: readonly string[];
  readonly createdAt: Date;
  updatedAt: Date;
  readonly tags: readonly TagRecord[];
}

export interface TemplateShelf {
  readonly templates: Map<string, TemplateRecord>;
  readonly groups: Map<string, TemplateGroupRecord>;
}

export type TemplateBook = Readonly<Record<TemplateKind, TemplateShelf>>;

/** Prefixes of ids (facts, section 11: ServiceTemplate / AddressTemplate). */
export const TEMPLATE_PREFIXES = {
  address: { template: 'ipm', group: 'ipmg' },
  service: { template: 'ppm', group: 'ppmg' },
} as const satisfies Record<TemplateKind, object>;

export function emptyTemplateBook(): TemplateBook {
  const shelf = (): TemplateShelf => ({ templates: new Map(), groups: new Map() });
  return { address: shelf(), service: shelf() };
}

/** Throws InvalidParameterValue.Malformed for a misshapen id and ResourceNotFound for an unknown one. */
export function findTemplate(book: TemplateBook, kind: TemplateKind, id: string): TemplateRecord {
  return found(book[kind].templates, TEMPLATE_PREFIXES[kind].template, id);
}

/** As findTemplate. */
export function findTemplateGroup(book: TemplateBook, kind: TemplateKind, id: string): TemplateGroupRecord {
  return found(book[kind].groups, TEMPLATE_PREFIXES[kind].group, id);
}

function found<T>(map: ReadonlyMap<string, T>, prefix: string, id: string): T {
  if (!isId(prefix, id))
    throw new ApiError(
      'InvalidParameterValue.Malformed',
      `\`${id}\` is malformed; an id looks like ${prefix}-xxxxxxxx`,
    );
  const record = map.get(id);
  if (record === undefined) throw new ApiError('ResourceNotFound', `\`${id}\` does not exist`);
  return record;
}

/** Every entry of a template and of the templates of a group, in order; empty ids and ids that are gone give nothing. */
export function entriesOf(book: TemplateBook, kind: TemplateKind, templateId: string, groupId: string): string[] {
  const shelf = book[kind];
  const ids = templateId === '' ? (shelf.groups.get(groupId)?.templateIds ?? []) : [templateId];
  return ids.flatMap((id) => shelf.templates.get(id)?.entries.map((entry) => entry.value) ?? []);
}

/** Refuses what is no address, CIDR or range of one family, with InvalidParameterValue.Malformed. */
export function checkAddressEntry(value: string): void {
  const [first = '', last, more] = value.split('-');
  const range = last !== undefined && more === undefined;
  const good = range
    ? (isIPv4(first) && isIPv4(last)) || (isIPv6(first) && isIPv6(last))
    : last === undefined && isCidr(first);
  if (!good)
    throw new ApiError(
      'InvalidParameterValue.Malformed',
      `\`${value}\` is no address, CIDR block or range such as 10.0.0.1-10.0.0.9`,
    );
}

function isCidr(value: string): boolean {
  const [address = '', prefix, more] = value.split('/');
  const longest = isIPv4(address) ? 32 : isIPv6(address) ? 128 : -1;
  if (longest < 0 || more !== undefined) return false;
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= longest);
}
