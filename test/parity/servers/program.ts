// A program of a control plane: started with its output in a file, waited for, ended for good.
import { spawn } from 'node:child_process';
import { open, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

const START_MS = 60_000;
const POLL_MS = 100;

export interface Program {
  readonly name: string;
  /** The end of its log once it has ended by itself. */
  ended(): Promise<string> | undefined;
  /** Kills it; resolves when it is gone. */
  stop(): Promise<void>;
}

/** Starts `binary` with standard output and error in `logFile`. One that cannot be started counts as ended. */
export async function startProgram(binary: string, args: readonly string[], logFile: string): Promise<Program> {
  const log = await open(logFile, 'w');
  const child = spawn(binary, args, { stdio: ['ignore', log.fd, log.fd] });
  const exited = new Promise<void>((resolve, reject) => {
    child.on('exit', () => resolve());
    child.on('error', reject);
  });
  exited.catch(() => undefined);
  await log.close();
  return {
    name: binary,
    ended: () =>
      child.exitCode === null && child.signalCode === null && child.pid !== undefined
        ? undefined
        : readFile(logFile, 'utf8'),
    async stop() {
      child.kill('SIGKILL');
      await exited.catch(() => undefined);
    },
  };
}

/** Rejects with the end of the program's log when it ends first, and when it is not healthy within a minute. */
export async function untilHealthy(program: Program, isHealthy: () => Promise<boolean>): Promise<void> {
  for (const deadline = performance.now() + START_MS; performance.now() < deadline; await sleep(POLL_MS)) {
    const log = await program.ended();
    if (log !== undefined) throw new Error(`${program.name} ended: ${log.slice(-2_000)}`);
    if (await isHealthy().catch(() => false)) return;
  }
  throw new Error(`${program.name} was not ready within ${START_MS / 1000} s`);
}
