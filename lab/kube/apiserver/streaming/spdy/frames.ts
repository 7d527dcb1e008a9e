// Frames of SPDY/3.1 as bytes (SPDY Protocol, draft 3.1, section 2.6).

export const TYPE = { synStream: 1, synReply: 2, rstStream: 3, settings: 4, ping: 6, goAway: 7, headers: 8 } as const;

export const FLAG_FIN = 1;

/** Reasons of a RST_STREAM. */
export const RESET = { protocolError: 1, refused: 3, cancel: 5 } as const;

export type SpdyFrame =
  | { readonly kind: 'data'; readonly stream: number; readonly flags: number; readonly data: Buffer }
  | { readonly kind: 'control'; readonly type: number; readonly flags: number; readonly data: Buffer };

const HEADER = 8;
/** Clients send 32 KiB at most; far beyond that it is something else that speaks. */
const MAX_DATA = 1024 * 1024;

export interface FrameReader {
  /** The frames that are complete with these bytes. Throws for what is not SPDY/3. */
  take(chunk: Buffer): readonly SpdyFrame[];
}

export function createFrameReader(): FrameReader {
  const state: { rest: Buffer } = { rest: Buffer.alloc(0) };
  return {
    take: (chunk) => {
      const frames: SpdyFrame[] = [];
      let bytes = state.rest.length === 0 ? chunk : Buffer.concat([state.rest, chunk]);
      while (bytes.length >= HEADER) {
        const length = bytes.readUIntBE(5, 3);
        if (length > MAX_DATA) throw new Error(`a frame of ${length} bytes`);
        if (bytes.length < HEADER + length) break;
        frames.push(frameOf(bytes, bytes.subarray(HEADER, HEADER + length)));
        bytes = bytes.subarray(HEADER + length);
      }
      state.rest = bytes;
      return frames;
    },
  };
}

function frameOf(header: Buffer, data: Buffer): SpdyFrame {
  const first = header.readUInt32BE(0);
  const flags = header.readUInt8(4);
  if ((first & 0x8000_0000) === 0) return { kind: 'data', stream: first, flags, data };
  const version = (first >>> 16) & 0x7fff;
  if (version !== 3) throw new Error(`SPDY version ${version}`);
  return { kind: 'control', type: first & 0xffff, flags, data };
}

export function dataFrame(stream: number, data: Uint8Array, flags = 0): Buffer {
  return Buffer.concat([frameHeader(stream, flags, data.length), data]);
}

/** Numbers of four bytes each, then more. */
export function controlFrame(type: number, numbers: readonly number[], more: Uint8Array = new Uint8Array()): Buffer {
  const body = Buffer.alloc(numbers.length * 4);
  for (const [index, number] of numbers.entries()) body.writeUInt32BE(number, index * 4);
  return Buffer.concat([frameHeader((0x8003_0000 | type) >>> 0, 0, body.length + more.length), body, more]);
}

function frameHeader(first: number, flags: number, length: number): Buffer {
  const header = Buffer.alloc(HEADER);
  header.writeUInt32BE(first);
  header.writeUInt8(flags, 4);
  header.writeUIntBE(length, 5, 3);
  return header;
}
