// AllocateAddresses and ReleaseAddresses: the beginning and the end of EIPs.
import { z } from 'zod';
import { type Action, bool, defineAction, integer, tagList, text, textList } from '../action.ts';
import { ApiError } from '../api-error.ts';
import type { CloudCore } from '../core.ts';
import { checkBandwidth, chargeTypeOf, deadlineOf, renewFlagOf } from '../eips/billing.ts';
import { type EipRecord, type InternetChargeType, nextPublicIp } from '../eips/eip-state.ts';
import { findEip, requireNoTask, startEipTask } from '../eips/eip-tasks.ts';
import { requireOffNat } from '../eips/nat-holder.ts';
import { checkPurchase, todaysBook } from '../eips/quotas.ts';
import { checkProductTags } from '../tagging/tag-rules.ts';
import { quotas } from '../settings.ts';
import { eipPurchase, eipRelease } from '../tasks/eip-tasks.ts';

/** The answer's name of an address that was given none. */
const UNNAMED = '未命名';
/** GUESS: the old text of AddressCount, 1 to 5, is not enforced; a call buys at most this many. */
const MOST_PER_CALL = 100;
const SINGLE_LINE_ISPS: ReadonlySet<string> = new Set(['CMCC', 'CTCC', 'CUCC']);
const ADDRESS_TYPES = ['EIP', 'AnycastEIP', 'HighQualityEIP', 'AntiDDoSEIP', 'ResidentialEIP'];

export const prepaidTerms = z.strictObject({ Period: integer, AutoRenewFlag: integer.optional() });

const allocateParameters = z.object({
  AddressCount: integer.optional(),
  InternetServiceProvider: text.optional(),
  InternetChargeType: text.optional(),
  InternetMaxBandwidthOut: integer.optional(),
  AddressChargePrepaid: prepaidTerms.optional(),
  AddressType: text.optional(),
  AnycastZone: text.optional(),
  VipCluster: textList.optional(),
  Tags: tagList.optional(),
  BandwidthPackageId: text.optional(),
  AddressName: text.optional(),
  DedicatedClusterId: text.optional(),
  IsDedicatedAddressPool: bool.optional(),
  Egress: text.optional(),
  AntiDDoSPackageId: text.optional(),
  IPChargeType: text.optional(),
  ApplicableForCLB: bool.optional(),
  ClientToken: text.optional(),
});
type AllocateParameters = z.output<typeof allocateParameters>;

const allocateAddresses = defineAction({
  name: 'AllocateAddresses',
  services: ['vpc'],
  takesToken: true,
  parameters: allocateParameters,
  handle: (parameters, { core }) => {
    const { AddressCount: count = 1, AddressChargePrepaid: terms, InternetMaxBandwidthOut: bandwidth = 1 } = parameters;
    if (count < 1 || count > MOST_PER_CALL)
      throw new ApiError(
        'InvalidParameterValue.Range',
        `AddressCount is ${count}; it must be from 1 to ${MOST_PER_CALL}`,
      );
    checkKind(parameters);
    const isp = checkLine(core, parameters);
    const chargeType = chargeTypeOf(parameters.InternetChargeType ?? 'TRAFFIC_POSTPAID_BY_HOUR');
    checkBandwidth(chargeType, bandwidth);
    checkPackage(chargeType, parameters.BandwidthPackageId);
    const now = core.clock.now();
    const deadline = deadlineOf(chargeType, terms, now);
    checkEipName(parameters.AddressName ?? '');
    checkProductTags(parameters.Tags ?? []);
    checkPurchase(core, count);
    todaysBook(core).bought += count;
    const eips = Array.from({ length: count }, () =>
      addEip(core, {
        name: parameters.AddressName ?? UNNAMED,
        isp,
        chargeType,
        bandwidth,
        bandwidthPackageId: parameters.BandwidthPackageId ?? '',
        deadline,
        renewFlag: renewFlagOf(chargeType, terms),
        egress: parameters.Egress ?? '',
        tags: parameters.Tags ?? [],
      }),
    );
    const addressIds = eips.map((eip) => eip.addressId);
    const taskId = startEipTask(core, 'AllocateAddresses', eips, eipPurchase.plan({ addressIds }));
    return { AddressSet: addressIds, TaskId: String(taskId) };
  },
});

function checkKind({ AddressType: type = 'EIP', ...parameters }: AllocateParameters): void {
  if (!ADDRESS_TYPES.includes(type))
    throw new ApiError('InvalidParameterValue', `AddressType \`${type}\` is not one of ${ADDRESS_TYPES.join(', ')}`);
  if (type === 'AnycastEIP')
    throw new ApiError(
      'UnauthorizedOperation.AnycastEip',
      'the account is not on the allow-list for anycast addresses',
    );
  if (type !== 'EIP' || parameters.DedicatedClusterId !== undefined || parameters.AntiDDoSPackageId !== undefined)
    throw new ApiError('InvalidParameterValue.ResourceNotSupport', 'only ordinary EIPs are simulated');
}

