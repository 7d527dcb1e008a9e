// Operations on instances that take time: one at a time per instance, told through LatestOperation (facts, section 7: Async, CVM kind).
import { ApiError } from '../api-error.ts';
import { removeEni } from '../actions/eni-records.ts';
import type { CloudCore, TaskSteps } from '../core.ts';
import { findCvmInstance } from '../lookup.ts';
import { quotas } from '../settings.ts';
import { enisOf, type InstanceRecord, subEnisOf } from '../state.ts';

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
  steps: TaskSteps,
): void {
  const running = instances.map((instance) => {
    const latest: NonNullable<InstanceRecord['latestOperation']> = { ...operation, state: 'OPERATING' };
    instance.latestOperation = latest;
    return latest;
  });
  const end = (state: 'SUCCESS' | 'FAILED'): void => {
    for (const latest of running) latest.state = state;
  };
  core.startTask(operation.name, operation.requestId, {
    apply: () => steps.apply(),
    finish: () => {
      steps.finish?.();
      end('SUCCESS');
    },
    undo: () => {
      steps.undo();
      end('FAILED');
    },
  });
}

/** The primary ENI goes with it; secondary ones stay, detached; sub-ENIs stay on their trunk (facts, section 20). */
export function removeInstance(core: CloudCore, instance: InstanceRecord): void {
  for (const eni of enisOf(core.state, instance.instanceId)) {
    if (eni.kind === 'primary' && subEnisOf(core.state, eni.eniId).length === 0) removeEni(core, eni);
    else eni.attachment = null;
  }
  core.state.instances.delete(instance.instanceId);
}
