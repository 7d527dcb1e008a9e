// ModifyAddressesBandwidth, ModifyAddressAttribute and ModifyAddressInternetChargeType.
import { z } from 'zod';
import { type Action, defineAction, integer, text, textList } from '../action.ts';
import { ApiError } from '../api-error.ts';
import {
  checkBandwidth,
  chargeTypeOf,
  deadlineOf,
  MOST_CHARGE_TYPE_CHANGES,
  renewFlagOf,
  requirePaid,
} from '../eips/billing.ts';
import { findEip, requireNoTask, requireUnblocked, startEipTask } from '../eips/eip-tasks.ts';
import { eipBandwidth } from '../tasks/eip-tasks.ts';
import { checkEipName, chosenEips, prepaidTerms } from './eips.ts';

const modifyAddressesBandwidth = defineAction({
  name: 'ModifyAddressesBandwidth',
  services: ['vpc'],
  parameters: z.object({
    AddressIds: textList,
    InternetMaxBandwidthOut: integer,
    // Dead since the bandwidth is changed at once.
    StartTime: text.optional(),
    EndTime: text.optional(),
  }),
  handle: ({ AddressIds, InternetMaxBandwidthOut }, { core }) => {
    const eips = chosenEips(core, AddressIds);
    for (const eip of eips) {
      requireNoTask(eip);
      requirePaid(eip);
      checkBandwidth(eip.chargeType, InternetMaxBandwidthOut);
    }
    const before = eips.map((eip) => ({ addressId: eip.addressId, mbps: eip.bandwidth }));
    const task = eipBandwidth.plan({ mbps: InternetMaxBandwidthOut, before });
    const taskId = startEipTask(core, 'ModifyAddressesBandwidth', eips, task);
    return { TaskId: String(taskId) };
  },
});

const modifyAddressAttribute = defineAction({
  name: 'ModifyAddressAttribute',
  services: ['vpc'],
  parameters: z.object({
    AddressId: text,
    AddressName: text.optional(),
    EipDirectConnection: z.enum(['TRUE', 'FALSE']).optional(),
  }),
  handle: ({ AddressId, AddressName, EipDirectConnection }, { core }) => {
    const eip = findEip(core, AddressId);
    requireUnblocked(eip);
    requireNoTask(eip);
    if (AddressName !== undefined) checkEipName(AddressName);
    if (EipDirectConnection === 'TRUE')
      throw new ApiError(
        'InvalidParameterValue.InstanceDoesNotSupportEipVisibleOnEni',
        'the account is not on the allow-list for EipDirectConnection',
      );
    eip.name = AddressName ?? eip.name;
    return {};
  },
});

/** GUESS: synchronous, as the facts name no TaskId; the code over two changes. */
const modifyAddressInternetChargeType = defineAction({
  name: 'ModifyAddressInternetChargeType',
  services: ['vpc'],
  parameters: z.object({
    AddressId: text,
    InternetChargeType: text,
    InternetMaxBandwidthOut: integer,
    AddressChargePrepaid: prepaidTerms.optional(),
  }),
  handle: ({ AddressId, InternetChargeType, InternetMaxBandwidthOut, AddressChargePrepaid }, { core }) => {
    const eip = findEip(core, AddressId);
    requireNoTask(eip);
    requirePaid(eip);
    const chargeType = chargeTypeOf(InternetChargeType);
    checkBandwidth(chargeType, InternetMaxBandwidthOut);
    const deadline = deadlineOf(chargeType, AddressChargePrepaid, core.clock.now());
    if (chargeType === eip.chargeType)
      throw new ApiError('InvalidParameterValue', `${AddressId} is charged as ${chargeType} already`);
    if (eip.chargeTypeChanges >= MOST_CHARGE_TYPE_CHANGES)
      throw new ApiError(
        'LimitExceeded.ModifyAddressInternetChargeTypeQuota',
        `the charge type of ${AddressId} was changed ${eip.chargeTypeChanges} times already`,
      );
    eip.chargeType = chargeType;
    eip.bandwidth = InternetMaxBandwidthOut;
    eip.deadline = deadline;
    eip.renewFlag = renewFlagOf(chargeType, AddressChargePrepaid);
    eip.bandwidthPackageId = '';
    eip.chargeTypeChanges += 1;
    core.touch();
    return {};
  },
});

/** What can be changed of an EIP. */
export const addressModifyActions: readonly Action[] = [
  modifyAddressesBandwidth,
  modifyAddressAttribute,
  modifyAddressInternetChargeType,
];
