// Where a process is to run, as a request to the helper says it.
import type { Place } from './protocol.ts';
import type { ExecOptions } from './types.ts';

/** The part that all requests for processes share. */
export function requestPlace(argv: readonly string[], options: Omit<ExecOptions, 'stdin' | 'timeoutMs'>): Place {
  const [program = '', ...args] = argv;
  const { netns, root, cwd, env } = options;
  return { argv: [program, ...args], netns, root, cwd, env: env === undefined ? undefined : { ...env } };
}
