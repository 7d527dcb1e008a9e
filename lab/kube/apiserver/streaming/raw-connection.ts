// A connection that has left HTTP: bytes with back-pressure both ways, whatever carries them.
import type { Duplex } from 'node:stream';

export interface RawConnection {
  /** Bytes as they come, and the end; set once, before anything is awaited. */
  listen(onData: (chunk: Buffer) => void, onEnd: () => void): void;
  /** Resolves when more may be written; without effect after the end. */
  write(data: Uint8Array): Promise<void>;
  pause(): void;
  resume(): void;
  /** Sends what was written, then ends. */
  end(): void;
  /** Ends at once. */
  destroy(): void;
}

/** A socket after its 101. */
export function rawConnection(socket: Duplex, head: Buffer): RawConnection {
  socket.on('error', () => socket.destroy());
  return {
    listen: (onData, onEnd) => {
      socket.on('data', onData);
      // A client that has said its last word does not read any longer either, as these protocols go.
      socket.once('end', onEnd);
      socket.once('close', onEnd);
      if (head.length > 0) onData(head);
      socket.resume();
    },
    write: async (data) => {
      if (socket.destroyed || socket.writableEnded || socket.write(data)) return;
      await new Promise<void>((resolve) => {
        const done = (): void => {
          socket.off('drain', done);
          socket.off('close', done);
          resolve();
        };
        socket.on('drain', done);
        socket.on('close', done);
      });
    },
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    end: () => void socket.end(),
    destroy: () => void socket.destroy(),
  };
}
