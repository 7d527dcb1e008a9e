// The server's end of a SPDY/3.1 connection, as far as Kubernetes uses it: streams that clients open, without flow control.
import { createInbox } from '../inbox.ts';
import type { Inbox } from '../inbox.ts';
import type { RawConnection } from '../raw-connection.ts';
import { controlFrame, createFrameReader, dataFrame, FLAG_FIN, RESET, TYPE } from './frames.ts';
import type { SpdyFrame } from './frames.ts';
import { createHeaderCodec } from './headers.ts';
import type { SpdyHeaders } from './headers.ts';

export interface SpdyStream {
  readonly id: number;
  readonly headers: SpdyHeaders;
  /** What the client sends, to be read once; ends when it closes its half, resets the stream or is gone. */
  readonly data: AsyncIterable<Uint8Array>;
  /** Resolves when more may be sent. */
  write(data: Uint8Array): Promise<void>;
  /** Nothing more is sent. Idempotent. */
  end(): Promise<void>;
}

export interface SpdySession {
  /** Streams as the client opens them, to be read once; each has been accepted. */
  readonly streams: AsyncIterable<SpdyStream>;
  readonly closed: Promise<void>;
  /** Says goodbye and ends; what was sent before arrives before. */
  close(): void;
}

/** Data that waits to be read, of all streams together; beyond it the client is held up. */
const WAITING_MAX = 512 * 1024;
/** Parts of a large write, so that other streams get their turn. */
const DATA_MAX = 32 * 1024;

interface Open {
  readonly inbox: Inbox<Uint8Array>;
}

/** Takes over a connection. */
export function openSpdy(raw: RawConnection): SpdySession {
  const reader = createFrameReader();
  const codec = createHeaderCodec();
  const opened = createInbox<SpdyStream>(Number.POSITIVE_INFINITY);
  const streams = new Map<number, Open>();
  const closed = Promise.withResolvers<void>();
  const state: { last: number; over: boolean; work: Promise<void> } = { last: 0, over: false, work: Promise.resolve() };

  const finish = (): void => {
    if (state.over) return;
    state.over = true;
    opened.end();
    for (const { inbox } of streams.values()) inbox.end();
    streams.clear();
    codec.close();
    raw.end();
    closed.resolve();
  };
  const write = async (data: Uint8Array): Promise<void> => {
    if (!state.over) await raw.write(data);
  };

  const open = async (data: Buffer, flags: number): Promise<void> => {
    const id = data.readUInt32BE(0) & 0x7fff_ffff;
    const headers = await codec.decode(data.subarray(10));
    if (id % 2 === 0 || id <= state.last) return write(controlFrame(TYPE.rstStream, [id, RESET.protocolError]));
    state.last = id;
    const inbox = createInbox<Uint8Array>(WAITING_MAX, () => raw.resume());
    streams.set(id, { inbox });
    if ((flags & FLAG_FIN) !== 0) inbox.end();
    await write(controlFrame(TYPE.synReply, [id], await codec.encode(new Map())));
    opened.put(streamOf(id, headers, inbox), 0);
  };
  const streamOf = (id: number, headers: SpdyHeaders, inbox: Inbox<Uint8Array>): SpdyStream => {
    const half = { ended: false };
    return {
      id,
      headers,
      data: inbox.items,
      write: async (data) => {
        for (let at = 0; at < data.length && !half.ended; at += DATA_MAX)
          await write(dataFrame(id, data.subarray(at, at + DATA_MAX)));
      },
      end: async () => {
        if (half.ended) return;
        half.ended = true;
        await write(dataFrame(id, new Uint8Array(), FLAG_FIN));
      },
    };
  };

  const obey = async (frame: SpdyFrame): Promise<void> => {
    if (state.over) return;
    if (frame.kind === 'data') {
      const inbox = streams.get(frame.stream)?.inbox;
      if (frame.data.length > 0 && inbox?.put(frame.data, frame.data.length) === true) raw.pause();
      if ((frame.flags & FLAG_FIN) !== 0) inbox?.end();
      return;
    }
    switch (frame.type) {
      case TYPE.synStream:
        return open(frame.data, frame.flags);
      case TYPE.ping:
        // Those with even numbers would be answers to our own.
        if (frame.data.readUInt32BE(0) % 2 === 1) return write(controlFrame(TYPE.ping, [frame.data.readUInt32BE(0)]));
        return;
      case TYPE.rstStream:
        streams.get(frame.data.readUInt32BE(0))?.inbox.end();
        streams.delete(frame.data.readUInt32BE(0));
        return;
      case TYPE.headers:
        // Nobody uses them; left out, the next block could not be read.
        await codec.decode(frame.data.subarray(4));
        return;
      case TYPE.goAway:
        return finish();
    }
  };

  raw.listen(
    (chunk) => {
      state.work = state.work
        .then(async () => {
          for (const frame of reader.take(chunk)) await obey(frame);
        })
        .catch(() => {
          raw.destroy();
          finish();
        });
      // What came before the end still counts.
    },
    () => void (state.work = state.work.then(finish)),
  );

  return {
    streams: opened.items,
    closed: closed.promise,
    close: () => {
      void write(controlFrame(TYPE.goAway, [state.last, 0]));
      finish();
    },
  };
}
