// What is wrong with what was read, logged when it appears and not again while it lasts.
import type { Logger } from '../base/logger.ts';

/** Takes all problems of now, one sentence each. */
export function createProblemLog(logger: Pick<Logger, 'warn'>): (problems: readonly string[]) => void {
  let known: ReadonlySet<string> = new Set();
  return (problems) => {
    for (const problem of problems)
      if (!known.has(problem)) logger.warn({ problem }, 'part of a pool makes no sense and is not used');
    known = new Set(problems);
  };
}
