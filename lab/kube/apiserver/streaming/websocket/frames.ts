// WebSocket frames as bytes (RFC 6455, section 5): what a client sends made into messages, and what a server sends.

export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** Reasons of a close (section 7.4.1). */
export const CLOSE = { normal: 1000, protocolError: 1002, tooBig: 1009 } as const;

/** What a client has sent. */
export interface Message {
  readonly kind: 'text' | 'binary' | 'close' | 'ping' | 'pong';
  readonly data: Buffer;
}

/** The client broke the protocol; `code` is what the connection is closed with. */
export class WebSocketFault extends Error {
  readonly code: number;
  constructor(code: number, message: string) {
    super(message);
    this.name = 'WebSocketFault';
    this.code = code;
  }
}

/** A message may come in any number of frames; more than this in one is refused. */
const MAX_MESSAGE = 16 * 1024 * 1024;

/** One whole, unmasked frame, as a server sends it. */
export function encodeServerFrame(opcode: number, ...parts: readonly Uint8Array[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const first = 0x80 | opcode;
  if (length < 126) return Buffer.concat([Buffer.from([first, length]), ...parts]);
  if (length <= 0xffff) {
    const header = Buffer.from([first, 126, 0, 0]);
    header.writeUInt16BE(length, 2);
    return Buffer.concat([header, ...parts]);
  }
  const header = Buffer.alloc(10);
  header[0] = first;
  header[1] = 127;
  header.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([header, ...parts]);
}

interface Frame {
  readonly final: boolean;
  readonly opcode: number;
  readonly data: Buffer;
  readonly size: number;
}

export interface MessageReader {
  /** The messages that are complete with these bytes. Throws WebSocketFault. */
  take(chunk: Buffer): readonly Message[];
}

export function createMessageReader(): MessageReader {
  const state: { rest: Buffer; opcode: number; parts: Buffer[]; length: number } = {
    rest: Buffer.alloc(0),
    opcode: 0,
    parts: [],
    length: 0,
  };

  const complete = ({ final, opcode, data }: Frame): Message | undefined => {
    if (opcode >= 8) {
      if (!final || data.length > 125)
        throw new WebSocketFault(CLOSE.protocolError, 'control frame too long or in parts');
      return { kind: controlKind(opcode), data };
    }
    const begins = opcode !== OPCODE.continuation;
    if (begins === state.parts.length > 0)
      throw new WebSocketFault(CLOSE.protocolError, begins ? 'a message began within another' : 'nothing to continue');
    if (begins) state.opcode = dataOpcode(opcode);
    state.parts.push(data);
    state.length += data.length;
    if (state.length > MAX_MESSAGE)
      throw new WebSocketFault(CLOSE.tooBig, `a message of more than ${MAX_MESSAGE} bytes`);
    if (!final) return undefined;
    const whole = state.parts.length === 1 ? data : Buffer.concat(state.parts);
    state.parts = [];
    state.length = 0;
    return { kind: state.opcode === OPCODE.text ? 'text' : 'binary', data: whole };
  };

  return {
    take: (chunk) => {
      const messages: Message[] = [];
      let bytes = state.rest.length === 0 ? chunk : Buffer.concat([state.rest, chunk]);
      for (let frame = readFrame(bytes); frame !== undefined; frame = readFrame(bytes)) {
        bytes = bytes.subarray(frame.size);
        const message = complete(frame);
        if (message !== undefined) messages.push(message);
      }
      state.rest = bytes;
      return messages;
    },
  };
}

function dataOpcode(opcode: number): number {
  if (opcode === OPCODE.text || opcode === OPCODE.binary) return opcode;
  throw new WebSocketFault(CLOSE.protocolError, `unknown opcode ${opcode}`);
}

function controlKind(opcode: number): 'close' | 'ping' | 'pong' {
  if (opcode === OPCODE.close) return 'close';
  if (opcode === OPCODE.ping) return 'ping';
  if (opcode === OPCODE.pong) return 'pong';
  throw new WebSocketFault(CLOSE.protocolError, `unknown opcode ${opcode}`);
}

/** The first frame of some bytes, unmasked; `undefined` while it is not complete. */
function readFrame(bytes: Buffer): Frame | undefined {
  if (bytes.length < 2) return undefined;
  const [first, second] = [bytes.readUInt8(0), bytes.readUInt8(1)];
  if ((first & 0x70) !== 0) throw new WebSocketFault(CLOSE.protocolError, 'reserved bits are set');
  if ((second & 0x80) === 0) throw new WebSocketFault(CLOSE.protocolError, 'a client must mask its frames');
  const length = lengthAt(bytes, second & 0x7f);
  if (length === undefined) return undefined;
  if (length.value > MAX_MESSAGE) throw new WebSocketFault(CLOSE.tooBig, `a frame of ${length.value} bytes`);
  const dataAt = length.end + 4;
  const size = dataAt + length.value;
  if (bytes.length < size) return undefined;
  const mask = bytes.subarray(length.end, dataAt);
  const data = Buffer.from(bytes.subarray(dataAt, size));
  for (let at = 0; at < data.length; at++) data[at] = (data[at] ?? 0) ^ (mask[at & 3] ?? 0);
  return { final: (first & 0x80) !== 0, opcode: first & 0x0f, data, size };
}

function lengthAt(bytes: Buffer, short: number): { readonly value: number; readonly end: number } | undefined {
  if (short < 126) return { value: short, end: 2 };
  if (short === 126) return bytes.length < 4 ? undefined : { value: bytes.readUInt16BE(2), end: 4 };
  return bytes.length < 10 ? undefined : { value: Number(bytes.readBigUInt64BE(2)), end: 10 };
}
