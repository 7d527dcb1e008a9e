// `lab down`: asks the running lab to take everything down, and waits until it has.
import { systemClock } from '../../src/base/clock.ts';
import { isAlive, readState, startingProcess } from '../state-file.ts';
import type { CommandContext } from './context.ts';

const PATIENCE_MS = 30_000;
/** The lab is no child of this process, so its end can only be looked at. */
const LOOK_MS = 100;

/** Exit code 0 also when nothing runs; 1 when the lab did not end in time. */
export async function down({ out, err, ...id }: CommandContext): Promise<number> {
  // One that is starting gives up.
  const pid = (await readState(id))?.pid ?? (await startingProcess(id));
  if (pid === undefined) {
    out.write('no lab is running\n');
    return 0;
  }
  process.kill(pid, 'SIGTERM');
  const deadline = systemClock.monotonicMs() + PATIENCE_MS;
  while (isAlive(pid)) {
    if (systemClock.monotonicMs() > deadline) {
      err.write(`lab: process ${pid} did not end within ${PATIENCE_MS / 1000} s; end it with: kill -9 ${pid}\n`);
      return 1;
    }
    await systemClock.sleep(LOOK_MS);
  }
  out.write('the lab is down\n');
  return 0;
}
