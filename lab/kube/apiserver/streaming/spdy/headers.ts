// Header blocks of SPDY/3.1: names and values with lengths, compressed in one stream for the whole connection.
import { constants, createDeflate, createInflate } from 'node:zlib';
import type { Deflate, Inflate } from 'node:zlib';
import { headerDictionary } from './dictionary.ts';

/** Names are lower case. */
export type SpdyHeaders = ReadonlyMap<string, string>;

/** Both directions of one connection; blocks must be given in the order in which they are on the wire. */
export interface HeaderCodec {
  /** Rejects for what is no header block. */
  decode(block: Buffer): Promise<SpdyHeaders>;
  encode(headers: SpdyHeaders): Promise<Buffer>;
  close(): void;
}

/** No request of a client needs more; a small block can be made to grow without end. */
const MAX_BLOCK = 64 * 1024;

export function createHeaderCodec(): HeaderCodec {
  const dictionary = headerDictionary();
  const inflate = createInflate({ dictionary });
  const deflate = createDeflate({ dictionary });
  return {
    decode: async (block) => parse(await pass(inflate, block)),
    encode: async (headers) => pass(deflate, format(headers)),
    close: () => {
      inflate.destroy();
      deflate.destroy();
    },
  };
}

/** Everything that comes out for what goes in, which the other side has flushed to there. */
async function pass(stream: Deflate | Inflate, input: Buffer): Promise<Buffer> {
  const chunks: Buffer[] = [];
  await new Promise<void>((resolve, reject) => {
    const state = { length: 0 };
    const collect = (chunk: Buffer): void => {
      chunks.push(chunk);
      state.length += chunk.length;
      if (state.length > MAX_BLOCK) finish(new Error(`a header block of more than ${MAX_BLOCK} bytes`));
    };
    const finish = (error?: Error | null): void => {
      stream.off('data', collect);
      stream.off('error', finish);
      if (error) reject(error);
      else resolve();
    };
    stream.on('data', collect);
    stream.on('error', finish);
    stream.write(input);
    stream.flush(constants.Z_SYNC_FLUSH, () => finish());
  });
  return Buffer.concat(chunks);
}

function parse(block: Buffer): SpdyHeaders {
  const headers = new Map<string, string>();
  let at = 4;
  const text = (): string => {
    const length = block.readUInt32BE(at);
    if (at + 4 + length > block.length) throw new Error('a header that ends beyond its block');
    const value = block.toString('latin1', at + 4, at + 4 + length);
    at += 4 + length;
    return value;
  };
  for (let count = block.readUInt32BE(0); count > 0; count--) headers.set(text().toLowerCase(), text());
  return headers;
}

function format(headers: SpdyHeaders): Buffer {
  const number = (value: number): Buffer => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return bytes;
  };
  const texts = [...headers].flat().map((text) => Buffer.from(text, 'latin1'));
  return Buffer.concat([number(headers.size), ...texts.flatMap((text) => [number(text.length), text])]);
}
