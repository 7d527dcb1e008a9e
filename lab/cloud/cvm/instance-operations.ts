// Operations on instances that take time: one at a time per instance, told through LatestOperation (facts, section 7: Async, CVM kind).
import { ApiError } from '../api-error.ts';
import { removeEni } from '../actions/eni-records.ts';
import type { CloudCore } from '../core.ts';
import { findCvmInstance } from '../lookup.ts';
import { quotas } from '../settings.ts';
import { enisOf, type InstanceRecord, subEnisOf } from '../state.ts';
import type { PlannedTask } from '../tasks/task-kind.ts';

/** 1 to 100 instances, each once, none busy. Throws the cvm codes. */
export function chosenInstances(core: CloudCore, ids: readonly string[]): InstanceRecord[] {
  if (ids.length === 0 || ids.length > quotas.idsPerDescribe)
    throw new ApiError(
      'InvalidParameterValue.LimitExceeded',
      `InstanceIds has ${ids.length} entries; 1 to ${quotas.idsPerDescribe} are allowed`,
    );
  const instances = [...new Set(ids)].map((id) => findCvmInstance(core, id));
  const busy = instances.find((instance) => instance.latestOperation?.state === 'OPERATING');
  if (busy !== undefined)
    throw new ApiError('MutexOperation.TaskRunning', `${busy.instanceId} is busy with ${busy.latestOperation?.name}`);
  return instances;
}

/** Throws `UnsupportedOperation.InstanceState...`, e.g. InstanceStateStopped, for an instance in one of these states. */
export function refuseStates(instance: InstanceRecord, states: readonly InstanceRecord['state'][]): void {
  if (!states.includes(instance.state)) return;
  const spelt = instance.state.charAt(0) + instance.state.slice(1).toLowerCase();
  throw new ApiError(`UnsupportedOperation.InstanceState${spelt}`, `${instance.instanceId} is ${instance.state}`);
}

/** OPERATING until the task of this call ends. */
export function startOperation(
  core: CloudCore,
  operation: { readonly name: string; readonly requestId: string },
  instances: readonly InstanceRecord[],
  task: PlannedTask,
): void {
  for (const instance of instances) instance.latestOperation = { ...operation, state: 'OPERATING' };
  core.startTask(operation.name, operation.requestId, task);
}

/**
 * The primary ENI goes with it. GUESS, behind `returnKeepsEnis`: secondary ones stay, detached, with their sub-ENIs; else all of them go.
 * EIPs on what goes are unbound by the next `touch`.
 */
export function removeInstance(core: CloudCore, instance: InstanceRecord): void {
  for (const eni of enisOf(core.state, instance.instanceId)) {
    if (eni.kind !== 'primary' && core.settings.returnKeepsEnis) {
      eni.attachment = null;
      continue;
    }
    for (const sub of subEnisOf(core.state, eni.eniId)) removeEni(core, sub);
    removeEni(core, eni);
  }
  core.state.instances.delete(instance.instanceId);
}
