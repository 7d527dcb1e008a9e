// Runs one container: a private root, a process in the Pod's network, its end, and what was left behind.
import { constants } from 'node:os';
import type { Clock } from '../../../src/base/clock.ts';
import { errorText } from '../../../src/base/errors.ts';
import type { Logger } from '../../../src/base/logger.ts';
import { rfc3339 } from '../../../src/kube/times.ts';
import type { ConsoleOptions, ExecResult, HostProcess, LabHost, LiveProcess, RootSpec } from '../../host/types.ts';
import type { ContainerSignal } from './kubelet-types.ts';
import type { ContainerEnd } from './pod-status.ts';
import { endOfLog, writtenMessage } from './termination-message.ts';
import type { TerminationMessageSource } from './termination-message.ts';

export interface ContainerSpec {
  /** 64 hexadecimal digits, unique in the lab. */
  readonly id: string;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Absent: the user's own network. */
  readonly netns?: string;
  readonly binds: RootSpec['binds'];
  /** Files of the image and of the Pod, absolute path to content. */
  readonly files: Readonly<Record<string, string>>;
  /** Its directory exists. */
  readonly logFile: string;
  /** The container has an input, for those who attach. */
  readonly stdin?: boolean;
  /** The input ends with the first who attached. */
  readonly stdinOnce?: boolean;
  readonly tty?: boolean;
  /** Name of the machine that the container sees; default the machine's own. */
  readonly hostname?: string;
  /** Where it says why it ended. */
  readonly message: TerminationMessageSource;
  /** Where those who attach find it; must be free. Without effect where the host carries no input and output. */
  readonly socket: string;
}

export interface RunningContainer {
  readonly containerID: string;
  readonly startedAt: string;
  readonly startedMs: number;
  /** Never rejects; everything of the container is gone when it resolves. */
  readonly ended: Promise<ContainerEnd>;
  /** SIGTERM now and SIGKILL after `graceMs`, or SIGKILL at once when it is 0. A later call can only shorten the grace. */
  stop(graceMs: number): void;
  signal(signal: ContainerSignal): void;
  exec(
    argv: readonly string[],
    options?: { readonly stdin?: string; readonly timeoutMs?: number },
  ): Promise<ExecResult>;
  /** Runs a command with live input and output; it ends with the container. */
  open(argv: readonly string[], options: { readonly stdin: boolean; readonly tty: boolean }): Promise<LiveProcess>;
  /** Joins the container's first process. */
  attach(): Promise<LiveProcess>;
}

export interface RuntimeDeps {
  readonly host: LabHost;
  readonly clock: Clock;
  readonly logger: Logger;
}

const ID_PREFIX = 'lab://';
const CARRIED_MS = 2_000;

/** How a container's id is written in a Pod's status. */
export const containerId = (id: string): string => `${ID_PREFIX}${id}`;

/** Starts a container. Rejects with the host's error when it cannot be; nothing is left behind then. */
export async function startContainer(deps: RuntimeDeps, spec: ContainerSpec): Promise<RunningContainer> {
  const { host, clock } = deps;
  const root = await host.makeRoot({ name: `c-${spec.id.slice(0, 32)}`, binds: spec.binds });
  try {
    for (const [path, content] of Object.entries(spec.files)) await host.writeFile(root, path, content);
    const place = {
      root,
      ...(spec.netns === undefined ? {} : { netns: spec.netns }),
      ...(spec.cwd === undefined ? {} : { cwd: spec.cwd }),
    };
    const process = await host.spawn(spec.argv, {
      ...place,
      env: spec.env,
      logFile: spec.logFile,
      ...(host.carriesIo ? { console: consoleOf(spec) } : {}),
    });
    const startedAt = rfc3339(clock.now());
    const stopper = createStopper(clock, process);
    return {
      containerID: containerId(spec.id),
      startedAt,
      startedMs: clock.monotonicMs(),
      ended: endOf(deps, process, root, spec, startedAt, stopper),
      stop: (graceMs) => stopper.stop(graceMs),
      signal: (signal) => process.kill(signal),
      exec: (argv, options = {}) => host.exec(argv, { ...place, env: spec.env, ...options }),
      open: (argv, options) => host.open(argv, { ...place, ...named(spec), env: spec.env, ...options }),
      attach: () => host.attach(spec.socket),
    };
  } catch (error) {
    await host.removeRoot(root).catch(() => undefined);
    throw error;
  }
}

const named = ({ hostname }: ContainerSpec): { readonly hostname?: string } =>
  hostname === undefined ? {} : { hostname };

const consoleOf = (spec: ContainerSpec): ConsoleOptions => {
  const { socket, stdin = false, stdinOnce = false, tty = false } = spec;
  return { socket, stdin, stdinOnce, tty, ...named(spec) };
};

interface Stopper {
  stop(graceMs: number): void;
  cancel(): void;
}

function createStopper(clock: Clock, process: HostProcess): Stopper {
  const state: { deadlineMs: number; cancel: () => void } = {
    deadlineMs: Number.POSITIVE_INFINITY,
    cancel: () => undefined,
  };
  return {
    stop: (graceMs) => {
      const first = state.deadlineMs === Number.POSITIVE_INFINITY;
      const deadlineMs = clock.monotonicMs() + graceMs;
      if (deadlineMs >= state.deadlineMs) return;
      state.deadlineMs = deadlineMs;
      state.cancel();
      if (graceMs <= 0) return process.kill('SIGKILL');
      if (first) process.kill('SIGTERM');
      state.cancel = clock.after(graceMs, () => process.kill('SIGKILL'));
    },
    cancel: () => state.cancel(),
  };
}

async function endOf(
  { host, clock, logger }: RuntimeDeps,
  process: HostProcess,
  root: string,
  spec: ContainerSpec,
  startedAt: string,
  stopper: Stopper,
): Promise<ContainerEnd> {
  // A host that is gone took the process along.
  const { code, signal } = await process.exited.catch(() => ({ code: null, signal: 'SIGKILL' }));
  stopper.cancel();
  const finishedAt = rfc3339(clock.now());
  // What the program started is its process group; without this it would outlive the container.
  await host.exec(['busybox', 'kill', '-9', `-${process.pid}`]).catch(() => undefined);
  const written = await writtenMessage(host, root, spec.message);
  await host.removeRoot(root).catch((error: unknown) => {
    logger.debug({ root, error: errorText(error) }, 'root of a container could not be removed');
  });
  // The log is whole before the end is known; somebody else who holds its pipe is not waited for.
  await Promise.race([process.carried, clock.sleep(CARRIED_MS)]);
  const isFailed = code !== 0;
  const message = written === '' && isFailed && spec.message.fallsBackToLog ? await endOfLog(spec.logFile) : written;
  const number = signal === null ? undefined : signalNumber(signal);
  const exitCode = code ?? 128 + (number ?? 0);
  return {
    exitCode,
    ...(number === undefined ? {} : { signal: number }),
    reason: exitCode === 0 ? 'Completed' : 'Error',
    ...(message === '' ? {} : { message }),
    startedAt,
    finishedAt,
    containerID: containerId(spec.id),
  };
}

function signalNumber(name: string): number {
  return Object.entries(constants.signals).find(([known]) => known === name)?.[1] ?? constants.signals.SIGKILL;
}
