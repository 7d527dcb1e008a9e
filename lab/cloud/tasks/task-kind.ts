// What an asynchronous call leaves to be done later, as data, so that a saved cloud can go on with it.
import type { z } from 'zod';

import type { CloudCore } from '../core.ts';

export interface TaskSteps {
  /** Changes the account when the time has come; the fabric hears of it. */
  apply(): void;
  /** After the fabric obeys; default nothing. */
  finish?(): void;
  /** Undoes what the call began, when the task is told to fail or the fabric refuses. */
  undo(): void;
}

/** A task with what it works on; `data` is plain JSON that `TaskKind.revive` understands. */
export interface PlannedTask {
  readonly kind: string;
  readonly data: unknown;
  /** Looks up what it works on, now; a later look-up could find another record in its place. */
  begin(core: CloudCore): TaskSteps;
}

export interface TaskKind<S extends z.ZodType = z.ZodType> {
  readonly name: string;
  plan(data: z.output<S>): PlannedTask;
  /** From saved data. Throws z.ZodError when it is not what `plan` made. */
  revive(data: unknown): PlannedTask;
}

/** `steps` finds its records by the ids in the data and must do nothing to those that are gone. `schema` is a codec to JSON. */
export function defineTask<S extends z.ZodType>(
  name: string,
  schema: S,
  steps: (core: CloudCore, data: z.output<S>) => TaskSteps,
): TaskKind<S> {
  const planned = (data: z.output<S>): PlannedTask => ({
    kind: name,
    get data() {
      return schema.encode(data);
    },
    begin: (core) => steps(core, data),
  });
  return { name, plan: planned, revive: (data) => planned(schema.parse(data)) };
}
