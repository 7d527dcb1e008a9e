// Finds the ENIs that DescribeNetworkInterfaces means: the narrowest index answers first, the other filters test what it found.
import { isIPv4 } from 'node:net';
import { ApiError } from '../api-error.ts';
import type { CloudCore } from '../core.ts';
import { eipOn } from '../eips/eip-state.ts';
import { type EniLookup, tagKey } from '../eni-index.ts';
import { findEni, namedBy } from '../lookup.ts';
import { applyFilters, exact, type Filter, flag, type FilterTest } from '../paging.ts';
import type { AccountState, EniRecord } from '../state.ts';
import { ENI_TYPES } from './eni-answer.ts';

/** Filters that an index answers alone. */
const INDEXED: Readonly<Record<string, EniLookup>> = {
  'vpc-id': 'vpc',
  'subnet-id': 'subnet',
  'attachment.instance-id': 'instance',
  'groups.security-group-id': 'group',
  'network-interface-name': 'name',
  'ip-exact-match': 'address',
  'tag-key': 'tag',
};

/** ENIs of the ids or of the filters, oldest first. The switch `unknownIdIsNotFound` is about unknown ids. */
export function chooseEnis(
  core: CloudCore,
  ids: readonly string[] | undefined,
  filters: readonly Filter[],
): readonly EniRecord[] {
  const found = ids === undefined || ids.length === 0 ? byFilters(core, filters) : byIds(core, ids);
  // Describe calls show an ENI only some time after its creation when the read delay is set.
  if (core.settings.readDelayMs === 0) return found;
  const now = core.clock.monotonicMs();
  return found.filter((eni) => eni.visibleAt <= now);
}

function byIds(core: CloudCore, ids: readonly string[]): readonly EniRecord[] {
  const now = core.clock.monotonicMs();
  return namedBy(core, ids, (_core, id) => {
    const eni = findEni(core, id);
    if (eni.visibleAt > now) throw new ApiError('ResourceNotFound', `\`${id}\` does not exist`);
    return eni;
  });
}

function byFilters(core: CloudCore, filters: readonly Filter[]): readonly EniRecord[] {
  const { enis } = core.state;
  let narrowest: { readonly found: readonly EniRecord[]; readonly filter: Filter } | undefined;
  for (const filter of filters) {
    const found = indexed(core.state, filter);
    if (found !== undefined && (narrowest === undefined || found.length < narrowest.found.length))
      narrowest = { found, filter };
  }
  const rest = filters.filter((filter) => filter !== narrowest?.filter);
  const found = narrowest?.found ?? enis.all();
  return rest.length === 0 ? found : applyFilters(found, rest, testsOf(core));
}

/** What the filter finds by itself; undefined when no index answers it. */
function indexed(state: AccountState, { Name, Values }: Filter): readonly EniRecord[] | undefined {
  const { enis } = state;
  const lookup = Object.hasOwn(INDEXED, Name) ? INDEXED[Name] : undefined;
  if (lookup !== undefined) return enis.byAny(lookup, Values);
  if (Name.startsWith('tag:'))
    return enis.byAny(
      'tag',
      Values.map((value) => tagKey(Name.slice(4), value)),
    );
  if (Name === 'network-interface-id') return enis.inOrder(Values.flatMap((id) => enis.get(id) ?? []));
  if (Name === 'public-address-ip') return withPublicAddress(state, Values);
  if (Name === 'eni-type') return enis.byAny('kind', Values.map(kindOf));
  if (Name === 'is-primary' && Values.every((value) => value.toUpperCase() === 'TRUE'))
    return enis.by('kind', 'primary');
  if (Name === 'address-ip' && (Values.length !== 1 || isIPv4(Values[0] ?? '')))
    return enis.byAny('address', Values.length === 1 ? endingWith(Values[0] ?? '') : Values);
  return undefined;
}

/** Through the EIPs, which are few beside the ENIs. */
function withPublicAddress({ eipBook, enis }: AccountState, ips: readonly string[]): readonly EniRecord[] {
  const bound = [...eipBook.eips.values()].filter((eip) => ips.includes(eip.ip));
  return enis.inOrder(bound.flatMap((eip) => enis.get(eip.binding?.eniId ?? '') ?? []));
}

const kindOf = (type: string): string =>
  Object.entries(ENI_TYPES).find(([, value]) => String(value) === type)?.[0] ?? '';

/** The addresses that end with this one: 10.0.0.1 also ends 110.0.0.1. */
function endingWith(address: string): readonly string[] {
  const first = address.slice(0, address.indexOf('.'));
  const longer = OCTET_BEGINNINGS.slice(0, 3 - first.length)
    .flat()
    .map((beginning) => beginning + address);
  return [address, ...longer.filter((candidate) => isIPv4(candidate))];
}

/** What may stand before an octet of two digits or one, and only before one of one. */
const OCTET_BEGINNINGS = [
  Array.from({ length: 2 }, (_, digit) => `${digit + 1}`),
  Array.from({ length: 23 }, (_, digits) => `${digits + 3}`),
] as const;

/** One value matches the end of an address, several match exactly (facts, section 8). */
const addressTest: FilterTest<EniRecord> = (eni, values) =>
  eni.addresses.some((address) =>
    values.length === 1 ? address.ip.endsWith(values[0] ?? '') : values.includes(address.ip),
  );

/** Every filter of facts, section 8; IPv6, protection and traffic filters find nothing switched on, as none of it is simulated. */
const testsOf = (core: CloudCore): Readonly<Record<string, FilterTest<EniRecord>>> => ({
  'vpc-id': exact((eni) => eni.vpcId),
  'subnet-id': exact((eni) => eni.subnetId),
  'network-interface-id': exact((eni) => eni.eniId),
  'attachment.instance-id': exact((eni) => eni.attachment?.instanceId ?? ''),
  'groups.security-group-id': exact((eni) => eni.securityGroupIds),
  'network-interface-name': exact((eni) => eni.name),
  'network-interface-description': exact((eni) => eni.description),
  'address-ip': addressTest,
  'ip-exact-match': exact((eni) => eni.addresses.map((address) => address.ip)),
  'address-ipv6': () => false,
  'public-address-ip': exact((eni) =>
    eni.addresses.flatMap(({ ip }) => eipOn(core.state.eipBook, eni.eniId, ip)?.ip ?? []),
  ),
  'address-type': exact(() => 'IPv4'),
  'is-primary': flag((eni) => eni.kind === 'primary'),
  'eni-type': exact((eni) => String(ENI_TYPES[eni.kind])),
  'eni-qos': exact((eni) => eni.qosLevel),
  'termination-protection': flag(() => false),
  'traffic-protection': flag(() => false),
});
