// A process whose carrier is connected to the lab: frames on a socket, made into output, end and input.
import type { Socket } from 'node:net';
import { TrunklineError } from '../../../src/base/errors.ts';
import type { CatalogueEntry } from '../../../src/base/errors.ts';
import type { LiveEnd, LiveOutput, LiveProcess } from '../types.ts';
import { createFrameReader, encodeFrame, FRAME } from './frames.ts';
import type { Frame } from './frames.ts';

/** One connection to a carrier. */
export interface CarrierConnection {
  /** The token that the carrier says first. Rejects when it goes away without one. */
  readonly hello: Promise<string>;
  /** Resolves when the process runs; rejects with the catalogue's error and the carrier's words when it does not. */
  started(refusal: CatalogueEntry): Promise<LiveProcess>;
}

/** Takes over a socket. An attached process says no hello. */
export function openConnection(socket: Socket): CarrierConnection {
  const reader = createFrameReader();
  const hello = Promise.withResolvers<string>();
  const started = Promise.withResolvers<{ readonly refusal: string | undefined }>();
  const ended = Promise.withResolvers<LiveEnd>();
  const output = createOutput(socket);
  for (const promise of [hello.promise, started.promise]) promise.catch(() => undefined);

  const hear = ({ kind, data }: Frame): void => {
    switch (kind) {
      case FRAME.hello:
        return hello.resolve(data.toString());
      case FRAME.started:
        return started.resolve({ refusal: undefined });
      case FRAME.failed:
        return started.resolve({ refusal: data.toString() });
      case FRAME.stdout:
        return output.put({ stream: 'stdout', data });
      case FRAME.stderr:
        return output.put({ stream: 'stderr', data });
      case FRAME.exit:
        return ended.resolve(endOf(data));
    }
  };
  socket.on('data', (chunk: Buffer) => {
    for (const frame of reader.take(chunk)) hear(frame);
  });
  socket.on('error', () => undefined);
  socket.on('close', () => {
    const gone = new Error('what carries the process went away');
    hello.reject(gone);
    started.reject(gone);
    ended.resolve({ kind: 'lost' });
    output.close();
  });

  const process: LiveProcess = {
    output: output.chunks,
    ended: ended.promise,
    write: (data) => send(socket, encodeFrame(FRAME.stdin, data)),
    endInput: () => void send(socket, encodeFrame(FRAME.endStdin)),
    resize: (rows, columns) => {
      const size = Buffer.alloc(4);
      size.writeUInt16BE(Math.min(rows, 0xffff));
      size.writeUInt16BE(Math.min(columns, 0xffff), 2);
      void send(socket, encodeFrame(FRAME.resize, size));
    },
    leave: () => socket.destroy(),
  };
  return {
    hello: hello.promise,
    started: async (entry) => {
      const { refusal } = await started.promise;
      if (refusal === undefined) return process;
      socket.destroy();
      throw new TrunklineError(entry, refusal);
    },
  };
}

function endOf(data: Buffer): LiveEnd {
  const value = data.readUInt32BE(1);
  return data.toString('latin1', 0, 1) === 's' ? { kind: 'signal', signal: value } : { kind: 'code', code: value };
}

/** Resolves once the socket takes more, or is gone. */
async function send(socket: Socket, bytes: Buffer): Promise<void> {
  if (socket.destroyed || socket.write(bytes)) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      socket.off('drain', done);
      socket.off('close', done);
      resolve();
    };
    socket.on('drain', done);
    socket.on('close', done);
  });
}

interface Output {
  readonly chunks: AsyncIterable<LiveOutput>;
  put(chunk: LiveOutput): void;
  close(): void;
}

/** What may wait unread before the socket is not read any more. */
const WAITING_MAX = 256 * 1024;

function createOutput(socket: Socket): Output {
  const waiting: LiveOutput[] = [];
  const state: { bytes: number; closed: boolean; wake: () => void } = {
    bytes: 0,
    closed: false,
    wake: () => undefined,
  };
  const next = async (): Promise<IteratorResult<LiveOutput, undefined>> => {
    for (;;) {
      const chunk = waiting.shift();
      if (chunk !== undefined) {
        state.bytes -= chunk.data.length;
        if (state.bytes < WAITING_MAX) socket.resume();
        return { value: chunk, done: false };
      }
      if (state.closed) return { value: undefined, done: true };
      await new Promise<void>((resolve) => (state.wake = resolve));
    }
  };
  return {
    chunks: { [Symbol.asyncIterator]: () => ({ next }) },
    put: (chunk) => {
      waiting.push(chunk);
      state.bytes += chunk.data.length;
      if (state.bytes >= WAITING_MAX) socket.pause();
      state.wake();
    },
    close: () => {
      state.closed = true;
      state.wake();
    },
  };
}
