// What the API was asked, in order, so that tests and benchmarks can count and compare.

export interface RequestLogEntry {
  readonly action: string;
  /** The decoded JSON body; null when it was none. */
  readonly body: unknown;
  /** `X-TC-RequestClient` as sent; empty when absent. */
  readonly client: string;
  /** The uin of the account; empty when nobody could be told. */
  readonly account: string;
  /** `root`, `user/NAME`, `role/NAME`, `anonymous`; empty when nobody could be told. */
  readonly caller: string;
  /** Monotonic milliseconds of the clock at arrival. */
  readonly at: number;
  /** `ok`, an error code, or `dropped` when the call acted and its answer was cut off. */
  readonly outcome: string;
  readonly requestId: string;
}

export interface RequestLog {
  readonly entries: readonly RequestLogEntry[];
  add(entry: RequestLogEntry): void;
  /** Called with every later entry, after the call has acted and before its answer leaves. Returns the way to stop. */
  onEntry(handler: (entry: RequestLogEntry) => void): () => void;
}

/** Keeps everything; a lab lives for minutes. */
export function createRequestLog(): RequestLog {
  const entries: RequestLogEntry[] = [];
  const handlers = new Set<(entry: RequestLogEntry) => void>();
  return {
    entries,
    add: (entry) => {
      entries.push(entry);
      for (const handler of handlers) handler(entry);
    },
    onEntry: (handler) => {
      handlers.add(handler);
      return () => handlers.delete(handler);
    },
  };
}
