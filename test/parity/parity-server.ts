// A Kubernetes API server that the parity cases run against: the embedded one, or a real one.
import type { Group, Need } from './parity-case.ts';

export interface ServerVersion {
  /** As `/version` gives it, for example `v1.30.0`. */
  readonly gitVersion: string;
  readonly major: number;
  readonly minor: number;
}

/** A part of the API. A case is skipped for its group before it runs, or for the first missing kind that it asks the HTTP driver for. */
export interface ServedPart {
  readonly groups: ReadonlySet<Group>;
  /** Cases of these groups that it is no witness for, with why, by id. */
  readonly unfit: ReadonlyMap<string, string>;
  /** The built-in kind that a request path is about when the server does not serve it, for example `pods`. */
  missing(path: string): string | undefined;
}

export interface ParityServer {
  /** `embedded` or `real`: a case counts as verified when it passed on a real one. */
  readonly kind: 'embedded' | 'real';
  /** What it is, for the output. */
  readonly description: string;
  readonly version: ServerVersion;
  /** `https://host:port`. */
  readonly url: string;
  readonly caPem: string;
  /** What verified.json calls it; default: the release it says it is. */
  readonly recordedAs?: string;
  /** Only of a server that serves a part of the API: what it lacks, by which cases are skipped. */
  readonly part?: ServedPart;
  /** A bearer token of a member of system:masters (or who may do everything). */
  readonly token: string;
  /** What is offered beside the API, `kubectl` aside (the runner looks for it). */
  readonly offers: ReadonlySet<Need>;
  /** Drops the history of versions, as etcd's compaction does; only with `compaction`. */
  compact?(): Promise<void>;
  /** A client certificate signed by the server's client CA; only with `certificates`. */
  issueClientCertificate?(
    user: string,
    groups: readonly string[],
  ): Promise<{ readonly certPem: string; readonly keyPem: string }>;
  close(): Promise<void>;
}

/** `1.30` <= the server's version? */
export function isAtLeast(version: ServerVersion, release: string): boolean {
  const [major = 0, minor = 0] = release.split('.').map(Number);
  return version.major > major || (version.major === major && version.minor >= minor);
}
