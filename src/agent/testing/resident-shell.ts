// For tests: a shell that stays, and runs commands for a process that is too large to start hundreds of its own; most of all in the guest.
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readFileSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface ShellOutcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ResidentShell {
  /** Runs `script` in a subshell and returns once it has ended; what it leaves in the background goes on. Throws when it takes longer than a minute. */
  run(script: string): ShellOutcome;
  close(): void;
}

/** Reads a line and does it, for ever; a line has its newlines as `$nl`. */
const LOOP = `nl='\n'; while IFS= read -r line; do eval "$line"; done`;
const LIMIT_MS = 60_000;
const LOOK_MS = 1;

/** One command at a time. It ends with `close`, and with the process. */
export function createResidentShell(): ResidentShell {
  const folder = mkdtempSync(join(tmpdir(), 'tke-shell-'));
  const [asked, ended, stdout, stderr] = ['asked', 'ended', 'stdout', 'stderr'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
    string,
  ];
  spawnSync('mkfifo', [asked, ended]);
  // A pipe with a name opens once both ends are there; the shell's end of the first must end with this process.
  const both = openSync(asked, constants.O_RDWR);
  const [itsIn, toShell] = [openSync(asked, 'r'), openSync(asked, 'w')];
  const fromShell = openSync(ended, constants.O_RDONLY | constants.O_NONBLOCK);
  const itsOut = openSync(ended, 'w');
  const child = spawn('sh', ['-c', LOOP], { stdio: [itsIn, itsOut, 'inherit'] });
  for (const fd of [both, itsIn, itsOut]) closeSync(fd);
  // A worker that forgot to close it ends all the same.
  child.unref();

  const pause = new Int32Array(new SharedArrayBuffer(4));
  const answer = (): number => {
    const bytes = Buffer.alloc(16);
    for (let leftMs = LIMIT_MS; leftMs > 0; leftMs -= LOOK_MS) {
      try {
        const length = readSync(fromShell, bytes);
        if (length > 0) return Number(bytes.toString('utf8', 0, length));
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error;
      }
      Atomics.wait(pause, 0, 0, LOOK_MS);
    }
    throw new Error(`no end within ${LIMIT_MS / 1000} s`);
  };
  return {
    run: (script) => {
      const line = quoted(script).replaceAll('\n', `'"$nl"'`);
      writeSync(toShell, `sh -c ${line} </dev/null >${stdout} 2>${stderr}; echo $?\n`);
      return { code: answer(), stdout: readFileSync(stdout, 'utf8'), stderr: readFileSync(stderr, 'utf8') };
    },
    close: () => {
      for (const fd of [toShell, fromShell]) closeSync(fd);
      child.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** As one word of a shell. */
export const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;
