// What the command line runs in: streams, environment, files and time, all from the composition root; and what each command is given.
import type { Clock } from '../base/clock.ts';
import type { CredentialSource } from '../cloud/credentials.ts';
import type { TencentCloud } from '../cloud/tencent-cloud.ts';
import type { ClosableKubeClient } from '../kube/client.ts';
import type { Exec } from '../kube/exec.ts';
import type { ClusterPicture } from '../diagnose/picture/picture.ts';
import type { Style } from './table.ts';

export interface TextSink {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

/** The world outside, given by src/main/cli.ts and by tests. */
export interface CliWorld {
  /** How it was called: `trunkline` or `kubectl trunkline`. */
  readonly name: string;
  readonly version: string;
  readonly out: TextSink;
  readonly err: TextSink;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly clock: Clock;
  /** Aborts at Ctrl-C. */
  readonly signal: AbortSignal;
  readFile(path: string): Promise<string>;
  /** Makes or replaces a file that only its owner reads. */
  writeFile(path: string, content: Uint8Array): Promise<void>;
  /** All of standard input. */
  readStdin(): Promise<string>;
  /** IPv4 addresses of a name, as this machine resolves it; rejects when it does not. Absent: names outside the cluster stay names. */
  lookup?(name: string): Promise<readonly string[]>;
  /** For credential programs of a kubeconfig. Resolves to what it printed on standard output; rejects when it fails. */
  runProgram(
    command: string,
    args: readonly string[],
    env: Readonly<Record<string, string | undefined>>,
  ): Promise<string>;
}

export type OutputForm = 'text' | 'json' | 'yaml';

/** The cloud as far as it can be asked from here. */
export type CloudAccess =
  | { readonly available: true; readonly cloud: TencentCloud; readonly region: string; readonly from: string }
  /** In one sentence, with what to set. */
  | { readonly available: false; readonly reason: string };

/** What one run of one command is given. Nothing is connected before it is asked for; all is closed when the command ends. */
export interface CliSession {
  readonly world: CliWorld;
  readonly output: OutputForm;
  readonly style: Style;
  readonly signal: AbortSignal;
  /** Runs commands in containers of that cluster, for what looks inside Pods on request. Throws KUBE-CONFIG-INVALID. */
  exec(): Promise<Exec>;
  /** The cluster of the kubeconfig. Throws KUBE-CONFIG-INVALID. */
  kube(): Promise<ClosableKubeClient>;
  /** -n, else the context's namespace, else `default`. */
  namespace(): Promise<string>;
  /** True when -n was given: names are not looked for elsewhere then. */
  readonly namespaceGiven: boolean;
  /** Never throws for missing credentials; the reason is then to be told and the command goes on. */
  cloud(): Promise<CloudAccess>;
  /** The same place with other keys. */
  cloudAs(credentials: CredentialSource): Promise<CloudAccess>;
  /** The cluster and, where keys are at hand, its cloud, read once with progress on a terminal. What cannot be read is a gap of it. */
  picture(): Promise<ClusterPicture>;
  /** The answer, once: as text, or the data as JSON or YAML. */
  readonly print: (data: unknown, text: () => string) => void;
  /** One line on standard error that the next one replaces, on a terminal and with text output only. */
  readonly progress: (text: string) => void;
  /** A line on standard error. */
  readonly warn: (text: string) => void;
}
