// What the calls on private addresses share: who may hold how many, which ENI is free for a change, and the task of the change.
import { ApiError } from '../api-error.ts';
import type { CloudCore } from '../core.ts';
import type { EniAddress, EniRecord } from '../state.ts';
import type { PlannedTask } from '../tasks/task-kind.ts';

/** Addresses that the ENI may hold, its primary one included: by the instance's model, or by the account when it is attached to nothing. */
export function addressQuota(core: CloudCore, eni: EniRecord): number {
  if (eni.kind === 'sub') return 1;
  const instance = core.state.instances.get(eni.attachment?.instanceId ?? '');
  return instance?.eniPrivateIpQuantity ?? core.settings.unboundEniPrivateIps;
}

/** Throws LimitExceeded when `more` addresses are too many (facts, section 18: Private IPs per ENI). */
export function requireAddressRoom(core: CloudCore, eni: EniRecord, more: number): void {
  const quota = addressQuota(core, eni);
  if (eni.addresses.length + more > quota)
    throw new ApiError(
      'LimitExceeded',
      `${eni.eniId} has ${eni.addresses.length} private addresses; ${more} more are above its quota of ${quota}`,
    );
}

/** Refuses while the ENI or one of its addresses is worked on (facts, section 7: Async, VPC kind). */
export function requireAddressesIdle(eni: EniRecord): void {
  if (eni.state !== 'AVAILABLE')
    throw new ApiError('UnsupportedOperation.InvalidState', `${eni.eniId} is ${eni.state}; it must be AVAILABLE`);
  if (eni.addressTasks > 0)
    throw new ApiError(
      'UnsupportedOperation.MutexOperationTaskRunning',
      `another task changes the addresses of ${eni.eniId}`,
    );
}

/** The address on the ENI. Throws `code` when it is not there. */
export function addressOn(eni: EniRecord, ip: string, code = 'ResourceNotFound'): EniAddress {
  const address = eni.addresses.find((candidate) => candidate.ip === ip);
  if (address === undefined) throw new ApiError(code, `${eni.eniId} does not have ${ip}`);
  return address;
}

/** Marks the ENIs until the task ends, which takes the marks away. */
export function startAddressTask(
  core: CloudCore,
  call: { readonly action: string; readonly requestId: string },
  enis: readonly EniRecord[],
  task: PlannedTask,
): void {
  for (const eni of enis) eni.addressTasks += 1;
  core.startTask(call.action, call.requestId, task);
}

/** Gives the addresses a state, or takes it from them. */
export function markAddresses(eni: EniRecord, ips: ReadonlySet<string>, state: EniAddress['state']): void {
  eni.addresses = eni.addresses.map((address) => {
    if (!ips.has(address.ip)) return address;
    const { state: _before, ...rest } = address;
    return state === undefined ? rest : { ...rest, state };
  });
}

/** Takes addresses from the ENI; they stay taken in the subnet. */
export function dropAddresses(eni: EniRecord, ips: ReadonlySet<string>): void {
  eni.addresses = eni.addresses.filter((address) => !ips.has(address.ip));
}
