// Every kind of task, by its name: what a saved cloud may hold as not yet done.
import { addonTasks } from './addon-tasks.ts';
import { eipTasks } from './eip-tasks.ts';
import { eniTasks } from './eni-tasks.ts';
import { instanceTasks } from './instance-tasks.ts';
import { natTasks } from './nat-tasks.ts';
import { privateAddressTasks } from './private-address-tasks.ts';
import type { PlannedTask } from './task-kind.ts';

/** Names do not repeat. */
export const taskKinds: ReadonlyMap<string, { revive(data: unknown): PlannedTask }> = new Map(
  [...eniTasks, ...privateAddressTasks, ...eipTasks, ...instanceTasks, ...natTasks, ...addonTasks].map((kind) => [
    kind.name,
    kind,
  ]),
);
