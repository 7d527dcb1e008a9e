// The frames in which container-io and the lab speak: a byte of kind, four bytes of length, then as many bytes.

/** As in native/container-io/container-io.h. */
export const FRAME = {
  stdin: 0,
  stdout: 1,
  stderr: 2,
  endStdin: 3,
  resize: 4,
  started: 5,
  failed: 6,
  exit: 7,
  hello: 8,
} as const;

/** One frame. */
export interface Frame {
  readonly kind: number;
  readonly data: Buffer;
}

const HEADER = 5;
/** The most that container-io takes in one frame. */
const MAX_DATA = 32 * 1024;

/** The bytes of a frame, or of as many as its data needs. */
export function encodeFrame(kind: number, data: Uint8Array = new Uint8Array()): Buffer {
  const parts: Uint8Array[] = [];
  for (let at = 0; at === 0 || at < data.length; at += MAX_DATA) {
    const part = data.subarray(at, at + MAX_DATA);
    const header = Buffer.alloc(HEADER);
    header.writeUInt8(kind);
    header.writeUInt32BE(part.length, 1);
    parts.push(header, part);
  }
  return Buffer.concat(parts);
}

/** Cuts received bytes into frames, whatever pieces they come in. */
export interface FrameReader {
  /** The frames that are complete with these bytes. */
  take(chunk: Buffer): readonly Frame[];
}

export function createFrameReader(): FrameReader {
  const state: { rest: Buffer } = { rest: Buffer.alloc(0) };
  return {
    take: (chunk) => {
      const frames: Frame[] = [];
      let bytes = state.rest.length === 0 ? chunk : Buffer.concat([state.rest, chunk]);
      while (bytes.length >= HEADER) {
        const end = HEADER + bytes.readUInt32BE(1);
        if (bytes.length < end) break;
        frames.push({ kind: bytes.readUInt8(), data: bytes.subarray(HEADER, end) });
        bytes = bytes.subarray(end);
      }
      state.rest = bytes;
      return frames;
    },
  };
}
