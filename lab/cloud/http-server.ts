// Plain HTTP in front of the gateway: raw bytes in, always status 200 and exactly `application/json` out.
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ApiError } from './api-error.ts';
import type { GatewayAnswer } from './gateway.ts';
import { answerText } from './json-text.ts';
import type { SignedRequest } from './signature.ts';

export interface HttpFront {
  readonly port: number;
  /** Cuts open connections too. */
  close(): Promise<void>;
}

const MAX_BODY_BYTES = 10 * 1024 * 1024;
/** Of a GET (GUESS: 32 KiB, as the general documentation of API 3.0 gives it). */
const MAX_QUERY_BYTES = 32 * 1024;
// Longer than any pool of clients keeps a connection, so that a close never meets a request on its way.
const KEEP_ALIVE_MS = 120_000;

/** Listens before it resolves; port 0 picks a free one. Rejects when the address is taken. */
export async function serveHttp(
  listen: { readonly host: string; readonly port: number },
  answer: (request: SignedRequest) => Promise<GatewayAnswer>,
): Promise<HttpFront> {
  const server = createServer(
    { keepAliveTimeout: KEEP_ALIVE_MS, maxHeaderSize: 4 * MAX_QUERY_BYTES },
    (message, response) => handle(message, response, answer),
  );
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(listen.port, listen.host, resolve);
  });
  return { port: (server.address() as AddressInfo).port, close: () => closeServer(server) };
}

function handle(
  message: IncomingMessage,
  response: ServerResponse,
  answer: (request: SignedRequest) => Promise<GatewayAnswer>,
): void {
  const chunks: Buffer[] = [];
  let size = 0;
  message.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size <= MAX_BODY_BYTES) chunks.push(chunk);
  });
  // A client that hangs up before the end has no one to answer to.
  message.on('end', () => void respond(message, response, { chunks, size }, answer));
}

async function respond(
  message: IncomingMessage,
  response: ServerResponse,
  received: { readonly chunks: readonly Buffer[]; readonly size: number },
  answer: (request: SignedRequest) => Promise<GatewayAnswer>,
): Promise<void> {
  try {
    const body = bodyOf(received);
    const { path, query } = splitUrl(message.url ?? '/');
    const headers = headersOf(message);
    const result = await answer({ method: message.method ?? '', path, query, headers, body });
    if (result.kind === 'dropped') message.socket.destroy();
    else send(message, response, result.response);
  } catch (error) {
    if (error instanceof ApiError)
      send(message, response, { Error: { Code: error.code, Message: error.message }, RequestId: randomUUID() });
    else message.socket.destroy();
  }
}

function send(message: IncomingMessage, response: ServerResponse, content: object): void {
  const text = `{"Response":${answerText(content)}}`;
  const length = Buffer.byteLength(text);
  const trace = message.headers['x-tc-traceid'];
  if (typeof trace === 'string') response.setHeader('X-TC-TraceId', trace);
  response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': length });
  // As a text it leaves in one piece with its head; one byte per character saves the conversion.
  response.end(text, length === text.length ? 'latin1' : 'utf8');
}

/** Node joins what is repeated, except for one header that no client of the API has a use for. */
function headersOf({ headers }: IncomingMessage): SignedRequest['headers'] {
  const cookies = headers['set-cookie'];
  const texts = headers as SignedRequest['headers'];
  return cookies === undefined ? texts : { ...texts, 'set-cookie': cookies.join('; ') };
}

function splitUrl(url: string): { readonly path: string; readonly query: string } {
  const at = url.indexOf('?');
  const query = at < 0 ? '' : url.slice(at + 1);
  if (query.length > MAX_QUERY_BYTES)
    throw new ApiError(
      'RequestSizeLimitExceeded',
      `the query has ${query.length} bytes; at most ${MAX_QUERY_BYTES} are allowed, use POST`,
    );
  return { path: at < 0 ? url : url.slice(0, at), query };
}

function bodyOf({ chunks, size }: { readonly chunks: readonly Buffer[]; readonly size: number }): Buffer {
  if (size > MAX_BODY_BYTES)
    throw new ApiError('RequestSizeLimitExceeded', `the body has ${size} bytes; at most ${MAX_BODY_BYTES} are allowed`);
  const [only] = chunks;
  return chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks);
}

async function closeServer(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