function checkLine({ settings }: CloudCore, parameters: AllocateParameters): string {
  const { InternetServiceProvider: isp = 'BGP', InternetChargeType: chargeType } = parameters;
  if (isp !== 'BGP' && !SINGLE_LINE_ISPS.has(isp))
    throw new ApiError(
      'InvalidParameterValue',
      `InternetServiceProvider \`${isp}\` is not one of BGP, CMCC, CTCC, CUCC`,
    );
  if (settings.singleLineIspNeedsPackage && isp !== 'BGP' && chargeType !== 'BANDWIDTH_PACKAGE')
    throw new ApiError('InvalidParameterValue.Combination', `${isp} needs InternetChargeType BANDWIDTH_PACKAGE`);
  if (settings.traditionalAccount && (chargeType ?? parameters.InternetMaxBandwidthOut) !== undefined)
    throw new ApiError(
      'UnsupportedOperation.AccountNotSupported',
      'a traditional account sends neither InternetChargeType nor InternetMaxBandwidthOut',
    );
  return isp;
}

/** GUESS: an address may join a package later; every well-formed package id is one of the account's. */
function checkPackage(chargeType: InternetChargeType, packageId: string | undefined): void {
  if (packageId === undefined) return;
  if (!/^bwp-[0-9a-z]{8}$/.test(packageId))
    throw new ApiError('InvalidParameterValue.BandwidthPackageIdMalformed', `\`${packageId}\` is malformed`);
  if (chargeType !== 'BANDWIDTH_PACKAGE')
    throw new ApiError(
      'UnsupportedOperation.BandwidthPackageIdNotSupported',
      `BandwidthPackageId needs InternetChargeType BANDWIDTH_PACKAGE, not ${chargeType}`,
    );
}

/** 128 characters; letters, digits, Chinese, `-`, `_` (facts, section 12, ModifyAddressAttribute). */
export function checkEipName(name: string): void {
  if (Array.from(name).length > 128)
    throw new ApiError('InvalidParameterValue.TooLong', 'AddressName has more than 128 characters');
  if (!/^[\p{Script=Han}A-Za-z0-9_-]*$/u.test(name))
    throw new ApiError('InvalidParameterValue', 'AddressName takes letters, digits, Chinese, - and _');
}

type NewEip = Pick<
  EipRecord,
  'name' | 'isp' | 'chargeType' | 'bandwidth' | 'bandwidthPackageId' | 'deadline' | 'renewFlag' | 'egress' | 'tags'
>;

/** As many ordinary EIPs as a call of another kind buys beside what it is about. Throws as AllocateAddresses does. */
export function buyOrdinaryEips(core: CloudCore, action: string, count: number): readonly string[] {
  if (count === 0) return [];
  checkPurchase(core, count);
  todaysBook(core).bought += count;
  const wanted: NewEip = {
    name: UNNAMED,
    isp: 'BGP',
    chargeType: 'TRAFFIC_POSTPAID_BY_HOUR',
    bandwidth: 1,
    bandwidthPackageId: '',
    deadline: null,
    renewFlag: '',
    egress: '',
    tags: [],
  };
  const eips = Array.from({ length: count }, () => addEip(core, wanted));
  const addressIds = eips.map(({ addressId }) => addressId);
  startEipTask(core, action, eips, eipPurchase.plan({ addressIds }));
  return addressIds;
}

/** Adds a CREATING record; the caller has checked the quotas and starts the task. `ip` default: the next free one. */
export function addEip(core: CloudCore, wanted: NewEip, ip = nextPublicIp(core.state.eipBook)): EipRecord {
  const eip: EipRecord = {
    ...wanted,
    addressId: core.newId('eip'),
    ip,
    phase: 'CREATING',
    binding: null,
    busy: false,
    chargeTypeChanges: 0,
    arrears: false,
    blocked: false,
    directConnection: false,
    createdAt: core.clock.now(),
    visibleAt: core.clock.monotonicMs() + core.settings.readDelayMs,
    idleSince: core.clock.monotonicMs(),
    idleMs: 0,
  };
  core.state.eipBook.eips.set(eip.addressId, eip);
  return eip;
}

const releaseAddresses = defineAction({
  name: 'ReleaseAddresses',
  services: ['vpc'],
  parameters: z.object({ AddressIds: textList }),
  handle: ({ AddressIds }, { core }) => {
    const eips = chosenEips(core, AddressIds);
    for (const eip of eips) {
      requireNoTask(eip);
      requireOffNat(core.state, eip);
      if (eip.phase !== 'UNBIND')
        throw new ApiError('UnsupportedOperation.AddressStatusNotPermit', `${eip.addressId} is bound; unbind it first`);
    }
    for (const eip of eips) eip.phase = 'OFFLINING';
    const task = eipRelease.plan({ addressIds: eips.map((eip) => eip.addressId) });
    const taskId = startEipTask(core, 'ReleaseAddresses', eips, task);
    return { TaskId: String(taskId) };
  },
});

/** Each address once. Throws for an empty list, one that is too long (GUESS: 100), and for ids as `findEip` does. */
export function chosenEips(core: CloudCore, ids: readonly string[]): EipRecord[] {
  if (ids.length === 0 || ids.length > quotas.idsPerDescribe)
    throw new ApiError(
      'InvalidParameterValue.LimitExceeded',
      `AddressIds has ${ids.length} entries; 1 to ${quotas.idsPerDescribe} are allowed`,
    );
  return [...new Set(ids)].map((id) => findEip(core, id));
}

/** Buying and giving back. */
export const eipActions: readonly Action[] = [allocateAddresses, releaseAddresses];
