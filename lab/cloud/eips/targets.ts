// What an EIP may be bound to: the private address that an AssociateAddress call means, or the code that refuses it.
import { ApiError } from '../api-error.ts';
import type { CloudCore } from '../core.ts';
import { isId } from '../ids.ts';
import { type EniRecord, type InstanceRecord, primaryEni } from '../state.ts';
import { type EipBinding, eipOn } from './eip-state.ts';
import { instanceIdBehind } from './placement.ts';
import { checkInstancePlace } from './quotas.ts';

export interface TargetRequest {
  readonly InstanceId?: string | undefined;
  readonly NetworkInterfaceId?: string | undefined;
  readonly PrivateIpAddress?: string | undefined;
}

/** The free private address that is meant, within the instance's quota. Throws the codes of facts, section 12, AssociateAddress. */
export function bindingTarget(core: CloudCore, request: TargetRequest): EipBinding {
  const { InstanceId, NetworkInterfaceId, PrivateIpAddress } = request;
  const onEni = NetworkInterfaceId !== undefined || PrivateIpAddress !== undefined;
  if (InstanceId !== undefined && onEni)
    throw new ApiError('InvalidParameterConflict', 'InstanceId and NetworkInterfaceId exclude each other');
  if (InstanceId !== undefined) return onInstance(core, InstanceId);
  if (!onEni)
    throw new ApiError(
      'InvalidParameterValue.MissingAssociateEntity',
      'give InstanceId, or NetworkInterfaceId and PrivateIpAddress',
    );
  if (NetworkInterfaceId === undefined || PrivateIpAddress === undefined)
    throw new ApiError('MissingParameter', 'NetworkInterfaceId and PrivateIpAddress go together');
  return onPrivateAddress(core, NetworkInterfaceId, PrivateIpAddress);
}

/** Means the primary address of the primary ENI. */
function onInstance(core: CloudCore, instanceId: string): EipBinding {
  const instance = findEipInstance(core, instanceId);
  requireUsable(instance);
  const eni = primaryEni(core.state, instanceId);
  const privateIp = eni?.addresses[0]?.ip;
  if (eni === undefined || privateIp === undefined)
    throw new ApiError('FailedOperation.AddressEniInfoNotFound', `${instanceId} has no primary ENI`);
  if (eipOn(core.state.eipBook, eni.eniId, privateIp) !== undefined)
    throw new ApiError('InvalidInstanceId.AlreadyBindEip', `${instanceId} has an EIP on its primary address`);
  checkOrdinaryAddress(core, instance);
  checkInstancePlace(core, instance);
  return { eniId: eni.eniId, privateIp };
}

/** Throws InstanceIdMalformed, InvalidInstanceId.NotFound, and ResourceNotSupport for load balancers, which are not simulated. */
export function findEipInstance(core: CloudCore, instanceId: string): InstanceRecord {
  if (instanceId.startsWith('lb-'))
    throw new ApiError('InvalidParameterValue.ResourceNotSupport', 'load balancers are not simulated');
  if (!isId('ins', instanceId))
    throw new ApiError('InvalidParameterValue.InstanceIdMalformed', `\`${instanceId}\` is malformed`);
  const instance = core.state.instances.get(instanceId);
  if (instance === undefined) throw new ApiError('InvalidInstanceId.NotFound', `\`${instanceId}\` does not exist`);
  return instance;
}

function requireUsable(instance: InstanceRecord): void {
  if (instance.state !== 'RUNNING' && instance.state !== 'STOPPED')
    throw new ApiError(
      'InvalidParameterValue.InvalidInstanceState',
      `${instance.instanceId} is ${instance.state}; it must be RUNNING or STOPPED`,
    );
}

// Which of the two pages is right is a switch (facts, section 12, AssociateAddress).
function checkOrdinaryAddress(core: CloudCore, instance: InstanceRecord): void {
  if (instance.normalPublicIp !== null && core.settings.normalPublicIpBlocksEip)
    throw new ApiError(
      'InvalidParameterValue.InstanceHasWanIP',
      `${instance.instanceId} has the ordinary public address ${instance.normalPublicIp}; return it first`,
    );
}

function onPrivateAddress(core: CloudCore, eniId: string, privateIp: string): EipBinding {
  const eni = core.state.enis.get(eniId);
  if (eni === undefined) throw new ApiError('InvalidNetworkInterfaceId.NotFound', `\`${eniId}\` does not exist`);
  if (eni.state === 'PENDING' || eni.state === 'DELETING')
    throw new ApiError('FailedOperation.AddressEniInfoNotFound', `${eniId} is ${eni.state}`);
  if (!eni.addresses.some((address) => address.ip === privateIp))
    throw new ApiError('InvalidParameterValue.NetworkInterfaceNotFound', `${eniId} does not have ${privateIp}`);
  const bound = eipOn(core.state.eipBook, eniId, privateIp);
  if (bound !== undefined)
    throw new ApiError('InvalidPrivateIpAddress.AlreadyBindEip', `${privateIp} has ${bound.addressId}`);
  checkBehind(core, eni, privateIp);
  return { eniId, privateIp };
}

function checkBehind(core: CloudCore, eni: EniRecord, privateIp: string): void {
  const instance = core.state.instances.get(instanceIdBehind(core.state, eni) ?? '');
  if (instance === undefined) return;
  requireUsable(instance);
  if (eni.kind === 'primary' && eni.addresses[0]?.ip === privateIp) checkOrdinaryAddress(core, instance);
  checkInstancePlace(core, instance);
}
