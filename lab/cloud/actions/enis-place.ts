// Whether an instance can take an ENI, and where it puts it.
import { ApiError } from '../api-error.ts';
import type { CloudCore } from '../core.ts';
import { type EniRecord, enisOf, type InstanceRecord } from '../state.ts';

/** Throws VpcMismatch, ZoneMismatch or ResourceIsInvalidState. */
export function checkPlace(eni: Pick<EniRecord, 'vpcId' | 'zone'>, instance: InstanceRecord, name: string): void {
  if (eni.vpcId !== instance.vpcId)
    throw new ApiError(
      'UnsupportedOperation.VpcMismatch',
      `${name} is in ${eni.vpcId}, ${instance.instanceId} in ${instance.vpcId}`,
    );
  if (eni.zone !== instance.zone)
    throw new ApiError(
      'UnsupportedOperation.ZoneMismatch',
      `${name} is in ${eni.zone}, ${instance.instanceId} in ${instance.zone}`,
    );
  if (instance.state !== 'RUNNING' && instance.state !== 'STOPPED')
    throw new ApiError(
      'UnsupportedOperation.ResourceIsInvalidState',
      `${instance.instanceId} is ${instance.state}; it must be RUNNING or STOPPED`,
    );
}

/** The lowest free device index. Throws UnsupportedInstanceFamily, LimitExceeded, or MutexOperationTaskRunning where the switch says so. */
export function freeDeviceIndex(core: CloudCore, instance: InstanceRecord): number {
  requireNoAttachTask(core, instance);
  if (instance.eniQuantity <= 1)
    throw new ApiError(
      'UnsupportedOperation.UnsupportedInstanceFamily',
      `${instance.instanceId} (${instance.instanceType}) takes no further ENI`,
    );
  const attached = enisOf(core.state, instance.instanceId);
  if (attached.length >= instance.eniQuantity)
    throw new ApiError(
      'LimitExceeded',
      `${instance.instanceId} has ${attached.length} ENIs; its model takes ${instance.eniQuantity}`,
    );
  const indexes = new Set(attached.map((other) => other.attachment?.deviceIndex));
  return (
    Array.from({ length: instance.eniQuantity }, (_, index) => index).find((index) => !indexes.has(index)) ??
    attached.length
  );
}

/** Throws LimitExceeded when the ENI holds more addresses than one of the instance may. */
export function requireAddressesFit(instance: InstanceRecord, addresses: number): void {
  if (addresses > instance.eniPrivateIpQuantity)
    throw new ApiError(
      'LimitExceeded',
      `${addresses} private addresses; an ENI of ${instance.instanceId} has at most ${instance.eniPrivateIpQuantity}`,
    );
}

/** GUESS, behind `attachOneAtATime`: an instance plugs or unplugs one ENI at a time. */
export function requireNoAttachTask(core: CloudCore, instance: InstanceRecord): void {
  if (!core.settings.attachOneAtATime) return;
  const busy = core.state.enis
    .by('instance', instance.instanceId)
    .find((eni) => eni.state === 'ATTACHING' || eni.state === 'DETACHING');
  if (busy !== undefined)
    throw new ApiError(
      'UnsupportedOperation.MutexOperationTaskRunning',
      `${busy.eniId} is ${busy.state} on ${instance.instanceId}`,
    );
}
