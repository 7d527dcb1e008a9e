// For tests: a client's end of a SPDY connection, on a connection that the test holds both ends of.
import { createInbox } from '../inbox.ts';
import type { RawConnection } from '../raw-connection.ts';
import { controlFrame, createFrameReader, dataFrame, FLAG_FIN, TYPE } from '../spdy/frames.ts';
import type { SpdyFrame } from '../spdy/frames.ts';
import { createHeaderCodec } from '../spdy/headers.ts';

export interface SpdyClient {
  /** The server's end. */
  readonly raw: RawConnection;
  /** Opens a stream; numbers are given by the caller, odd and rising. */
  open(id: number, headers: Readonly<Record<string, string>>): Promise<void>;
  send(id: number, text: string, flags?: number): void;
  finish(id: number): void;
  sendFrame(frame: Buffer): void;
  /** Data of a stream so far. */
  data(id: number): string;
  /** Whether the server ended its half. */
  isFinished(id: number): boolean;
  /** The types of control frames so far. */
  readonly control: readonly number[];
  until(holds: () => boolean): Promise<void>;
  /** Goes away without a word. */
  vanish(): void;
  /** How often the server asked to be spared. */
  readonly pauses: number;
}

export function createSpdyClient(): SpdyClient {
  const codec = createHeaderCodec();
  const reader = createFrameReader();
  const toServer = createInbox<Buffer>(Number.POSITIVE_INFINITY);
  const waiting = new Set<() => void>();
  const data = new Map<number, string>();
  const finished = new Set<number>();
  const control: number[] = [];
  const state = { pauses: 0 };
  const hear = (frame: SpdyFrame): void => {
    if (frame.kind === 'control') control.push(frame.type);
    else {
      data.set(frame.stream, (data.get(frame.stream) ?? '') + frame.data.toString());
      if ((frame.flags & FLAG_FIN) !== 0) finished.add(frame.stream);
    }
  };
  const raw: RawConnection = {
    listen: (onData, onEnd) => {
      void (async () => {
        for await (const chunk of toServer.items) onData(chunk);
        onEnd();
      })();
    },
    write: (bytes) => {
      for (const frame of reader.take(Buffer.from(bytes))) hear(frame);
      for (const check of waiting) check();
      return Promise.resolve();
    },
    pause: () => {
      state.pauses += 1;
      for (const check of waiting) check();
    },
    resume: () => undefined,
    end: () => undefined,
    destroy: () => undefined,
  };
  const put = (frame: Buffer): void => void toServer.put(frame, 1);
  return {
    raw,
    control,
    get pauses() {
      return state.pauses;
    },
    open: async (id, headers) => {
      const block = await codec.encode(new Map(Object.entries(headers)));
      put(controlFrame(TYPE.synStream, [id, 0], Buffer.concat([Buffer.alloc(2), block])));
    },
    send: (id, text, flags = 0) => put(dataFrame(id, Buffer.from(text), flags)),
    finish: (id) => put(dataFrame(id, new Uint8Array(), FLAG_FIN)),
    sendFrame: put,
    data: (id) => data.get(id) ?? '',
    isFinished: (id) => finished.has(id),
    until: (holds) =>
      new Promise((resolve) => {
        const check = (): void => {
          if (!holds()) return;
          waiting.delete(check);
          resolve();
        };
        waiting.add(check);
        check();
      }),
    vanish: () => toServer.end(),
  };
}
