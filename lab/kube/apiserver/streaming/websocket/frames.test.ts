// WebSocket frames in whatever pieces they come, and those that break the protocol.
import { describe, expect, it } from 'vitest';
import { createMessageReader, encodeServerFrame, OPCODE } from './frames.ts';

/** A frame as a client sends it. */
function masked(opcode: number, data: Buffer, final = true): Buffer {
  const frame = encodeServerFrame(opcode, data);
  const at = frame.length - data.length;
  const mask = Buffer.from([1, 2, 3, 4]);
  const header = Buffer.from(frame.subarray(0, at));
  header[0] = (final ? 0x80 : 0) | opcode;
  header[1] = (header[1] ?? 0) | 0x80;
  return Buffer.concat([header, mask, Buffer.from(data.map((byte, index) => byte ^ (mask[index % 4] ?? 0)))]);
}

const read = (...chunks: readonly Buffer[]): [string, string][] => {
  const reader = createMessageReader();
  return chunks.flatMap((chunk) => reader.take(chunk)).map(({ kind, data }) => [kind, data.toString()]);
};

describe('WebSocket frames', () => {
  it.each([0, 5, 125, 126, 65_535, 65_536])('of %i bytes are read as they were sent', (size) => {
    const data = Buffer.alloc(size, 'x');
    expect(read(masked(OPCODE.binary, data))).toEqual([['binary', data.toString()]]);
  });

  it('are read byte by byte, several at once, and messages in parts with a ping between', () => {
    const bytes = Buffer.concat([
      masked(OPCODE.text, Buffer.from('he'), false),
      masked(OPCODE.ping, Buffer.from('?')),
      masked(OPCODE.continuation, Buffer.from('llo')),
      masked(OPCODE.close, Buffer.alloc(0)),
    ]);
    const expected = [
      ['ping', '?'],
      ['text', 'hello'],
      ['close', ''],
    ];
    expect(read(bytes)).toEqual(expected);
    expect(read(...Array.from(bytes, (byte) => Buffer.from([byte])))).toEqual(expected);
  });

  it.each([
    ['an unmasked frame', encodeServerFrame(OPCODE.text, Buffer.from('x')), 1002],
    ['reserved bits', Buffer.from([0xf1, 0x80, 0, 0, 0, 0]), 1002],
    ['an unknown opcode', masked(5, Buffer.from('x')), 1002],
    ['a continuation of nothing', masked(OPCODE.continuation, Buffer.from('x')), 1002],
    ['a control frame in parts', masked(OPCODE.ping, Buffer.from('x'), false), 1002],
    ['a frame far too big', Buffer.from([0x82, 0xff, 0, 0, 0, 1, 0, 0, 0, 0]), 1009],
  ])('are refused: %s', (_, bytes, code) => {
    expect(() => read(bytes)).toThrow(expect.objectContaining({ code }));
  });
});
