// StartInstances, StopInstances and TerminateInstances. GUESS: the facts name none of the three; parameters and codes are the cvm service's usual ones.
import { z } from 'zod';
import { type Action, bool, defineAction, text, textList } from '../action.ts';
import { chosenInstances, refuseStates, removeInstance, startOperation } from '../cvm/instance-operations.ts';
import type { InstanceRecord } from '../state.ts';

const startInstances = defineAction({
  name: 'StartInstances',
  services: ['cvm'],
  parameters: z.object({ InstanceIds: textList }),
  handle: ({ InstanceIds }, { core, requestId }) => {
    const instances = chosenInstances(core, InstanceIds);
    for (const instance of instances) refuseStates(instance, ['PENDING', 'RUNNING', 'SHUTDOWN', 'TERMINATING']);
    setState(instances, 'STARTING');
    startOperation(core, { name: 'StartInstances', requestId }, instances, {
      apply: () => setState(instances, 'RUNNING'),
      undo: () => setState(instances, 'STOPPED'),
    });
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
    startOperation(core, { name: 'StopInstances', requestId }, instances, {
      apply: () => setState(instances, 'STOPPED'),
      undo: () => setState(instances, 'RUNNING'),
    });
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
    const before = new Map(instances.map((instance) => [instance, instance.state]));
    setState(instances, 'TERMINATING');
    startOperation(core, { name: 'TerminateInstances', requestId }, instances, {
      apply: () => {
        for (const instance of instances) removeInstance(core, instance);
      },
      // Only before it acted: an instance that is gone stays gone.
      undo: () => {
        for (const [instance, state] of before)
          if (core.state.instances.has(instance.instanceId)) instance.state = state;
      },
    });
    return {};
  },
});

function setState(instances: readonly InstanceRecord[], state: InstanceRecord['state']): void {
  for (const instance of instances) instance.state = state;
}

/** The power switch. */
export const instancePowerActions: readonly Action[] = [startInstances, stopInstances, terminateInstances];
