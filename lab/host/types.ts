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

export interface SpawnOptions extends Omit<ExecOptions, 'stdin' | 'timeoutMs'> {
  /** File that receives stdout and stderr, appended. */
  readonly logFile: string;
}

export interface HostProcess {
  readonly pid: number;
  kill(signal: 'SIGTERM' | 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void;
  readonly exited: Promise<{ readonly code: number | null; readonly signal: string | null }>;
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
  addNetns(name: string): Promise<void>;
  deleteNetns(name: string): Promise<void>;
  /**
   * A private root: the machine's files read through, with its own writable /etc (copy on write), /run, /tmp, /var and
   * /opt. The project's directory stays visible at its own path. Returns the root's handle for `ExecOptions.root`.
   */
  makeRoot(spec: RootSpec): Promise<string>;
  removeRoot(root: string): Promise<void>;
  /** Reads or writes a file as seen inside a root. */
  writeFile(root: string, path: string, content: string | Uint8Array, mode?: number): Promise<void>;
  readFile(root: string, path: string): Promise<string | undefined>;
  /** A listening socket that lives in `netns` but is served by this process. */
  listen(netns: string, address: { readonly host: string; readonly port: number }): Promise<Server>;
  /** Resolves when the helper has ended, by `close` or by itself; everything it held is gone then. */
  readonly ended: Promise<void>;
  /** Ends everything; idempotent. */
  close(): Promise<void>;
}
