// The way from a watch to its connection: no faster than the client reads, and never more than a bounded part of it in memory.
import type { ServerResponse } from 'node:http';

export interface LineSink {
  /** Sends a line after everything before it, unless the stream was ended; closes the connection when too much waits by now. */
  push(line: Buffer): void;
  /** Ends the stream after what waits, or at once when the client is not reading. */
  end(): void;
}

interface SinkOptions {
  /** Lines before any other, made as the client takes them. */
  readonly first: Iterable<Buffer>;
  /** How many bytes may wait for the client beyond what its connection holds. */
  readonly maxWaiting: number;
  /** The client let too much pile up; the connection is closed. */
  readonly onOverflow: () => void;
}

/** Small lines are sent together: each write is a TLS record of its own. */
const BATCH_BYTES = 64 * 1024;

/** Takes over writing to `response`, whose headers are set. */
export function createLineSink(response: ServerResponse, { first, maxWaiting, onOverflow }: SinkOptions): LineSink {
  const beginning = first[Symbol.iterator]();
  let begun = false;
  let ending = false;
  let waiting: Buffer[] = [];
  let waitingBytes = 0;

  const nextBatch = (): Buffer | undefined => {
    const lines: Buffer[] = [];
    let bytes = 0;
    while (!begun && bytes < BATCH_BYTES) {
      const next = beginning.next();
      if (next.done === true) begun = true;
      else {
        lines.push(next.value);
        bytes += next.value.length;
      }
    }
    if (!begun || (lines.length === 0 && waiting.length === 0)) return joined(lines);
    // What waits is bounded, so it can go as a whole.
    lines.push(...waiting);
    waiting = [];
    waitingBytes = 0;
    return joined(lines);
  };
  const pump = (): void => {
    while (!response.writableNeedDrain && !response.destroyed) {
      const batch = nextBatch();
      if (batch === undefined) {
        if (ending) response.end();
        return;
      }
      response.write(batch);
    }
  };
  response.on('drain', pump);
  pump();
  return {
    push(line) {
      // The client has ended its side, and the connection has not closed yet.
      if (ending) return;
      if (begun && waiting.length === 0 && !response.writableNeedDrain) {
        response.write(line);
        return;
      }
      waiting.push(line);
      waitingBytes += line.length;
      if (waitingBytes <= maxWaiting) return;
      waiting = [];
      onOverflow();
      response.destroy();
    },
    end() {
      if (response.writableNeedDrain) response.destroy();
      ending = true;
      pump();
    },
  };
}

function joined(lines: readonly Buffer[]): Buffer | undefined {
  return lines.length > 1 ? Buffer.concat(lines) : lines[0];
}
