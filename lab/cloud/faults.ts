// Faults on command: errors instead of answers, answers that get lost, tasks that fail.

export interface Faults {
  /** The next `times` calls of the action answer `code` and do nothing. `times` may be Infinity. */
  failNext(fault: {
    readonly action: string;
    readonly code: string;
    readonly times?: number;
    readonly message?: string;
  }): void;
  /** The next `times` calls act, then the connection is cut instead of an answer. */
  dropReply(fault: { readonly action: string; readonly times?: number }): void;
  /** The tasks of the next `times` calls end FAILED and leave nothing. */
  failTask(fault: { readonly action: string; readonly times?: number }): void;
  clear(): void;
  /** Used up by the server. */
  takeError(action: string): { readonly code: string; readonly message: string } | undefined;
  takeDrop(action: string): boolean;
  takeTaskFailure(action: string): boolean;
}

interface Pending {
  readonly action: string;
  readonly code: string;
  readonly message: string;
  left: number;
}

/** No faults until asked for. */
export function createFaults(): Faults {
  const lists: Record<'errors' | 'drops' | 'tasks', Pending[]> = { errors: [], drops: [], tasks: [] };
  const take = (list: Pending[], action: string): Pending | undefined => {
    const pending = list.find((candidate) => candidate.action === action && candidate.left > 0);
    if (pending !== undefined) pending.left -= 1;
    return pending;
  };
  const add = (list: Pending[], fault: { action: string; times?: number; code?: string; message?: string }): void => {
    const { action, times = 1, code = '', message = `${action} was told to fail` } = fault;
    list.push({ action, code, message, left: times });
  };
  return {
    failNext: (fault) => add(lists.errors, fault),
    dropReply: (fault) => add(lists.drops, fault),
    failTask: (fault) => add(lists.tasks, fault),
    clear: () => {
      for (const list of Object.values(lists)) list.length = 0;
    },
    takeError: (action) => take(lists.errors, action),
    takeDrop: (action) => take(lists.drops, action) !== undefined,
    takeTaskFailure: (action) => take(lists.tasks, action) !== undefined,
  };
}
