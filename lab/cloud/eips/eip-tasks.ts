// The tasks of EIP calls: numbered, one at a time per address (facts, section 7: Async, EIP kind).
import { ApiError } from '../api-error.ts';
import type { CloudCore } from '../core.ts';
import { isId } from '../ids.ts';
import type { PlannedTask } from '../tasks/task-kind.ts';
import type { EipRecord } from './eip-state.ts';

/** The EIP of this id. Throws AddressIdMalformed for a wrong shape and InvalidAddressId.NotFound for an unknown one. */
export function findEip(core: CloudCore, addressId: string): EipRecord {
  if (!isId('eip', addressId))
    throw new ApiError(
      'InvalidParameterValue.AddressIdMalformed',
      `\`${addressId}\` is malformed; an id looks like eip-xxxxxxxx`,
    );
  const eip = core.state.eipBook.eips.get(addressId);
  if (eip === undefined) throw new ApiError('InvalidAddressId.NotFound', `\`${addressId}\` does not exist`);
  return eip;
}

/** Throws InvalidAddressId.Blocked for an address that the cloud has shut. */
export function requireUnblocked(eip: EipRecord): void {
  if (eip.blocked) throw new ApiError('InvalidAddressId.Blocked', `${eip.addressId} is blocked`);
}

/** Throws OperationDenied.MutexTaskRunning while another task works on the address. */
export function requireNoTask(eip: EipRecord): void {
  if (eip.busy)
    throw new ApiError('OperationDenied.MutexTaskRunning', `${eip.addressId} is ${eip.phase}; its task still runs`);
}

/** Starts one task for all the addresses and returns its number; they are busy until it ends, which frees them. */
export function startEipTask(core: CloudCore, action: string, eips: readonly EipRecord[], task: PlannedTask): number {
  const { eipBook } = core.state;
  const taskId = eipBook.nextTask;
  eipBook.nextTask += 1;
  for (const eip of eips) eip.busy = true;
  core.startTask(action, String(taskId), task);
  return taskId;
}
