// StartInstances, StopInstances and TerminateInstances. GUESS: the facts name none of the three; parameters and codes are the cvm service's usual ones.
import { z } from 'zod';
import { type Action, bool, defineAction, text, textList } from '../action.ts';
import { chosenInstances, refuseStates, startOperation } from '../cvm/instance-operations.ts';
import type { InstanceRecord } from '../state.ts';
import { instanceReturn, instanceStart, instanceStop } from '../tasks/instance-tasks.ts';

const startInstances = defineAction({
  name: 'StartInstances',
  services: ['cvm'],
  parameters: z.object({ InstanceIds: textList }),
  handle: ({ InstanceIds }, { core, requestId }) => {
    const instances = chosenInstances(core, InstanceIds);
    for (const instance of instances) refuseStates(instance, ['PENDING', 'RUNNING', 'SHUTDOWN', 'TERMINATING']);
    setState(instances, 'STARTING');
    const task = instanceStart.plan({ requestId, instanceIds: idsOf(instances) });
    startOperation(core, { name: 'StartInstances', requestId }, instances, task);
    return {};
  },
});

const stopInstances = defineAction({
  name: 'StopInstances',
  services: ['cvm'],
  parameters: z.object({
    InstanceIds: textList,
    ForceStop: bool.optional(),
    StopType: text.optional(),
    StoppedMode: text.optional(),
  }),
  handle: ({ InstanceIds }, { core, requestId }) => {
    const instances = chosenInstances(core, InstanceIds);
    for (const instance of instances) refuseStates(instance, ['PENDING', 'STOPPED', 'SHUTDOWN', 'TERMINATING']);
    setState(instances, 'STOPPING');
    const task = instanceStop.plan({ requestId, instanceIds: idsOf(instances) });
    startOperation(core, { name: 'StopInstances', requestId }, instances, task);
    return {};
  },
});

const terminateInstances = defineAction({
  name: 'TerminateInstances',
  services: ['cvm'],
  parameters: z.object({ InstanceIds: textList, ReleasePrepaidDataDisks: bool.optional() }),
  handle: ({ InstanceIds }, { core, requestId }) => {
    const instances = chosenInstances(core, InstanceIds);
    for (const instance of instances) refuseStates(instance, ['PENDING', 'TERMINATING']);
    const before = instances.map((instance) => instance.state);
    setState(instances, 'TERMINATING');
    const task = instanceReturn.plan({ requestId, instanceIds: idsOf(instances), before });
    startOperation(core, { name: 'TerminateInstances', requestId }, instances, task);
    return {};
  },
});

const idsOf = (instances: readonly InstanceRecord[]): string[] => instances.map((instance) => instance.instanceId);

function setState(instances: readonly InstanceRecord[], state: InstanceRecord['state']): void {
  for (const instance of instances) instance.state = state;
}

/** The power switch. */
export const instancePowerActions: readonly Action[] = [startInstances, stopInstances, terminateInstances];
