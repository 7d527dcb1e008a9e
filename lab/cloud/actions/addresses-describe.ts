// DescribeAddresses: how an EIP looks in answers, and the filters that find one (facts, section 12).
import { z } from 'zod';
import { type Action, defineAction, filterList, integer, textList } from '../action.ts';
import { ApiError } from '../api-error.ts';
import type { CloudCore } from '../core.ts';
import type { EipRecord } from '../eips/eip-state.ts';
import { natHolding } from '../eips/nat-holder.ts';
import { addressStatus, eniOf, instanceIdBehind } from '../eips/placement.ts';
import { isId } from '../ids.ts';
import { applyFilters, exact, type Filter, type FilterTest, flag, pageOf } from '../paging.ts';
import { quotas } from '../settings.ts';

const MOST_FILTERS = 10;
const MOST_VALUES = 100;

const describeAddresses = defineAction({
  name: 'DescribeAddresses',
  services: ['vpc'],
  parameters: z.object({
    AddressIds: textList.optional(),
    Filters: filterList.optional(),
    Offset: integer.optional(),
    Limit: integer.optional(),
  }),
  handle: ({ AddressIds = [], Filters = [], Offset, Limit }, { core }) => {
    const tests = addressFilters(core);
    checkChoice(AddressIds, Filters, tests);
    const now = core.clock.monotonicMs();
    // An unknown id is left out: the action's error list has no code for it (facts, section 7: GUESS).
    const chosen = chooseEips(core, AddressIds).filter((eip) => eip.visibleAt <= now);
    const page = pageOf(applyFilters(chosen, Filters, tests), Offset, Limit);
    return { TotalCount: page.total, AddressSet: page.items.map((eip) => addressAnswer(core, eip)) };
  },
});

function chooseEips({ state }: CloudCore, ids: readonly string[]): EipRecord[] {
  const { eips } = state.eipBook;
  if (ids.length === 0) return [...eips.values()];
  return [...new Set(ids)].map((id) => eips.get(id)).filter((eip) => eip !== undefined);
}

function checkChoice(ids: readonly string[], filters: readonly Filter[], tests: object): void {
  const malformed = ids.find((id) => !isId('eip', id));
  if (malformed !== undefined)
    throw new ApiError('InvalidParameterValue.AddressIdMalformed', `\`${malformed}\` is malformed`);
  if (ids.length > quotas.idsPerDescribe)
    throw new ApiError(
      'InvalidParameterValue.LimitExceeded',
      `AddressIds has more than ${quotas.idsPerDescribe} entries`,
    );
  if (filters.length > MOST_FILTERS || filters.some((filter) => filter.Values.length > MOST_VALUES))
    throw new ApiError(
      'LimitExceeded.NumberOfFilters',
      `at most ${MOST_FILTERS} filters of ${MOST_VALUES} values each`,
    );
  const unknown = filters.find(
    ({ Name }) => !Object.hasOwn(tests, Name) && Name !== 'tag-key' && !Name.startsWith('tag:'),
  );
  if (unknown !== undefined)
    throw new ApiError('InvalidParameter.InvalidFilter', `there is no filter \`${unknown.Name}\``);
  if (ids.length > 0 && filters.some((filter) => filter.Name === 'address-id'))
    throw new ApiError('InvalidParameter', 'AddressIds and the filter address-id exclude each other');
}

/** Looks at the first value only. */
const firstOnly =
  (pick: (eip: EipRecord) => string): FilterTest<EipRecord> =>
  (eip, values) =>
    pick(eip) === values[0];

function addressFilters(core: CloudCore): Readonly<Record<string, FilterTest<EipRecord>>> {
  return {
    'address-id': exact((eip) => eip.addressId),
    'address-name': firstOnly((eip) => eip.name),
    'address-ip': exact((eip) => eip.ip),
    'address-status': exact((eip) => addressStatus(core.state, core.settings, eip)),
    'instance-id': exact((eip) => instanceIdOf(core, eip) ?? ''),
    'private-ip-address': firstOnly((eip) => eip.binding?.privateIp ?? ''),
    'network-interface-id': exact((eip) => eip.binding?.eniId ?? ''),
    'is-arrears': flag((eip) => eip.arrears),
    'instance-type': exact((eip) => instanceType(core, eip) ?? ''),
    'address-type': exact(() => 'EIP'),
    'address-isp': exact((eip) => eip.isp),
    'dedicated-cluster-id': exact(() => ''),
    'tag-value': exact((eip) => eip.tags.map((tag) => tag.Value)),
  };
}

function instanceIdOf({ state }: CloudCore, eip: EipRecord): string | undefined {
  const eni = eniOf(state, eip);
  return eni === undefined ? natHolding(state, eip)?.natGatewayId : instanceIdBehind(state, eni);
}

/** GUESS: CVM on the primary address of an instance, ENI on every other private address; null while unbound. */
function instanceType({ state }: CloudCore, eip: EipRecord): 'CVM' | 'ENI' | 'NAT' | null {
  const eni = eniOf(state, eip);
  if (eni === undefined) return natHolding(state, eip) === undefined ? null : 'NAT';
  return eni.kind === 'primary' && eni.addresses[0]?.ip === eip.binding?.privateIp ? 'CVM' : 'ENI';
}

const isoTime = (at: Date): string => at.toISOString().replace(/\.\d+Z$/, 'Z');

/** The whole `Address` object. GUESS: unset texts come as empty ones, where the facts do not say null. */
function addressAnswer(core: CloudCore, eip: EipRecord): object {
  return {
    AddressId: eip.addressId,
    AddressName: eip.name,
    AddressStatus: addressStatus(core.state, core.settings, eip),
    AddressIp: eip.ip,
    InstanceId: instanceIdOf(core, eip) ?? '',
    CreatedTime: isoTime(eip.createdAt),
    NetworkInterfaceId: eip.binding?.eniId ?? null,
    PrivateAddressIp: eip.binding?.privateIp ?? null,
    IsArrears: eip.arrears,
    IsBlocked: eip.blocked,
    IsEipDirectConnection: eip.directConnection,
    AddressType: 'EIP',
    CascadeRelease: false,
    EipAlgType: { Ftp: true, Sip: true },
    InternetServiceProvider: eip.isp,
    LocalBgp: false,
    Bandwidth: eip.bandwidth,
    InternetChargeType: eip.chargeType,
    TagSet: [...eip.tags],
    DeadlineDate: eip.deadline === null ? null : isoTime(eip.deadline),
    InstanceType: instanceType(core, eip),
    Egress: eip.egress,
    AntiDDoSPackageId: '',
    RenewFlag: eip.renewFlag,
    BandwidthPackageId: eip.bandwidthPackageId,
    UnVpcId: eniOf(core.state, eip)?.vpcId ?? '',
    DedicatedClusterId: '',
  };
}

/** What the vpc service says of EIPs. */
export const addressDescribeActions: readonly Action[] = [describeAddresses];
