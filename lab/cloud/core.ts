// What every action works with: the account, its ids, time, the feed to the fabric and the asynchronous tasks.
import type { Clock } from '../../src/base/clock.ts';
import { errorText } from '../../src/base/errors.ts';
import type { Logger } from '../../src/base/logger.ts';
import { type AddonFeed, type ClusterNetworkFeed, createFeed } from './addons/addon-feed.ts';
import { ApiError } from './api-error.ts';
import { sweepBindings } from './eips/sweep.ts';
import { createRandom, type ResumableRandom } from './fault-random.ts';
import { createFaults, type Faults } from './faults.ts';
import { createIdSource, type IdPrefix, type IdSource } from './ids.ts';
import type { FabricSink, FabricSnapshot } from './read-model.ts';
import type { CloudSettings } from './settings.ts';
import { takeSnapshot } from './snapshot.ts';
import { type AccountState, emptyAccount } from './state.ts';
import type { PlannedTask } from './tasks/task-kind.ts';
import { createTaskRunner, type TaskRunner, type TaskStatus } from './tasks/task-runner.ts';

export interface CloudCore {
  readonly region: string;
  readonly clock: Clock;
  readonly state: AccountState;
  readonly settings: CloudSettings;
  /** As the account was opened, before faults changed them. */
  readonly openingSettings: CloudSettings;
  readonly faults: Faults;
  /** The chances of faults. */
  readonly random: ResumableRandom;
  /** By subnet: addresses that a fault holds. */
  readonly drained: Map<string, string[]>;
  readonly ids: IdSource;
  /** Values that add-ons of clusters run with. */
  readonly addonFeed: AddonFeed;
  /** VPC-CNI networks of clusters. */
  readonly networkFeed: ClusterNetworkFeed;
  newId(prefix: IdPrefix): string;
  /** Tells the fabric that something changed. */
  touch(): void;
  /** Resolves when packets obey what `touch` told last. Throws InternalError when the fabric cannot. */
  settle(): Promise<void>;
  /** Starts the task of a call; its id is the call's RequestId (facts, section 7: Async, VPC kind). */
  startTask(action: string, requestId: string, task: PlannedTask): void;
  /** Tasks that have not ended, and how the others ended. */
  readonly tasks: Pick<TaskRunner, 'save' | 'restore'>;
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
  const random = createRandom(options.seed);
  const faults = createFaults(random);
  let version = 0;

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
  const tasks = createTaskRunner({
    clock,
    logger,
    begin: (task) => task.begin(core),
    takeFailure: (action) => faults.takeTaskFailure(action),
    takeStall: (action) => faults.takeTaskStall(action),
    touch,
    settle,
    finished: () => {
      if (sweepBindings(state, clock.monotonicMs()) > 0) touch();
    },
  });

  const core: CloudCore = {
    region: options.region,
    clock,
    state,
    settings,
    openingSettings: options.settings,
    faults,
    random,
    drained: new Map(),
    ids,
    addonFeed: createFeed(),
    networkFeed: createFeed(),
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
    startTask: (action, taskId, task) =>
      tasks.start(action, taskId, task, settings.taskMsByAction[action] ?? settings.taskMs),
    tasks,
    taskStatus: (taskId) => tasks.status(taskId),
    releaseTasks: () => tasks.release(),
    snapshot,
    stop: () => tasks.stop(),
  };
  return core;
}
