// What the server asks of a node for exec, attach, port-forward and logs: the part of a kubelet's own API that it uses.

/** A container of a Pod, as the API has the Pod. */
export interface StreamTarget {
  readonly namespace: string;
  readonly pod: string;
  readonly uid: string;
  readonly container: string;
}

/** How a process of a container ended. */
export type StreamEnd =
  | { readonly kind: 'code'; readonly code: number }
  | { readonly kind: 'signal'; readonly signal: number }
  | { readonly kind: 'lost' };

/** A process, or a connection, with live input and output. */
export interface StreamSession {
  /** May be read once; what produces it waits while nobody reads. */
  readonly output: AsyncIterable<{ readonly stream: 'stdout' | 'stderr'; readonly data: Buffer }>;
  /** Never rejects; known after the last output. */
  readonly ended: Promise<StreamEnd>;
  /** Resolves when more may be written. */
  write(data: Uint8Array): Promise<void>;
  endInput(): void;
  resize(rows: number, columns: number): void;
  /** The client is gone: what was started for it ends. Idempotent. */
  leave(): void;
}

/** v1.PodLogOptions, decoded. */
export interface LogOptions {
  readonly follow: boolean;
  readonly previous: boolean;
  readonly timestamps: boolean;
  /** Milliseconds since the epoch. */
  readonly sinceMs?: number;
  readonly tailLines?: number;
  readonly limitBytes?: number;
}

/**
 * A node's refusal, in the words that reach the user; `code` is the HTTP status of the kubelet's answer, or 504 when the node cannot be
 * reached.
 */
export class StreamRefusal extends Error {
  readonly code: 400 | 404 | 500 | 504;
  constructor(code: StreamRefusal['code'], message: string) {
    super(message);
    this.name = 'StreamRefusal';
    this.code = code;
  }
}

/** All methods reject with `StreamRefusal` for what is the user's to mend. */
export interface NodeStreams {
  /** Runs a command in a running container. */
  exec(
    target: StreamTarget,
    request: { readonly command: readonly string[]; readonly stdin: boolean; readonly tty: boolean },
  ): Promise<StreamSession>;
  /** Joins the first process of a running container. */
  attach(target: StreamTarget): Promise<StreamSession>;
  /** Connects to a TCP port of a Pod's loopback; `container` is ''. */
  forward(target: StreamTarget, port: number): Promise<StreamSession>;
  /** The log of a container. Resolves when there is one; ends with the container where it is followed. */
  logs(target: StreamTarget, options: LogOptions, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
}

/** The streams of a node; `undefined` when no kubelet serves it here. */
export type FindNodeStreams = (nodeName: string) => NodeStreams | undefined;
