// Runs the tasks of one account: each at its time, told to fail or to stall by a fault, and known by its id afterwards.
import type { Clock } from '../../../src/base/clock.ts';
import { errorText } from '../../../src/base/errors.ts';
import type { Logger } from '../../../src/base/logger.ts';
import { ApiError } from '../api-error.ts';
import type { PlannedTask, TaskSteps } from './task-kind.ts';

export type TaskStatus = 'RUNNING' | 'SUCCESS' | 'FAILED';

/** A task that has not ended, as it is saved. */
export interface SavedTask {
  readonly action: string;
  readonly taskId: string;
  readonly kind: string;
  readonly data: unknown;
  /** It was told to fail. */
  readonly told: boolean;
  /** `applied`: it has acted and only the fabric's word is missing. */
  readonly phase: 'waiting' | 'stalled' | 'applied';
  /** Milliseconds until it acts; of a waiting one. */
  readonly dueInMs: number;
}

export interface SavedTasks {
  /** By id: how each task ended, or that it has not. */
  readonly statuses: readonly [string, TaskStatus][];
  /** In order of their start. */
  readonly running: readonly SavedTask[];
}

export interface TaskRunner {
  /** RUNNING from now on. */
  start(action: string, taskId: string, task: PlannedTask, afterMs: number): void;
  status(taskId: string): TaskStatus | undefined;
  /** Lets the tasks that were told to stall go on at once; how many did. */
  release(): number;
  save(): SavedTasks;
  /** Takes up what `save` gave, in a runner without tasks; `revive` finds the kind of each. */
  restore(saved: SavedTasks, revive: (task: SavedTask) => PlannedTask): void;
  /** Nothing acts any more. */
  stop(): void;
}

export interface TaskRunnerDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Turns the plan into steps. */
  begin(task: PlannedTask): TaskSteps;
  /** Whether a fault hits the next task of the action. */
  takeFailure(action: string): boolean;
  takeStall(action: string): boolean;
  /** Tells the fabric, and waits for it. */
  touch(): void;
  settle(): Promise<void>;
  /** After the last step of a task that went well. */
  finished(): void;
}

interface Running {
  readonly action: string;
  readonly taskId: string;
  readonly task: PlannedTask;
  readonly steps: TaskSteps;
  readonly told: boolean;
  phase: SavedTask['phase'];
  dueAt: number;
  cancel: () => void;
}

/** No tasks yet. */
export function createTaskRunner(deps: TaskRunnerDeps): TaskRunner {
  const { clock, logger } = deps;
  const statuses = new Map<string, TaskStatus>();
  const running = new Map<string, Running>();
  let stopped = false;

  const end = (task: Running, status: TaskStatus): void => {
    running.delete(task.taskId);
    statuses.set(task.taskId, status);
  };
  const run = async (task: Running): Promise<void> => {
    const { action, steps, taskId, told } = task;
    try {
      if (told) throw new ApiError('FailedOperation', `${action}: its task was told to fail`);
      if (task.phase !== 'applied') steps.apply();
      task.phase = 'applied';
      deps.touch();
      await deps.settle();
      if (stopped) return;
      steps.finish?.();
      deps.finished();
      end(task, 'SUCCESS');
    } catch (error) {
      if (stopped) return;
      if (!told) logger.error({ action, taskId, reason: errorText(error) }, 'a task of the simulated cloud failed');
      steps.undo();
      deps.touch();
      end(task, 'FAILED');
    }
  };
  const wait = (task: Running, ms: number): void => {
    task.dueAt = clock.monotonicMs() + ms;
    task.cancel = clock.after(ms, () => void run(task));
  };
  const add = (
    { action, taskId, told, phase }: Pick<Running, 'action' | 'taskId' | 'told' | 'phase'>,
    task: PlannedTask,
  ): Running => {
    const added: Running = {
      action,
      taskId,
      task,
      steps: deps.begin(task),
      told,
      phase,
      dueAt: 0,
      cancel: () => undefined,
    };
    statuses.set(taskId, 'RUNNING');
    running.set(taskId, added);
    return added;
  };

  return {
    start: (action, taskId, task, afterMs) => {
      const told = deps.takeFailure(action);
      const phase = deps.takeStall(action) ? 'stalled' : 'waiting';
      const added = add({ action, taskId, told, phase }, task);
      if (phase === 'waiting') wait(added, afterMs);
    },
    status: (taskId) => statuses.get(taskId),
    release: () => {
      const stalled = [...running.values()].filter(({ phase }) => phase === 'stalled');
      for (const task of stalled) {
        task.phase = 'waiting';
        task.dueAt = clock.monotonicMs();
        void run(task);
      }
      return stalled.length;
    },
    save: () => ({
      statuses: [...statuses],
      running: [...running.values()].map(({ action, dueAt, phase, task, taskId, told }) => ({
        action,
        taskId,
        kind: task.kind,
        data: task.data,
        told,
        phase,
        dueInMs: phase === 'waiting' ? Math.max(0, dueAt - clock.monotonicMs()) : 0,
      })),
    }),
    restore: (saved, revive) => {
      for (const [taskId, status] of saved.statuses) statuses.set(taskId, status);
      for (const one of saved.running) {
        const task = add(one, revive(one));
        if (one.phase === 'waiting') wait(task, one.dueInMs);
        if (one.phase === 'applied') void run(task);
      }
    },
    stop: () => {
      stopped = true;
      for (const { cancel } of running.values()) cancel();
      running.clear();
    },
  };
}
