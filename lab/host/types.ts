// The lab's own corner of the machine: namespaces and processes that vanish together, as root or in a user namespace.
import type { Server } from 'node:net';

export interface ExecOptions {
  /** Network namespace by name; absent: the user's own network. */
  readonly netns?: string;
  /** Root directory made with `makeRoot`; absent: the machine's. */
  readonly root?: string;
  readonly stdin?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Kills and rejects after this; default 30 s. */
  readonly timeoutMs?: number;
}

export interface ExecResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How input and output of a container's first process are carried. */
export interface ConsoleOptions {
  /** Name of the machine that the process sees; default the machine's own. */
  readonly hostname?: string;
  /** Unix socket at which `attach` finds the process while it runs; at most 107 bytes long. */
  readonly socket: string;
  /** The process has an input, which whoever attaches may write to; otherwise it reads nothing. */
  readonly stdin: boolean;
  /** The input ends when the first who wrote to it leaves. */
  readonly stdinOnce: boolean;
  /** The process has a terminal. */
  readonly tty: boolean;
}

export interface SpawnOptions extends Omit<ExecOptions, 'stdin' | 'timeoutMs'> {
  /**
   * File that receives stdout and stderr, appended. With a `console` in the format of container runtimes (a line is
   * `TIME STREAM F text`, a part of one `P`), renamed when it reaches 10 MiB; four renamed ones are kept beside it.
   */
  readonly logFile: string;
  /** Needs `LabHost.carriesIo`. */
  readonly console?: ConsoleOptions;
}

export interface OpenOptions extends Omit<ExecOptions, 'stdin' | 'timeoutMs'> {
  /** Name of the machine that the process sees; default the machine's own. */
  readonly hostname?: string;
  /** Default: it reads nothing. */
  readonly stdin?: boolean;
  readonly tty?: boolean;
}

/** A piece of a live process's output. */
export interface LiveOutput {
  readonly stream: 'stdout' | 'stderr';
  readonly data: Buffer;
}

/** How a live process ended: with an exit code, by a signal's number, or unknown as its carrier went away. */
export type LiveEnd =
  | { readonly kind: 'code'; readonly code: number }
  | { readonly kind: 'signal'; readonly signal: number }
  | { readonly kind: 'lost' };

/** A process, or a connection, whose input and output are carried while it runs. */
export interface LiveProcess {
  /** May be read once. A process waits while nobody reads. Ends with the process. */
  readonly output: AsyncIterable<LiveOutput>;
  /** Never rejects. Known after the last of `output` was read. */
  readonly ended: Promise<LiveEnd>;
  /** Resolves when more may be written; what the process does not want is dropped. */
  write(data: Uint8Array): Promise<void>;
  /** Nothing more will be written. */
  endInput(): void;
  /** Without effect where there is no terminal. */
  resize(rows: number, columns: number): void;
  /** Leaves it: a process that `open` started is killed, one that was attached to goes on. Idempotent. */
  leave(): void;
}

export interface HostProcess {
  readonly pid: number;
  kill(signal: 'SIGTERM' | 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void;
  readonly exited: Promise<{ readonly code: number | null; readonly signal: string | null }>;
  /** Resolves when all of its output is in the log file: nobody holds its stdout and stderr any more. */
  readonly carried: Promise<void>;
}

export interface RootSpec {
  /** Name, unique in the lab; a directory of this name is made. */
  readonly name: string;
  /** Bind mounts made inside, source as seen in another root or on the machine. */
  readonly binds: readonly {
    readonly source: string;
    readonly sourceRoot?: string;
    readonly target: string;
    readonly readOnly?: boolean;
  }[];
}

/**
 * One long-lived helper process owns a private mount and pid namespace (and, without root, a user namespace); everything
 * the lab makes lives inside it and is gone, by the kernel's doing, when it ends, also when the lab itself is killed.
 * Network namespaces are named inside it only. The user's own network namespace is not changed.
 */
export interface LabHost {
  readonly mode: 'root' | 'rootless';
  /** Pid of the helper on the machine, for nsenter from another terminal. */
  readonly helperPid: number;
  exec(argv: readonly string[], options?: ExecOptions): Promise<ExecResult>;
  spawn(argv: readonly string[], options: SpawnOptions): Promise<HostProcess>;
  /** Whether `console`, `open`, `attach` and `dial` are at hand: they need build/container-io, which tools/setup.sh makes. */
  readonly carriesIo: boolean;
  /** Starts a process and carries its input and output. Rejects with HOST-START-PROCESS and the reason when it cannot be started. */
  open(argv: readonly string[], options?: OpenOptions): Promise<LiveProcess>;
  /** Joins a process that was spawned with a `console`. Rejects when it does not run. */
  attach(socket: string): Promise<LiveProcess>;
  /** Connects to a TCP port of the loopback of `netns` (absent: the user's own). Rejects with HOST-DIAL and the reason. */
  dial(netns: string | undefined, port: number): Promise<LiveProcess>;
  /** Its loopback is up. */
  addNetns(name: string): Promise<void>;
  deleteNetns(name: string): Promise<void>;
  /**
   * A private root: the machine copied on write, with its own /run, /tmp, /var and /opt and the devices of a container
   * (ADR 0016). The project's directory stays visible at its own path. Returns the root's handle for `ExecOptions.root`.
   */
  makeRoot(spec: RootSpec): Promise<string>;
  /** Ends every process that still lives in it. */
  removeRoot(root: string): Promise<void>;
  /** Reads or writes a file as seen inside a root. */
  writeFile(root: string, path: string, content: string | Uint8Array, mode?: number): Promise<void>;
  /** Undefined where it is not there or no file; at most its first `maxBytes`. */
  readFile(root: string, path: string, maxBytes?: number): Promise<string | undefined>;
  /** A listening socket that lives in `netns` but is served by this process. */
  listen(netns: string, address: { readonly host: string; readonly port: number }): Promise<Server>;
  /** Resolves when the helper has ended, by `close` or by itself; everything it held is gone then. */
  readonly ended: Promise<void>;
  /** Ends everything; idempotent. */
  close(): Promise<void>;
}
