// What a remote command needs of its client, whatever protocol carries it.
import type { RemoteStatus } from './remote-status.ts';

export interface TerminalSize {
  readonly rows: number;
  readonly columns: number;
}

export interface RemoteOptions {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tty: boolean;
}

export interface RemoteStreams {
  /** Ends when the client closes its input, where its protocol can say so, and with the connection. */
  readonly stdin: AsyncIterable<Uint8Array>;
  readonly sizes: AsyncIterable<TerminalSize>;
  /** Resolves when the connection is over. */
  readonly gone: Promise<void>;
  /** Resolves when more may be sent. Output that the client did not ask for is dropped. */
  output(stream: 'stdout' | 'stderr', data: Uint8Array): Promise<void>;
  /** Tells how it ended, and ends the connection. */
  finish(status: RemoteStatus): Promise<void>;
}

/** A size as clients send it; `undefined` for what is none. */
export function terminalSize(json: string): TerminalSize | undefined {
  const value: unknown = parse(json);
  if (typeof value !== 'object' || value === null || !('Width' in value) || !('Height' in value)) return undefined;
  const { Width: columns, Height: rows } = value;
  const isSize = (size: unknown): size is number =>
    Number.isInteger(size) && Number(size) >= 0 && Number(size) <= 0xffff;
  return isSize(rows) && isSize(columns) ? { rows, columns } : undefined;
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
