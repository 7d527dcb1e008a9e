// The tasks of instances: started, stopped, returned; each tells its end through LatestOperation.
import { z } from 'zod';

import type { CloudCore } from '../core.ts';
import { removeInstance } from '../cvm/instance-operations.ts';
import { instanceStates } from '../saved/codecs.ts';
import type { InstanceRecord } from '../state.ts';
import { defineTask, type TaskSteps } from './task-kind.ts';

const some = z.strictObject({ requestId: z.string(), instanceIds: z.array(z.string()) });

/** Steps whose end stands in the LatestOperation of those instances on which it is still the latest. */
function asOperation(
  core: CloudCore,
  { instanceIds, requestId }: z.output<typeof some>,
  stepsOf: (instances: readonly InstanceRecord[]) => TaskSteps,
): TaskSteps {
  const instances = instanceIds.map((id) => core.state.instances.get(id)).filter((one) => one !== undefined);
  const steps = stepsOf(instances);
  const end = (state: 'SUCCESS' | 'FAILED'): void => {
    for (const { latestOperation } of instances)
      if (latestOperation?.requestId === requestId) latestOperation.state = state;
  };
  return {
    apply: () => steps.apply(),
    finish: () => {
      steps.finish?.();
      end('SUCCESS');
    },
    undo: () => {
      steps.undo();
      end('FAILED');
    },
  };
}

const setState = (instances: readonly InstanceRecord[], state: InstanceRecord['state']) => (): void => {
  for (const instance of instances) instance.state = state;
};

/** STARTING until it is RUNNING. */
export const instanceStart = defineTask('instance-start', some, (core, data) =>
  asOperation(core, data, (instances) => ({
    apply: setState(instances, 'RUNNING'),
    undo: setState(instances, 'STOPPED'),
  })),
);

/** STOPPING until it is STOPPED. */
export const instanceStop = defineTask('instance-stop', some, (core, data) =>
  asOperation(core, data, (instances) => ({
    apply: setState(instances, 'STOPPED'),
    undo: setState(instances, 'RUNNING'),
  })),
);

/** TERMINATING until it is gone; `before` are the states to go back to, in order of the instances. */
export const instanceReturn = defineTask(
  'instance-return',
  some.extend({ before: z.array(z.enum(instanceStates)) }),
  (core, { before, ...data }) =>
    asOperation(core, data, (instances) => ({
      apply: () => {
        for (const instance of instances) removeInstance(core, instance);
      },
      // Only before it acted: an instance that is gone stays gone.
      undo: () => {
        for (const instance of instances)
          if (core.state.instances.has(instance.instanceId))
            instance.state = before[data.instanceIds.indexOf(instance.instanceId)] ?? instance.state;
      },
    })),
);

/** The old names, in order of the instances, hold until then. */
export const instanceRenaming = defineTask(
  'instance-renaming',
  some.extend({ name: z.string(), before: z.array(z.string()) }),
  (core, { before, name, ...data }) =>
    asOperation(core, data, (instances) => ({
      apply: () => {
        for (const instance of instances) instance.name = name;
      },
      undo: () => {
        for (const instance of instances)
          instance.name = before[data.instanceIds.indexOf(instance.instanceId)] ?? instance.name;
      },
    })),
);

const groupChange = z.strictObject({ eniId: z.string(), after: z.array(z.string()), before: z.array(z.string()) });

/** The groups of the primary ENIs change then, without those that are gone. */
export const instanceGroupChange = defineTask(
  'instance-group-change',
  some.extend({ changes: z.array(groupChange) }),
  (core, { changes, ...data }) => {
    const enis = changes.flatMap((change) => {
      const eni = core.state.enis.get(change.eniId);
      return eni === undefined ? [] : [{ ...change, eni }];
    });
    const present = (ids: readonly string[]): string[] => ids.filter((id) => core.state.securityGroups.has(id));
    return asOperation(core, data, () => ({
      apply: () => {
        for (const { after, eni } of enis) eni.securityGroupIds = present(after);
      },
      undo: () => {
        for (const { before, eni } of enis) eni.securityGroupIds = present(before);
      },
    }));
  },
);

/** Every kind of this file. */
export const instanceTasks = [
  instanceStart,
  instanceStop,
  instanceReturn,
  instanceRenaming,
  instanceGroupChange,
] as const;
