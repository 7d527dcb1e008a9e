// `lab down`: asks the running lab to take everything down, and waits until it has.
import { watch } from 'node:fs';
import { dirname } from 'node:path';

import { readState } from '../state-file.ts';
import type { CommandContext } from './context.ts';

const PATIENCE_MS = 30_000;

/** Exit code 0 also when nothing runs. */
export async function down({ out, err, ...id }: CommandContext): Promise<number> {
  const state = await readState(id);
  if (state === undefined) {
    out.write('no lab is running\n');
    return 0;
  }
  const folder = dirname(state.stateDir);
  const limit = AbortSignal.timeout(PATIENCE_MS);
  const gone = new Promise<boolean>((resolve) => {
    // The state folder is the last thing a lab removes.
    const watcher = watch(folder, { signal: limit }, () => {
      readState(id).then(
        (left) => {
          if (left !== undefined) return;
          watcher.close();
          resolve(true);
        },
        () => undefined,
      );
    });
    watcher.on('error', () => resolve(false));
    limit.addEventListener('abort', () => resolve(false));
  });
  process.kill(state.pid, 'SIGTERM');
  if (await gone) {
    out.write('the lab is down\n');
    return 0;
  }
  err.write(
    `lab: process ${state.pid} did not end within ${PATIENCE_MS / 1000} s; end it with: kill -9 ${state.pid}\n`,
  );
  return 1;
}
