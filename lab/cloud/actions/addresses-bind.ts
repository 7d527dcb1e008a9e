// AssociateAddress, DisassociateAddress, TransformAddress and ReturnNormalAddresses: which public address stands for which private one.
import { z } from 'zod';
import { type Action, bool, defineAction, text, textList } from '../action.ts';
import { ApiError } from '../api-error.ts';
import { requirePaid } from '../eips/billing.ts';
import { bindEip, eipOn, type EipRecord } from '../eips/eip-state.ts';
import { findEip, requireNoTask, requireUnblocked, startEipTask } from '../eips/eip-tasks.ts';
import { natHolding, requireOffNat } from '../eips/nat-holder.ts';
import { instanceOfPrimaryAddress } from '../eips/placement.ts';
import { checkPurchase, checkReallocation, todaysBook } from '../eips/quotas.ts';
import { bindingTarget, findEipInstance } from '../eips/targets.ts';
import type { CloudCore } from '../core.ts';
import { type InstanceRecord, primaryEni } from '../state.ts';
import { eipBinding, eipTransformation, eipUnbinding } from '../tasks/eip-tasks.ts';
import { addEip } from './eips.ts';

const associateAddress = defineAction({
  name: 'AssociateAddress',
  services: ['vpc'],
  parameters: z.object({
    AddressId: text,
    InstanceId: text.optional(),
    NetworkInterfaceId: text.optional(),
    PrivateIpAddress: text.optional(),
    EipDirectConnection: bool.optional(),
    InstanceRegion: text.optional(),
  }),
  handle: (parameters, { core }) => {
    const eip = findEip(core, parameters.AddressId);
    if (parameters.EipDirectConnection === true)
      throw new ApiError(
        'InvalidParameterValue.InstanceDoesNotSupportEipVisibleOnEni',
        'the account is not on the allow-list for EipDirectConnection',
      );
    requireUnblocked(eip);
    requireNoTask(eip);
    requirePaid(eip);
    requireOffNat(core.state, eip);
    if (eip.phase !== 'UNBIND')
      throw new ApiError('UnsupportedOperation.AddressStatusNotPermit', `${eip.addressId} is bound already`);
    bindEip(core.state.eipBook, eip, bindingTarget(core, parameters));
    eip.phase = 'BINDING';
    const taskId = startEipTask(core, 'AssociateAddress', [eip], eipBinding.plan({ addressId: eip.addressId }));
    return { TaskId: String(taskId) };
  },
});

const disassociateAddress = defineAction({
  name: 'DisassociateAddress',
  services: ['vpc'],
  parameters: z.object({ AddressId: text, ReallocateNormalPublicIp: bool.optional() }),
  handle: ({ AddressId, ReallocateNormalPublicIp = false }, { core }) => {
    const eip = findEip(core, AddressId);
    requireUnblocked(eip);
    requireNoTask(eip);
    const { binding } = eip;
    if (natHolding(core.state, eip) !== undefined)
      throw new ApiError(
        'InvalidParameterValue.ResourceNotSupport',
        `${AddressId} is on a NAT gateway; unbind it there`,
      );
    if (eip.phase !== 'BOUND' || binding === null)
      throw new ApiError(
        'InvalidAddressIdStatus.NotPermit',
        `${AddressId} is ${eip.phase}; it must be BIND or BIND_ENI`,
      );
    const instance = ReallocateNormalPublicIp ? reallocating(core, eip) : undefined;
    eip.phase = 'UNBINDING';
    const instanceId = instance?.instanceId ?? null;
    const task = eipUnbinding.plan({ addressId: AddressId, binding: { ...binding }, instanceId });
    const taskId = startEipTask(core, 'DisassociateAddress', [eip], task);
    return { TaskId: String(taskId) };
  },
});

/** The instance that gets an ordinary public address again; counts towards the day's ten (facts, section 18). */
function reallocating(core: CloudCore, eip: EipRecord): InstanceRecord {
  const instance = instanceOfPrimaryAddress(core.state, eip);
  if (instance === undefined)
    throw new ApiError(
      'InvalidParameterValue.OnlySupportedForMasterNetworkCard',
      `${eip.addressId} is not on the primary address of a primary ENI`,
    );
  checkReallocation(core);
  todaysBook(core).reallocated += 1;
  return instance;
}

const transformAddress = defineAction({
  name: 'TransformAddress',
  services: ['vpc'],
  parameters: z.object({ InstanceId: text }),
  handle: ({ InstanceId }, { core }) => {
    const instance = findEipInstance(core, InstanceId);
    const eni = primaryEni(core.state, InstanceId);
    const privateIp = eni?.addresses[0]?.ip;
    const { normalPublicIp } = instance;
    if (eni !== undefined && privateIp !== undefined && eipOn(core.state.eipBook, eni.eniId, privateIp) !== undefined)
      throw new ApiError('InvalidInstanceId.AlreadyBindEip', `${InstanceId} has an EIP`);
    if (normalPublicIp === null || eni === undefined || privateIp === undefined)
      throw new ApiError('InvalidParameterValue.InstanceHasNoWanIP', `${InstanceId} has no ordinary public address`);
    checkPurchase(core, 1);
    todaysBook(core).bought += 1;
    const charge = { chargeType: 'TRAFFIC_POSTPAID_BY_HOUR', bandwidth: 1, bandwidthPackageId: '' } as const;
    const plain = { name: '', isp: 'BGP', deadline: null, renewFlag: '', egress: '', tags: [] };
    const eip = addEip(core, { ...plain, ...charge }, normalPublicIp);
    bindEip(core.state.eipBook, eip, { eniId: eni.eniId, privateIp });
    instance.normalPublicIp = null;
    const task = eipTransformation.plan({ addressId: eip.addressId, instanceId: InstanceId, normalPublicIp });
    const taskId = startEipTask(core, 'TransformAddress', [eip], task);
    // A number here, a text in the other EIP calls (facts, section 12).
    return { TaskId: taskId, AddressId: eip.addressId };
  },
});

/** GUESS: the parameter's name, its limit of 100, and that the call is synchronous; the facts only name the action. */
const returnNormalAddresses = defineAction({
  name: 'ReturnNormalAddresses',
  services: ['vpc'],
  parameters: z.object({ AddressIps: textList }),
  handle: ({ AddressIps }, { core }) => {
    const byIp = new Map([...core.state.instances.values()].map((instance) => [instance.normalPublicIp, instance]));
    const instances = AddressIps.map((ip) => {
      const instance = byIp.get(ip);
      if (instance === undefined)
        throw new ApiError('InvalidParameterValue.AddressNotFound', `\`${ip}\` is no ordinary public address`);
      return instance;
    });
    for (const instance of instances) instance.normalPublicIp = null;
    return {};
  },
});

/** Binding and unbinding. */
export const addressBindActions: readonly Action[] = [
  associateAddress,
  disassociateAddress,
  transformAddress,
  returnNormalAddresses,
];
