// A lean HTTPS client over one connection, so that a benchmark measures the server and not its client.
import { connect } from 'node:tls';
import type { TLSSocket } from 'node:tls';

export interface Endpoint {
  readonly port: number;
  readonly caPem: string;
  readonly token: string;
}

export interface Connection {
  /** Sends a request and resolves to the size of the answer once it is complete. Rejects for anything but 2xx. */
  send(method: string, path: string, body?: string): Promise<number>;
  /** As `send`, for the text of an answer; chunks are put together. */
  text(method: string, path: string, body?: string): Promise<string>;
  /** Sends a request whose answer has no end, and counts its lines as they come. */
  stream(path: string, onLines: (count: number) => void): void;
  /** Stops reading. */
  pause(): void;
  close(): void;
}

/** A server that does not answer must not hang the benchmark. */
const ANSWER_MS = 30_000;
const HEAD_END = Buffer.from('\r\n\r\n');
const LAST_CHUNK = Buffer.from('0\r\n\r\n');
const LINE_END = Buffer.from('}\n');

/** Connects with TLS. Rejects when that fails. */
export async function openConnection({ port, caPem, token }: Endpoint): Promise<Connection> {
  const socket = await tlsConnect(port, caPem);
  let onData = (_chunk: Buffer): void => undefined;
  let onBroken = (_error: Error): void => undefined;
  socket.on('data', (chunk: Buffer) => onData(chunk));
  socket.on('error', (error) => onBroken(error));
  socket.on('timeout', () => socket.destroy(new Error('the server did not answer in time')));
  socket.on('close', () => onBroken(new Error('the server closed the connection')));
  const write = (method: string, path: string, body: string): void =>
    void socket.write(
      `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${token}\r\nUser-Agent: bench/1\r\n` +
        `Accept: application/json\r\n${body === '' ? '' : `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`}\r\n${body}`,
    );
  const exchange = (method: string, path: string, body: string, keep: Buffer[] | undefined): Promise<number> =>
    new Promise((resolve, reject) => {
      const answer = createAnswer();
      socket.setTimeout(ANSWER_MS);
      onBroken = reject;
      onData = (chunk) => {
        try {
          keep?.push(chunk);
          if (!answer.take(chunk)) return;
          socket.setTimeout(0);
          resolve(answer.size());
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      };
      write(method, path, body);
    });
  return {
    send: (method, path, body = '') => exchange(method, path, body, undefined),
    async text(method, path, body = '') {
      const kept: Buffer[] = [];
      await exchange(method, path, body, kept);
      return bodyOf(Buffer.concat(kept));
    },
    stream(path, onLines) {
      onBroken = () => undefined;
      socket.setTimeout(0);
      let endsWithBrace = false;
      onData = (chunk) => {
        let count = endsWithBrace && chunk[0] === 0x0a ? 1 : 0;
        for (let at = chunk.indexOf(LINE_END); at >= 0; at = chunk.indexOf(LINE_END, at + 2)) count += 1;
        endsWithBrace = chunk.at(-1) === 0x7d;
        if (count > 0) onLines(count);
      };
      write('GET', path, '');
    },
    pause: () => void socket.pause(),
    close: () => {
      onBroken = () => undefined;
      socket.destroy();
    },
  };
}

function tlsConnect(port: number, ca: string): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, ca }, () => {
      socket.off('error', reject);
      socket.setNoDelay(true);
      resolve(socket);
    });
    socket.on('error', reject);
  });
}

/** Takes an answer piece by piece; `take` says when it is complete. */
function createAnswer(): { take(chunk: Buffer): boolean; size(): number } {
  let head: Buffer | undefined = Buffer.alloc(0);
  let length: number | undefined;
  let received = 0;
  let tail = Buffer.alloc(0);
  return {
    size: () => received,
    take(chunk) {
      let body = chunk;
      if (head !== undefined) {
        head = Buffer.concat([head, chunk]);
        const end = head.indexOf(HEAD_END);
        if (end < 0) return false;
        const text = head.subarray(0, end).toString('latin1');
        if (!text.startsWith('HTTP/1.1 2'))
          throw new Error(`the server answered ${head.toString('utf8').slice(0, 2_000)}`);
        const given = /\r\ncontent-length: (\d+)/i.exec(text)?.[1];
        length = given === undefined ? undefined : Number(given);
        body = head.subarray(end + HEAD_END.length);
        head = undefined;
      }
      received += body.length;
      if (length !== undefined) return received >= length;
      tail = Buffer.concat([tail, body.subarray(-LAST_CHUNK.length)]).subarray(-LAST_CHUNK.length);
      return tail.equals(LAST_CHUNK);
    },
  };
}

function bodyOf(answer: Buffer): string {
  const end = answer.indexOf(HEAD_END);
  const chunked = /\r\ntransfer-encoding: chunked/i.test(answer.subarray(0, end).toString('latin1'));
  let rest = answer.subarray(end + HEAD_END.length);
  if (!chunked) return rest.toString('utf8');
  const parts: Buffer[] = [];
  for (;;) {
    const at = rest.indexOf('\r\n');
    const size = Number.parseInt(rest.subarray(0, at).toString('latin1'), 16);
    if (!(size > 0)) return Buffer.concat(parts).toString('utf8');
    parts.push(rest.subarray(at + 2, at + 2 + size));
    rest = rest.subarray(at + 2 + size + 2);
  }
}
