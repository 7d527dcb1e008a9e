// Starts, watches and signals processes inside the helper; the lab refers to them by the id of their request.
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { Readable } from 'node:stream';
import { errorText, TrunklineError } from '../../src/base/errors.ts';
import type { Carrier } from './carrier.ts';
import { enterArgv } from './enter.ts';
import { HOST_ERRORS } from './errors.ts';
import type { DialRequest, ExecRequest, KillRequest, OpenRequest, Place, SpawnRequest } from './protocol.ts';
import type { ExecResult } from './types.ts';

/** What processes are started with, and who hears of their end. */
export interface ProcessesDeps {
  /** Environment of every process before its own additions; nothing is inherited, so proxy variables do not leak in. */
  readonly baseEnv: Readonly<Record<string, string>>;
  readonly onExit: (id: number, code: number | null, signal: string | null) => void;
  /** All output of a spawned process is written. */
  readonly onCarried: (id: number) => void;
  readonly carrier: Carrier;
}

/** The helper's processes. A place must exist: the caller has checked netns and root. */
export interface Processes {
  /** Runs to the end. A program that does not exist gives code 127, as a shell would. */
  exec(request: ExecRequest): Promise<ExecResult>;
  /** Resolves once it runs, with its pid as roots and /proc of the lab show it. */
  spawn(id: number, request: SpawnRequest): Promise<{ pid: number }>;
  /** Starts the carrier of a process or a connection, which finds its way to the lab by itself; `onExit` tells its end. */
  open(id: number, request: OpenRequest | DialRequest): Promise<{ pid: number }>;
  /** Signals the process itself, not its children; one that has ended is left alone. */
  kill(request: KillRequest): void;
}

const COMMAND_NOT_FOUND = 127;
const KILLED_BY_SIGNAL = 128;

/** Starts nothing by itself; spawned processes end with the helper. */
export function createProcesses(deps: ProcessesDeps): Processes {
  const running = new Map<number, ChildProcess>();

  const start = (place: Place, stdio: 'pipe' | ['ignore', number, number]): ChildProcess => {
    const { argv, cwd } = enterArgv(place);
    const [program = '', ...args] = argv;
    // A group of its own, so that a time-out ends what the program started too.
    return spawn(program, args, { cwd, env: { ...deps.baseEnv, ...place.env }, stdio, detached: true });
  };

  /** The process itself is the carrier's successor (same pid); one aside keeps its log and holds the last descriptor open. */
  const spawnCarried = async (id: number, request: Parameters<Carrier['run']>[0]): Promise<{ pid: number }> => {
    const [program = '', ...args] = deps.carrier.run(request);
    const child = spawn(program, args, {
      cwd: '/',
      env: { ...deps.baseEnv, ...request.env },
      stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const words = collectText(child.stdio[3]);
    const carried = collectText(child.stdio[4]);
    const exited = new Promise<[number | null, string | null]>((resolve) =>
      child.once('exit', (code, signal) => resolve([code, signal])),
    );
    const pid = await started(child, program);
    running.set(id, child);
    void exited.then(() => running.delete(id));
    const refusal = await words;
    if (refusal !== '') throw new TrunklineError(HOST_ERRORS.startProcess, refusal);
    // Nobody asks for the end of what was refused.
    void exited.then(([code, signal]) => deps.onExit(id, code, signal));
    void carried.then(() => deps.onCarried(id));
    return { pid };
  };

  return {
    exec: async (request) => await collect(start(request, 'pipe'), request),

    open: async (id, request) => {
      const [program = '', ...args] = request.op === 'open' ? deps.carrier.exec(request) : deps.carrier.dial(request);
      const env = { ...deps.baseEnv, ...(request.op === 'open' ? request.env : {}) };
      const child = spawn(program, args, { cwd: '/', env, stdio: ['ignore', 'ignore', 'inherit'], detached: true });
      child.once('exit', (code, signal) => deps.onExit(id, code, signal));
      return { pid: await started(child, program) };
    },

    spawn: async (id, request) => {
      if (request.console !== undefined) return await spawnCarried(id, { ...request, console: request.console });
      const log = openSync(request.logFile, 'a');
      try {
        const child = start(request, ['ignore', log, log]);
        child.once('exit', (code, signal) => {
          running.delete(id);
          deps.onExit(id, code, signal);
          deps.onCarried(id);
        });
        const pid = await started(child, request.argv[0]);
        running.set(id, child);
        return { pid };
      } finally {
        closeSync(log);
      }
    },

    kill: ({ process: id, signal }) => {
      running.get(id)?.kill(signal);
    },
  };
}

/** All that comes from one of a child's further descriptors, until nobody holds its other end. */
async function collectText(stream: ChildProcess['stdio'][number]): Promise<string> {
  const chunks: Buffer[] = [];
  if (stream instanceof Readable) {
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    await new Promise<void>((resolve) => stream.once('close', resolve));
  }
  return text(chunks);
}

async function started(child: ChildProcess, program: string): Promise<number> {
  return await new Promise((resolve, reject) => {
    child.once('error', (error) => {
      reject(new TrunklineError(HOST_ERRORS.command, `${program}: ${errorText(error)}`));
    });
    child.once('spawn', () => resolve(child.pid ?? 0));
  });
}

async function collect(child: ChildProcess, request: ExecRequest): Promise<ExecResult> {
  return await new Promise((resolve, reject) => {
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    const timer = setTimeout(() => {
      killGroup(child);
      reject(
        new TrunklineError(
          HOST_ERRORS.timeout,
          `${request.argv.join(' ')}: not done after ${request.timeoutMs} ms; killed`,
        ),
      );
    }, request.timeoutMs);
    child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk));
    // A program that does not read its input closes the pipe; that is its right.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(request.stdin ?? '');
    child.once('error', (error) => {
      clearTimeout(timer);
      resolve({ code: COMMAND_NOT_FOUND, stdout: '', stderr: `${errorText(error)}\n` });
    });
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      const words = signal === null ? '' : `ended by ${signal}\n`;
      resolve({ code: code ?? KILLED_BY_SIGNAL, stdout: text(stdout), stderr: text(stderr) + words });
    });
  });
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // The group ended by itself in the meantime.
  }
}

function text(chunks: readonly Buffer[]): string {
  return Buffer.concat(chunks).toString('utf8');
}
