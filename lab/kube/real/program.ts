// A program of a real control plane, with its log in a file and its end noticed.
import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { errorText } from '../../../src/base/errors.ts';
import type { Clock } from '../../../src/base/clock.ts';

export interface ControlPlaneProgram {
  /** Tries `look` until it resolves, to what it resolves to. Rejects with the end of the log when the program ends first, or after a minute. */
  untilHealthy<T>(look: () => Promise<T>): Promise<T>;
  stop(): Promise<void>;
}

const START_MS = 60_000;
const POLL_MS = 100;
const LOG_END = 2_000;

/** Starts it; the kernel ends it with us where `setpriv` is at hand. */
export function startControlPlaneProgram(
  clock: Clock,
  binary: string,
  args: readonly string[],
  logFile: string,
): ControlPlaneProgram {
  const log = openSync(logFile, 'w');
  const guard = ['/usr/bin/setpriv', '/bin/setpriv'].find((file) => existsSync(file));
  const [command, ...all] =
    guard === undefined ? [binary, ...args] : [guard, '--pdeathsig', 'KILL', '--', binary, ...args];
  const child = spawn(command, all, { stdio: ['ignore', log, log] });
  closeSync(log);
  const state: { ended: string | undefined } = { ended: undefined };
  const ended = new Promise<void>((resolve) => {
    child.on('error', (error) => {
      state.ended = error.message;
      resolve();
    });
    child.on('exit', (code, signal) => {
      state.ended = `ended with ${signal ?? `exit code ${code}`}`;
      resolve();
    });
  });
  return {
    async untilHealthy(look) {
      const last: { error: unknown } = { error: 'no answer' };
      const deadline = clock.monotonicMs() + START_MS;
      while (clock.monotonicMs() < deadline) {
        if (state.ended !== undefined)
          throw new Error(`${binary} ${state.ended}: ${(await readFile(logFile, 'utf8')).slice(-LOG_END)}`);
        try {
          return await look();
        } catch (error) {
          last.error = error;
        }
        await clock.sleep(POLL_MS);
      }
      throw new Error(`${binary} was not ready within ${START_MS / 1000} s: ${errorText(last.error)}`);
    },
    async stop() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
