// What every action works with: the account, its ids, time, the feed to the fabric and the asynchronous tasks.
import type { Clock } from '../../src/base/clock.ts';
import { errorText } from '../../src/base/errors.ts';
import type { Logger } from '../../src/base/logger.ts';
import { type AddonFeed, createAddonFeed } from './addons/addon-feed.ts';
import { ApiError } from './api-error.ts';
import { sweepBindings } from './eips/sweep.ts';
import { createRandom } from './fault-random.ts';
import { createFaults, type Faults } from './faults.ts';
import { createIdSource, type IdPrefix, type IdSource } from './ids.ts';
import type { FabricSink, FabricSnapshot } from './read-model.ts';
import type { CloudSettings } from './settings.ts';
import { takeSnapshot } from './snapshot.ts';
import { type AccountState, emptyAccount } from './state.ts';

export type TaskStatus = 'RUNNING' | 'SUCCESS' | 'FAILED';

export interface TaskSteps {
  /** Changes the account when the time has come; the fabric hears of it. */
  apply(): void;
  /** After the fabric obeys; default nothing. */
  finish?(): void;
  /** Undoes what the call began, when the task is told to fail or the fabric refuses. */
  undo(): void;
}

export interface CloudCore {
  readonly region: string;
  readonly clock: Clock;
  readonly state: AccountState;
  readonly settings: CloudSettings;
  readonly faults: Faults;
  readonly ids: IdSource;
  /** Values that add-ons of clusters run with. */
  readonly addonFeed: AddonFeed;
  newId(prefix: IdPrefix): string;
  /** Tells the fabric that something changed. */
  touch(): void;
  /** Resolves when packets obey what `touch` told last. Throws InternalError when the fabric cannot. */
  settle(): Promise<void>;
  /** Starts the task of a call; its id is the call's RequestId (facts, section 7: Async, VPC kind). */
  startTask(action: string, requestId: string, steps: TaskSteps): void;
  taskStatus(taskId: string): TaskStatus | undefined;
  /** Lets the tasks that were told to stall go on at once; how many did. */
  releaseTasks(): number;
  snapshot(): FabricSnapshot;
  /** Ends pending timers; nothing changes afterwards. */
  stop(): void;
}

export interface CoreOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly region: string;
  readonly fabric: FabricSink | undefined;
  readonly seed: number | undefined;
  readonly settings: CloudSettings;
}

export function createCore(options: CoreOptions): CloudCore {
  const { clock, fabric, logger } = options;
  // Its own, since faults change them.
  const settings = { ...options.settings };
  const state = emptyAccount();
  const ids = createIdSource(options.seed);
  const faults = createFaults(createRandom(options.seed));
  const tasks = new Map<string, TaskStatus>();
  const timers = new Set<() => void>();
  const stalled: (() => void)[] = [];
  let version = 0;
  let stopped = false;

  const snapshot = (): FabricSnapshot => takeSnapshot(state, version, settings.noGroupIsOpen);
  const touch = (): void => {
    sweepBindings(state, clock.monotonicMs());
    version += 1;
    fabric?.changed(snapshot());
  };
  const settle = async (): Promise<void> => {
    try {
      await fabric?.settled(version);
    } catch (error) {
      throw new ApiError('InternalError', `the fabric did not follow: ${errorText(error)}`);
    }
  };
  const runTask = async (action: string, taskId: string, told: boolean, steps: TaskSteps): Promise<void> => {
    try {
      if (told) throw new ApiError('FailedOperation', `${action}: its task was told to fail`);
      steps.apply();
      touch();
      await settle();
      if (stopped) return;
      steps.finish?.();
      if (sweepBindings(state, clock.monotonicMs()) > 0) touch();
      tasks.set(taskId, 'SUCCESS');
    } catch (error) {
      if (stopped) return;
      if (!told) logger.error({ action, taskId, reason: errorText(error) }, 'a task of the simulated cloud failed');
      steps.undo();
      touch();
      tasks.set(taskId, 'FAILED');
    }
  };

  return {
    region: options.region,
    clock,
    state,
    settings,
    faults,
    ids,
    addonFeed: createAddonFeed(),
    newId: (prefix) =>
      ids.next(prefix, (id) =>
        [
          state.vpcs,
          state.subnets,
          state.securityGroups,
          state.enis,
          state.instances,
          state.routeBook.tables,
          state.routeBook.nats,
          state.eipBook.eips,
        ].some((map) => map.has(id)),
      ),
    touch,
    settle,
    startTask: (action, taskId, steps) => {
      tasks.set(taskId, 'RUNNING');
      const told = faults.takeTaskFailure(action);
      if (faults.takeTaskStall(action)) {
        stalled.push(() => void runTask(action, taskId, told, steps));
        return;
      }
      const cancel = clock.after(settings.taskMsByAction[action] ?? settings.taskMs, () => {
        timers.delete(cancel);
        void runTask(action, taskId, told, steps);
      });
      timers.add(cancel);
    },
    taskStatus: (taskId) => tasks.get(taskId),
    releaseTasks: () => {
      const waiting = stalled.splice(0);
      for (const run of waiting) run();
      return waiting.length;
    },
    snapshot,
    stop: () => {
      stopped = true;
      for (const cancel of timers) cancel();
      stalled.length = 0;
    },
  };
}
