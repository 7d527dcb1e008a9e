// The shape of every error catalogue: what went wrong as data, told to people in words once, at the edge.

/** What a caller may do about an error. Decided where the error is made; nobody ever matches on message text. */
export type RetryClass = 'retry' | 'retry-after' | 'conflict' | 'not-found' | 'terminal';

/** One row of an area's catalogue; the docs page and `trunkline explain CODE` are made from it. */
export interface CatalogueEntry {
  /** Stable, greppable, upper kebab-case with the area first, e.g. `CLOUD-THROTTLED`. */
  readonly code: string;
  readonly title: string;
  readonly cause: string;
  readonly cure: string;
  readonly retry: RetryClass;
  /** Reason of the Kubernetes Event or condition that shows it, CamelCase. */
  readonly eventReason: string;
}

/** An error with a catalogue row behind it. `message` says what, where and what would be right. */
export class TrunklineError extends Error {
  readonly entry: CatalogueEntry;
  readonly facts: Readonly<Record<string, unknown>>;
  constructor(
    entry: CatalogueEntry,
    message: string,
    options: { cause?: unknown; facts?: Record<string, unknown> } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'TrunklineError';
    this.entry = entry;
    this.facts = options.facts ?? {};
  }
  get code(): string {
    return this.entry.code;
  }
  get retry(): RetryClass {
    return this.entry.retry;
  }
}

/** The text of anything thrown, for logs and messages. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
